//! From SQLite to several coordinators on PostgreSQL, as the documents say it: export, import, the overlay. Then the one that leads dies.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Instant;

use ips_tests::cache;
use ips_tests::database::{Kind, Server};
use ips_tests::http::Api;
use ips_tests::kubernetes::network::NODE;
use ips_tests::kubernetes::node::is_ready;
use ips_tests::wait::{wait_for, wait_until};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::stand::{LIMIT, SYSTEM, Stand};

/// Where the coordinator's pods are.
const PODS: &str = "/api/v1/namespaces/ips-system/pods?labelSelector=app.kubernetes.io/name=ips-coordinator";

/// The coordinators that are ready.
async fn ready(stand: &Stand) -> Vec<Value> {
    let pods = stand.admin.get(PODS).await.unwrap_or_default();
    let mut pods = pods["items"].as_array().cloned().unwrap_or_default();
    pods.retain(|pod| is_ready(pod) && pod["metadata"]["deletionTimestamp"].is_null());
    pods
}

/// Everything that the one coordinator knows, into a database of the server. It ends before, so that there are never two that differ.
async fn moved(stand: &Stand, database: &str) {
    let deployment = "deployment/ips-coordinator";
    let exported = [
        "-n",
        SYSTEM,
        "exec",
        deployment,
        "--",
        "ips-coordinator",
        "db",
        "export",
        "-",
    ];
    let exported = stand.kubectl(&exported).await;
    stand.kubectl(&["-n", SYSTEM, "delete", deployment]).await;
    wait_until("the one coordinator to be gone", LIMIT, async || {
        let pods = stand.admin.get(PODS).await.unwrap_or_default();
        pods["items"].as_array().is_some_and(Vec::is_empty)
    })
    .await;
    let mut import = tokio::process::Command::new(cache::program("ips-coordinator").expect("the coordinator"));
    import
        .args(["db", "import", "-", "--database", database])
        .stdin(Stdio::piped());
    let mut import = import.spawn().expect("it starts");
    let mut input = import.stdin.take().expect("its input");
    input.write_all(exported.as_bytes()).await.expect("written");
    drop(input);
    assert!(import.wait().await.expect("its end").success());
}

/// The key beside the database, by way of a pod that has a shell.
async fn key_of_the_volume(stand: &Stand) -> PathBuf {
    let image = stand.registry.reference("small:v1");
    let pod = json!({"spec": {"terminationGracePeriodSeconds": 0,
        "containers": [{"name": "keys", "image": image, "command": ["/bin/busybox", "sleep", "600"],
            "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "ips-coordinator"}}]}});
    let overrides = format!("--overrides={pod}");
    let image = format!("--image={image}");
    stand
        .kubectl(&["-n", SYSTEM, "run", "keys", &image, "--restart=Never", &overrides])
        .await;
    stand
        .kubectl(&[
            "-n",
            SYSTEM,
            "wait",
            "--timeout=120s",
            "--for=condition=Ready",
            "pod/keys",
        ])
        .await;
    let read = [
        "-n",
        SYSTEM,
        "exec",
        "keys",
        "--",
        "/bin/busybox",
        "cat",
        "/v/ips.db.key",
    ];
    let key = stand.kubectl(&read).await;
    stand.kubectl(&["-n", SYSTEM, "delete", "pod", "keys"]).await;
    let file = stand.builder.join("ips.db.key");
    std::fs::write(&file, key).expect("written");
    file
}

/// The overlay with two coordinators, in which everybody and everything is known.
pub async fn from_sqlite(stand: &mut Stand) -> Server {
    let before = stand.api().get("/api/v1/tasks").await.expect("the tasks");
    let server = Server::start_at(Kind::Postgres, IpAddr::V4(NODE))
        .await
        .expect("a PostgreSQL");
    let database = server.create_database().await.expect("a database");
    moved(stand, &database).await;
    let key = key_of_the_volume(stand).await.display().to_string();
    let secret = ["-n", SYSTEM, "create", "secret", "generic"];
    stand
        .kubectl(
            &[
                &secret[..],
                &["ips-database", &format!("--from-literal=url={database}")],
            ]
            .concat(),
        )
        .await;
    stand
        .kubectl(&[&secret[..], &["ips-keys", &format!("--from-file=encryption={key}")]].concat())
        .await;
    stand
        .kubectl(&["apply", "-k", &format!("{}/overlays/ha-postgres", stand.deploy())])
        .await;
    wait_until("two coordinators", LIMIT, async || {
        let system = stand.api().get("/api/v1/system").await.unwrap_or_default();
        system["replicas"].as_array().is_some_and(|all| all.len() == 2) && ready(stand).await.len() == 2
    })
    .await;
    // The log-in of before holds, and so does everything else.
    let tasks = stand.api().get("/api/v1/tasks").await.expect("the tasks");
    assert_eq!(tasks["total"], before["total"], "{tasks}");
    for node in ["node-1", "node-2", "node-3"] {
        stand.node_ready(node).await;
    }
    server
}

/// The pod that leads by what the coordinators say.
async fn leader(stand: &Stand) -> Option<Value> {
    let system = stand.api().get("/api/v1/system").await.ok()?;
    let leads = system["replicas"].as_array()?.iter().find(|one| one["leads"] == true)?;
    let address = leads["address"].as_str()?.split(':').next()?.to_owned();
    ready(stand)
        .await
        .into_iter()
        .find(|pod| pod["status"]["podIP"] == address.as_str())
}

/// Its pod is killed in mid-pull: another leads, and the pull goes on where it is.
pub async fn leader_killed(stand: &Stand) {
    let old = wait_for("the leader's pod", LIMIT, async || leader(stand).await).await;
    let reference = "toolchain:v1";
    let task = stand.in_mid_pull(reference, "node-3").await;
    let name = old["metadata"]["name"].as_str().expect("a name");
    let path = format!("/api/v1/namespaces/{SYSTEM}/pods/{name}");
    stand.admin.delete(&path).await.expect("deleted");
    let killed = Instant::now();
    stand.slow(false);
    let new = wait_for("another leader", LIMIT, async || {
        let pod = leader(stand).await?;
        (pod["metadata"]["uid"] != old["metadata"]["uid"]).then_some(pod)
    })
    .await;
    println!("    another leads {:?} after the pod was killed", killed.elapsed());
    stand.completed(&task).await;
    println!("    the task was completed {:?} after it", killed.elapsed());
    let pull = stand.pull(&task).await;
    assert_eq!(pull["attempt"], 1, "{pull:#}");
    wait_until("two coordinators again", LIMIT, async || ready(stand).await.len() == 2).await;
    // Each pod answers by itself.
    for pod in ready(stand).await {
        let base = format!("http://{}:8080", pod["status"]["podIP"].as_str().expect("an address"));
        let task = Api::with_token(base, &stand.token)
            .get(&format!("/api/v1/tasks/{task}"))
            .await;
        assert_eq!(task.expect("an answer")["status"], "completed");
    }
    drop(new);
}

/// The database is away: what runs ends, nobody leads, and all is as before when it is back.
pub async fn database_away(stand: &Stand, server: &mut Server) {
    let task = stand.in_mid_pull("toolchain:v1", "node-2").await;
    server.kill();
    wait_until("the coordinators to have no leader", LIMIT, async || {
        ready(stand).await.is_empty()
    })
    .await;
    let pods = stand.admin.get(PODS).await.expect("the pods");
    for pod in pods["items"].as_array().expect("a list") {
        let address = pod["status"]["podIP"].as_str().expect("an address");
        let alive = Api::new(format!("http://{address}:9090")).get("/healthz").await;
        assert!(alive.is_ok(), "a probe would have it killed: {alive:?}");
    }
    stand.slow(false);
    server.restart().await.expect("it comes back");
    stand.completed(&task).await;
    let pull = stand.pull(&task).await;
    assert_eq!(pull["attempt"], 1, "{pull:#}");
    wait_until("two coordinators again", LIMIT, async || ready(stand).await.len() == 2).await;
}
