//! The way to a collector: a bounded queue and a thread of its own. A collector that is away costs what is in the queue and nothing else;
//! whoever sends a span never waits.

use super::{Span, TraceContext};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _, WithTonicConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, SpanProcessor as _},
};
use std::{fmt, fs, io, path::PathBuf, sync::Arc, time::Duration};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

/// Longest wait for the collector's answer.
const EXPORT_LIMIT: Duration = Duration::from_secs(10);
/// How long spans are gathered before they are sent.
const GATHER: Duration = Duration::from_secs(2);
/// Longest wait for the last spans at the end.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Where traces go and how many.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Collector as URL; gRPC.
    pub endpoint: String,
    /// Certificate authority of an `https` collector, in PEM.
    pub certificate: Option<PathBuf>,
    /// Share of traces that begin here and are kept, 0 to 1. What somebody else began is kept as that one decided.
    pub sample: f64,
    /// Name of the program, such as `ips-coordinator`.
    pub service: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// Further facts about the process, such as the name of its node.
    pub facts: Vec<(&'static str, String)>,
    /// Spans that may wait for the collector; more are dropped.
    pub queue: usize,
}

/// Why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The endpoint is not one.
    #[error("{0:?} is not an address such as http://collector:4317")]
    Endpoint(String),
    /// Nobody says whom to trust.
    #[error("{0:?} needs the certificate authority of the collector: set OTEL_EXPORTER_OTLP_CERTIFICATE to its file")]
    NoCertificate(String),
    /// The certificate authority cannot be read.
    #[error("the certificate {path:?} cannot be read")]
    Certificate {
        /// File.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// TLS cannot be used with it.
    #[error("the certificate cannot be used")]
    Tls(#[source] tonic::transport::Error),
    /// The environment of OpenTelemetry says something that cannot be.
    #[error("the exporter cannot be made")]
    Exporter(#[from] ExporterBuildError),
}

/// The way, or none. Cheap to clone.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Inner>>);

struct Inner {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
    sample: f64,
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_on() { "Traces(on)" } else { "Traces(off)" })
    }
}

impl Traces {
    /// Nothing is traced.
    pub fn off() -> Self {
        Self::default()
    }

    /// Begins to send; whether the collector is there is not waited for. Call it within the runtime that goes on running: the connection
    /// lives there.
    ///
    /// # Errors
    /// Settings that cannot be used.
    pub fn start(settings: &Settings) -> Result<Self, TraceError> {
        let wrong = || TraceError::Endpoint(settings.endpoint.clone());
        let mut endpoint = Endpoint::from_shared(settings.endpoint.clone()).map_err(|_| wrong())?;
        let scheme = endpoint.uri().scheme_str().map(str::to_owned);
        endpoint = match scheme.as_deref() {
            Some("http") => endpoint,
            Some("https") => endpoint.tls_config(trust(settings)?).map_err(TraceError::Tls)?,
            Some(_) | None => return Err(wrong()),
        };
        let channel = endpoint
            .timeout(EXPORT_LIMIT)
            .connect_timeout(EXPORT_LIMIT)
            .connect_lazy();
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_channel(channel)
            .with_timeout(EXPORT_LIMIT)
            .build()?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(settings.queue)
            .with_max_export_batch_size(settings.queue.min(512))
            .with_scheduled_delay(GATHER)
            .build();
        let mut processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
        let facts = settings
            .facts
            .iter()
            .map(|(key, value)| KeyValue::new(*key, value.clone()));
        let resource = Resource::builder()
            .with_service_name(settings.service)
            .with_attribute(KeyValue::new("service.version", settings.version))
            .with_attributes(facts)
            .build();
        processor.set_resource(&resource);
        Ok(Self(Some(Arc::new(Inner {
            processor,
            scope: InstrumentationScope::builder("ips")
                .with_version(settings.version)
                .build(),
            sample: settings.sample,
        }))))
    }

    /// Whether anything is traced.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The trace that a call belongs to: that of its caller, or a new one. `None` when it is not to be seen.
    pub fn trace_of(&self, caller: Option<TraceContext>) -> Option<TraceContext> {
        let inner = self.0.as_ref()?;
        let context = caller.unwrap_or_else(|| TraceContext::new(rand::random::<f64>() < inner.sample));
        context.sampled.then_some(context)
    }

    /// Sends a span, unless the queue is full. Never waits.
    pub fn send(&self, span: Span) {
        if let Some(inner) = self.0.as_ref().filter(|_| span.context.sampled) {
            inner.processor.on_end(span.into_data(inner.scope.clone()));
        }
    }

    /// Sends what is left, for some seconds at most. The runtime goes on working meanwhile.
    pub async fn stop(&self) {
        let Some(inner) = self.0.clone() else { return };
        // A collector that is away has been given up by then.
        let stopped = tokio::task::spawn_blocking(move || inner.processor.shutdown_with_timeout(LAST_WORDS));
        let _given_up = tokio::time::timeout(LAST_WORDS + Duration::from_secs(1), stopped).await;
    }
}

fn trust(settings: &Settings) -> Result<ClientTlsConfig, TraceError> {
    let Some(path) = settings.certificate.clone() else {
        return Err(TraceError::NoCertificate(settings.endpoint.clone()));
    };
    let pem = fs::read(&path).map_err(|source| TraceError::Certificate { path, source })?;
    Ok(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))
}
