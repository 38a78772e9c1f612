//! Who agents and callers are, by the word of a real API server, with exactly the rights that the manifests give.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_proto::v1::ProveRequest;
use ips_proto::v1::agent_service_client::AgentServiceClient;
use ips_tests::coordinator::Coordinator;
use ips_tests::folder::Folder;
use ips_tests::http::Api;
use ips_tests::kubernetes::{Kubectl, Kubernetes, PodRef, node, service_account};
use ips_tests::product::source;
use ips_tests::wait::{wait_for, wait_until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

const SYSTEM: &str = "ips-system";
const LIMIT: Duration = Duration::from_secs(60);

/// A cluster with what `deploy/base` says of accounts and rights, and a coordinator with them outside of it.
async fn stand(kubernetes: &Kubernetes, arguments: &[&str]) -> Coordinator {
    for file in ["namespace", "agent-account", "coordinator-rbac", "authority"] {
        let file = source(&format!("deploy/base/{file}.yaml")).display().to_string();
        let applied = kubernetes.kubectl(Kubectl::Oldest, &["apply", "-f", &file]).await;
        applied.expect("applied");
    }
    let token = kubernetes.token(SYSTEM, "ips-coordinator", "https://kubernetes.default.svc", None);
    let config = kubernetes
        .kubeconfig_for("coordinator.conf", &token.await.expect("a token"))
        .expect("a kubeconfig");
    let config = config.display().to_string();
    let arguments = [&["--kubernetes", "on", "--kubeconfig", &config], arguments].concat();
    Coordinator::start(&arguments).await.expect("a coordinator")
}

/// A pod of an account on a node, as the scheduler has put it there.
async fn pod(kubernetes: &Kubernetes, name: &str, account: &str, on: &str) -> PodRef {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "serviceAccountName": account, "nodeName": on, "automountServiceAccountToken": false,
        "terminationGracePeriodSeconds": 0, "containers": [{"name": "it", "image": "it"}]}});
    let path = format!("/api/v1/namespaces/{SYSTEM}/pods");
    PodRef::of(&kubernetes.admin().create(&path, &pod).await.expect("a pod"))
}

/// Shows a credential for a node; gives back how it was answered.
async fn prove(coordinator: &Coordinator, credential: &str, node: &str) -> Result<String, Status> {
    let channel = Channel::from_shared(coordinator.grpc_url()).expect("a URL");
    let mut client = AgentServiceClient::new(channel.connect().await.expect("the port"));
    let mut request = Request::new(ProveRequest { node_name: node.into() });
    let metadata = request.metadata_mut();
    metadata.insert("authorization", format!("Bearer {credential}").parse().unwrap());
    metadata.insert("ips-node-key", "k".repeat(43).parse().unwrap());
    Ok(client.prove(request).await?.into_inner().ticket)
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn an_agent_is_believed_for_the_node_of_its_pod_and_for_no_other() {
    let mut kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    let coordinator = stand(&kubernetes, &[]).await;
    let admin = kubernetes.admin();
    for name in ["node-1", "node-2"] {
        admin.create("/api/v1/nodes", &node(name)).await.expect("a node");
    }
    let accounts = format!("/api/v1/namespaces/{SYSTEM}/serviceaccounts");
    admin
        .create(&accounts, &service_account("stranger"))
        .await
        .expect("an account");
    let own = pod(&kubernetes, "agent-1", "ips-agent", "node-1").await;
    let strangers = pod(&kubernetes, "stranger-1", "stranger", "node-1").await;
    let token = async |account: &str, audience: &str, pod: Option<&PodRef>| {
        kubernetes.token(SYSTEM, account, audience, pod).await.expect("a token")
    };
    let good = token("ips-agent", "ips", Some(&own)).await;

    assert!(!prove(&coordinator, &good, "node-1").await.expect("a ticket").is_empty());
    let cases = [
        (good.clone(), "node-2", Code::PermissionDenied),
        (
            token("ips-agent", "another", Some(&own)).await,
            "node-1",
            Code::Unauthenticated,
        ),
        (token("ips-agent", "ips", None).await, "node-1", Code::PermissionDenied),
        (
            token("stranger", "ips", Some(&strangers)).await,
            "node-1",
            Code::PermissionDenied,
        ),
        (format!("{good}x"), "node-1", Code::Unauthenticated),
    ];
    for (index, (credential, node, code)) in cases.into_iter().enumerate() {
        let refused = prove(&coordinator, &credential, node).await.expect_err("refused");
        assert_eq!(refused.code(), code, "case {index}: {refused:?}");
    }

    // Away, and back again.
    kubernetes.stop().await;
    let refused = prove(&coordinator, &good, "node-1").await.expect_err("nobody to ask");
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    kubernetes.restart().await.expect("it comes back");
    wait_until("the agent to be believed again", LIMIT, async || {
        prove(&coordinator, &good, "node-1").await.is_ok()
    })
    .await;

    // The pod is gone, and its token with it. The API server itself remembers a review for some seconds.
    let path = format!("/api/v1/namespaces/{SYSTEM}/pods/agent-1");
    kubernetes.admin().delete(&path).await.expect("deleted");
    let refused = wait_for("the token to be worth nothing", LIMIT, async || {
        prove(&coordinator, &good, "node-1").await.err()
    })
    .await;
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused:?}");
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn a_caller_has_the_role_that_its_namespace_was_given() {
    let kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    let coordinator = stand(&kubernetes, &["--kubernetes-role", "operator=namespace:ci"]).await;
    let mut answers = Vec::new();
    for namespace in ["ci", "elsewhere"] {
        let admin = kubernetes.admin();
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        admin.create("/api/v1/namespaces", &object).await.expect("a namespace");
        let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
        admin
            .create(&accounts, &service_account("robot"))
            .await
            .expect("an account");
        let token = kubernetes
            .token(namespace, "robot", "ips", None)
            .await
            .expect("a token");
        let api = Api::with_token(coordinator.url(), &token);
        let (read, _) = api.call(Method::GET, "/api/v1/tasks", None).await.expect("an answer");
        let (wrote, body) = api
            .post(
                "/api/v1/library",
                &json!({"name": namespace, "image": "docker.io/library/redis:7"}),
            )
            .await
            .expect("an answer");
        let (managed, _) = api.call(Method::GET, "/api/v1/users", None).await.expect("an answer");
        answers.push((read, wrote, managed, body));
    }
    let codes: Vec<_> = answers
        .iter()
        .map(|(read, wrote, managed, _)| (*read, *wrote, *managed))
        .collect();
    let stranger = codes[1].0;
    assert_eq!(
        codes[0],
        (StatusCode::OK, StatusCode::CREATED, StatusCode::FORBIDDEN),
        "{answers:?}"
    );
    assert!(
        stranger == StatusCode::UNAUTHORIZED || stranger == StatusCode::FORBIDDEN,
        "{answers:?}"
    );
    assert_eq!(codes[1], (stranger, stranger, stranger), "{answers:?}");
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn the_own_authority_is_published_where_agents_read_it() {
    let kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    let folder = Folder::new("authority").expect("a folder");
    let out = folder.path().join("ca.crt").display().to_string();
    let arguments = [
        "--tls",
        "always",
        "--tls-ca-out",
        &out,
        "--kubernetes-ca-config-map",
        "ips-system/ips-ca",
    ];
    let coordinator = stand(&kubernetes, &arguments).await;
    let path = format!("/api/v1/namespaces/{SYSTEM}/configmaps/ips-ca");
    let published = wait_for("the authority in the config map", LIMIT, async || {
        let map: Value = kubernetes.admin().get(&path).await.ok()?;
        map["data"]["ca.crt"].as_str().map(str::to_owned)
    })
    .await;
    let written = std::fs::read_to_string(coordinator.ca_file().expect("a file")).expect("the certificates");
    assert_eq!(published.trim(), written.trim());
    let refused: Vec<_> = kubernetes.calls().expect("the calls");
    let account = format!("system:serviceaccount:{SYSTEM}:ips-coordinator");
    assert!(
        !refused.iter().any(|call| call.user == account && call.code == 403),
        "something was asked for that the manifests do not allow"
    );
}
