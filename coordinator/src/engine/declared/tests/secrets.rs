//! Pull secrets of declared policies, from a cluster that keeps them in memory to the order that an agent gets.

use super::*;
use crate::{
    domain::{outcome::FailureReason, pull_secret::SecretError},
    engine::pull_secrets::tests::Secrets,
    fleet::messages::StartPull,
};
use secrecy::ExposeSecret as _;

fn with_secret(images: &[&str], name: &str) -> Value {
    json!({"taskConfig": {"images": images}, "imagePullSecrets": [{"name": name}]})
}

fn password(start: &StartPull) -> Option<String> {
    let login = start.login.as_ref()?;
    Some(login.password.expose_secret().to_owned())
}

async fn ready(coordinator: &Coordinator, uid: &str, reason: &str) -> Value {
    let is_told = |status: &Value| condition(status, "CredentialsReady")["reason"] == reason;
    let status = coordinator.until_status(uid, reason, is_told).await;
    condition(&status, "CredentialsReady").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn pulls_log_in_with_the_secrets_of_their_object_and_no_others_do() {
    let coordinator = Coordinator::start().await;
    let secrets = Arc::new(Secrets::default());
    secrets.put("ops/a", Ok("old"));
    coordinator
        .stand
        .engine
        .read_pull_secrets_from(Arc::clone(&secrets) as _);
    let mut agent = coordinator.stand.agent("n1", &[]).await;
    coordinator
        .cluster
        .put("u1", "ops/base", with_secret(&["r.corp/one:1"], "a"));
    let start = agent.ordered().await;
    assert_eq!(password(&start).as_deref(), Some("old"));
    agent.finish(&start, 1).await;
    ready(&coordinator, "u1", "SecretsRead").await;
    // Known for a minute, unless a registry refuses it.
    secrets.put("ops/a", Ok("new"));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    coordinator
        .cluster
        .put("u1", "ops/base", with_secret(&["r.corp/two:1"], "a"));
    let refused = agent.fail(FailureReason::Unauthorized).await;
    assert_eq!((password(&refused).as_deref(), secrets.reads()), (Some("old"), 1));
    coordinator
        .cluster
        .put("u1", "ops/base", with_secret(&["r.corp/three:1"], "a"));
    let start = agent.ordered().await;
    assert_eq!((password(&start).as_deref(), secrets.reads()), (Some("new"), 2));
    agent.finish(&start, 1).await;

    coordinator.cluster.put("u2", "ops/plain", spec("r.corp/four:1"));
    let start = agent.ordered().await;
    assert_eq!(password(&start), None);
    agent.finish(&start, 1).await;
    // A registry that none of them is for.
    coordinator
        .cluster
        .put("u1", "ops/base", with_secret(&["other.corp/one:1"], "a"));
    assert_eq!(password(&agent.ordered().await), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_cannot_be_read_is_told_and_holds_nothing_up() {
    let coordinator = Coordinator::start().await;
    let secrets = Arc::new(Secrets::default());
    secrets.put("ops/mine", Err(SecretError::Forbidden));
    // Of another namespace: none for objects of this one.
    secrets.put("team-a/theirs", Ok("theirs"));
    coordinator
        .stand
        .engine
        .read_pull_secrets_from(Arc::clone(&secrets) as _);
    let mut agent = coordinator.stand.agent("n1", &[]).await;
    coordinator
        .cluster
        .put("u1", "ops/one", with_secret(&["r.corp/one:1"], "mine"));
    let start = agent.ordered().await;
    assert_eq!(password(&start), None);
    agent.finish(&start, 1).await;
    let told = ready(&coordinator, "u1", "SecretForbidden").await;
    assert_eq!(told["status"], "False");
    let message = told["message"].as_str().unwrap();
    assert!(
        message.starts_with("spec.imagePullSecrets[0].name: Secret ops/mine: "),
        "{message}"
    );
    coordinator
        .cluster
        .put("u2", "ops/two", with_secret(&["r.corp/two:1"], "theirs"));
    assert_eq!(password(&agent.ordered().await), None);
    ready(&coordinator, "u2", "SecretNotFound").await;

    coordinator
        .cluster
        .put("u3", "ops/three", with_secret(&["r.corp/three:1"], "Not_A_Name"));
    let is_refused = |status: &Value| condition(status, "Accepted")["reason"] == "InvalidField";
    let status = coordinator.until_status("u3", "it is refused", is_refused).await;
    let message = condition(&status, "Accepted")["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("spec.imagePullSecrets[0].name: "), "{message}");
}
