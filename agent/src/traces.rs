//! What the agent adds to a trace: one span for each attempt, under the coordinator's, and one below it for each phase. Made of the finished
//! attempt; its credential never comes near.

use crate::{
    config::Config,
    pull::{Ending, Phase},
    worker::EndedAttempt,
};
use ips_traces::{Kind, Settings, Span, TraceContext, TraceError, Traces, Value};

/// Spans that may wait for a collector: some hundred kilobytes.
const QUEUE: usize = 512;

/// Begins to send, where the settings say so.
///
/// # Errors
/// Settings that cannot be used.
pub fn start(config: &Config) -> Result<Traces, TraceError> {
    let Some(endpoint) = &config.otlp_endpoint else {
        return Ok(Traces::off());
    };
    Traces::start(&Settings {
        endpoint: endpoint.clone(),
        certificate: config.otlp_certificate.clone(),
        sample: 1.0,
        service: "ips-agent",
        version: env!("CARGO_PKG_VERSION"),
        facts: vec![("k8s.node.name", config.node_name.clone())],
        queue: QUEUE,
    })
}

/// Tells of an attempt whose coordinator wants to see it.
pub fn attempt_ended(traces: &Traces, attempt: &EndedAttempt<'_>) {
    if !traces.is_on() {
        return;
    }
    let Some(ordered) = TraceContext::parse(&attempt.order.traceparent).filter(|context| context.sampled) else {
        return;
    };
    let number = attempt.order.id.number.to_string();
    let about = ["agent", attempt.order.id.pull.as_str(), number.as_str()];
    let context = ordered.child(&about);
    let (reason, error) = match &attempt.outcome.ending {
        Ending::Success(success) if success.pulled => ("pulled", None),
        Ending::Success(_) => ("already_present", None),
        Ending::Failure(failure) => (failure.reason.word(), Some(failure.message.clone())),
    };
    let bytes = &attempt.outcome.bytes;
    traces.send(Span {
        context,
        parent: ordered.span,
        parent_is_remote: true,
        name: "agent pull".into(),
        kind: Kind::Consumer,
        began: attempt.began,
        ended: attempt.ended,
        attributes: vec![
            ("ips.pull.id", attempt.order.id.pull.as_str().into()),
            ("ips.pull.attempt", attempt.order.id.number.into()),
            ("ips.image", attempt.order.reference.as_str().into()),
            ("ips.result", reason.into()),
            ("ips.bytes.total", bytes.total.into()),
            ("ips.bytes.fetched", bytes.fetched.into()),
            ("ips.bytes.already_there", bytes.already_there.into()),
            ("ips.bytes.not_needed", bytes.not_needed.into()),
        ],
        error,
    });
    for (index, visit) in attempt.visits.iter().enumerate() {
        let index = index.to_string();
        traces.send(Span {
            context: context.child(&["phase", about[1], about[2], &index]),
            parent: context.span,
            parent_is_remote: false,
            name: name(visit.phase).into(),
            kind: Kind::Internal,
            began: visit.began,
            ended: visit.ended,
            attributes: vec![("ips.phase", Value::from(visit.phase.word()))],
            error: None,
        });
    }
}

fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "wait for a slot",
        Phase::Resolving => "resolve",
        Phase::Fetching => "fetch",
        Phase::Unpacking => "unpack",
        Phase::Verifying => "verify",
        Phase::Ended => "end",
    }
}
