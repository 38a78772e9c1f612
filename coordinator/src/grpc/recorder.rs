//! Records every change, log-in and refusal over gRPC, once it is answered. One layer for all services. Of messages it reads the one field
//! that names the thing, by the descriptors of the protocol, and nothing else.

mod wire;

use crate::{
    domain::{
        audit::{AuditRecord, AuditResult, Door},
        caller::{Caller, TenantId},
        permission::{Access, Operation},
    },
    engine::{audit::AuditLog, now},
};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::Frame;
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};
use tonic::body::Body;
use wire::{Names, Peeked};

/// Who did not say who it is, or not truly.
const UNKNOWN: &str = "unknown";
/// The number that says that nobody waited for the answer.
const CANCELLED: u16 = 1;

/// Wraps every service.
#[derive(Debug, Clone)]
pub struct RecorderLayer {
    log: AuditLog,
    names: Arc<Names>,
}

impl RecorderLayer {
    /// A layer that writes to this log.
    pub fn new(log: AuditLog) -> Self {
        let names = Arc::new(Names::of_protocol());
        Self { log, names }
    }
}

impl<S> tower::Layer<S> for RecorderLayer {
    type Service = Recorder<S>;

    fn layer(&self, inner: S) -> Recorder<S> {
        Recorder {
            inner,
            layer: self.clone(),
        }
    }
}

/// A service whose changes are recorded.
#[derive(Debug, Clone)]
pub struct Recorder<S> {
    inner: S,
    layer: RecorderLayer,
}

/// What is known of a call before it is answered.
#[derive(Debug)]
struct Note {
    log: AuditLog,
    record: AuditRecord,
    of_request: Option<Peeked>,
    of_answer: Option<Peeked>,
}

impl Note {
    fn of<B>(layer: &RecorderLayer, request: &http::Request<B>) -> Self {
        let headers = request.headers();
        let client = super::client::address(request.extensions());
        let path = request.uri().path();
        let operation = Operation::by_rpc(path);
        let names = layer.names.of_call(path);
        let sent = text(headers, "x-request-id");
        let record = AuditRecord {
            id: uuid::Uuid::now_v7().to_string(),
            tenant: TenantId::DEFAULT.to_owned(),
            at: 0,
            subject: UNKNOWN.to_owned(),
            door: Door::Grpc,
            operation: operation.map_or(UNKNOWN, |operation| operation.id).to_owned(),
            resource: String::new(),
            result: AuditResult::Failed,
            status: CANCELLED,
            request_id: if sent.is_empty() {
                uuid::Uuid::now_v7().to_string()
            } else {
                sent
            },
            source: client.map(|client| client.to_string()).unwrap_or_default(),
            user_agent: text(headers, header::USER_AGENT.as_str()),
        };
        Self {
            log: layer.log.clone(),
            record,
            of_request: names.request.map(Peeked::new),
            of_answer: names.answer.map(Peeked::new),
        }
    }

    fn known(&mut self, caller: Option<&Caller>) {
        if let Some(caller) = caller {
            self.record.subject = caller.name.to_string();
            self.record.tenant = caller.tenant.as_str().to_owned();
        }
    }

    /// Writes the record. Without a status nobody waited for one.
    fn finish(mut self, status: Option<u16>) {
        let status = status.unwrap_or(CANCELLED);
        self.record.at = now();
        self.record.status = status;
        self.record.result = AuditResult::of_grpc(status);
        let named = [self.of_request, self.of_answer].into_iter().flatten();
        self.record.resource = named.filter_map(Peeked::resource).next().unwrap_or_default();
        self.log.record(self.record);
    }
}

fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    value.map(std::borrow::Cow::into_owned).unwrap_or_default()
}

fn status_of(headers: &HeaderMap) -> Option<u16> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

type Shared = Arc<Mutex<Option<Note>>>;

fn with_note(shared: &Shared, act: impl FnOnce(&mut Note)) {
    if let Some(note) = shared.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        act(note);
    }
}

fn take(shared: &Shared) -> Option<Note> {
    shared.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl<S, R> tower::Service<http::Request<Body>> for Recorder<S>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Send,
{
    type Response = http::Response<Answer<R>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        // The one that was asked whether it is ready is the one that serves.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let operation = Operation::by_rpc(request.uri().path());
        let note = Note::of(&self.layer, &request);
        if operation.is_some_and(Operation::changes) {
            return Box::pin(recorded(inner, request, note));
        }
        let is_agents = operation.is_some_and(|operation| operation.access == Access::Agents);
        Box::pin(async move {
            let response = inner.call(request).await?;
            let status = status_of(response.headers());
            // What is refused is refused in the headers, before anything else is said.
            if status.is_some_and(|status| AuditResult::of_grpc(status) == AuditResult::Denied) {
                let mut note = note;
                if is_agents {
                    note.record.subject = "agent".to_owned();
                }
                note.known(response.extensions().get::<Caller>());
                note.finish(status);
            }
            Ok(response.map(|body| Answer {
                body: Box::pin(body),
                note: None,
            }))
        })
    }
}

async fn recorded<S, R>(
    mut inner: S,
    request: http::Request<Body>,
    note: Note,
) -> Result<http::Response<Answer<R>>, S::Error>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<R>> + Send,
    R: http_body::Body<Data = Bytes>,
{
    let shared: Shared = Arc::new(Mutex::new(Some(note)));
    // Whoever hangs up before there is an answer is recorded all the same.
    let guard = Guard(Arc::clone(&shared));
    let peeking = Arc::clone(&shared);
    let request = request.map(|body| Body::new(Peeking { body, note: peeking }));
    let response = inner.call(request).await?;
    with_note(&shared, |note| note.known(response.extensions().get::<Caller>()));
    if let Some(status) = status_of(response.headers())
        && let Some(note) = take(&shared)
    {
        note.finish(Some(status));
    }
    Ok(response.map(|body| Answer {
        body: Box::pin(body),
        note: Some(guard),
    }))
}

/// Writes the record at the latest when it goes.
#[derive(Debug)]
struct Guard(Shared);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(note) = take(&self.0) {
            note.finish(None);
        }
    }
}

/// The body of a request, of whose first bytes the name is read.
struct Peeking {
    body: Body,
    note: Shared,
}

impl http_body::Body for Peeking {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            with_note(&self.note, |note| {
                if let Some(peeked) = &mut note.of_request {
                    peeked.see(data);
                }
            });
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer: its first bytes may name what was made, its end says how it went.
#[derive(Debug)]
pub struct Answer<R> {
    body: Pin<Box<R>>,
    note: Option<Guard>,
}

impl<R> Answer<R> {
    fn see(&mut self, frame: &Frame<Bytes>) {
        let Some(Guard(note)) = &self.note else { return };
        if let Some(data) = frame.data_ref() {
            with_note(note, |note| {
                if let Some(peeked) = &mut note.of_answer {
                    peeked.see(data);
                }
            });
        }
        if let Some(status) = frame.trailers_ref().and_then(status_of)
            && let Some(note) = take(note)
        {
            note.finish(Some(status));
        }
    }
}

impl<R> http_body::Body for Answer<R>
where
    R: http_body::Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = R::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, R::Error>>> {
        let frame = ready!(self.body.as_mut().poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            self.see(frame);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
