//! Records of the audit as JSON.

use crate::{human::moment, words};
use ips_proto::v1;
use serde::Serialize;

/// One record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    id: String,
    time: Option<String>,
    tenant: String,
    subject: String,
    door: String,
    operation: String,
    resource: String,
    result: String,
    status: u32,
    request_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    source: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    user_agent: String,
}

impl From<&v1::AuditRecord> for AuditRecord {
    fn from(it: &v1::AuditRecord) -> Self {
        Self {
            id: it.record_id.clone(),
            time: moment(it.at_ms),
            tenant: it.tenant.clone(),
            subject: it.subject.clone(),
            door: it.door.clone(),
            operation: it.operation.clone(),
            resource: it.resource.clone(),
            result: words::audit_result(it.result),
            status: it.status,
            request_id: it.request_id.clone(),
            source: it.source.clone(),
            user_agent: it.user_agent.clone(),
        }
    }
}
