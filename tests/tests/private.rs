//! Private images from end to end: a login goes in over REST, comes out at its registry, and nowhere else.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use ips_tests::containerd::ContainerdOptions;
use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::coordinator::Coordinator;
use ips_tests::fault_proxy::FaultProxy;
use ips_tests::registry::{Access, CANARY_PASSWORD, CANARY_USER, PASSWORD, Registry, USER};
use ips_tests::stand::{Node, Stand};
use ips_tests::traces;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

/// `canary:<password>` and `prewarm:prewarm` as HTTP carries them.
const CANARY_BASIC: &str = "Y2FuYXJ5OmM0bmFyeS1SaWdodC93b3JkKzE=";
const USER_BASIC: &str = "cHJld2FybTpwcmV3YXJt";
/// A password that no registry takes.
const WRONG: &str = "c4nary-Wrong/word+2";

/// A registry that wants a login, with `small:v1`, behind a proxy that remembers.
async fn private() -> (Registry, FaultProxy) {
    let registry = Registry::start(Access::Login).await.unwrap();
    registry.client().push("small", "small:v1").await.unwrap();
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    (registry, proxy)
}

/// Stores a login over REST, and gives back its id.
async fn store(stand: &Stand, registry: &str, username: &str, password: &str) -> Value {
    let body = json!({"name": format!("login for {registry}"), "registry": registry, "username": username, "password": password});
    let (status, secret) = stand.coordinator.api().post("/api/v1/secrets", &body).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{secret}");
    assert!(secret.get("password").is_none(), "{secret}");
    secret["id"].clone()
}

/// Asserts that the secrets are in no command line, no log and no file of coordinator and agents.
fn assert_no_trace(stand: &Stand, secrets: &[&str]) {
    traces::assert_none_in_command_lines(secrets);
    traces::assert_none_below(stand.coordinator.home(), secrets);
    for node in &stand.nodes {
        traces::assert_none_in("the agent's log", node.agent.log().as_bytes(), secrets);
        traces::assert_none_below(&node.agent.state_folder(), secrets);
    }
}

/// Runs a task that must fail as unauthorised, and gives back its pull.
async fn unauthorized(stand: &Stand, body: Value) -> Value {
    let id = stand.order_with(body).await;
    stand.failed(&id).await;
    let pull = stand.pull(&id, "node-1").await;
    assert_eq!(pull["failureReason"], "unauthorized", "{pull:#}");
    assert_eq!(pull["attempt"], 1, "no retry is burnt: {pull:#}");
    pull
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stored_login_makes_a_private_image_green(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let (registry, proxy) = private().await;
    let stand = Stand::start(&[version]).await;
    let reference = proxy.reference("small:v1");
    unauthorized(&stand, json!({"images": [reference], "maxRetries": 2, "retryDelay": 1})).await;

    let secret = store(&stand, proxy.address(), CANARY_USER, CANARY_PASSWORD).await;
    let id = stand
        .order_with(json!({"images": [reference], "secretId": secret}))
        .await;
    let task = stand.completed(&id).await;
    let digests = registry.client().digests("small:v1").await.unwrap();
    stand.nodes[0].assert_warm(&reference, &digests).await;
    let pull = stand.pull(&id, "node-1").await;
    assert_eq!(
        pull["digestVerified"], true,
        "the coordinator has logged in too: {pull:#}"
    );
    let handed = proxy.logins_of_containerd();
    assert!(
        !handed.is_empty() && handed.iter().all(|login| login.ends_with(CANARY_BASIC)),
        "{handed:?}"
    );
    assert!(!format!("{task}{pull}").contains(CANARY_PASSWORD));
    assert_no_trace(&stand, &[CANARY_PASSWORD, CANARY_BASIC]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_of_two_logins_goes_to_its_own_registry(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let ((_one, first), (_two, second)) = (private().await, private().await);
    let stand = Stand::start(&[version]).await;
    let secrets = [
        store(&stand, first.address(), CANARY_USER, CANARY_PASSWORD).await,
        store(&stand, second.address(), USER, PASSWORD).await,
    ];
    let images = [first.reference("small:v1"), second.reference("small:v1")];
    let id = stand.order_with(json!({"images": images, "secretIds": secrets})).await;
    stand.completed(&id).await;
    for (proxy, own) in [(&first, CANARY_BASIC), (&second, USER_BASIC)] {
        let handed: Vec<_> = proxy.seen().into_iter().filter_map(|seen| seen.login).collect();
        assert!(
            !handed.is_empty() && handed.iter().all(|login| login.ends_with(own)),
            "{handed:?}"
        );
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_final_and_said_without_it(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let (_registry, proxy) = private().await;
    let stand = Stand::start(&[version]).await;
    let login = json!({
        "images": [proxy.reference("small:v1")], "maxRetries": 2, "retryDelay": 1,
        "registry": proxy.address(), "username": CANARY_USER, "password": WRONG,
    });
    let pull = unauthorized(&stand, login).await;
    assert!(!pull.to_string().contains(WRONG), "{pull:#}");
    assert_no_trace(&stand, &[WRONG]);
}

/// A login that only the node has: the coordinator cannot ask for digests, so the pull policy decides what is believed.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn with_a_login_of_the_node_alone_the_policy_decides(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let (registry, proxy) = private().await;
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let options = ContainerdOptions {
        login_for: Some(proxy.address().parse().unwrap()),
        ..ContainerdOptions::default()
    };
    let node = Node::start_with("node-1", &coordinator, version, options, &[])
        .await
        .unwrap();
    let stand = Stand {
        nodes: vec![node],
        coordinator,
    };
    stand.ready().await;
    let reference = proxy.reference("small:v1");
    let run = async |policy: &str| {
        let id = stand
            .order_with(json!({"images": [reference], "pullPolicy": policy}))
            .await;
        stand.completed(&id).await;
        stand.pull(&id, "node-1").await
    };
    assert_eq!(run("IfNotPresent").await["successReason"], "pulled");
    let new = registry.client().move_tag("multi", "small:v1").await.unwrap();
    let pull = run("IfNotPresent").await;
    assert_eq!(pull["successReason"], "already_present", "{pull:#}");
    assert!(
        pull["message"]
            .as_str()
            .is_some_and(|note| note.contains("not verified")),
        "{pull:#}"
    );
    let pull = run("Always").await;
    assert_eq!(pull["successReason"], "pulled", "{pull:#}");
    assert!(
        pull["message"]
            .as_str()
            .is_some_and(|note| note.contains("replaces sha256:")),
        "{pull:#}"
    );
    stand.nodes[0].assert_warm(&reference, &new).await;
}
