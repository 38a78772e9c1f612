//! A span that has ended.

use super::TraceContext;
use opentelemetry::{
    InstrumentationScope, KeyValue, Value as OtelValue,
    trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

/// Longest text of an attribute, in characters.
const LONGEST: usize = 256;

/// On which side of a call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Serves a call.
    Server,
    /// Works on its own.
    Internal,
    /// Works on what another process ordered.
    Consumer,
}

/// What an attribute says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text, cut after 256 characters. Never a secret, a body or a header.
    Text(String),
    /// Number; its unit is in the name.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Its place.
    pub context: TraceContext,
    /// The span that it hangs under; 0 for none.
    pub parent: u64,
    /// That one is of another process.
    pub parent_is_remote: bool,
    /// What was done; one of few.
    pub name: Cow<'static, str>,
    /// On which side.
    pub kind: Kind,
    /// Begin.
    pub began: SystemTime,
    /// End.
    pub ended: SystemTime,
    /// What is known of it.
    pub attributes: Vec<(&'static str, Value)>,
    /// Why it failed; `None` when it did not.
    pub error: Option<String>,
}

/// A time in milliseconds since the epoch.
pub fn time_of(epoch_ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(epoch_ms).unwrap_or(0))
}

impl Span {
    pub(crate) fn into_data(self, scope: InstrumentationScope) -> SpanData {
        let context = SpanContext::new(
            TraceId::from(self.context.trace),
            SpanId::from(self.context.span),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        );
        let attributes = self.attributes.into_iter();
        SpanData {
            span_context: context,
            parent_span_id: SpanId::from(self.parent),
            parent_span_is_remote: self.parent_is_remote,
            span_kind: match self.kind {
                Kind::Server => SpanKind::Server,
                Kind::Internal => SpanKind::Internal,
                Kind::Consumer => SpanKind::Consumer,
            },
            name: self.name,
            start_time: self.began,
            // Clocks may be set back.
            end_time: self.ended.max(self.began),
            attributes: attributes
                .map(|(key, value)| KeyValue::new(key, of_value(value)))
                .collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: self.error.map_or(Status::Unset, |why| Status::error(cut(&why))),
            instrumentation_scope: scope,
        }
    }
}

fn of_value(value: Value) -> OtelValue {
    match value {
        Value::Text(text) => cut(&text).into(),
        Value::Number(number) => number.into(),
        Value::Flag(flag) => flag.into(),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
