//! The test bed's own Kubernetes is a real one: it knows who calls, refuses who may not, binds tokens to pods, and comes back after a
//! kill with everything it had.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use ips_tests::kubernetes::{Kubectl, Kubernetes, PodRef, node, service_account};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn tokens_are_bound_to_pods_and_audiences() {
    let kubernetes = Kubernetes::shared().await;
    let admin = kubernetes.admin();
    admin
        .create(
            "/api/v1/namespaces",
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tokens"}}),
        )
        .await
        .expect("a namespace");
    admin
        .create("/api/v1/namespaces/tokens/serviceaccounts", &service_account("agent"))
        .await
        .expect("a service account");
    admin
        .create("/api/v1/nodes", &node("token-node"))
        .await
        .expect("a node");
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "agent-x"}, "spec": {
        "serviceAccountName": "agent", "nodeName": "token-node", "automountServiceAccountToken": false,
        "containers": [{"name": "agent", "image": "agent"}]}});
    let pod = admin
        .create("/api/v1/namespaces/tokens/pods", &pod)
        .await
        .expect("a pod");
    let token = kubernetes
        .token("tokens", "agent", "ips", Some(&PodRef::of(&pod)))
        .await
        .expect("a token");

    let review = async |audience: &str| {
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
            "spec": {"token": token, "audiences": [audience]}});
        let path = "/apis/authentication.k8s.io/v1/tokenreviews";
        admin.create(path, &review).await.expect("an answer")["status"].clone()
    };
    let status = review("ips").await;
    assert_eq!(status["authenticated"], true, "{status}");
    assert_eq!(status["user"]["username"], "system:serviceaccount:tokens:agent");
    assert_eq!(
        status["user"]["extra"]["authentication.kubernetes.io/pod-name"][0],
        "agent-x"
    );
    let other = review("somebody else").await;
    assert_ne!(other["authenticated"], true, "{other}");

    // Who has the token may do nothing with it, and what it tries is written down.
    let agent = kubernetes
        .token("tokens", "agent", "https://kubernetes.default.svc", None)
        .await
        .expect("a token");
    let agent = kubernetes.client(&agent).expect("a client");
    let (status, body) = agent.call(Method::GET, "/api/v1/nodes", None).await.expect("an answer");
    assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
    let call = kubernetes
        .call("the refused call in the audit log", |call| {
            call.user == "system:serviceaccount:tokens:agent" && call.resource == "nodes"
        })
        .await;
    assert_eq!((call.verb.as_str(), call.code), ("list", 403));

    // A token ends with its pod.
    admin
        .delete("/api/v1/namespaces/tokens/pods/agent-x")
        .await
        .expect("deleted");
    ips_tests::wait::wait_until(
        "the token to be refused",
        std::time::Duration::from_secs(30),
        async || review("ips").await["authenticated"] != true,
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn it_comes_back_after_a_kill() {
    let mut kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    kubernetes
        .create_nodes(200, |number| node(&format!("node-{number:03}")))
        .await
        .expect("the nodes");
    kubernetes.kill();
    kubernetes.restart().await.expect("it comes back");
    let nodes = kubernetes.admin().get("/api/v1/nodes").await.expect("the nodes");
    assert_eq!(nodes["items"].as_array().map(Vec::len), Some(200));
    for which in [Kubectl::Oldest, Kubectl::Current] {
        let listed = kubernetes
            .kubectl(which, &["get", "nodes", "-o", "name"])
            .await
            .expect("kubectl");
        assert_eq!(listed.lines().count(), 200);
    }
}
