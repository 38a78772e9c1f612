//! The coordinator as the REST API shows it.

use crate::human::moment;
use ips_proto::v1;
use serde::Serialize;

/// The coordinator.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct System {
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    ready: bool,
    parts: Vec<Part>,
    log_filter: String,
}

#[derive(Debug, Serialize)]
struct Part {
    name: String,
    ok: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
}

impl From<&v1::SystemStatus> for System {
    fn from(system: &v1::SystemStatus) -> Self {
        let part = |part: &v1::SystemPart| Part {
            name: part.name.clone(),
            ok: part.ok,
            message: part.message.clone(),
        };
        Self {
            version: system.version.clone(),
            time: moment(system.time_ms),
            started_at: moment(system.started_at_ms),
            ready: system.ready,
            parts: system.parts.iter().map(part).collect(),
            log_filter: system.log_filter.clone(),
        }
    }
}
