//! Policies that name pull secrets, on a real API server, with a registry that wants a login and a node that pulls: the coordinator reads them with
//! no right but that to get secrets in one namespace.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use ips_tests::containerd::ContainerdVersion;
use ips_tests::declared::{self, condition, keeping};
use ips_tests::kubernetes::{Kubectl, Kubernetes};
use ips_tests::product::source;
use ips_tests::registry::{Access, CANARY_PASSWORD, CANARY_USER, PASSWORD, Registry};
use ips_tests::stand::Node;
use ips_tests::traces;
use serde_json::{Value, json};

/// `canary:<password>` as Docker's files and HTTP carry it.
const CANARY_BASIC: &str = "Y2FuYXJ5OmM0bmFyeS1SaWdodC93b3JkKzE=";
const DECLARED: &str = "/apis/ips.dev/v1alpha1/namespaces";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces";

/// The cluster of the other suites with the component for pull secrets, and a second namespace.
async fn cluster() -> Kubernetes {
    let kubernetes = declared::cluster().await;
    let file = source("deploy/components/pull-secrets/role.yaml").display().to_string();
    let applied = kubernetes.kubectl(Kubectl::Oldest, &["apply", "-f", &file]).await;
    applied.expect("applied");
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-b"}});
    let made = kubernetes.admin().create("/api/v1/namespaces", &namespace).await;
    made.expect("made");
    kubernetes
}

/// Lets the coordinator read secrets of a namespace, as the component says.
async fn bind(kubernetes: &Kubernetes, namespace: &str) {
    let arguments = ["create", "rolebinding", "ips-pull-secrets", "--namespace", namespace];
    let whom = [
        "--clusterrole",
        "ips-coordinator-pull-secrets",
        "--serviceaccount",
        "ips-system:ips-coordinator",
    ];
    let bound = kubernetes
        .kubectl(Kubectl::Oldest, &[&arguments[..], &whom].concat())
        .await;
    bound.expect("bound");
    let path = format!("{RBAC}/{namespace}/rolebindings/ips-pull-secrets");
    kubernetes.admin().get(&path).await.expect("it is there");
}

async fn declare(kubernetes: &Kubernetes, namespace: &str, name: &str, secret: &str, images: &[&str]) {
    let spec = json!({"taskConfig": {"images": images}, "imagePullSecrets": [{"name": secret}]});
    let object =
        json!({"apiVersion": "ips.dev/v1alpha1", "kind": "PrewarmPolicy", "metadata": {"name": name}, "spec": spec});
    let path = format!("{DECLARED}/{namespace}/prewarmpolicies");
    kubernetes.admin().create(&path, &object).await.expect("an object");
}

async fn want(kubernetes: &Kubernetes, images: &[&str]) {
    let path = format!("{DECLARED}/team-a/prewarmpolicies/base");
    let change = json!({"spec": {"taskConfig": {"images": images}}});
    kubernetes.admin().patch(&path, &change).await.expect("changed");
}

/// Waits until the status of an object is as the test says.
async fn status(kubernetes: &Kubernetes, at: (&str, &str), what: &str, test: impl FnMut(&Value) -> bool) -> Value {
    let (namespace, name) = at;
    let path = format!("{DECLARED}/{namespace}/prewarmpolicies/{name}");
    declared::status(kubernetes, &path, what, test).await
}

fn ready(status: &Value) -> Value {
    condition(status, "CredentialsReady")
}

/// Waits until the condition `CredentialsReady` has this reason, and gives back its message.
async fn told(kubernetes: &Kubernetes, at: (&str, &str), reason: &str) -> String {
    let status = status(kubernetes, at, reason, |status| ready(status)["reason"] == reason).await;
    let ready = ready(&status);
    let holds = if reason == "SecretsRead" { "True" } else { "False" };
    assert_eq!(ready["status"], holds, "{ready}");
    ready["message"].as_str().unwrap_or_default().to_owned()
}

fn secret(registry: &Registry, password: &str) -> Value {
    let file = json!({"auths": {registry.address(): {"username": CANARY_USER, "password": password}}});
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "regcred"}, "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": file.to_string()}})
}

/// What the coordinator read of secrets, as the API server's audit log has it.
fn reads(kubernetes: &Kubernetes) -> Vec<(String, String)> {
    let calls = kubernetes.calls().expect("the calls").into_iter();
    let own = calls.filter(|call| call.user.contains("ips-coordinator") && call.resource == "secrets");
    own.map(|call| (call.verb, call.namespace)).collect()
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn a_secret_is_made_rotated_and_read_anew_after_a_restart_and_is_found_nowhere() {
    let registry = Registry::start(Access::Login).await.unwrap();
    for name in ["one:v1", "two:v1", "three:v1"] {
        registry.client().push("small", name).await.unwrap();
    }
    let [one, two, three] = ["one:v1", "two:v1", "three:v1"].map(|name| registry.reference(name));
    let kubernetes = cluster().await;
    let admin = kubernetes.admin();
    let mut coordinator = keeping(&kubernetes, "*=default").await;
    let node = Node::start("node-1", &coordinator, ContainerdVersion::V1_7)
        .await
        .expect("a node");
    let base = ("team-a", "base");

    // Forbidden, then missing, then there: nobody touches the policy.
    declare(&kubernetes, "team-a", "base", "regcred", &[&one]).await;
    let message = told(&kubernetes, base, "SecretForbidden").await;
    assert!(
        message.starts_with("spec.imagePullSecrets[0].name: Secret team-a/regcred: "),
        "{message}"
    );
    assert!(
        message.contains("bind the ClusterRole ips-coordinator-pull-secrets"),
        "{message}"
    );
    bind(&kubernetes, "team-a").await;
    told(&kubernetes, base, "SecretNotFound").await;
    let secrets = "/api/v1/namespaces/team-a/secrets";
    admin
        .create(secrets, &secret(&registry, CANARY_PASSWORD))
        .await
        .expect("a secret");
    told(&kubernetes, base, "SecretsRead").await;
    let warm = |count: i64| move |status: &Value| status["warm"] == count && status["coverage"] == "100%";
    status(&kubernetes, base, "one to be warm", warm(1)).await;
    let digests = registry.client().digests("one:v1").await.unwrap();
    node.assert_warm(&one, &digests).await;

    // Rotated in registry and secret: the next order works, though the old password was read a moment ago.
    registry.rotate_canary().unwrap();
    let rotated = secret(&registry, PASSWORD);
    admin
        .patch(&format!("{secrets}/regcred"), &rotated)
        .await
        .expect("rotated");
    want(&kubernetes, &[&one, &two]).await;
    status(&kubernetes, base, "two to be warm", warm(2)).await;

    // Nothing of it was kept: another process reads it anew.
    coordinator.kill();
    coordinator.restart().await.expect("it comes back");
    want(&kubernetes, &[&one, &two, &three]).await;
    status(&kubernetes, base, "three to be warm", warm(3)).await;

    let found = reads(&kubernetes);
    assert!(
        !found.is_empty()
            && found
                .iter()
                .all(|(verb, namespace)| verb == "get" && namespace == "team-a"),
        "{found:?}"
    );
    let object = admin
        .get(&format!("{DECLARED}/team-a/prewarmpolicies/base"))
        .await
        .unwrap();
    let canaries = [CANARY_PASSWORD, CANARY_BASIC];
    traces::assert_none_in("the object", object.to_string().as_bytes(), &canaries);
    traces::assert_none_in_command_lines(&canaries);
    traces::assert_none_in("the coordinator's log", coordinator.log().as_bytes(), &canaries);
    traces::assert_none_below(coordinator.home(), &canaries);
    traces::assert_none_in("the agent's log", node.agent.log().as_bytes(), &canaries);
    traces::assert_none_below(&node.agent.state_folder(), &canaries);
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn a_declared_task_logs_in_and_registries_without_a_login_are_told() {
    let registry = Registry::start(Access::Login).await.unwrap();
    registry.client().push("small", "one:v1").await.unwrap();
    let one = registry.reference("one:v1");
    let open = Registry::start(Access::Open).await.unwrap();
    open.client().push("small", "free:v1").await.unwrap();
    let free = open.reference("free:v1");
    let kubernetes = cluster().await;
    let admin = kubernetes.admin();
    bind(&kubernetes, "team-a").await;
    let made = admin
        .create("/api/v1/namespaces/team-a/secrets", &secret(&registry, CANARY_PASSWORD))
        .await;
    made.expect("a secret");
    let coordinator = keeping(&kubernetes, "*=default").await;
    let node = Node::start("node-1", &coordinator, ContainerdVersion::V1_7)
        .await
        .expect("a node");

    let spec = json!({"images": [one], "imagePullSecrets": [{"name": "regcred"}]});
    let object =
        json!({"apiVersion": "ips.dev/v1alpha1", "kind": "PrewarmTask", "metadata": {"name": "once"}, "spec": spec});
    let tasks = format!("{DECLARED}/team-a/prewarmtasks");
    admin.create(&tasks, &object).await.expect("an object");
    let path = format!("{tasks}/once");
    let done = declared::status(&kubernetes, &path, "an end", |status| !status["completedAt"].is_null()).await;
    assert_eq!(done["phase"], "Completed", "{done:#}");
    assert_eq!(ready(&done)["reason"], "SecretsRead", "{done:#}");
    let digests = registry.client().digests("one:v1").await.unwrap();
    node.assert_warm(&one, &digests).await;
    let task = coordinator.task(done["taskId"].as_str().unwrap()).await.unwrap();
    assert_eq!(
        (&task["declaredBy"], &task["imagePullSecrets"]),
        (&json!("team-a/once"), &json!(["regcred"]))
    );

    declare(&kubernetes, "team-a", "base", "regcred", &[&one, &free]).await;
    let told = status(&kubernetes, ("team-a", "base"), "warm", |status| {
        status["warm"] == 2 && ready(status)["reason"] == "NoLoginForRegistry"
    })
    .await;
    assert_eq!(ready(&told)["status"], "True", "{told:#}");
    let message = ready(&told)["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains(&open.address()) && !message.contains(&registry.address()),
        "{message}"
    );
    traces::assert_none_below(coordinator.home(), &[CANARY_PASSWORD, CANARY_BASIC]);
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn a_secret_of_another_namespace_or_kind_is_none_and_wrong_names_are_refused() {
    let registry = Registry::start(Access::Login).await.unwrap();
    registry.client().push("small", "one:v1").await.unwrap();
    let one = registry.reference("one:v1");
    let kubernetes = cluster().await;
    let admin = kubernetes.admin();
    bind(&kubernetes, "team-a").await;
    bind(&kubernetes, "team-b").await;
    let of = |namespace: &str| format!("/api/v1/namespaces/{namespace}/secrets");
    admin
        .create(&of("team-a"), &secret(&registry, CANARY_PASSWORD))
        .await
        .expect("a secret");
    let opaque = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "opaque"}, "stringData": {"password": CANARY_PASSWORD}});
    admin.create(&of("team-b"), &opaque).await.expect("a secret");
    let mut broken = secret(&registry, CANARY_PASSWORD);
    broken["metadata"]["name"] = json!("broken");
    broken["stringData"][".dockerconfigjson"] = json!(format!("{{\"auths\": {{\"r.corp\": \"{CANARY_PASSWORD}\"}}}}"));
    admin.create(&of("team-b"), &broken).await.expect("a secret");

    let coordinator = keeping(&kubernetes, "*=default").await;
    let _node = Node::start("node-1", &coordinator, ContainerdVersion::V1_7)
        .await
        .expect("a node");
    declare(&kubernetes, "team-a", "right", "regcred", &[&one]).await;
    for (name, secret, reason) in [
        ("elsewhere", "regcred", "SecretNotFound"),
        ("opaque", "opaque", "SecretInvalid"),
        ("broken", "broken", "SecretInvalid"),
    ] {
        declare(&kubernetes, "team-b", name, secret, &[&one]).await;
        let message = told(&kubernetes, ("team-b", name), reason).await;
        assert!(message.contains(&format!("Secret team-b/{secret}: ")), "{message}");
    }
    status(&kubernetes, ("team-a", "right"), "warm", |status| {
        status["coverage"] == "100%"
    })
    .await;
    traces::assert_none_below(coordinator.home(), &[CANARY_PASSWORD, CANARY_BASIC]);

    for wrong in [
        json!("regcred"),
        json!([{}]),
        json!([{"name": "a"}, {"name": "a"}]),
        json!([{"name": ""}]),
    ] {
        let spec = json!({"taskConfig": {"images": ["a"]}, "imagePullSecrets": wrong});
        let object = json!({"apiVersion": "ips.dev/v1alpha1", "kind": "PrewarmPolicy", "metadata": {"name": "wrong"}, "spec": spec});
        let path = format!("{DECLARED}/team-a/prewarmpolicies");
        let (status, answer) = admin
            .call(reqwest::Method::POST, &path, Some(&object))
            .await
            .expect("an answer");
        assert_eq!(status.as_u16(), 422, "{answer}");
    }
    // What a schema cannot say is told by the condition `Accepted`.
    declare(&kubernetes, "team-a", "badly-named", "Not_A_Name", &["a:1"]).await;
    let is_refused = |status: &Value| status["conditions"][0]["reason"] == "InvalidField";
    let refused = status(&kubernetes, ("team-a", "badly-named"), "refused", is_refused).await;
    let message = refused["conditions"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("spec.imagePullSecrets[0].name: "), "{message}");
}
