//! Tells a containerd that is away from one that answers with an error.

use crate::runtime::RuntimeError;
use std::error::Error as _;
use tonic::{Code, Status};

/// Answers of a server that is not able to work yet, whatever their code.
const STARTING: [&str; 3] = [
    "server is not initialized yet",
    "unknown service",
    "transport is closing",
];

/// Translates the status of a call.
pub(super) fn refused(status: &Status) -> RuntimeError {
    let text = status.message();
    // A status that came over the wire has no source; one that the transport made has.
    if let Some(cause) = status.source() {
        return RuntimeError::Away(format!("containerd is not reachable: {}", deepest(cause)));
    }
    if STARTING.iter().any(|word| text.contains(word)) {
        return RuntimeError::Away(format!("containerd is not ready: {text}"));
    }
    RuntimeError::Refused(format!("{:?}: {text}", status.code()))
}

/// `NOT_FOUND` as an absent value.
pub(super) fn absent<T>(answer: Result<T, Status>) -> Result<Option<T>, RuntimeError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(status) if status.code() == Code::NotFound && status.source().is_none() => Ok(None),
        Err(status) => Err(refused(&status)),
    }
}

/// The innermost cause: "No such file or directory" says more than "transport error".
fn deepest<'a>(mut cause: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause
}
