//! Settings of traces. Off unless there is a collector.

use super::ConfigError;
use crate::domain::version::VERSION;
use clap::Args;
use std::path::PathBuf;

/// Spans that may wait for the collector: a few megabytes.
const QUEUE: usize = 4096;

/// As given.
#[derive(Debug, Args)]
pub(super) struct TraceArguments {
    /// Collector of traces as URL, OTLP over gRPC, for example http://collector:4317. Nothing is traced without one.
    #[arg(long, env = "IPS_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// The same under its standard name; --otlp-endpoint wins.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", hide = true)]
    otel_endpoint: Option<String>,
    /// Certificate authority of an https collector, a file in PEM.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_CERTIFICATE", value_name = "FILE", hide = true)]
    otel_certificate: Option<PathBuf>,
    /// Share of traces that begin here and are kept, 0 to 1. Calls that bring a trace are kept as their caller decided.
    #[arg(long, env = "IPS_TRACE_SAMPLE", value_name = "RATIO", default_value = "1")]
    trace_sample: String,
}

impl TraceArguments {
    pub(super) fn check(self) -> Result<Option<ips_traces::Settings>, ConfigError> {
        let Self {
            otlp_endpoint,
            otel_endpoint,
            otel_certificate,
            trace_sample,
        } = self;
        let sample = trace_sample.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        let sample =
            sample.ok_or_else(|| ConfigError::new("--trace-sample", trace_sample, "is not a number from 0 to 1"))?;
        let endpoint = otlp_endpoint.or(otel_endpoint).filter(|endpoint| !endpoint.is_empty());
        let Some(endpoint) = endpoint else { return Ok(None) };
        if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
            let rule = "is not an address such as http://collector:4317";
            return Err(ConfigError::new("--otlp-endpoint", endpoint, rule));
        }
        Ok(Some(ips_traces::Settings {
            endpoint,
            certificate: otel_certificate,
            sample,
            service: "ips-coordinator",
            version: VERSION,
            facts: vec![],
            queue: QUEUE,
        }))
    }
}
