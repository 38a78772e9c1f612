//! Times on the wire: RFC 3339, UTC, milliseconds.

use crate::domain::Millis;
use chrono::{DateTime, SecondsFormat, Utc};

/// A time.
pub(crate) fn rfc3339(millis: Millis) -> String {
    let time = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time that may not have come yet: 0 means never.
pub(crate) fn if_set(millis: Millis) -> Option<String> {
    (millis != 0).then(|| rfc3339(millis))
}

/// This moment.
pub(crate) fn now() -> String {
    rfc3339(Utc::now().timestamp_millis())
}
