//! Times on the wire: RFC 3339, UTC, milliseconds.

use crate::domain::{self, Millis};
use chrono::{SecondsFormat, Utc};

/// A time.
pub(crate) fn rfc3339(millis: Millis) -> String {
    domain::rfc3339(millis, SecondsFormat::Millis)
}

/// A time that may not have come yet: 0 means never.
pub(crate) fn if_set(millis: Millis) -> Option<String> {
    (millis != 0).then(|| rfc3339(millis))
}

/// This moment.
pub(crate) fn now() -> String {
    rfc3339(Utc::now().timestamp_millis())
}
