//! Who may call what over gRPC: the same table, asked at the other door.

use crate::{
    parity::{Raw, rpcs},
    stand::Stand,
};
use ips_coordinator::domain::{
    caller::Role,
    permission::{Access, OPERATIONS, Operation},
};
use ips_proto::v1::{
    self, auth_service_client::AuthServiceClient, task_service_client::TaskServiceClient,
    token_service_client::TokenServiceClient, user_service_client::UserServiceClient,
};
use std::collections::BTreeSet;
use tonic::{Code, Request, Status, metadata::MetadataValue, transport::Channel};

pub const FIRST: &str = "the first password";
const PASSWORD: &str = "correct horse battery";

pub fn with<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value: MetadataValue<_> = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

async fn login(channel: Channel, name: &str, password: &str) -> Result<v1::LoginResponse, Status> {
    let request = v1::LoginRequest {
        username: name.into(),
        password: password.into(),
    };
    Ok(AuthServiceClient::new(channel).login(request).await?.into_inner())
}

/// The admin logs in for the first time and chooses a password.
pub async fn admin(stand: &Stand) -> String {
    let first = login(stand.channel().await, "admin", FIRST).await.unwrap();
    let request = v1::UpdateUserRequest {
        user_id: first.user.unwrap().user_id,
        password: Some(PASSWORD.into()),
        current_password: Some(FIRST.into()),
        ..Default::default()
    };
    let mut users = UserServiceClient::new(stand.channel().await);
    users.update_user(with(&first.token, request)).await.unwrap();
    login(stand.channel().await, "admin", PASSWORD).await.unwrap().token
}

/// Somebody new with this role.
async fn person(stand: &Stand, boss: &str, role: Role) -> String {
    person_of(stand, boss, "", role).await
}

/// Somebody new with this role in a tenant; empty text means that of the boss.
pub async fn person_of(stand: &Stand, boss: &str, tenant: &str, role: Role) -> String {
    let name = format!("the-{role}{tenant}");
    let request = v1::CreateUserRequest {
        username: name.clone(),
        password: FIRST.into(),
        role: role.to_string(),
        tenant: tenant.to_owned(),
    };
    let mut users = UserServiceClient::new(stand.channel().await);
    let made = users.create_user(with(boss, request)).await.unwrap().into_inner();
    let first = login(stand.channel().await, &name, FIRST).await.unwrap().token;
    let request = v1::UpdateUserRequest {
        user_id: made.user_id,
        password: Some(PASSWORD.into()),
        current_password: Some(FIRST.into()),
        ..Default::default()
    };
    users.update_user(with(&first, request)).await.unwrap();
    login(stand.channel().await, &name, PASSWORD).await.unwrap().token
}

/// Calls without a message.
async fn call(channel: Channel, operation: &Operation, token: Option<&str>) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let path = format!("/ips.v1.{}", operation.rpc.replace('.', "/")).parse().unwrap();
    let request = match token {
        Some(token) => with(token, vec![]),
        None => Request::new(vec![]),
    };
    client.unary(request, path, Raw).await.map(drop)
}

pub fn public_rpcs() -> impl Iterator<Item = &'static Operation> {
    let rpcs = OPERATIONS.iter().filter(|it| !it.rpc.is_empty());
    rpcs.filter(|it| it.access != Access::Agents)
}

#[test]
fn the_table_names_every_rpc_and_no_other() {
    let table: BTreeSet<String> = public_rpcs().map(|it| it.rpc.to_owned()).collect();
    let known: BTreeSet<String> = rpcs().into_iter().map(|rpc| rpc.name).collect();
    assert_eq!(table, known);
}

#[tokio::test]
async fn without_a_token_nothing_answers_but_what_is_public() {
    let stand = Stand::with_identity(FIRST).await;
    for operation in public_rpcs() {
        let refused = call(stand.channel().await, operation, None).await.err();
        let is_refused = refused.is_some_and(|status| {
            status.code() == Code::Unauthenticated && status.message() == "Authorization header required"
        });
        assert_eq!(is_refused, operation.access != Access::Public, "{}", operation.rpc);
    }
    // The open services are as they were; agents have a door of their own, with tests of its own.
    let mut health = tonic_health::pb::health_client::HealthClient::new(stand.channel().await);
    health
        .check(tonic_health::pb::HealthCheckRequest::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_first_password_opens_nothing_but_its_change() {
    let stand = Stand::with_identity(FIRST).await;
    let first = login(stand.channel().await, "admin", FIRST).await.unwrap();
    let mut tasks = TaskServiceClient::new(stand.channel().await);
    let refused = tasks
        .list_tasks(with(&first.token, v1::ListTasksRequest::default()))
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(
        refused.message().starts_with("password_change_required"),
        "{}",
        refused.message()
    );
    let token = admin(&stand).await;
    tasks
        .list_tasks(with(&token, v1::ListTasksRequest::default()))
        .await
        .unwrap();
}

#[tokio::test]
async fn tokens_of_one_door_open_the_other_and_end_at_both() {
    let stand = Stand::with_identity(FIRST).await;
    let token = admin(&stand).await;
    let (status, me) = stand.rest_as(&token, "GET", "/api/v1/me", None).await;
    assert_eq!((status, me["username"].as_str()), (200, Some("admin")));
    let mut auth = AuthServiceClient::new(stand.channel().await);
    auth.logout(with(&token, v1::LogoutRequest {})).await.unwrap();
    let out = auth.who_am_i(with(&token, v1::WhoAmIRequest {})).await.unwrap_err();
    assert_eq!(
        (out.code(), out.message()),
        (Code::Unauthenticated, "Invalid token: invalid token")
    );
    assert_eq!(stand.rest_as(&token, "GET", "/api/v1/me", None).await.0, 401);
}

#[tokio::test]
async fn guesses_are_limited_and_say_nothing() {
    let stand = Stand::with_identity(FIRST).await;
    let mut seen = BTreeSet::new();
    for _ in 0..6 {
        for name in ["admin", "nobody"] {
            let refused = login(stand.channel().await, name, "guess").await.unwrap_err();
            seen.insert((
                refused.code() as i32,
                refused.message().split(',').next().unwrap().to_owned(),
            ));
        }
    }
    let wrong = (Code::Unauthenticated as i32, "invalid username or password".to_owned());
    let limited = (Code::ResourceExhausted as i32, "too many tries".to_owned());
    assert_eq!(seen, BTreeSet::from([wrong, limited]));
}

#[tokio::test]
async fn every_role_may_call_what_the_table_says_and_nothing_else() {
    let stand = Stand::with_identity(FIRST).await;
    let boss = admin(&stand).await;
    for role in Role::ALL {
        let token = person(&stand, &boss, role).await;
        for operation in public_rpcs() {
            let Some(permission) = operation.permission() else {
                continue;
            };
            if operation.id == "logout" {
                continue;
            }
            let answer = call(stand.channel().await, operation, Some(&token)).await;
            let denied = answer.err().is_some_and(|status| {
                assert_ne!(status.code(), Code::Unauthenticated, "{role} {}", operation.rpc);
                status.code() == Code::PermissionDenied && status.message().starts_with("Permission denied")
            });
            assert_eq!(denied, role < permission.least_role(), "{role} {}", operation.rpc);
        }
    }
}

#[tokio::test]
async fn people_and_programs_are_kept_at_both_doors_alike() {
    let stand = Stand::with_identity(FIRST).await;
    let boss = admin(&stand).await;
    let ana = serde_json::json!({"username": "ana", "password": "chosen for her", "role": "operator"});
    let (status, made) = stand.rest_as(&boss, "POST", "/api/v1/users", Some(&ana)).await;
    assert_eq!(
        (status, made["mustChangePassword"].as_bool()),
        (201, Some(true)),
        "{made}"
    );
    let (status, _) = stand.rest_as(&boss, "POST", "/api/v1/users", Some(&ana)).await;
    assert_eq!(status, 409);
    let mut users = UserServiceClient::new(stand.channel().await);
    let listed = users
        .list_users(with(&boss, v1::ListUsersRequest::default()))
        .await
        .unwrap()
        .into_inner();
    let (_, rest) = stand.rest_as(&boss, "GET", "/api/v1/users", None).await;
    assert_eq!(
        (listed.users.len(), rest.as_array().map(Vec::len)),
        (2, Some(2)),
        "a bare array: {rest}"
    );
    let last = users
        .delete_user(with(&boss, v1::DeleteUserRequest { user_id: 1 }))
        .await
        .unwrap_err();
    assert_eq!(last.code(), Code::FailedPrecondition);

    let mut tokens = TokenServiceClient::new(stand.channel().await);
    let request = v1::CreateTokenRequest {
        name: "ci".into(),
        scopes: vec!["tasks:read".into()],
        ..Default::default()
    };
    let made = tokens.create_token(with(&boss, request)).await.unwrap().into_inner();
    let (status, _) = stand.rest_as(&made.token, "GET", "/api/v1/tasks", None).await;
    assert_eq!(status, 200);
    let (status, _) = stand.rest_as(&made.token, "GET", "/api/v1/nodes", None).await;
    assert_eq!(status, 403, "not in its scopes");
    let (_, listed) = stand.rest_as(&boss, "GET", "/api/v1/tokens", None).await;
    assert_eq!(listed["tokens"][0]["shown"], made.token[..10]);
    assert!(!listed.to_string().contains(&made.token));
    let (status, _) = stand.rest_as(&boss, "DELETE", "/api/v1/tokens/1", None).await;
    assert_eq!(status, 204);
    let (status, _) = stand.rest_as(&made.token, "GET", "/api/v1/tasks", None).await;
    assert_eq!(status, 401);
    let (status, _) = stand.rest_as(&boss, "DELETE", "/api/v1/users/2", None).await;
    assert_eq!(status, 200);
}
