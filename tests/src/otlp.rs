//! A collector of traces: a real gRPC server that takes OTLP and keeps what it was sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// One span, as it arrived.
#[derive(Debug, Clone)]
pub struct SeenSpan {
    /// Name of the program that sent it.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Trace, in hexadecimal digits.
    pub trace: String,
    /// Own id.
    pub id: String,
    /// Id of the span that it hangs under; empty for none.
    pub parent: String,
    /// Begin and end in nanoseconds since the epoch.
    pub times: (u64, u64),
    /// Attributes as text.
    pub attributes: BTreeMap<String, String>,
    /// Why it failed; empty when it did not.
    pub error: String,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    address: String,
    requests: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

impl Collector {
    /// Listens on a free port, until the test ends.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let collector = Self {
            address: listener.local_addr()?.to_string(),
            requests: Arc::default(),
        };
        let service = TraceServiceServer::new(collector.clone());
        let server = tonic::transport::Server::builder().add_service(service);
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Ok(collector)
    }

    /// What programs are given.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that arrived, word for word.
    pub fn text(&self) -> String {
        format!("{:?}", self.requests.lock().expect("the requests"))
    }

    /// Every span that arrived.
    pub fn spans(&self) -> Vec<SeenSpan> {
        let requests = self.requests.lock().expect("the requests");
        let mut seen = Vec::new();
        for resource in requests.iter().flat_map(|request| &request.resource_spans) {
            let about = resource
                .resource
                .as_ref()
                .map_or(&[][..], |resource| &resource.attributes);
            let service = texts(about).remove("service.name").unwrap_or_default();
            let spans = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
            seen.extend(spans.map(|span| see(&service, span)));
        }
        seen
    }

    /// The spans of one trace.
    pub fn trace(&self, trace: &str) -> Vec<SeenSpan> {
        let mut spans = self.spans();
        spans.retain(|span| span.trace == trace);
        spans
    }
}

fn see(service: &str, span: &Span) -> SeenSpan {
    SeenSpan {
        service: service.to_owned(),
        name: span.name.clone(),
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        times: (span.start_time_unix_nano, span.end_time_unix_nano),
        attributes: texts(&span.attributes),
        error: span
            .status
            .as_ref()
            .filter(|status| status.code == 2)
            .map(|status| status.message.clone())
            .unwrap_or_default(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |attribute: &KeyValue| {
        let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
        let text = match value {
            Some(Value::StringValue(text)) => text.clone(),
            Some(Value::IntValue(number)) => number.to_string(),
            Some(Value::BoolValue(flag)) => flag.to_string(),
            other => format!("{other:?}"),
        };
        (attribute.key.clone(), text)
    };
    attributes.iter().map(text).collect()
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.requests.lock().expect("the requests").push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
