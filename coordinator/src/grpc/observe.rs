//! Watches every call: its figures, and its place in a trace.

use crate::{domain::permission::Operation, engine::Engine, metrics::Metrics};
use http::HeaderMap;
use ips_traces::{Kind, Span, TraceContext, Traces, Value, within};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Instant, SystemTime},
};
use tonic::Code;

/// Wraps every service.
#[derive(Debug, Clone)]
pub struct ObserveLayer {
    metrics: Arc<Metrics>,
    traces: Traces,
}

impl ObserveLayer {
    /// A layer that counts and sends spans where the engine does.
    pub fn new(engine: &Engine) -> Self {
        Self {
            metrics: engine.metrics(),
            traces: engine.traces(),
        }
    }

    fn place(&self, headers: &HeaderMap) -> Option<(TraceContext, TraceContext)> {
        let sent = headers.get("traceparent").and_then(|value| value.to_str().ok());
        let caller = self.traces.trace_of(sent.and_then(TraceContext::parse))?;
        Some((caller, caller.random_child()))
    }

    fn told(&self, method: &'static str, code: u16, began: (SystemTime, Instant)) {
        self.metrics.rpc(method, code, began.1.elapsed().as_secs_f64());
    }

    fn trace(&self, method: &'static str, code: u16, began: SystemTime, place: (TraceContext, TraceContext)) {
        let (caller, context) = place;
        let failed = code != Code::Ok as u16;
        self.traces.send(Span {
            context,
            parent: caller.span,
            parent_is_remote: caller.span != 0,
            name: method.into(),
            kind: Kind::Server,
            began,
            ended: SystemTime::now(),
            attributes: vec![
                ("rpc.system.name", "grpc".into()),
                ("rpc.method", method.into()),
                ("rpc.response.status_code", Value::from(u32::from(code))),
            ],
            error: failed.then(|| format!("code {code}")),
        });
    }
}

impl<S> tower::Layer<S> for ObserveLayer {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed {
            inner,
            layer: self.clone(),
        }
    }
}

/// A service whose calls are watched.
#[derive(Debug, Clone)]
pub struct Observed<S> {
    inner: S,
    layer: ObserveLayer,
}

impl<S, B, R> tower::Service<http::Request<B>> for Observed<S>
where
    S: tower::Service<http::Request<B>, Response = http::Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Send + 'static,
    R: Send + 'static,
{
    type Response = http::Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        // The one that was asked whether it is ready is the one that serves.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let layer = self.layer.clone();
        let method = Operation::by_rpc(request.uri().path()).map_or("", |operation| operation.rpc);
        // What is open for as long as an agent lives is no call that somebody waits for.
        let place = layer
            .place(request.headers())
            .filter(|_| !method.is_empty() && !method.starts_with("AgentService."));
        let began = (SystemTime::now(), Instant::now());
        Box::pin(async move {
            let Some(place) = place else {
                let response = inner.call(request).await?;
                layer.told(method, code_of(response.headers()), began);
                return Ok(response);
            };
            let response = within(place.1, inner.call(request)).await?;
            let code = code_of(response.headers());
            layer.told(method, code, began);
            layer.trace(method, code, began.0, place);
            Ok(response)
        })
    }
}

/// The code of an answer that is an error from its beginning.
fn code_of(headers: &HeaderMap) -> u16 {
    let status = headers.get("grpc-status").and_then(|value| value.to_str().ok());
    status.and_then(|code| code.parse().ok()).unwrap_or(0)
}
