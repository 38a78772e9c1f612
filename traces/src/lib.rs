//! Traces: the context that travels with a piece of work (W3C), spans that are made when something has ended, and the way to a collector over
//! OTLP. Off unless an endpoint is set. Whoever makes a span decides every attribute of it: nothing is collected from logs, so that no secret can
//! slip in.
//!
//! Ids of spans are made of what they are about (a pull and its attempt), so that both processes, and one that was started again, agree on
//! them without anybody keeping them.

mod context;
mod current;
mod export;
mod span;

pub use context::TraceContext;
pub use current::{current, within};
pub use export::{Settings, TraceError, Traces};
pub use span::{Kind, Span, Value, time_of};
