//! Who may do what: one table of all operations at both doors. Edges ask it before every call, docs/roles.md is made of it, and the
//! tests of the routes read it. An operation that is not here is refused.

use super::caller::Role;
use std::{collections::HashMap, fmt, sync::LazyLock};

/// What an operation needs. Its word is also the scope of an API token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// One's own account: who one is, log-out, one's own password, one's own tenant.
    Own,
    /// Look at tasks and pulls.
    TasksRead,
    /// Create, change and end tasks.
    TasksWrite,
    /// Look at scheduled tasks and their runs.
    SchedulesRead,
    /// Create, change, start and remove scheduled tasks.
    SchedulesWrite,
    /// Look at the library.
    LibraryRead,
    /// Change the library.
    LibraryWrite,
    /// Look at credentials, which never show a password.
    CredentialsRead,
    /// Save, change, try and remove credentials.
    CredentialsWrite,
    /// Look at channels, which never show an address, and at deliveries.
    ChannelsRead,
    /// Make, change, try and remove channels, and replay deliveries.
    ChannelsWrite,
    /// Look at standing policies and how far they are true.
    PoliciesRead,
    /// Make, change, pause and remove standing policies.
    PoliciesWrite,
    /// Look at nodes and what they have.
    NodesRead,
    /// Remove images from nodes.
    NodesWrite,
    /// Look at the limits of the cluster.
    LimitsRead,
    /// Set the limits of the cluster.
    LimitsWrite,
    /// Scrape the figures on the API's port.
    MetricsRead,
    /// Look at the users of the tenant.
    UsersRead,
    /// Make, change and remove users of the tenant.
    UsersWrite,
    /// Look at the API tokens of the tenant.
    TokensRead,
    /// Make and revoke API tokens of the tenant.
    TokensWrite,
    /// Look at and export the audit of the tenant.
    AuditRead,
    /// Look at the coordinator itself.
    SystemRead,
    /// Set what the coordinator logs.
    SystemWrite,
    /// Look at all tenants.
    TenantsRead,
    /// Make, change and remove tenants.
    TenantsWrite,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::Own,
        Self::TasksRead,
        Self::TasksWrite,
        Self::SchedulesRead,
        Self::SchedulesWrite,
        Self::LibraryRead,
        Self::LibraryWrite,
        Self::CredentialsRead,
        Self::CredentialsWrite,
        Self::ChannelsRead,
        Self::ChannelsWrite,
        Self::PoliciesRead,
        Self::PoliciesWrite,
        Self::NodesRead,
        Self::NodesWrite,
        Self::LimitsRead,
        Self::LimitsWrite,
        Self::MetricsRead,
        Self::UsersRead,
        Self::UsersWrite,
        Self::TokensRead,
        Self::TokensWrite,
        Self::AuditRead,
        Self::SystemRead,
        Self::SystemWrite,
        Self::TenantsRead,
        Self::TenantsWrite,
    ];

    /// Word of the scope.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::TasksRead => "tasks:read",
            Self::TasksWrite => "tasks:write",
            Self::SchedulesRead => "schedules:read",
            Self::SchedulesWrite => "schedules:write",
            Self::LibraryRead => "library:read",
            Self::LibraryWrite => "library:write",
            Self::CredentialsRead => "credentials:read",
            Self::CredentialsWrite => "credentials:write",
            Self::ChannelsRead => "channels:read",
            Self::ChannelsWrite => "channels:write",
            Self::PoliciesRead => "policies:read",
            Self::PoliciesWrite => "policies:write",
            Self::NodesRead => "nodes:read",
            Self::NodesWrite => "nodes:write",
            Self::LimitsRead => "limits:read",
            Self::LimitsWrite => "limits:write",
            Self::MetricsRead => "metrics:read",
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::TokensRead => "tokens:read",
            Self::TokensWrite => "tokens:write",
            Self::AuditRead => "audit:read",
            Self::SystemRead => "system:read",
            Self::SystemWrite => "system:write",
            Self::TenantsRead => "tenants:read",
            Self::TenantsWrite => "tenants:write",
        }
    }

    /// The permission of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == word)
    }

    /// The least role that has it; every larger one has it too.
    pub fn least_role(self) -> Role {
        match self {
            Self::Own
            | Self::TasksRead
            | Self::SchedulesRead
            | Self::LibraryRead
            | Self::CredentialsRead
            | Self::ChannelsRead
            | Self::PoliciesRead
            | Self::NodesRead
            | Self::LimitsRead
            | Self::MetricsRead
            | Self::SystemRead => Role::Viewer,
            Self::TasksWrite | Self::SchedulesWrite | Self::LibraryWrite | Self::PoliciesWrite => Role::Operator,
            Self::CredentialsWrite
            | Self::AuditRead
            | Self::ChannelsWrite
            | Self::NodesWrite
            | Self::UsersRead
            | Self::UsersWrite
            | Self::TokensRead
            | Self::TokensWrite => Role::Admin,
            Self::LimitsWrite | Self::SystemWrite | Self::TenantsRead | Self::TenantsWrite => Role::SystemAdmin,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, without a log-in.
    Public,
    /// Agents, which have a door of their own.
    Agents,
    /// Callers with this permission.
    Needs(Permission),
}

/// One operation at both doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Name, as the OpenAPI document and the audit have it.
    pub id: &'static str,
    /// Method and path of REST; empty where gRPC alone has it.
    pub rest: &'static str,
    /// Service and method of gRPC; empty where REST alone has it.
    pub rpc: &'static str,
    /// Who may.
    pub access: Access,
}

const fn public(id: &'static str, rest: &'static str, rpc: &'static str) -> Operation {
    let access = Access::Public;
    Operation { id, rest, rpc, access }
}

const fn needs(permission: Permission, id: &'static str, rest: &'static str, rpc: &'static str) -> Operation {
    let access = Access::Needs(permission);
    Operation { id, rest, rpc, access }
}

use Permission as P;

/// Every operation. One that is missing here cannot be called.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation] = &[
    public("health", "GET /health", ""),
    public("healthz", "GET /healthz", ""),
    public("readyz", "GET /readyz", ""),
    public("login", "POST /api/v1/login", "AuthService.Login"),
    public("refresh", "POST /api/v1/refresh", "AuthService.Refresh"),
    public("login_methods", "GET /api/v1/auth/methods", "AuthService.GetLoginMethods"),
    public("oidc_login", "GET /auth/oidc/login", ""),
    public("oidc_callback", "GET /auth/oidc/callback", ""),
    public("oidc_token", "POST /api/v1/auth/oidc/token", "AuthService.ExchangeCode"),
    needs(P::MetricsRead, "metrics", "GET /metrics", ""),
    needs(P::Own, "logout", "POST /api/v1/logout", "AuthService.Logout"),
    needs(P::Own, "who_am_i", "GET /api/v1/me", "AuthService.WhoAmI"),
    needs(P::Own, "update_user", "PUT /api/v1/users/{id}", "UserService.UpdateUser"),
    needs(P::UsersRead, "list_users", "GET /api/v1/users", "UserService.ListUsers"),
    needs(P::UsersRead, "get_user", "GET /api/v1/users/{id}", "UserService.GetUser"),
    needs(P::UsersWrite, "create_user", "POST /api/v1/users", "UserService.CreateUser"),
    needs(P::UsersWrite, "delete_user", "DELETE /api/v1/users/{id}", "UserService.DeleteUser"),
    needs(P::TokensRead, "list_tokens", "GET /api/v1/tokens", "TokenService.ListTokens"),
    needs(P::TokensWrite, "create_token", "POST /api/v1/tokens", "TokenService.CreateToken"),
    needs(P::TokensWrite, "revoke_token", "DELETE /api/v1/tokens/{id}", "TokenService.RevokeToken"),
    needs(P::Own, "get_own_tenant", "GET /api/v1/tenant", "TenantService.GetOwnTenant"),
    needs(P::TenantsRead, "list_tenants", "GET /api/v1/tenants", "TenantService.ListTenants"),
    needs(P::TenantsRead, "get_tenant", "GET /api/v1/tenants/{id}", "TenantService.GetTenant"),
    needs(P::TenantsWrite, "create_tenant", "POST /api/v1/tenants", "TenantService.CreateTenant"),
    needs(P::TenantsWrite, "update_tenant", "PUT /api/v1/tenants/{id}", "TenantService.UpdateTenant"),
    needs(P::TenantsWrite, "delete_tenant", "DELETE /api/v1/tenants/{id}", "TenantService.DeleteTenant"),
    needs(P::NodesRead, "get_stats", "GET /api/v1/stats", "NodeService.GetStats"),
    needs(P::NodesRead, "list_nodes", "GET /api/v1/nodes", "NodeService.ListNodes"),
    needs(P::NodesRead, "group_nodes", "GET /api/v1/node-groups", "NodeService.GroupNodes"),
    needs(P::NodesRead, "get_node", "GET /api/v1/nodes/{name}", "NodeService.GetNode"),
    needs(P::NodesWrite, "purge_images", "POST /api/v1/purges", "NodeService.PurgeImages"),
    needs(P::TasksRead, "list_node_pulls", "GET /api/v1/nodes/{name}/pulls", "NodeService.ListNodePulls"),
    needs(P::TasksRead, "events", "GET /api/v1/events", "TaskService.WatchTask"),
    needs(P::TasksRead, "list_tasks", "GET /api/v1/tasks", "TaskService.ListTasks"),
    needs(P::TasksRead, "get_task", "GET /api/v1/tasks/{id}", "TaskService.GetTask"),
    needs(P::TasksRead, "list_pulls", "GET /api/v1/tasks/{id}/pulls", "TaskService.ListPulls"),
    needs(P::TasksWrite, "preview_task", "POST /api/v1/tasks/preview", "TaskService.PreviewTask"),
    needs(P::TasksWrite, "create_task", "POST /api/v1/tasks", "TaskService.CreateTask"),
    needs(P::TasksWrite, "clone_task", "POST /api/v1/tasks/{id}/clone", "TaskService.CloneTask"),
    needs(P::TasksWrite, "bulk_tasks", "POST /api/v1/tasks/bulk", "TaskService.BulkTasks"),
    needs(P::TasksWrite, "cancel_task", "POST /api/v1/tasks/{id}/cancel", "TaskService.CancelTask"),
    needs(P::TasksWrite, "pause_task", "POST /api/v1/tasks/{id}/pause", "TaskService.PauseTask"),
    needs(P::TasksWrite, "resume_task", "POST /api/v1/tasks/{id}/resume", "TaskService.ResumeTask"),
    needs(P::TasksWrite, "retry_task", "POST /api/v1/tasks/{id}/retry", "TaskService.RetryTask"),
    needs(P::TasksWrite, "delete_task", "DELETE /api/v1/tasks/{id}", "TaskService.DeleteTask"),
    needs(P::SchedulesRead, "list_schedules", "GET /api/v1/scheduled-tasks", "ScheduleService.ListSchedules"),
    needs(P::SchedulesRead, "get_schedule", "GET /api/v1/scheduled-tasks/{id}", "ScheduleService.GetSchedule"),
    needs(P::SchedulesRead, "list_executions", "GET /api/v1/scheduled-tasks/{id}/executions", "ScheduleService.ListExecutions"),
    needs(P::SchedulesRead, "get_execution", "GET /api/v1/scheduled-tasks/{id}/executions/{executionId}", "ScheduleService.GetExecution"),
    needs(P::SchedulesWrite, "create_schedule", "POST /api/v1/scheduled-tasks", "ScheduleService.CreateSchedule"),
    needs(P::SchedulesWrite, "update_schedule", "PUT /api/v1/scheduled-tasks/{id}", "ScheduleService.UpdateSchedule"),
    needs(P::SchedulesWrite, "delete_schedule", "DELETE /api/v1/scheduled-tasks/{id}", "ScheduleService.DeleteSchedule"),
    needs(P::SchedulesWrite, "enable_schedule", "PUT /api/v1/scheduled-tasks/{id}/enable", "ScheduleService.EnableSchedule"),
    needs(P::SchedulesWrite, "disable_schedule", "PUT /api/v1/scheduled-tasks/{id}/disable", "ScheduleService.DisableSchedule"),
    needs(P::SchedulesWrite, "trigger_schedule", "POST /api/v1/scheduled-tasks/{id}/trigger", "ScheduleService.TriggerSchedule"),
    needs(P::PoliciesRead, "list_policies", "GET /api/v1/policies", "PolicyService.ListPolicies"),
    needs(P::PoliciesRead, "get_policy", "GET /api/v1/policies/{id}", "PolicyService.GetPolicy"),
    needs(P::PoliciesRead, "get_policy_coverage", "GET /api/v1/policies/{id}/coverage", "PolicyService.GetPolicyCoverage"),
    needs(P::PoliciesWrite, "create_policy", "POST /api/v1/policies", "PolicyService.CreatePolicy"),
    needs(P::PoliciesWrite, "update_policy", "PUT /api/v1/policies/{id}", "PolicyService.UpdatePolicy"),
    needs(P::PoliciesWrite, "delete_policy", "DELETE /api/v1/policies/{id}", "PolicyService.DeletePolicy"),
    needs(P::PoliciesWrite, "pause_policy", "POST /api/v1/policies/{id}/pause", "PolicyService.PausePolicy"),
    needs(P::PoliciesWrite, "resume_policy", "POST /api/v1/policies/{id}/resume", "PolicyService.ResumePolicy"),
    needs(P::LibraryRead, "list_library", "GET /api/v1/library", "LibraryService.ListLibrary"),
    needs(P::LibraryWrite, "add_to_library", "POST /api/v1/library", "LibraryService.AddLibraryEntry"),
    needs(P::LibraryWrite, "import_library", "POST /api/v1/library/import", "LibraryService.ImportLibrary"),
    needs(P::LibraryWrite, "update_library", "PUT /api/v1/library/{id}", "LibraryService.UpdateLibraryEntry"),
    needs(P::LibraryWrite, "delete_library", "DELETE /api/v1/library/{id}", "LibraryService.DeleteLibraryEntry"),
    needs(P::CredentialsRead, "list_secrets", "GET /api/v1/secrets", "CredentialService.ListCredentials"),
    needs(P::CredentialsRead, "get_secret", "GET /api/v1/secrets/{id}", "CredentialService.GetCredential"),
    needs(P::CredentialsWrite, "create_secret", "POST /api/v1/secrets", "CredentialService.CreateCredential"),
    needs(P::CredentialsWrite, "update_secret", "PUT /api/v1/secrets/{id}", "CredentialService.UpdateCredential"),
    needs(P::CredentialsWrite, "delete_secret", "DELETE /api/v1/secrets/{id}", "CredentialService.DeleteCredential"),
    needs(P::CredentialsWrite, "test_secret", "POST /api/v1/secrets/{id}/test", "CredentialService.TestCredential"),
    needs(P::ChannelsRead, "list_channels", "GET /api/v1/channels", "ChannelService.ListChannels"),
    needs(P::ChannelsRead, "get_channel", "GET /api/v1/channels/{id}", "ChannelService.GetChannel"),
    needs(P::ChannelsWrite, "create_channel", "POST /api/v1/channels", "ChannelService.CreateChannel"),
    needs(P::ChannelsWrite, "update_channel", "PUT /api/v1/channels/{id}", "ChannelService.UpdateChannel"),
    needs(P::ChannelsWrite, "delete_channel", "DELETE /api/v1/channels/{id}", "ChannelService.DeleteChannel"),
    needs(P::ChannelsWrite, "test_channel", "POST /api/v1/channels/{id}/test", "ChannelService.TestChannel"),
    needs(P::ChannelsRead, "list_channel_deliveries", "GET /api/v1/channels/{id}/deliveries", ""),
    needs(P::ChannelsRead, "list_deliveries", "GET /api/v1/deliveries", "ChannelService.ListDeliveries"),
    needs(P::ChannelsWrite, "replay_delivery", "POST /api/v1/deliveries/{id}/replay", "ChannelService.ReplayDelivery"),
    needs(P::AuditRead, "list_audit", "GET /api/v1/audit", "AuditService.ListAudit"),
    needs(P::AuditRead, "export_audit", "GET /api/v1/audit/export", "AuditService.ExportAudit"),
    needs(P::LimitsRead, "get_limits", "GET /api/v1/limits", "LimitsService.GetLimits"),
    needs(P::LimitsWrite, "set_limits", "PUT /api/v1/limits", "LimitsService.SetLimits"),
    needs(P::LimitsWrite, "update_limits", "PATCH /api/v1/limits", "LimitsService.UpdateLimits"),
    needs(P::SystemRead, "get_system", "GET /api/v1/system", "SystemService.GetSystem"),
    needs(P::SystemWrite, "set_log_level", "PUT /api/v1/log-level", "SystemService.SetLogLevel"),
    Operation { id: "prove", rest: "", rpc: "AgentService.Prove", access: Access::Agents },
    Operation { id: "session", rest: "", rpc: "AgentService.Session", access: Access::Agents },
];

static BY_REST: LazyLock<HashMap<(&str, &str), &Operation>> = LazyLock::new(|| {
    let rest = OPERATIONS.iter().filter_map(|it| Some((it.rest.split_once(' ')?, it)));
    rest.collect()
});

static BY_RPC: LazyLock<HashMap<&str, &Operation>> = LazyLock::new(|| {
    OPERATIONS
        .iter()
        .filter(|it| !it.rpc.is_empty())
        .map(|it| (it.rpc, it))
        .collect()
});

impl Operation {
    /// The operation of a method and the pattern of a path, for example `GET` and `/api/v1/tasks/{id}`. `HEAD` is `GET` without a body.
    pub fn by_rest(method: &str, pattern: &str) -> Option<&'static Self> {
        let method = if method == "HEAD" { "GET" } else { method };
        BY_REST.get(&(method, pattern)).copied()
    }

    /// The operation of a gRPC path, for example `/ips.v1.TaskService/GetTask`.
    pub fn by_rpc(path: &str) -> Option<&'static Self> {
        let (service, method) = path.strip_prefix("/ips.v1.")?.split_once('/')?;
        BY_RPC.get(format!("{service}.{method}").as_str()).copied()
    }

    /// Whether it changes something, or is a log-in: what the audit records also when it is allowed.
    pub fn changes(&self) -> bool {
        // A browser that comes back from a provider logs in by a GET.
        let only_looks = self.rest.starts_with("GET ") && self.id != "oidc_callback" || self.id.starts_with("preview_");
        !only_looks && self.access != Access::Agents
    }

    /// The permission that it needs, if it needs one.
    pub fn permission(&self) -> Option<Permission> {
        match self.access {
            Access::Needs(permission) => Some(permission),
            Access::Public | Access::Agents => None,
        }
    }
}

#[cfg(test)]
mod tests;
