//! Tenants as JSON.

use super::time;
use crate::{
    domain::{
        caller::TenantId,
        tenant::{QuotasRequest, RepositoryPattern, TenantRequest},
    },
    engine::views::TenantView,
    http::extract::{RequestBody, UnknownFields},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose something is: a single team never meets the word.
pub(super) fn shown(tenant: &TenantId) -> Option<String> {
    (!tenant.is_default()).then(|| tenant.to_string())
}

/// How much a tenant may; what is absent is not limited, and 0 allows nothing.
#[derive(Debug, Default, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TenantQuotas)]
pub(crate) struct QuotasJson {
    /// Pulls that hold a slot at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    open_pulls: Option<i64>,
    /// Tasks accepted in a day of UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    tasks_per_day: Option<i64>,
    /// Bytes fetched from registries in a day of UTC. What runs when it is reached goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    bytes_per_day: Option<i64>,
}

impl From<QuotasJson> for QuotasRequest {
    fn from(json: QuotasJson) -> Self {
        Self {
            open_pulls: json.open_pulls,
            tasks_per_day: json.tasks_per_day,
            bytes_per_day: json.bytes_per_day,
        }
    }
}

/// A tenant to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreateTenant)]
pub(crate) struct CreateTenantJson {
    /// 1 to 63 characters of `a-z`, `0-9` and `-`; never given again after the tenant was removed.
    #[schema(required, nullable = false, max_length = 63)]
    id: Option<String>,
    /// For people; the id when absent.
    #[schema(nullable = false, max_length = 128)]
    name: Option<String>,
    /// Conditions on the labels of the nodes that its tasks may be for, in Kubernetes' syntax; every node when absent.
    #[schema(nullable = false, example = "pool in (a,b),!spot")]
    node_selector: Option<String>,
    /// Repositories that it may use; all when there is none.
    #[schema(nullable = false, max_items = 100, example = json!(["registry.example/team-a/*"]))]
    repositories: Option<Vec<String>>,
    /// No limits when absent.
    #[schema(nullable = false)]
    quotas: Option<QuotasJson>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for CreateTenantJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl CreateTenantJson {
    /// Id, and the rest.
    pub(crate) fn into_parts(self) -> (String, TenantRequest) {
        let request = TenantRequest {
            name: self.name,
            node_selector: self.node_selector,
            repositories: self.repositories,
            quotas: self.quotas.map(Into::into),
        };
        (self.id.unwrap_or_default(), request)
    }
}

/// What to change of a tenant; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdateTenant)]
pub(crate) struct UpdateTenantJson {
    /// For people.
    #[schema(nullable = false, max_length = 128)]
    name: Option<String>,
    /// Conditions on labels; empty text means every node.
    #[schema(nullable = false)]
    node_selector: Option<String>,
    /// Replaces all patterns; an empty list means all repositories.
    #[schema(nullable = false, max_items = 100)]
    repositories: Option<Vec<String>>,
    /// Replaces all quotas; one that is absent within is none.
    #[schema(nullable = false)]
    quotas: Option<QuotasJson>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for UpdateTenantJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl From<UpdateTenantJson> for TenantRequest {
    fn from(json: UpdateTenantJson) -> Self {
        Self {
            name: json.name,
            node_selector: json.node_selector,
            repositories: json.repositories,
            quotas: json.quotas.map(Into::into),
        }
    }
}

/// What a tenant uses now, and used up today.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TenantUsage)]
pub(crate) struct UsageJson {
    /// Pulls that hold a slot.
    open_pulls: u32,
    /// Tasks accepted today (UTC).
    tasks_today: u32,
    /// Bytes fetched today (UTC).
    bytes_today: u64,
    /// When today ends for the quotas.
    #[schema(format = DateTime)]
    day_ends_at: String,
}

/// A tenant with what it uses.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tenant)]
pub(crate) struct TenantJson {
    id: String,
    name: String,
    /// Conditions on the labels of its nodes; empty means every node.
    node_selector: String,
    /// Repositories that it may use; empty means all.
    repositories: Vec<String>,
    quotas: QuotasJson,
    usage: UsageJson,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&TenantView> for TenantJson {
    fn from(view: &TenantView) -> Self {
        let (tenant, rules) = (&view.tenant, &view.tenant.rules);
        Self {
            id: tenant.id.to_string(),
            name: tenant.name.clone(),
            node_selector: rules.node_selector.clone(),
            repositories: rules.repositories.iter().map(RepositoryPattern::to_string).collect(),
            quotas: QuotasJson {
                open_pulls: rules.quotas.open_pulls.map(i64::from),
                tasks_per_day: rules.quotas.tasks_per_day.map(i64::from),
                bytes_per_day: rules
                    .quotas
                    .bytes_per_day
                    .map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
            },
            usage: UsageJson {
                open_pulls: view.usage.open_pulls,
                tasks_today: view.usage.tasks_today,
                bytes_today: view.usage.bytes_today,
                day_ends_at: time::rfc3339(view.day_ends_at),
            },
            created_at: time::rfc3339(tenant.created_at),
            updated_at: time::rfc3339(tenant.updated_at),
        }
    }
}

/// All tenants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenants)]
pub(crate) struct TenantsJson {
    /// By id.
    tenants: Vec<TenantJson>,
}

impl From<&[TenantView]> for TenantsJson {
    fn from(views: &[TenantView]) -> Self {
        Self {
            tenants: views.iter().map(Into::into).collect(),
        }
    }
}
