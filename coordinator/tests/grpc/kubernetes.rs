//! Agents and callers for whom a cluster vouches, against a server that answers TokenReview and pods as the API of Kubernetes is documented.

use crate::{
    agent::Agent as Honest,
    proofs::{TOKEN, key, open, prove},
    stand::Stand,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ips_coordinator::{domain::agent::Grant, kubernetes::KubernetesSettings};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tonic::Code;

/// The cluster.
#[derive(Clone, Default)]
struct Cluster {
    /// Answers to reviews by token: the status.
    tokens: Arc<Mutex<HashMap<String, Value>>>,
    /// Pods by namespace and name.
    pods: Arc<Mutex<HashMap<(String, String), Value>>>,
    reviews: Arc<AtomicUsize>,
    is_away: Arc<AtomicBool>,
}

async fn review(State(cluster): State<Cluster>, Json(asked): Json<Value>) -> (StatusCode, Json<Value>) {
    cluster.reviews.fetch_add(1, Ordering::Relaxed);
    if cluster.is_away.load(Ordering::Relaxed) {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(failure(503, "ServiceUnavailable")),
        );
    }
    assert_eq!(asked["kind"], "TokenReview");
    assert_eq!(asked["spec"]["audiences"], json!(["ips"]));
    let token = asked["spec"]["token"].as_str().unwrap();
    let unknown =
        json!({"user": {}, "error": "[invalid bearer token, square/go-jose: error in cryptographic primitive]"});
    let status = cluster.tokens.lock().unwrap().get(token).cloned().unwrap_or(unknown);
    let answer = json!({
        "kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {"creationTimestamp": null},
        "spec": asked["spec"], "status": status,
    });
    (StatusCode::CREATED, Json(answer))
}

async fn pod(
    State(cluster): State<Cluster>,
    Path((namespace, name)): Path<(String, String)>,
) -> (StatusCode, Json<Value>) {
    match cluster.pods.lock().unwrap().get(&(namespace, name)) {
        Some(pod) => (StatusCode::OK, Json(pod.clone())),
        None => (StatusCode::NOT_FOUND, Json(failure(404, "NotFound"))),
    }
}

fn failure(code: u16, reason: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": reason, "reason": reason, "code": code})
}

impl Cluster {
    async fn start(&self) -> String {
        let routes = Router::new()
            .route("/apis/authentication.k8s.io/v1/tokenreviews", post(review))
            .route("/api/v1/namespaces/{namespace}/pods/{name}", get(pod))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        url
    }

    /// A coordinator that asks this cluster.
    async fn stand(&self, grants: &[&str]) -> Stand {
        let url = self.start().await;
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        let text = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": url}}],
            "users": [{"name": "test", "user": {"token": "of the coordinator"}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        });
        std::fs::write(&kubeconfig, text.to_string()).unwrap();
        let settings = KubernetesSettings {
            kubeconfig: Some(kubeconfig),
            audience: "ips".into(),
            agents: vec![("ips-system".into(), "ips-agent".into())],
            grants: grants.iter().map(|grant| Grant::parse(grant).unwrap()).collect(),
            authority: None,
            declared: None,
        };
        Stand::with_agents(TOKEN, Some(settings)).await
    }

    /// Lets the cluster know a token of a service account's pod on a node; gives it back.
    fn token(&self, account: &str, pod: &str, node: &str) -> String {
        let token = projected(json!(["ips"]), 3600, pod);
        let (namespace, name) = account.split_once('/').unwrap();
        let status = json!({
            "authenticated": true, "audiences": ["ips"],
            "user": {
                "username": format!("system:serviceaccount:{namespace}:{name}"), "uid": "u",
                "groups": ["system:serviceaccounts", format!("system:serviceaccounts:{namespace}"), "system:authenticated"],
                "extra": {
                    "authentication.kubernetes.io/pod-name": [pod],
                    "authentication.kubernetes.io/pod-uid": [format!("uid-{pod}")],
                },
            },
        });
        self.tokens.lock().unwrap().insert(token.clone(), status);
        let found = json!({
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": pod, "namespace": namespace, "uid": format!("uid-{pod}")},
            "spec": {"nodeName": node, "containers": []},
        });
        self.pods.lock().unwrap().insert((namespace.into(), pod.into()), found);
        token
    }

    fn reviews(&self) -> usize {
        self.reviews.load(Ordering::Relaxed)
    }
}

/// What looks like a projected token; only the cluster can tell whether it is one.
fn projected(audience: Value, life_s: i64, salt: &str) -> String {
    let now = chrono::Utc::now().timestamp();
    let claims =
        json!({"aud": audience, "exp": now + life_s, "iat": now, "iss": "https://kubernetes.default.svc", "jti": salt});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.c2lnbmF0dXJl",
        part(&json!({"alg": "RS256", "kid": "k"})),
        part(&claims)
    )
}

#[tokio::test]
async fn a_pod_proves_the_node_that_it_runs_on_and_no_other() {
    let cluster = Cluster::default();
    let stand = cluster.stand(&[]).await;
    let token = cluster.token("ips-system/ips-agent", "ips-agent-a", "node-1");
    let ticket = prove(&stand, &token, &key('a'), "node-1").await.unwrap();
    let _session = open(&stand, &ticket, &key('a'), Honest::hello("node-1")).await.unwrap();
    let status = prove(&stand, &token, &key('a'), "node-2").await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(status.message().contains("runs on node-1"), "{status:?}");
    assert_eq!(cluster.reviews(), 2);
    // The ticket spares every further question.
    let _again = open(&stand, &ticket, &key('a'), Honest::hello("node-1")).await.unwrap();
    assert_eq!(cluster.reviews(), 2);
}

#[tokio::test]
async fn no_other_pod_and_no_other_token_is_an_agent() {
    let cluster = Cluster::default();
    let stand = cluster.stand(&[]).await;
    let other = cluster.token("default/web", "web-1", "node-1");
    let status = prove(&stand, &other, &key('a'), "node-1").await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");

    let gone = cluster.token("ips-system/ips-agent", "gone", "node-1");
    cluster.pods.lock().unwrap().clear();
    let status = prove(&stand, &gone, &key('a'), "node-1").await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");

    // A pod of the same name that took its place.
    let replaced = cluster.token("ips-system/ips-agent", "replaced", "node-1");
    let place = ("ips-system".to_owned(), "replaced".to_owned());
    cluster.pods.lock().unwrap().get_mut(&place).unwrap()["metadata"]["uid"] = json!("another");
    let status = prove(&stand, &replaced, &key('a'), "node-1").await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");

    // A token that is bound to no pod, and a server that knows no audiences.
    type Edit = fn(&mut Value);
    let edits: [Edit; 3] = [
        |status| status["user"]["extra"] = json!({}),
        |status| drop(status.as_object_mut().unwrap().remove("audiences")),
        |status| status["audiences"] = json!(["https://kubernetes.default.svc"]),
    ];
    for (edit, pod) in edits.into_iter().zip(["odd-1", "odd-2", "odd-3"]) {
        let token = cluster.token("ips-system/ips-agent", pod, "node-1");
        edit(cluster.tokens.lock().unwrap().get_mut(&token).unwrap());
        let status = prove(&stand, &token, &key('a'), "node-1").await.unwrap_err();
        assert!(
            matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied),
            "{status:?}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_for_us_costs_the_cluster_nothing() {
    let cluster = Cluster::default();
    let stand = cluster.stand(&[]).await;
    for token in [
        projected(json!(["https://kubernetes.default.svc"]), 3600, "a"),
        projected(json!("other"), 3600, "b"),
        projected(json!(["ips"]), -5, "c"),
        "no.token".to_owned(),
        "x".repeat(20_000),
    ] {
        let status = prove(&stand, &token, &key('a'), "node-1").await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    }
    assert_eq!(cluster.reviews(), 0);
    let forged = projected(json!(["ips"]), 3600, "forged");
    for _ in 0..5 {
        let status = prove(&stand, &forged, &key('a'), "node-1").await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    }
    assert_eq!(cluster.reviews(), 1, "it is remembered that the cluster refused it");
}

#[tokio::test]
async fn a_cluster_that_is_away_says_nothing_against_anybody() {
    let cluster = Cluster::default();
    let stand = cluster.stand(&["viewer=namespace:ci"]).await;
    let token = cluster.token("ips-system/ips-agent", "ips-agent-a", "node-1");
    let ticket = prove(&stand, &token, &key('a'), "node-1").await.unwrap();
    cluster.is_away.store(true, Ordering::Relaxed);
    let status = prove(&stand, &token, &key('b'), "node-1").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    let _session = open(&stand, &ticket, &key('a'), Honest::hello("node-1"))
        .await
        .expect("the ticket is enough");
    let caller = cluster.token("ci/runner", "runner-1", "node-1");
    let (status, _) = stand.rest_as(&caller, "GET", "/api/v1/tasks", None).await;
    assert_eq!(status, 503);
    cluster.is_away.store(false, Ordering::Relaxed);
    let (status, _) = stand.rest_as(&caller, "GET", "/api/v1/tasks", None).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn callers_have_the_role_that_a_grant_gives_them_and_none_without_one() {
    let cluster = Cluster::default();
    let grants = ["viewer=namespace:ci", "operator=user:system:serviceaccount:ci:deployer"];
    let stand = cluster.stand(&grants).await;
    let viewer = cluster.token("ci/runner", "runner-1", "node-1");
    let operator = cluster.token("ci/deployer", "deployer-1", "node-1");
    let nobody = cluster.token("default/web", "web-1", "node-1");
    let agent = cluster.token("ips-system/ips-agent", "ips-agent-a", "node-1");
    let order = json!({"images": ["nginx:1"]});
    // There are no nodes, so whoever may order is told that.
    for (token, read, write) in [
        (&viewer, 200, 403),
        (&operator, 200, 400),
        (&nobody, 403, 403),
        (&agent, 403, 403),
    ] {
        let (status, body) = stand.rest_as(token, "GET", "/api/v1/tasks", None).await;
        assert_eq!(status, read, "{body}");
        let (status, body) = stand.rest_as(token, "POST", "/api/v1/tasks", Some(&order)).await;
        assert_eq!(status, write, "{body}");
    }
    let (_, me) = stand.rest_as(&viewer, "GET", "/api/v1/me", None).await;
    assert_eq!(
        (me["id"].as_i64(), me["username"].as_str(), me["role"].as_str()),
        (Some(0), Some("system:serviceaccount:ci:runner"), Some("viewer")),
        "{me}"
    );
    let (status, _) = stand
        .rest_as(&viewer, "POST", "/api/v1/tokens", Some(&json!({"name": "t"})))
        .await;
    assert_eq!(status, 403);
    // What was reviewed is remembered, so that calls do not press the cluster.
    let before = cluster.reviews();
    for _ in 0..20 {
        stand.rest_as(&viewer, "GET", "/api/v1/tasks", None).await;
    }
    assert_eq!(cluster.reviews(), before);
}

#[tokio::test]
async fn a_flood_of_agents_is_reviewed_at_fifty_a_second() {
    let cluster = Cluster::default();
    let stand = Arc::new(cluster.stand(&[]).await);
    let began = Instant::now();
    let flood = (0..150).map(|number| {
        let node = format!("node-{number}");
        let token = cluster.token("ips-system/ips-agent", &format!("agent-{number}"), &node);
        let stand = Arc::clone(&stand);
        tokio::spawn(async move { prove(&stand, &token, &key('a'), &node).await.map(drop) })
    });
    for agent in flood.collect::<Vec<_>>() {
        agent.await.unwrap().unwrap();
    }
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(2_900), "{took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(cluster.reviews(), 150);
}
