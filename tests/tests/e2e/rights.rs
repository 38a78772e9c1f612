//! What the product may do in the cluster: all of it is used, nothing more is asked for, and what is taken away is told.

use ips_tests::kubernetes::Call;
use ips_tests::login;
use ips_tests::wait::{wait_for, wait_until};

use crate::joined::Joined;
use crate::stand::{LIMIT, SYSTEM, Stand};

/// The binding of what the coordinator may do in the whole cluster.
const BINDING: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/ips-coordinator";

/// The coordinator's pod goes, and the next one serves the same database: it knows the tasks, and the agents come back to it.
pub async fn another_pod(stand: &mut Stand) {
    let before = stand.api().get("/api/v1/tasks").await.expect("the tasks");
    let old = stand.ready_pod("ips-coordinator").await;
    let name = old["metadata"]["name"].as_str().expect("a name");
    let path = format!("/api/v1/namespaces/{SYSTEM}/pods/{name}");
    stand.admin.delete(&path).await.expect("deleted");
    let new = wait_for("another pod", LIMIT, async || {
        let pod = stand.ready_pod("ips-coordinator").await;
        (pod["metadata"]["uid"] != old["metadata"]["uid"]).then_some(pod)
    })
    .await;
    assert_ne!(new["metadata"]["name"], old["metadata"]["name"]);
    stand.token = wait_for("the admin to be let in", LIMIT, async || {
        login::admin(&stand.base).await.ok()
    })
    .await;
    let tasks = stand.api().get("/api/v1/tasks").await.expect("the tasks");
    assert_eq!(tasks["total"], before["total"], "{tasks}");
    for node in ["node-1", "node-2", "node-3"] {
        stand.node_ready(node).await;
    }
}

/// Nothing that the coordinator asked for was refused, and it used every right that it has.
pub async fn audited(stand: &Stand) {
    let account = format!("system:serviceaccount:{SYSTEM}:ips-coordinator");
    // That of the pod before this one: a watch is written down when it ends.
    let watch = |call: &Call| call.user == account && call.verb == "watch";
    stand.kubernetes.call("the watch on nodes", watch).await;
    let calls = stand.kubernetes.calls().expect("the calls");
    let own = calls.iter().filter(|call| call.user == account).collect::<Vec<&Call>>();
    let refused = own.iter().filter(|call| call.code == 403).collect::<Vec<_>>();
    assert!(refused.is_empty(), "{refused:?}");
    for (verb, resource) in [
        ("list", "nodes"),
        ("watch", "nodes"),
        ("create", "tokenreviews"),
        ("get", "pods"),
        ("get", "configmaps"),
        ("update", "configmaps"),
    ] {
        assert!(
            own.iter().any(|call| call.verb == verb && call.resource == resource),
            "{verb} {resource} was never used: {own:#?}"
        );
    }
    // No pull that succeeds writes anything.
    let writes = own
        .iter()
        .filter(|call| !matches!(call.verb.as_str(), "get" | "list" | "watch"));
    for call in writes {
        // Events are of pulls that failed and of objects.
        let known = [
            ("create", "tokenreviews"),
            ("update", "configmaps"),
            ("create", "events"),
            ("patch", "events"),
        ];
        assert!(known.contains(&(&*call.verb, &*call.resource)), "{call:?}");
    }
    let agent = format!("system:serviceaccount:{SYSTEM}:ips-agent");
    assert!(
        !calls.iter().any(|call| call.user == agent),
        "agents have nothing to say to the API server"
    );
}

/// Without its rights the coordinator says what is missing, and so does an agent that cannot be let in; with them everything comes back.
pub async fn taken_away(stand: &mut Stand, second: &mut Joined) {
    stand.admin.delete(BINDING).await.expect("deleted");
    // A watch that was allowed goes on until it ends.
    stand.kubernetes.kill();
    stand.kubernetes.restart().await.expect("it comes back");
    wait_until("the missing right to be named", LIMIT, async || {
        let warnings = stand.warnings().await;
        let named =
            |one: &String| one.contains("forbidden") && one.contains("ips-coordinator") && one.contains("nodes");
        warnings.iter().any(named)
    })
    .await;
    let output = stand.ips(&["doctor", "--skip-registries"]).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("forbidden") && said.contains("kubectl apply"), "{said}");
    second.agent.kill();
    second.agent.restart().await.expect("the agent");
    wait_until("the reason in the agent's log", LIMIT, async || {
        second
            .agent
            .log()
            .contains("the coordinator may not ask the cluster who it is")
    })
    .await;
    // What is there works on.
    let task = stand.order(&stand.registry.reference("small:v1"), "node-1").await;
    stand.completed(&task).await;

    stand.kubectl(&["apply", "-k", &stand.deploy()]).await;
    wait_until("the warning to be gone", LIMIT, async || {
        !stand.warns("the cluster's nodes").await
    })
    .await;
    stand.node_ready(second.name).await;
}
