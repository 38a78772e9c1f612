//! Nobody sees, changes or guesses what another tenant has, over gRPC: every RPC of the table, every role, held against a coordinator in
//! which the other tenant has nothing at all. And tenants themselves at both doors.

use crate::{
    agent::Agent,
    identity::{admin, person_of, public_rpcs, with},
    parity::Raw,
    proofs::{Session, TOKEN, key, open, prove},
    stand::Stand,
};
use ips_coordinator::domain::caller::Role;
use ips_proto::v1::{
    self, audit_service_client::AuditServiceClient, task_service_client::TaskServiceClient,
    tenant_service_client::TenantServiceClient,
};
use prost::Message as _;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use tonic::{Code, Status};

struct World {
    stand: Stand,
    /// Keeps its session.
    _agent: Session,
    chief: String,
    /// Of the people of `team-a`.
    own: Vec<(Role, String)>,
    /// Of the admin of `team-b`.
    other: String,
    /// Ids of what `team-b` has, by the noun in the path of REST.
    theirs: BTreeMap<&'static str, String>,
}

impl World {
    async fn start() -> Self {
        let stand = Stand::with_agents(TOKEN, None).await;
        let ticket = prove(&stand, TOKEN, &key('a'), "node-1").await.unwrap();
        let agent = open(&stand, &ticket, &key('a'), Agent::hello("node-1")).await;
        let chief = admin(&stand).await;
        for id in ["team-a", "team-b"] {
            let made = stand
                .rest_as(&chief, "POST", "/api/v1/tenants", Some(&json!({"id": id})))
                .await;
            assert_eq!(made.0, 201, "{}", made.1);
        }
        let mut own = vec![];
        for role in [Role::Viewer, Role::Operator, Role::Admin] {
            own.push((role, person_of(&stand, &chief, "team-a", role).await));
        }
        Self {
            stand,
            _agent: agent.unwrap(),
            chief,
            own,
            other: String::new(),
            theirs: BTreeMap::new(),
        }
    }

    async fn with_theirs() -> Self {
        let mut world = Self::start().await;
        world.other = person_of(&world.stand, &world.chief, "team-b", Role::Admin).await;
        let made = async |path: &str, body: Value| {
            let (status, json) = world.stand.rest_as(&world.other, "POST", path, Some(&body)).await;
            assert!((200..300).contains(&status), "{path}: {json}");
            json
        };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let secret = json!({"name": "mine", "registry": "b.example", "username": "u", "password": "canary-b"});
        let secret = made("/api/v1/secrets", secret).await;
        let channel = json!({"name": "ops", "kind": "slack", "url": "https://receiver.invalid/x"});
        let channel = made("/api/v1/channels", channel).await;
        let delivery = made(&format!("/api/v1/channels/{}/test", channel["id"]), json!({})).await;
        let entry = made("/api/v1/library", json!({"image": "b.example/app:1"})).await;
        let config = json!({"images": ["b.example/app:1"]});
        let schedule = json!({"name": "nightly", "cronExpr": "0 0 1 1 *", "taskConfig": config});
        let schedule = made("/api/v1/scheduled-tasks", schedule).await;
        let path = format!("/api/v1/scheduled-tasks/{}/trigger", text(&schedule["id"]));
        made(&path, json!({})).await;
        let policy = json!({"name": "standing", "paused": true, "taskConfig": {"images": ["b.example/app:1"]}});
        let policy = made("/api/v1/policies", policy).await;
        let task = made("/api/v1/tasks", json!({"id": "theirs", "images": ["b.example/app:1"]})).await;
        let token = made("/api/v1/tokens", json!({"name": "ci"})).await;
        let me = world.stand.rest_as(&world.other, "GET", "/api/v1/me", None).await.1;
        world.theirs = BTreeMap::from([
            ("tasks", text(&task["taskId"])),
            ("scheduled-tasks", text(&schedule["id"])),
            ("policies", text(&policy["id"])),
            ("library", text(&entry["id"])),
            ("secrets", text(&secret["id"])),
            ("channels", text(&channel["id"])),
            ("deliveries", text(&delivery["id"])),
            ("users", text(&me["id"])),
            ("tokens", text(&token["apiToken"]["id"])),
            ("tenants", "team-b".to_owned()),
            ("nodes", "nope".to_owned()),
        ]);
        world
    }

    /// The answer to a message as far as a client can tell it from another one.
    async fn call(&self, rpc: &str, token: &str, message: Vec<u8>) -> Result<Vec<u8>, (Code, String, Vec<u8>)> {
        let mut client = tonic::client::Grpc::new(self.stand.channel().await);
        client.ready().await.unwrap();
        let path = format!("/ips.v1.{}", rpc.replace('.', "/")).parse().unwrap();
        let answer = client.unary(with(token, message), path, Raw).await;
        let told = |status: Status| (status.code(), status.message().to_owned(), status.details().to_vec());
        answer.map(tonic::Response::into_inner).map_err(told)
    }
}

/// A message that names a thing by its first field, and breaks no rule.
fn naming(rpc: &str, noun: &str, id: &str) -> Vec<u8> {
    let number = || id.parse().unwrap();
    match (rpc, noun) {
        ("LibraryService.UpdateLibraryEntry", _) => v1::UpdateLibraryEntryRequest {
            entry_id: number(),
            image: "docker.io/library/taken:1".into(),
            ..Default::default()
        }
        .encode_to_vec(),
        ("CredentialService.UpdateCredential", _) => v1::UpdateCredentialRequest {
            credential_id: number(),
            name: "taken".into(),
            registry: "b.example".into(),
            username: "u".into(),
            ..Default::default()
        }
        .encode_to_vec(),
        ("UserService.UpdateUser", _) => v1::UpdateUserRequest {
            user_id: number(),
            disabled: Some(true),
            ..Default::default()
        }
        .encode_to_vec(),
        ("ScheduleService.GetExecution", _) => v1::GetExecutionRequest {
            schedule_id: id.into(),
            execution_id: 1,
        }
        .encode_to_vec(),
        (_, "library" | "secrets" | "channels" | "users" | "tokens") => {
            v1::GetUserRequest { user_id: number() }.encode_to_vec()
        }
        _text => v1::GetTaskRequest { task_id: id.into() }.encode_to_vec(),
    }
}

#[tokio::test]
async fn an_id_of_another_tenant_answers_like_one_that_nobody_has() {
    let (full, empty) = (World::with_theirs().await, World::start().await);
    let naming_one = public_rpcs().filter(|it| it.rest.contains('{') || it.rpc == "TaskService.WatchTask");
    for operation in naming_one {
        let path = operation.rest.split_once("/api/v1/").unwrap().1;
        let noun = if operation.rpc == "TaskService.WatchTask" {
            "tasks"
        } else {
            path.split('/').next().unwrap()
        };
        let id = full
            .theirs
            .get(noun)
            .unwrap_or_else(|| panic!("{noun}: nothing of it is made here"));
        let message = naming(operation.rpc, noun, id);
        for ((role, token), (_, same)) in full.own.iter().zip(&empty.own) {
            let theirs = full.call(operation.rpc, token, message.clone()).await;
            let nobodys = empty.call(operation.rpc, same, message.clone()).await;
            assert_eq!(theirs, nobodys, "{role} {}", operation.rpc);
            let denied = operation.permission().is_some_and(|it| *role < it.least_role());
            let is_denied = theirs.is_err_and(|(code, ..)| code == Code::PermissionDenied);
            assert!(!denied || is_denied, "{role} {}", operation.rpc);
        }
    }
    let mut tasks = TaskServiceClient::new(full.stand.channel().await);
    let get = v1::GetTaskRequest {
        task_id: "theirs".into(),
    };
    let kept = tasks
        .get_task(with(&full.other, get.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(kept.tenant, "team-b");
    assert_ne!(kept.state(), v1::TaskState::Cancelled, "nothing of it was changed");
    assert_eq!(
        tasks
            .get_task(with(&full.chief, get))
            .await
            .unwrap()
            .into_inner()
            .task_id,
        "theirs"
    );
}

#[tokio::test]
async fn lists_are_of_the_realm_and_another_tenant_cannot_be_named() {
    let full = World::with_theirs().await;
    let own = &full.own[2].1;
    let mut tasks = TaskServiceClient::new(full.stand.channel().await);
    let of = |tenant: &str| v1::ListTasksRequest {
        tenant: tenant.into(),
        ..Default::default()
    };
    for (caller, tenant, total) in [
        (own, "", 0),
        (&full.chief, "", 2),
        (&full.chief, "team-a", 0),
        (&full.chief, "team-b", 2),
    ] {
        let found = tasks.list_tasks(with(caller, of(tenant))).await.unwrap().into_inner();
        assert_eq!(found.total, total, "{tenant:?}");
    }
    let foreign = tasks.list_tasks(with(own, of("team-b"))).await.unwrap_err();
    let unknown = tasks.list_tasks(with(own, of("nobody"))).await.unwrap_err();
    assert_eq!(foreign.code(), Code::InvalidArgument);
    assert_eq!(foreign.message(), unknown.message());
    // The audit of each is its own.
    let mut audit = AuditServiceClient::new(full.stand.channel().await);
    let mut subjects = async |token: &str, tenant: &str| {
        let filter = v1::AuditFilter {
            tenant: tenant.into(),
            operation: "create_task".into(),
            ..Default::default()
        };
        let request = v1::ListAuditRequest {
            filter: Some(filter),
            ..Default::default()
        };
        let found = audit.list_audit(with(token, request)).await.unwrap().into_inner();
        found.records.into_iter().map(|it| it.tenant).collect::<Vec<_>>()
    };
    for _ in 0..250 {
        if !subjects(&full.other, "").await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(subjects(&full.other, "").await, ["team-b"]);
    assert_eq!(subjects(&full.chief, "team-b").await, ["team-b"]);
    assert!(subjects(own, "").await.is_empty());
    assert!(subjects(&full.chief, "team-a").await.is_empty());
}

#[tokio::test]
async fn tenants_are_kept_at_both_doors_alike() {
    let world = World::start().await;
    let mut tenants = TenantServiceClient::new(world.stand.channel().await);
    let create = v1::CreateTenantRequest {
        tenant_id: "team-c".into(),
        node_selector: "pool=c".into(),
        repositories: vec!["registry.example/team-c/*".into()],
        quotas: Some(v1::TenantQuotas {
            bytes_per_day: Some(0),
            ..Default::default()
        }),
        ..Default::default()
    };
    let made = tenants
        .create_tenant(with(&world.chief, create.clone()))
        .await
        .unwrap()
        .into_inner();
    let (_, rest) = world
        .stand
        .rest_as(&world.chief, "GET", "/api/v1/tenants/team-c", None)
        .await;
    assert_eq!(
        (
            rest["name"].as_str(),
            rest["quotas"].clone(),
            rest["repositories"][0].as_str()
        ),
        (
            Some(made.name.as_str()),
            json!({"bytesPerDay": 0}),
            Some("registry.example/team-c/*")
        )
    );
    let again = tenants.create_tenant(with(&world.chief, create)).await.unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    // Nothing may be fetched, and whoever asks is told so in its own code.
    let operator = person_of(&world.stand, &world.chief, "team-c", Role::Operator).await;
    let update = v1::UpdateTenantRequest {
        tenant_id: "team-c".into(),
        node_selector: Some(String::new()),
        repositories: Some(v1::RepositoryPatterns::default()),
        ..Default::default()
    };
    tenants.update_tenant(with(&world.chief, update)).await.unwrap();
    let task = v1::CreateTaskRequest {
        images: vec!["a:1".into()],
        ..Default::default()
    };
    let mut tasks = TaskServiceClient::new(world.stand.channel().await);
    let refused = tasks.create_task(with(&operator, task)).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{}", refused.message());
    assert!(refused.message().contains("bytesPerDay"), "{}", refused.message());
    let own = tenants
        .get_own_tenant(with(&operator, v1::GetOwnTenantRequest {}))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((own.tenant_id.as_str(), own.usage.unwrap().tasks_today), ("team-c", 0));
    let gone = v1::DeleteTenantRequest {
        tenant_id: "team-c".into(),
    };
    let refused = tenants.delete_tenant(with(&world.chief, gone)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(refused.message(), "the tenant still has 1 user");
}
