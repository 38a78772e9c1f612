//! Tasks that objects of a real API server declare, and the events on them and on nodes, by a coordinator with exactly the rights that the
//! manifests give.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::coordinator::Coordinator;
use ips_tests::database::{Database, Kind::Postgres};
use ips_tests::declared::{self, cluster, condition, events, is_accepted, keeping, status_writes};
use ips_tests::kubernetes::{Kubectl, Kubernetes};
use ips_tests::replicas::{Balancer, Replicas};
use ips_tests::simulated::{Rule, Simulator};
use ips_tests::wait::wait_until;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);
const OBJECTS: &str = "/apis/ips.dev/v1alpha1/namespaces/team-a/prewarmtasks";
const SOON: Duration = Duration::from_millis(100);

fn task(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "ips.dev/v1alpha1", "kind": "PrewarmTask", "metadata": {"name": name, "namespace": "team-a"}, "spec": spec})
}

async fn create(kubernetes: &Kubernetes, name: &str, spec: Value) {
    let made = kubernetes.admin().create(OBJECTS, &task(name, spec)).await;
    made.expect("an object");
}

fn path(name: &str) -> String {
    format!("{OBJECTS}/{name}")
}

async fn status(kubernetes: &Kubernetes, name: &str, what: &str, test: impl FnMut(&Value) -> bool) -> Value {
    declared::status(kubernetes, &path(name), what, test).await
}

/// Waits for this phase.
async fn phase(kubernetes: &Kubernetes, name: &str, phase: &str) -> Value {
    status(kubernetes, name, phase, |status| status["phase"] == phase).await
}

async fn tasks(coordinator: &Coordinator) -> Vec<Value> {
    let page = coordinator.api().get("/api/v1/tasks?limit=100").await;
    page.expect("the tasks")["tasks"].as_array().cloned().unwrap()
}

/// So many simulated agents, with a reference of which they know that pulls of it are held.
async fn agents(coordinator: &Coordinator, count: usize) -> (Simulator, String) {
    let agents = Simulator::start(coordinator.grpc_url(), count, Duration::ZERO)
        .await
        .expect("agents");
    let held = agents.reference("held/app");
    agents
        .behave(vec![Rule::hold("held/"), Rule::end("fast/", SOON, SOON)])
        .await
        .expect("told");
    wait_until("the nodes to be there", LIMIT, async || {
        let page = coordinator.api().get("/api/v1/nodes").await.expect("the nodes");
        page["total"] == count
    })
    .await;
    (agents, held)
}

/// Waits until each of these reasons is told of a thing.
async fn told(kubernetes: &Kubernetes, namespace: &str, name: &str, reasons: &[&str]) -> Vec<Value> {
    let mut last = vec![];
    wait_until(&format!("{reasons:?} of {name}"), LIMIT, async || {
        last = events(kubernetes, namespace, name).await;
        reasons
            .iter()
            .all(|reason| last.iter().any(|it| it["reason"] == *reason))
    })
    .await;
    last
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn a_declared_task_runs_once_and_says_how_it_went() {
    let kubernetes = cluster().await;
    let coordinator = keeping(&kubernetes, "*=default").await;
    let (agents, _) = agents(&coordinator, 3).await;
    let image = agents.reference("fast/app");

    // As Git tools do it: applied on the server's side, and again without a change.
    let file = kubernetes.home().join("once.json");
    std::fs::write(&file, task("once", json!({"images": [image]})).to_string()).unwrap();
    let apply = ["apply", "--server-side", "-f", file.to_str().unwrap()];
    kubernetes.kubectl(Kubectl::Oldest, &apply).await.expect("applied");
    let done = phase(&kubernetes, "once", "Completed").await;
    assert_eq!((&done["progress"], &done["tenant"]), (&json!("3/3"), &json!("default")));
    assert_eq!(
        (&done["pulls"]["succeeded"], &done["pulls"]["total"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(condition(&done, "Complete")["status"], "True", "{done:#}");
    assert!(
        done["startedAt"].is_string() && done["completedAt"].is_string(),
        "{done:#}"
    );
    let known = tasks(&coordinator).await;
    assert_eq!((known.len(), &known[0]["declaredBy"]), (1, &json!("team-a/once")));
    assert_eq!(known[0]["taskId"], done["taskId"]);
    let shown = kubernetes
        .kubectl(Kubectl::Oldest, &["get", "pwt", "-n", "team-a"])
        .await
        .unwrap();
    let row: Vec<&str> = shown.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..4], ["once", "Completed", "3/3", "Accepted"], "{shown}");
    let completed = told(&kubernetes, "team-a", "once", &["Accepted", "TaskCompleted"]).await;
    let completed = completed.iter().find(|it| it["reason"] == "TaskCompleted").unwrap();
    assert_eq!(completed["note"], "3 of 3 pulls succeeded and 0 failed, on 3 nodes");
    let described = kubernetes.kubectl(Kubectl::Oldest, &["describe", "pwt", "once", "-n", "team-a"]);
    assert!(described.await.unwrap().contains("TaskCompleted"));
    assert!(
        events(&kubernetes, "default", "sim-0").await.is_empty(),
        "what succeeds is not told of nodes"
    );

    // Nothing is written when nothing changes, and nothing runs again when its record is removed.
    kubernetes.kubectl(Kubectl::Current, &apply).await.expect("applied");
    let before = status_writes(&kubernetes, "prewarmtasks");
    let id = done["taskId"].as_str().unwrap();
    let removed = coordinator
        .api()
        .call(Method::DELETE, &format!("/api/v1/tasks/{id}?mode=delete"), None)
        .await
        .unwrap();
    assert_eq!(removed.0, StatusCode::OK, "{}", removed.1);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(status_writes(&kubernetes, "prewarmtasks"), before);
    assert!(tasks(&coordinator).await.is_empty());

    // An ended one goes when its time is over.
    let change = json!({"spec": {"ttlSecondsAfterFinished": 0}});
    kubernetes.admin().patch(&path("once"), &change).await.expect("changed");
    declared::is_gone(&kubernetes, &path("once")).await;
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn wrong_tasks_are_refused_by_the_server_or_told_by_a_condition() {
    let kubernetes = cluster().await;
    let admin = kubernetes.admin();
    let coordinator = keeping(&kubernetes, "*=default").await;
    let (_agents, held) = agents(&coordinator, 1).await;
    let with = |field: &str, value: Value| json!({"images": [held], field: value});
    for spec in [
        json!({}),
        json!({"images": []}),
        json!({"images": ["a", "a"]}),
        with("suspend", json!("yes")),
        with("ttlSecondsAfterFinished", json!(-1)),
        with("maxNodes", json!("many")),
        with("priority", json!(11)),
        json!({"images": ["a"], "batchSize": 1, "parallelism": 2}),
    ] {
        let refused = admin
            .call(Method::POST, OBJECTS, Some(&task("wrong", spec.clone())))
            .await;
        let (code, answer) = refused.expect("an answer");
        assert_eq!(code, StatusCode::UNPROCESSABLE_ENTITY, "{spec}: {answer}");
    }
    for (name, spec, field) in [
        ("reference", json!({"images": ["a:1:2:3"]}), "spec.images[0]: "),
        ("credential", with("secretId", json!(77)), "spec.secretId: "),
        ("nobody", with("nodeNames", json!(["nobody"])), "spec.nodeNames"),
    ] {
        create(&kubernetes, name, spec).await;
        let is_told = |status: &Value| condition(status, "Accepted")["reason"] == "InvalidField";
        let refused = status(&kubernetes, name, "InvalidField", is_told).await;
        let message = condition(&refused, "Accepted")["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(field), "{message}");
        assert!(refused["taskId"].is_null(), "{refused:#}");
        told(&kubernetes, "team-a", name, &["Rejected"]).await;
    }
    assert!(tasks(&coordinator).await.is_empty());

    // It is what it is for its life; the change back is accepted again.
    create(&kubernetes, "fixed", with("priority", json!(3))).await;
    phase(&kubernetes, "fixed", "Running").await;
    let priority = async |value: u32| {
        let change = json!({"spec": {"priority": value}});
        admin.patch(&path("fixed"), &change).await.expect("changed");
    };
    priority(4).await;
    let is_fixed = |status: &Value| condition(status, "Accepted")["reason"] == "FieldImmutable";
    let refused = status(&kubernetes, "fixed", "FieldImmutable", is_fixed).await;
    assert!(
        condition(&refused, "Accepted")["message"]
            .as_str()
            .unwrap()
            .starts_with("spec.priority: ")
    );
    assert_eq!(refused["phase"], "Running");
    priority(3).await;
    status(&kubernetes, "fixed", "to be accepted", is_accepted).await;
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn a_task_is_suspended_and_goes_on_as_its_object_says_and_ends_with_it() {
    let kubernetes = cluster().await;
    let admin = kubernetes.admin();
    let coordinator = keeping(&kubernetes, "*=default").await;
    let (agents, held) = agents(&coordinator, 3).await;
    create(&kubernetes, "once", json!({"images": [held], "suspend": true})).await;
    let suspended = phase(&kubernetes, "once", "Suspended").await;
    assert_eq!(condition(&suspended, "Suspended")["status"], "True", "{suspended:#}");
    assert_eq!(agents.figures().await.unwrap().starts.count, 0, "nothing ran before");
    let id = suspended["taskId"].as_str().unwrap();
    let resumed = coordinator
        .api()
        .call(Method::POST, &format!("/api/v1/tasks/{id}/resume"), None)
        .await
        .unwrap();
    assert_eq!(resumed.0, StatusCode::CONFLICT, "{}", resumed.1);
    assert!(
        resumed.1.to_string().contains("PrewarmTask team-a/once"),
        "{}",
        resumed.1
    );

    admin
        .patch(&path("once"), &json!({"spec": {"suspend": false}}))
        .await
        .expect("changed");
    phase(&kubernetes, "once", "Running").await;
    let started = |figures: &ips_tests::simulated::Figures| figures.starts.count == 3;
    agents.until("pulls to run", LIMIT, started).await.expect("they run");
    admin.delete(&path("once")).await.expect("deleted");
    declared::is_gone(&kubernetes, &path("once")).await;
    let known = coordinator.task(id).await.expect("its record stays");
    assert_eq!(known["status"], "cancelled");
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn a_coordinator_that_is_killed_runs_nothing_twice_and_catches_up() {
    let kubernetes = cluster().await;
    let admin = kubernetes.admin();
    let mut coordinator = keeping(&kubernetes, "*=default").await;
    let (agents, held) = agents(&coordinator, 3).await;
    let names: Vec<String> = (0..5).map(|n| format!("t{n}")).collect();
    for name in &names {
        create(&kubernetes, name, json!({"images": [held]})).await;
        // Somewhere between seeing an object and telling of it.
        coordinator.kill();
        coordinator.restart().await.expect("it comes back");
    }
    for name in &names {
        status(&kubernetes, name, "to be accepted", is_accepted).await;
    }
    assert_eq!(tasks(&coordinator).await.len(), names.len());
    coordinator.kill();
    admin.delete(&path("t0")).await.expect("deleted");
    coordinator.restart().await.expect("it comes back");
    declared::is_gone(&kubernetes, &path("t0")).await;
    agents.behave(vec![Rule::end("", SOON, SOON)]).await.expect("told");
    for name in &names[1..] {
        let done = phase(&kubernetes, name, "Completed").await;
        assert_eq!(done["pulls"]["total"], 3, "{done:#}");
    }
    let mut states: Vec<String> = tasks(&coordinator)
        .await
        .iter()
        .map(|it| it["status"].as_str().unwrap().to_owned())
        .collect();
    states.sort();
    assert_eq!(
        states,
        ["cancelled", "completed", "completed", "completed", "completed"]
    );
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn a_leader_that_is_killed_in_the_middle_leaves_its_objects_to_the_next_one() {
    let kubernetes = cluster().await;
    let admin = kubernetes.admin();
    let database = Database::fresh(Postgres).await;
    let arguments = declared::arguments(&kubernetes, "*=default").await;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut replicas = Replicas::start(2, database.url(), &arguments).await.expect("two");
    let doors = replicas.all.iter().map(|it| it.ports()[1]).collect();
    let balancer = Balancer::start(doors).await.expect("one address");
    let agents = Simulator::start(balancer.url(), 3, Duration::ZERO)
        .await
        .expect("agents");
    let all = agents.until("all sessions", LIMIT, |seen| seen.open == 3);
    all.await.expect("they come");
    agents.behave(vec![Rule::hold("held/")]).await.expect("told");
    let held = agents.reference("held/app");
    let policy = json!({"apiVersion": "ips.dev/v1alpha1", "kind": "PrewarmPolicy", "metadata": {"name": "base"},
        "spec": {"taskConfig": {"images": [agents.reference("held/base")]}}});
    let policies = "/apis/ips.dev/v1alpha1/namespaces/team-a/prewarmpolicies";

    create(&kubernetes, "running", json!({"images": [held]})).await;
    create(&kubernetes, "ended", json!({"images": [held]})).await;
    admin.create(policies, &policy).await.expect("an object");
    for name in ["running", "ended"] {
        phase(&kubernetes, name, "Running").await;
    }
    let base = format!("{policies}/base");
    declared::status(&kubernetes, &base, "kept", is_accepted).await;

    // Before the next one leads, one object comes and one goes.
    let old = replicas.leader(&[0, 1]).await;
    replicas.all[old].kill();
    create(&kubernetes, "meanwhile", json!({"images": [held]})).await;
    admin.delete(&path("ended")).await.expect("deleted");
    let new = replicas.leader(&replicas.others(old)).await;
    declared::is_gone(&kubernetes, &path("ended")).await;
    phase(&kubernetes, "meanwhile", "Running").await;

    agents.behave(vec![Rule::end("", SOON, SOON)]).await.expect("told");
    for name in ["running", "meanwhile"] {
        let done = phase(&kubernetes, name, "Completed").await;
        assert_eq!(done["pulls"]["succeeded"], 3, "{done:#}");
    }
    let mut own: Vec<(String, String)> = tasks(&replicas.all[new])
        .await
        .iter()
        .filter(|it| it["policyId"].is_null())
        .map(|it| ["declaredBy", "status"].map(|key| it[key].as_str().unwrap().to_owned()))
        .map(|[object, status]| (object, status))
        .collect();
    own.sort();
    let wanted = [
        ("team-a/ended", "cancelled"),
        ("team-a/meanwhile", "completed"),
        ("team-a/running", "completed"),
    ];
    assert_eq!(
        own,
        wanted.map(|(object, status)| (object.to_owned(), status.to_owned()))
    );
    // The policy is kept by the new one: it ends with its object.
    admin.delete(&base).await.expect("deleted");
    declared::is_gone(&kubernetes, &base).await;
    let left = replicas.all[new]
        .api()
        .get("/api/v1/policies")
        .await
        .expect("the policies");
    assert_eq!(left["total"], 0, "{left:#}");
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn failures_are_told_of_objects_and_nodes_as_few_events_that_count() {
    const NODES: usize = 150;
    const IMAGES: usize = 5;
    let kubernetes = cluster().await;
    let coordinator = keeping(&kubernetes, "*=default").await;
    let (agents, _) = agents(&coordinator, NODES).await;
    let refused = Rule {
        refused: true,
        ..Rule::end("", SOON, SOON)
    };
    agents.behave(vec![refused]).await.expect("told");
    let images: Vec<String> = (0..IMAGES)
        .map(|n| agents.reference(&format!("refused/app-{n}")))
        .collect();
    create(&kubernetes, "fails", json!({"images": images})).await;
    let failed = phase(&kubernetes, "fails", "Failed").await;
    assert_eq!(failed["pulls"]["failed"], NODES * IMAGES, "{failed:#}");
    let of_task = told(&kubernetes, "team-a", "fails", &["TaskFailed"]).await;
    let of_task = of_task.iter().find(|it| it["reason"] == "TaskFailed").unwrap();
    assert_eq!(of_task["type"], "Warning");
    assert!(
        of_task["note"]
            .as_str()
            .unwrap()
            .starts_with("0 of 750 pulls succeeded and 750 failed, on 150 nodes"),
        "{of_task:#}"
    );

    let all = kubernetes
        .admin()
        .get("/api/v1/namespaces/default/events")
        .await
        .expect("the events");
    let of_nodes: Vec<&Value> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["reason"] == "ImagePrewarmFailed")
        .collect();
    assert!(!of_nodes.is_empty());
    assert!(
        of_nodes
            .iter()
            .all(|it| it["message"].as_str().unwrap().contains("unauthorized")),
        "{of_nodes:#?}"
    );
    let nodes: std::collections::BTreeSet<&str> = of_nodes
        .iter()
        .map(|it| it["involvedObject"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(nodes.len(), of_nodes.len(), "one for each node, which counts");
    // Of 750 failures as many are written as the burst allows, and two a second.
    let writes = || {
        let calls = kubernetes.calls().expect("the calls");
        calls
            .iter()
            .filter(|call| call.resource == "events" && call.user.ends_with(":ips-coordinator"))
            .count()
    };
    let written = writes();
    assert!((100..300).contains(&written), "{written}");
    let calls = kubernetes.calls().expect("the calls");
    let own = calls.iter().filter(|call| call.user.ends_with(":ips-coordinator"));
    let wrong: Vec<_> = own.filter(|call| call.code == 403 || call.code == 422).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
