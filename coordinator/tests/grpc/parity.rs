//! Whatever REST can do, gRPC can do, and the other way round: an explicit table of pairs, held against the OpenAPI document and the
//! descriptors of the protocol, and each pair is called with the same nonsense at both doors.

use crate::{agent::Agent, stand::Stand};
use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet, field_descriptor_proto::Type};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tonic::{
    Code, Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

/// Operation of REST, RPC of gRPC. An operation or an RPC that is in no pair fails the test.
const PAIRS: &[(&str, &str)] = &[
    ("POST /api/v1/login", "AuthService.Login"),
    ("POST /api/v1/refresh", "AuthService.Refresh"),
    ("POST /api/v1/logout", "AuthService.Logout"),
    ("GET /api/v1/auth/methods", "AuthService.GetLoginMethods"),
    ("POST /api/v1/auth/oidc/token", "AuthService.ExchangeCode"),
    ("GET /api/v1/me", "AuthService.WhoAmI"),
    ("PUT /api/v1/users/{id}", "UserService.UpdateUser"),
    ("GET /api/v1/users", "UserService.ListUsers"),
    ("POST /api/v1/users", "UserService.CreateUser"),
    ("GET /api/v1/users/{id}", "UserService.GetUser"),
    ("DELETE /api/v1/users/{id}", "UserService.DeleteUser"),
    ("GET /api/v1/tokens", "TokenService.ListTokens"),
    ("POST /api/v1/tokens", "TokenService.CreateToken"),
    ("DELETE /api/v1/tokens/{id}", "TokenService.RevokeToken"),
    ("POST /api/v1/tasks", "TaskService.CreateTask"),
    ("GET /api/v1/tasks", "TaskService.ListTasks"),
    ("GET /api/v1/tasks/{id}", "TaskService.GetTask"),
    ("DELETE /api/v1/tasks/{id}", "TaskService.DeleteTask"),
    ("POST /api/v1/tasks/{id}/cancel", "TaskService.CancelTask"),
    ("POST /api/v1/tasks/{id}/pause", "TaskService.PauseTask"),
    ("POST /api/v1/tasks/{id}/resume", "TaskService.ResumeTask"),
    ("POST /api/v1/tasks/{id}/retry", "TaskService.RetryTask"),
    ("POST /api/v1/tasks/{id}/clone", "TaskService.CloneTask"),
    ("POST /api/v1/tasks/preview", "TaskService.PreviewTask"),
    ("POST /api/v1/tasks/bulk", "TaskService.BulkTasks"),
    ("GET /api/v1/tasks/{id}/pulls", "TaskService.ListPulls"),
    ("GET /api/v1/tenant", "TenantService.GetOwnTenant"),
    ("GET /api/v1/tenants", "TenantService.ListTenants"),
    ("POST /api/v1/tenants", "TenantService.CreateTenant"),
    ("GET /api/v1/tenants/{id}", "TenantService.GetTenant"),
    ("PUT /api/v1/tenants/{id}", "TenantService.UpdateTenant"),
    ("DELETE /api/v1/tenants/{id}", "TenantService.DeleteTenant"),
    ("GET /api/v1/nodes", "NodeService.ListNodes"),
    ("GET /api/v1/node-groups", "NodeService.GroupNodes"),
    ("GET /api/v1/nodes/{name}", "NodeService.GetNode"),
    ("GET /api/v1/nodes/{name}/pulls", "NodeService.ListNodePulls"),
    ("GET /api/v1/stats", "NodeService.GetStats"),
    ("POST /api/v1/purges", "NodeService.PurgeImages"),
    ("GET /api/v1/limits", "LimitsService.GetLimits"),
    ("PUT /api/v1/limits", "LimitsService.SetLimits"),
    ("PATCH /api/v1/limits", "LimitsService.UpdateLimits"),
    ("POST /api/v1/scheduled-tasks", "ScheduleService.CreateSchedule"),
    ("GET /api/v1/scheduled-tasks", "ScheduleService.ListSchedules"),
    ("GET /api/v1/scheduled-tasks/{id}", "ScheduleService.GetSchedule"),
    ("PUT /api/v1/scheduled-tasks/{id}", "ScheduleService.UpdateSchedule"),
    ("DELETE /api/v1/scheduled-tasks/{id}", "ScheduleService.DeleteSchedule"),
    (
        "PUT /api/v1/scheduled-tasks/{id}/enable",
        "ScheduleService.EnableSchedule",
    ),
    (
        "PUT /api/v1/scheduled-tasks/{id}/disable",
        "ScheduleService.DisableSchedule",
    ),
    (
        "POST /api/v1/scheduled-tasks/{id}/trigger",
        "ScheduleService.TriggerSchedule",
    ),
    (
        "GET /api/v1/scheduled-tasks/{id}/executions",
        "ScheduleService.ListExecutions",
    ),
    (
        "GET /api/v1/scheduled-tasks/{id}/executions/{executionId}",
        "ScheduleService.GetExecution",
    ),
    ("POST /api/v1/policies", "PolicyService.CreatePolicy"),
    ("GET /api/v1/policies", "PolicyService.ListPolicies"),
    ("GET /api/v1/policies/{id}", "PolicyService.GetPolicy"),
    ("PUT /api/v1/policies/{id}", "PolicyService.UpdatePolicy"),
    ("DELETE /api/v1/policies/{id}", "PolicyService.DeletePolicy"),
    ("POST /api/v1/policies/{id}/pause", "PolicyService.PausePolicy"),
    ("POST /api/v1/policies/{id}/resume", "PolicyService.ResumePolicy"),
    ("GET /api/v1/policies/{id}/coverage", "PolicyService.GetPolicyCoverage"),
    ("GET /api/v1/library", "LibraryService.ListLibrary"),
    ("POST /api/v1/library", "LibraryService.AddLibraryEntry"),
    ("POST /api/v1/library/import", "LibraryService.ImportLibrary"),
    ("PUT /api/v1/library/{id}", "LibraryService.UpdateLibraryEntry"),
    ("DELETE /api/v1/library/{id}", "LibraryService.DeleteLibraryEntry"),
    ("GET /api/v1/secrets", "CredentialService.ListCredentials"),
    ("POST /api/v1/secrets", "CredentialService.CreateCredential"),
    ("GET /api/v1/secrets/{id}", "CredentialService.GetCredential"),
    ("PUT /api/v1/secrets/{id}", "CredentialService.UpdateCredential"),
    ("DELETE /api/v1/secrets/{id}", "CredentialService.DeleteCredential"),
    ("POST /api/v1/secrets/{id}/test", "CredentialService.TestCredential"),
    ("GET /api/v1/channels", "ChannelService.ListChannels"),
    ("POST /api/v1/channels", "ChannelService.CreateChannel"),
    ("GET /api/v1/channels/{id}", "ChannelService.GetChannel"),
    ("PUT /api/v1/channels/{id}", "ChannelService.UpdateChannel"),
    ("DELETE /api/v1/channels/{id}", "ChannelService.DeleteChannel"),
    ("POST /api/v1/channels/{id}/test", "ChannelService.TestChannel"),
    ("GET /api/v1/channels/{id}/deliveries", "ChannelService.ListDeliveries"),
    ("GET /api/v1/deliveries", "ChannelService.ListDeliveries"),
    ("POST /api/v1/deliveries/{id}/replay", "ChannelService.ReplayDelivery"),
    ("GET /api/v1/audit", "AuditService.ListAudit"),
    ("GET /api/v1/system", "SystemService.GetSystem"),
    ("PUT /api/v1/log-level", "SystemService.SetLogLevel"),
];

/// What has its partner elsewhere: streams, which are tested in `watch.rs` and cannot be compared by one answer; probes, whose partner is
/// `grpc.health.v1.Health`; and the text that Prometheus reads.
const APART: &[(&str, &str)] = &[
    ("GET /api/v1/events", "TaskService.WatchTask"),
    ("GET /api/v1/audit/export", "AuditService.ExportAudit"),
    // For browsers alone.
    ("GET /auth/oidc/login", ""),
    ("GET /auth/oidc/callback", ""),
    ("GET /health", ""),
    ("GET /healthz", ""),
    ("GET /readyz", ""),
    ("GET /metrics", ""),
];

pub struct Rpc {
    pub name: String,
    /// Message that names a thing that does not exist, if the first field names one.
    missing: Vec<u8>,
    /// The same as a part of a path.
    missing_text: &'static str,
}

/// Every public RPC.
pub fn rpcs() -> Vec<Rpc> {
    let set = FileDescriptorSet::decode(ips_proto::DESCRIPTORS).unwrap();
    let own: Vec<_> = set.file.iter().filter(|file| file.package() == "ips.v1").collect();
    let message = |name: &str| -> &DescriptorProto {
        let short = name.trim_start_matches(".ips.v1.");
        let mut all = own.iter().flat_map(|file| &file.message_type);
        all.find(|message| message.name() == short).unwrap()
    };
    let services = own.iter().flat_map(|file| &file.service);
    let public = services.filter(|service| service.name() != "AgentService");
    let rpcs = public.flat_map(|service| {
        service.method.iter().map(move |method| {
            let (missing, missing_text) = nonsense(message(method.input_type()));
            Rpc {
                name: format!("{}.{}", service.name(), method.name()),
                missing,
                missing_text,
            }
        })
    });
    rpcs.collect()
}

/// Field 1 as an id that nothing has: text or number, as the message wants it.
fn nonsense(message: &DescriptorProto) -> (Vec<u8>, &'static str) {
    let first = message.field.iter().find(|field| field.number() == 1);
    match first.map(|field| (field.r#type(), field.label())) {
        Some((Type::Int64 | Type::Uint64, _)) => (vec![8, 0xe7, 7], "999"),
        Some(_) | None => (vec![10, 4, b'n', b'o', b'p', b'e'], "nope"),
    }
}

fn operations() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}

#[test]
fn no_operation_and_no_rpc_is_without_its_partner() {
    let all = PAIRS.iter().chain(APART);
    let paired: BTreeSet<String> = all.clone().map(|(rest, _)| (*rest).to_owned()).collect();
    assert_eq!(
        operations(),
        paired,
        "operations of the OpenAPI document, and those of the table"
    );
    let named: BTreeSet<String> = all
        .map(|(_, rpc)| (*rpc).to_owned())
        .filter(|rpc| !rpc.is_empty())
        .collect();
    let known: BTreeSet<String> = rpcs().into_iter().map(|rpc| rpc.name).collect();
    assert_eq!(known, named, "RPCs of the descriptors, and those of the table");
}

#[tokio::test]
async fn each_pair_answers_the_same_nonsense_in_the_same_way() {
    let stand = Stand::start().await;
    let _agent = Agent::connect(&stand, "node-1").await;
    let rpcs = rpcs();
    for (operation, name) in PAIRS {
        let (method, path) = operation.split_once(' ').unwrap();
        let rpc = rpcs.iter().find(|rpc| rpc.name == *name).unwrap();
        let names_a_thing = path.contains('{');
        let message = if names_a_thing { rpc.missing.clone() } else { vec![] };
        let parts = path.split('/').map(|part| match part {
            // Always a number, also below something that is named by text.
            "{executionId}" => "7",
            named if named.starts_with('{') => rpc.missing_text,
            written => written,
        });
        let path = parts.collect::<Vec<_>>().join("/");
        let takes_body = matches!(method, "POST" | "PUT" | "PATCH");
        let (status, body) = stand.rest(method, &path, takes_body.then(|| json!({})).as_ref()).await;
        let code = call(stand.channel().await, name, message).await;
        assert_eq!(class(status), code, "{operation} and {name}: {status} {body}");
    }
}

/// The code that gRPC has for a status of REST.
fn class(status: u16) -> Code {
    match status {
        200..300 => Code::Ok,
        400 => Code::InvalidArgument,
        404 => Code::NotFound,
        409 => Code::FailedPrecondition,
        503 => Code::Unavailable,
        _other => Code::Unknown,
    }
}

async fn call(channel: Channel, name: &str, message: Vec<u8>) -> Code {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let path = format!("/ips.v1.{}", name.replace('.', "/")).parse().unwrap();
    let answer = client.unary(Request::new(message), path, Raw).await;
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

/// Messages as they are.
#[derive(Clone, Copy)]
pub struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        use bytes::Buf as _;
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}
