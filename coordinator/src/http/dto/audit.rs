//! Records of the audit as JSON.

use super::time;
use crate::{
    domain::audit::{AuditRecord, AuditResult, Door},
    engine::views::{Page, PageRequest},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Through which door.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Door)]
pub(crate) enum DoorWord {
    /// REST.
    Rest,
    /// gRPC.
    Grpc,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AuditResult)]
pub(crate) enum AuditWord {
    /// It was done.
    Ok,
    /// Who asked may not, or did not say who it is.
    Denied,
    /// What was asked for breaks a rule, or the state does not allow it.
    Refused,
    /// It could not be done now, or a bug.
    Failed,
}

/// Who did what, when, from where, with what result.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditRecord)]
pub(crate) struct AuditRecordJson {
    /// Sorts by time.
    id: String,
    #[schema(format = DateTime)]
    time: String,
    tenant: String,
    /// The name of a person, `person/token` of a program, `anonymous`, or `unknown` for who did not say.
    subject: String,
    door: DoorWord,
    /// The operation's id, the same at both doors.
    #[schema(example = "create_task")]
    operation: String,
    /// The path below the API.
    #[schema(example = "tasks/nightly")]
    resource: String,
    result: AuditWord,
    /// HTTP status, or number of the gRPC status.
    status: u16,
    request_id: String,
    /// Address that it came from.
    #[serde(skip_serializing_if = "String::is_empty")]
    source: String,
    /// What the client calls itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    user_agent: String,
}

impl From<&AuditRecord> for AuditRecordJson {
    fn from(it: &AuditRecord) -> Self {
        Self {
            id: it.id.clone(),
            time: time::rfc3339(it.at),
            tenant: it.tenant.clone(),
            subject: it.subject.clone(),
            door: match it.door {
                Door::Rest => DoorWord::Rest,
                Door::Grpc => DoorWord::Grpc,
            },
            operation: it.operation.clone(),
            resource: it.resource.clone(),
            result: match it.result {
                AuditResult::Ok => AuditWord::Ok,
                AuditResult::Denied => AuditWord::Denied,
                AuditResult::Refused => AuditWord::Refused,
                AuditResult::Failed => AuditWord::Failed,
            },
            status: it.status,
            request_id: it.request_id.clone(),
            source: it.source.clone(),
            user_agent: it.user_agent.clone(),
        }
    }
}

/// A part of the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditPage)]
pub(crate) struct AuditPageJson {
    records: Vec<AuditRecordJson>,
    total: u32,
    /// The limit that held.
    limit: u32,
    offset: u32,
}

impl AuditPageJson {
    /// The part that was asked for.
    pub(crate) fn new(found: &Page<AuditRecord>, asked: PageRequest) -> Self {
        Self {
            records: found.items.iter().map(Into::into).collect(),
            total: found.total,
            limit: asked.limit,
            offset: asked.offset,
        }
    }
}
