//! A login reaches the runtime, and nothing else.

use super::*;
use crate::pull::Credential;

const CANARY: &str = "c4nary-Pass/word+1";

fn login(password: &str) -> Credential {
    Credential {
        server_address: "https://r.example".into(),
        username: "me".into(),
        password: password.into(),
    }
}

fn with_login(pull: &str, password: &str) -> Order {
    Order {
        credential: Some(login(password)),
        ..order(pull, "r.example/app:1")
    }
}

#[tokio::test]
async fn the_runtime_gets_the_login_of_the_order_and_none_without_one() {
    let mut bench = bench(2);
    bench.fake.publish("r.example/app:1", "amd64", &[100]);
    bench.fake.publish("r.example/other:1", "amd64", &[100]);
    bench.worker.start(with_login("p", CANARY));
    bench.success().await;
    bench.worker.start(order("q", "r.example/other:1"));
    bench.success().await;
    assert_eq!(bench.fake.logins(), [Some(login(CANARY)), None]);
}

#[tokio::test]
async fn a_warm_image_needs_no_login() {
    let mut bench = bench(2);
    bench.fake.publish("r.example/app:1", "amd64", &[100]);
    bench.fake.land("r.example/app:1", true);
    bench.worker.start(with_login("p", "wrong"));
    assert!(!bench.success().await.pulled);
    assert!(bench.fake.logins().is_empty());
}

#[tokio::test]
async fn a_runtime_that_echoes_the_login_gives_nothing_away() {
    let mut bench = bench(2);
    let refused = "Unknown: failed to authorize: 401 Unauthorized";
    bench
        .fake
        .behave("r.example/app:1", Behaviour::Echo(refused.to_owned()));
    bench.worker.start(with_login("p", CANARY));
    let outcome = bench.outcome().await;
    let Ending::Failure(failure) = &outcome.ending else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.reason, FailureReason::Unauthorized);
    assert_eq!(failure.message, format!("{refused} (sent …, Authorization: Basic …)"));
    let kept = serde_json::to_string(&outcome).unwrap();
    assert!(!kept.contains(CANARY), "{kept}");
}

#[tokio::test]
async fn what_is_printed_of_an_order_has_no_login_in_it() {
    let shown = format!("{:?}", with_login("p", CANARY));
    assert!(!shown.contains(CANARY) && shown.contains("hidden"), "{shown}");
}

/// Decision 6: equal logins share a call, others wait their turn, and an order without a login is not equal to one with.
#[tokio::test]
async fn an_order_without_a_login_waits_for_one_with() {
    let mut bench = bench(2);
    bench.fake.behave(
        "r.example/app:1",
        Behaviour::Fail("pull access denied: 401 Unauthorized".into()),
    );
    bench.fake.hold();
    bench.worker.start(with_login("one", "a"));
    bench.running(1).await;
    bench.worker.start(order("two", "r.example/app:1"));
    bench.worker.start(with_login("three", "a"));
    until(|| bench.view("three").is_some()).await;
    assert!(bench.view("two").is_none(), "it is not on board");
    bench.fake.open();
    for _ in 0..3 {
        assert_eq!(bench.failure().await.reason, FailureReason::Unauthorized);
    }
    assert_eq!(bench.fake.logins(), [Some(login("a")), None]);
}

#[tokio::test]
async fn cancelling_one_of_two_with_a_login_leaves_the_call_running() {
    let mut bench = bench(2);
    bench.fake.publish("r.example/app:1", "amd64", &[100]);
    bench.fake.hold();
    bench.worker.start(with_login("one", CANARY));
    bench.running(1).await;
    bench.worker.start(with_login("two", CANARY));
    until(|| bench.view("two").is_some()).await;
    assert!(bench.worker.cancel(&id("one")));
    assert_eq!(bench.failure().await.reason, FailureReason::Cancelled);
    bench.fake.open();
    assert!(bench.success().await.pulled);
    assert_eq!((bench.fake.calls(), bench.fake.dropped()), (1, 0));
}

/// A node whose only credential provider answers with these entries of `auth`, and counts its calls.
fn provider(auth: &serde_json::Value) -> (tempfile::TempDir, Arc<NodeCredentials>) {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let folder = tempfile::tempdir().unwrap();
    let api = "credentialprovider.kubelet.k8s.io/v1";
    let answer = serde_json::json!({"kind": "CredentialProviderResponse", "apiVersion": api, "cacheKeyType": "Image", "auth": auth});
    let script = match auth.is_null() {
        true => "#!/bin/sh\nexit 7\n".to_owned(),
        false => format!("#!/bin/sh\necho x >>\"$(dirname \"$0\")/calls\"\necho '{answer}'\n"),
    };
    let program = folder.path().join("p");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let config = serde_json::json!({
        "apiVersion": "kubelet.config.k8s.io/v1", "kind": "CredentialProviderConfig",
        "providers": [{"name": "p", "matchImages": ["r.example"], "defaultCacheDuration": "1h", "apiVersion": api}],
    });
    let file = folder.path().join("config.json");
    fs::write(&file, config.to_string()).unwrap();
    let credentials = NodeCredentials::read(&file, folder.path()).unwrap();
    (folder, Arc::new(credentials))
}

#[tokio::test]
async fn an_order_without_a_login_gets_the_one_of_the_node_and_one_with_keeps_its_own() {
    let auth = serde_json::json!({"r.example": {"username": "node", "password": "s"}});
    let (folder, credentials) = provider(&auth);
    let mut bench = bench_with(2, credentials);
    for reference in ["r.example/app:1", "r.example/own:1", "other.example/app:1"] {
        bench.fake.publish(reference, "amd64", &[100]);
    }
    bench.worker.start(order("p", "r.example/app:1"));
    bench.success().await;
    bench.worker.start(Order {
        credential: Some(login(CANARY)),
        ..order("q", "r.example/own:1")
    });
    bench.success().await;
    bench.worker.start(order("r", "other.example/app:1"));
    bench.success().await;
    let of_the_node = Credential {
        server_address: "https://r.example".into(),
        username: "node".into(),
        password: "s".into(),
    };
    assert_eq!(bench.fake.logins(), [Some(of_the_node), Some(login(CANARY)), None]);
    let calls = std::fs::read_to_string(folder.path().join("calls")).unwrap();
    assert_eq!(calls.lines().count(), 1, "who brings a login asks nobody");
}

#[tokio::test]
async fn logins_of_the_node_are_tried_in_their_order_and_the_refused_are_not_kept() {
    let auth = serde_json::json!({
        "r.example": {"username": "wide", "password": CANARY},
        "r.example/app": {"username": "narrow", "password": CANARY},
    });
    let (folder, credentials) = provider(&auth);
    let mut bench = bench_with(2, credentials);
    bench
        .fake
        .behave("r.example/app:1", Behaviour::Echo("401 Unauthorized".into()));
    for pull in ["p", "q"] {
        bench.worker.start(order(pull, "r.example/app:1"));
        let failure = bench.failure().await;
        assert_eq!(failure.reason, FailureReason::Unauthorized);
        assert!(!failure.message.contains(CANARY), "{failure:?}");
    }
    let users: Vec<_> = bench
        .fake
        .logins()
        .iter()
        .flatten()
        .map(|login| login.username.clone())
        .collect();
    assert_eq!(users, ["narrow", "wide", "narrow", "wide"]);
    let calls = std::fs::read_to_string(folder.path().join("calls")).unwrap();
    assert_eq!(calls.lines().count(), 2, "asked afresh for the second pull");
}

#[tokio::test]
async fn a_provider_that_fails_is_a_remark_and_no_end() {
    let (_folder, credentials) = provider(&serde_json::Value::Null);
    let mut bench = bench_with(2, credentials);
    bench.fake.publish("r.example/open:1", "amd64", &[100]);
    bench
        .fake
        .behave("r.example/closed:1", Behaviour::Fail("401 Unauthorized".into()));
    bench.worker.start(order("p", "r.example/open:1"));
    let success = bench.success().await;
    assert!(
        success
            .note
            .contains("credential provider p: ended with exit status: 7"),
        "{success:?}"
    );
    bench.worker.start(order("q", "r.example/closed:1"));
    let failure = bench.failure().await;
    assert_eq!(failure.reason, FailureReason::Unauthorized);
    assert!(
        failure.message.starts_with("401 Unauthorized; credential provider p:"),
        "{failure:?}"
    );
    assert_eq!(bench.fake.logins(), [None, None]);
}
