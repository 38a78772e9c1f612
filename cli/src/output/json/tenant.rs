//! Tenants as JSON.

use crate::human::moment;
use ips_proto::v1;
use serde::Serialize;

/// How much a tenant may.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Quotas {
    #[serde(skip_serializing_if = "Option::is_none")]
    open_pulls: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks_per_day: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_per_day: Option<u64>,
}

/// What it uses.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    open_pulls: u32,
    tasks_today: u32,
    bytes_today: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    day_ends_at: Option<String>,
}

/// A tenant with what it uses.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    id: String,
    name: String,
    node_selector: String,
    repositories: Vec<String>,
    quotas: Quotas,
    usage: Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

impl From<&v1::Tenant> for Tenant {
    fn from(it: &v1::Tenant) -> Self {
        let (quotas, usage) = (it.quotas.unwrap_or_default(), it.usage.unwrap_or_default());
        Self {
            id: it.tenant_id.clone(),
            name: it.name.clone(),
            node_selector: it.node_selector.clone(),
            repositories: it.repositories.clone(),
            quotas: Quotas {
                open_pulls: quotas.open_pulls,
                tasks_per_day: quotas.tasks_per_day,
                bytes_per_day: quotas.bytes_per_day,
            },
            usage: Usage {
                open_pulls: usage.open_pulls,
                tasks_today: usage.tasks_today,
                bytes_today: usage.bytes_today,
                day_ends_at: moment(usage.day_ends_at_ms),
            },
            created_at: moment(it.created_at_ms),
            updated_at: moment(it.updated_at_ms),
        }
    }
}
