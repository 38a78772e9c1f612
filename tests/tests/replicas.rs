//! Three coordinators on one database: each serves everybody, one leads, and when that one dies or sleeps another takes its place with
//! nothing lost and nothing done twice. Real processes, real servers; the agents are real sessions with invented pulls.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use ips_proto::v1::WatchTaskRequest;
use ips_proto::v1::task_event::Body;
use ips_proto::v1::task_service_client::TaskServiceClient;
use ips_tests::cache;
use ips_tests::coordinator::Coordinator;
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use ips_tests::database::{Database, Server};
use ips_tests::events::Events;
use ips_tests::http::Api;
use ips_tests::replicas::{Balancer, Replicas};
use ips_tests::simulated::{Rule, Simulator, raise_open_files};
use ips_tests::wait::{wait_for, wait_until};
use nix::sys::signal::Signal;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

const NODES: usize = 30;
/// Event streams over all replicas.
const STREAMS: usize = 500;
/// Event streams that are opened at a time.
const AT_ONCE: usize = 25;
const LIMIT: Duration = Duration::from_secs(60);
const SHORTLY: Duration = Duration::from_millis(100);
/// How soon work goes on behind a leader that was killed: ten seconds are promised and printed, and a machine that is busy is slower.
const SOON: Duration = Duration::from_secs(30);
/// No limits of ours stand in the way.
const LIMITS: [&str; 2] = ["--max-concurrent-pulls", "1000"];

/// Three replicas whose agents know one address for all of them, and hold a pull of one image on each node.
struct Scene {
    agents: Simulator,
    balancer: Balancer,
    task: String,
    replicas: Replicas,
    database: Database,
}

impl Scene {
    async fn start(kind: Kind) -> Self {
        let database = Database::fresh(kind).await;
        let replicas = Replicas::start(3, database.url(), &LIMITS).await.expect("the replicas");
        let balancer = Balancer::start(grpc(&replicas, &[0, 1, 2])).await.unwrap();
        let agents = Simulator::start(balancer.url(), NODES, Duration::ZERO).await.unwrap();
        let mut scene = Self {
            agents,
            balancer,
            task: String::new(),
            replicas,
            database,
        };
        scene.all_open().await;
        scene.agents.behave(vec![Rule::hold("first")]).await.unwrap();
        scene.agents.reset().await.unwrap();
        let body = json!({"images": [scene.agents.reference("first")]});
        // By a follower.
        let leader = scene.replicas.leader(&[0, 1, 2]).await;
        let follower = scene.replicas.others(leader)[0];
        scene.task = scene.replicas.all[follower].create_task(&body).await.expect("a task");
        let all = scene.agents.until("all pulls to run", LIMIT, |seen| {
            seen.first_reports.count == NODES as u64
        });
        all.await.unwrap();
        scene
    }

    async fn all_open(&self) {
        let all = self
            .agents
            .until("all sessions", LIMIT, |seen| seen.open == NODES as u64);
        all.await.unwrap();
    }

    /// Everything that is held ends within this time, whether or not there is somebody to tell.
    async fn let_end(&self, within: Duration) {
        let soon = Duration::from_millis(5);
        self.agents.behave(vec![Rule::end("", soon, within)]).await.unwrap();
    }

    async fn completes(&self, task: &str, at: &Coordinator) {
        let task = wait_for("the end of the task", LIMIT, async || {
            let task = at.task(task).await.ok()?;
            matches!(task["status"].as_str(), Some("completed" | "failed" | "cancelled")).then_some(task)
        });
        let task = task.await;
        assert_eq!(task["status"], "completed", "{task:#}");
        assert_eq!(task["progress"]["completedNodes"], NODES, "{task:#}");
    }

    /// The database is sound, and every pull was ordered exactly once.
    async fn nothing_was_done_twice(&self) {
        let seen = self.agents.figures().await.unwrap();
        assert_eq!(seen.starts.count, NODES as u64, "{seen:?}");
        check(self.database.url());
    }
}

fn grpc(replicas: &Replicas, places: &[usize]) -> Vec<u16> {
    places.iter().map(|place| replicas.all[*place].ports()[1]).collect()
}

/// Asks the program itself whether the database is sound.
fn check(database: &str) {
    let mut command = Command::new(cache::program("ips-coordinator").unwrap());
    let output = command.args(["db", "check", "--database", database]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Since which epoch there is a leader, as a replica knows it.
async fn epoch(at: &Coordinator) -> u64 {
    let figures = at.metrics().await.unwrap_or_default();
    let line = figures.lines().find_map(|line| line.strip_prefix("ips_leader_epoch "));
    line.and_then(|number| number.parse::<f64>().ok()).unwrap_or_default() as u64
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_is_killed_and_work_goes_on(#[values(Postgres, MariaDb)] kind: Kind) {
    let mut scene = Scene::start(kind).await;
    let old = scene.replicas.leader(&[0, 1, 2]).await;
    let others = scene.replicas.others(old);
    let before = epoch(&scene.replicas.all[old]).await;
    let mut events = Events::open(
        &scene.replicas.all[others[0]].api(),
        &format!("task:{}", scene.task),
        None,
    )
    .await
    .unwrap();
    events.next(LIMIT).await.unwrap();

    scene.let_end(Duration::from_secs(4)).await;
    scene.replicas.all[old].kill();
    let killed = Instant::now();
    let before_it = scene.agents.figures().await.unwrap().acknowledged.count;
    let new = scene.replicas.leader(&others).await;
    println!(
        "{kind:?}: another leads {:?} after the leader was killed",
        killed.elapsed()
    );
    let goes_on = scene.agents.until("outcomes to be taken", LIMIT, |seen| {
        seen.acknowledged.count > before_it
    });
    goes_on.await.unwrap();
    let took = killed.elapsed();
    println!("{kind:?}: work goes on {took:?} after the leader was killed");
    assert!(took <= SOON, "{took:?}");
    scene.completes(&scene.task, &scene.replicas.all[new]).await;
    println!(
        "{kind:?}: the task was completed {:?} after the leader was killed",
        killed.elapsed()
    );
    assert!(epoch(&scene.replicas.all[new]).await > before);
    scene.nothing_was_done_twice().await;

    // The one that comes back follows, and serves.
    scene.replicas.all[old].restart().await.unwrap();
    assert_eq!(scene.replicas.leader(&[0, 1, 2]).await, new);
    let task = scene.replicas.all[old].task(&scene.task).await.unwrap();
    assert_eq!(task["status"], "completed");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_slept_writes_nothing_and_follows(#[values(Postgres, MariaDb)] kind: Kind) {
    let mut scene = Scene::start(kind).await;
    let old = scene.replicas.leader(&[0, 1, 2]).await;
    let others = scene.replicas.others(old);
    // It stands still with a request on its way.
    let api = scene.replicas.all[old].api();
    scene.replicas.all[old].process().signal(Signal::SIGSTOP);
    let body = json!({"images": [scene.agents.reference("first")], "taskId": "of-the-sleeper"});
    let late = tokio::spawn(async move { api.post("/api/v1/tasks", &body).await });
    scene.balancer.set(grpc(&scene.replicas, &others));
    let new = scene.replicas.leader(&others).await;
    scene.replicas.all[old].process().signal(Signal::SIGCONT);
    wait_until("the old leader to follow", LIMIT, async || {
        scene.replicas.leads_among(&[0, 1, 2]).await == Some(new)
            && epoch(&scene.replicas.all[old]).await == epoch(&scene.replicas.all[new]).await
    })
    .await;
    assert!(scene.replicas.all[old].process().is_running());
    // Whoever was answered by it with a 201 finds the task, and nobody else does.
    let answer = late.await.unwrap();
    let found = scene.replicas.all[new].task("of-the-sleeper").await.is_ok();
    let accepted = matches!(answer, Ok((StatusCode::CREATED, _)));
    assert!(found || !accepted, "{answer:?}");
    assert!(scene.replicas.all[old].log().contains("leads no more"));

    scene.all_open().await;
    scene.let_end(SHORTLY).await;
    scene.completes(&scene.task, &scene.replicas.all[old]).await;
    if !found {
        scene.nothing_was_done_twice().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_replica_takes_writes_and_serves_watches() {
    let scene = Scene::start(Postgres).await;
    let leader = scene.replicas.leader(&[0, 1, 2]).await;
    let follower = &scene.replicas.all[scene.replicas.others(leader)[0]];
    let (status, system) = follower.api().call(Method::GET, "/api/v1/system", None).await.unwrap();
    assert_eq!(status, StatusCode::OK);
    assert_eq!(system["replicas"].as_array().map(Vec::len), Some(3), "{system:#}");
    let leads = |replica: &&Value| replica["leads"] == true;
    assert_eq!(system["replicas"].as_array().unwrap().iter().filter(leads).count(), 1);

    // Agents that dialled any of them are at the leader.
    let figures = scene.replicas.all[leader].metrics().await.unwrap();
    assert!(figures.contains(&format!("ips_sessions {NODES}\n")), "{figures}");
    let watch = WatchTaskRequest {
        task_id: scene.task.clone(),
    };
    let mut client = TaskServiceClient::new(follower.grpc().await);
    let mut watched = client.watch_task(watch).await.unwrap().into_inner();
    scene.let_end(SHORTLY).await;
    let mut completed = false;
    while !completed {
        let event = watched.message().await.unwrap().expect("it goes on to the end");
        let task = match event.body.expect("a body") {
            Body::Snapshot(snapshot) => snapshot.task,
            Body::Delta(delta) => delta.task,
        };
        completed = task.is_some_and(|task| task.state() == ips_proto::v1::TaskState::Completed);
    }
    scene.nothing_was_done_twice().await;

    // A follower is ready, and says what it is.
    let probe = format!("http://127.0.0.1:{}", follower.ports()[2]);
    let (status, ready) = Api::new(probe).call(Method::GET, "/readyz", None).await.unwrap();
    assert_eq!(
        (status, &ready["role"]),
        (StatusCode::OK, &json!("follower")),
        "{ready}"
    );
}

/// Whoever watches sees the leader's progress, whichever replica it has come to.
#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_event_streams_over_three_replicas_have_the_leaders_progress() {
    raise_open_files().unwrap();
    let scene = Scene::start(Postgres).await;
    let topic = format!("task:{}", scene.task);
    let open = async |number: usize| {
        let at = scene.replicas.all[number % 3].api();
        let mut stream = Events::open(&at, &topic, None).await.unwrap();
        let first = stream.next(LIMIT).await.unwrap();
        assert_eq!(first.name, "snapshot");
        (number % 3, stream)
    };
    let streams = futures::stream::iter(0..STREAMS).map(open).buffer_unordered(AT_ONCE);
    let streams = streams.collect::<Vec<_>>().await;
    let began = Instant::now();
    scene.let_end(Duration::from_secs(4)).await;
    // A part of the pulls first, then the end.
    let follow = async |(replica, mut stream): (usize, Events)| {
        let (mut partly, mut seen) = (false, 0);
        loop {
            let event = stream.next(LIMIT).await.unwrap();
            seen += 1;
            for task in event.tasks() {
                let done = task["progress"]["completedNodes"].as_u64().unwrap_or_default();
                partly |= task["status"] == "running" && done > 0;
                if task["status"] == "completed" {
                    assert!(partly, "replica {replica} told of the end alone");
                    return (replica, seen, began.elapsed());
                }
            }
        }
    };
    let ended = futures::future::join_all(streams.into_iter().map(follow)).await;
    for replica in 0..3 {
        let own = ended.iter().filter(|(at, ..)| *at == replica).collect::<Vec<_>>();
        assert!(own.len() >= STREAMS / 3, "replica {replica} served {}", own.len());
        let ends = own.iter().map(|(.., end)| *end);
        let (first, last) = (ends.clone().min().unwrap(), ends.max().unwrap());
        let events = own.iter().map(|(_, seen, _)| seen).sum::<usize>();
        println!(
            "replica {replica}: {} streams, {events} events, the end in all of them from {first:?} to {last:?}",
            own.len()
        );
    }
    scene.nothing_was_done_twice().await;
}

/// Whoever ends in an orderly way gives the lease back.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_asked_to_end_is_followed_at_once() {
    let mut scene = Scene::start(Postgres).await;
    let old = scene.replicas.leader(&[0, 1, 2]).await;
    scene.let_end(Duration::from_secs(2)).await;
    assert!(scene.replicas.all[old].terminate().await.success());
    let ended = Instant::now();
    let new = scene.replicas.leader(&scene.replicas.others(old)).await;
    println!("{:?} from the end of one leader to the next", ended.elapsed());
    scene.completes(&scene.task, &scene.replicas.all[new]).await;
    scene.nothing_was_done_twice().await;
}

/// Waits until no replica says that it serves.
async fn nobody_is_ready(replicas: &Replicas) {
    wait_until("nobody to be ready", LIMIT, async || {
        let mut unready = 0;
        for replica in &replicas.all {
            let probe = Api::new(format!("http://127.0.0.1:{}", replica.ports()[2]));
            let answer = probe.call(Method::GET, "/readyz", None).await;
            unready += usize::from(matches!(answer, Ok((StatusCode::SERVICE_UNAVAILABLE, _))));
        }
        unready == replicas.all.len()
    })
    .await;
}

/// As `deploy/ha` starts them: probes in plain text, a certificate that is in the database. Whoever was told by its probe that it is dead
/// would be killed for the database's fault.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_without_a_database_are_alive_and_not_ready() {
    let mut server = Server::start(Postgres).await.unwrap();
    let database = server.create_database().await.unwrap();
    let arguments = ["--tls", "always", "--allow-plain-text", "http,metrics"];
    let replicas = Replicas::start(2, &database, &arguments).await.unwrap();
    replicas.leader(&[0, 1]).await;
    server.kill();
    nobody_is_ready(&replicas).await;
    for replica in &replicas.all {
        let figures = replica.metrics().await.expect("it answers");
        assert!(figures.lines().any(|line| line == "ips_leader 0"), "{figures}");
        let probe = Api::new(format!("http://127.0.0.1:{}", replica.ports()[2]));
        probe.get("/healthz").await.expect("it is alive");
    }
    server.restart().await.unwrap();
    replicas.leader(&[0, 1]).await;
}

/// Whoever cannot reach the database leads no more; whoever reaches it first leads on.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_waited_for_by_all() {
    let mut server = Server::start(Postgres).await.unwrap();
    let database = server.create_database().await.unwrap();
    let mut replicas = Replicas::start(2, &database, &LIMITS).await.unwrap();
    let balancer = Balancer::start(grpc(&replicas, &[0, 1])).await.unwrap();
    let agents = Simulator::start(balancer.url(), NODES, Duration::ZERO).await.unwrap();
    let all = agents.until("all sessions", LIMIT, |seen| seen.open == NODES as u64);
    all.await.unwrap();
    agents.behave(vec![Rule::hold("first")]).await.unwrap();
    agents.reset().await.unwrap();
    let body = json!({"images": [agents.reference("first")]});
    let task = replicas.all[0].create_task(&body).await.unwrap();
    let all = agents.until("all pulls", LIMIT, |seen| seen.first_reports.count == NODES as u64);
    all.await.unwrap();
    let soon = Duration::from_secs(3);
    agents.behave(vec![Rule::end("", soon, soon)]).await.unwrap();
    let before = epoch(&replicas.all[replicas.leader(&[0, 1]).await]).await;
    server.kill();
    wait_until("nobody to lead", LIMIT, async || {
        let mut followers = 0;
        for replica in &replicas.all {
            let figures = replica.metrics().await.unwrap_or_default();
            followers += figures.lines().filter(|line| *line == "ips_leader 0").count();
        }
        followers == replicas.all.len()
    })
    .await;
    nobody_is_ready(&replicas).await;
    server.restart().await.unwrap();
    let leader = replicas.leader(&[0, 1]).await;
    assert!(epoch(&replicas.all[leader]).await > before);
    wait_until("the end of the task", LIMIT, async || {
        let task = replicas.all[1 - leader].task(&task).await.unwrap_or_default();
        task["status"] == "completed" && task["progress"]["completedNodes"] == NODES
    })
    .await;
    assert_eq!(agents.figures().await.unwrap().starts.count, NODES as u64);
    for replica in &mut replicas.all {
        assert!(replica.process().is_running(), "it waited");
    }
}

/// TLS is spoken with the leader, whichever replica is dialled, by an authority that all of them share.
#[tokio::test(flavor = "multi_thread")]
async fn tls_goes_through_a_follower() {
    let database = Database::fresh(Postgres).await;
    let replicas = Replicas::start(2, database.url(), &["--tls", "always"]).await.unwrap();
    let leader = replicas.leader(&[0, 1]).await;
    let follower = &replicas.all[1 - leader];
    let (status, system) = follower.api().call(Method::GET, "/api/v1/system", None).await.unwrap();
    assert_eq!(
        (status, system["replicas"].as_array().map(Vec::len)),
        (StatusCode::OK, Some(2))
    );
    let _connected = follower.grpc().await;
    let read = |replica: &Coordinator| std::fs::read(replica.ca_file().unwrap()).unwrap();
    assert_eq!(read(follower), read(&replicas.all[leader]));
}

#[tokio::test(flavor = "multi_thread")]
async fn leaders_change_and_no_due_time_of_a_schedule_runs_twice() {
    let database = Database::fresh(Postgres).await;
    let mut replicas = Replicas::start(2, database.url(), &[]).await.unwrap();
    let balancer = Balancer::start(grpc(&replicas, &[0, 1])).await.unwrap();
    let agents = Simulator::start(balancer.url(), 2, Duration::ZERO).await.unwrap();
    agents
        .until("all sessions", LIMIT, |seen| seen.open == 2)
        .await
        .unwrap();
    let soon = Duration::from_millis(5);
    agents.behave(vec![Rule::end("", soon, soon)]).await.unwrap();
    let body = json!({
        "name": "often", "cronExpr": "@every 1s", "overlapPolicy": "allow", "taskConfig": {"images": [agents.reference("a")]},
    });
    let path = "/api/v1/scheduled-tasks";
    let (status, schedule) = replicas.all[1].api().post(path, &body).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{schedule}");
    let path = format!("{path}/{}", schedule["id"].as_str().unwrap());
    let runs = async |at: &Coordinator| {
        let page = at.api().get(&format!("{path}/executions?limit=100")).await;
        page.unwrap_or_default()["executions"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let succeeded = |runs: &[Value]| runs.iter().filter(|run| run["status"] == "success").count();
    for _ in 0..2 {
        let leader = replicas.leader(&[0, 1]).await;
        let next = replicas.others(leader)[0];
        replicas.all[leader].kill();
        assert_eq!(replicas.leader(&[next]).await, next);
        let before = succeeded(&runs(&replicas.all[next]).await);
        wait_until("runs by the new leader", LIMIT, async || {
            succeeded(&runs(&replicas.all[next]).await) > before + 1
        })
        .await;
        replicas.all[leader].restart().await.unwrap();
    }
    let at = &replicas.all[0];
    let (status, _) = at
        .api()
        .call(Method::PUT, &format!("{path}/disable"), None)
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK);
    wait_until("the end of all runs", LIMIT, async || {
        runs(at)
            .await
            .iter()
            .all(|run| run["status"] != "running" && run["status"] != "queued")
    })
    .await;
    let found = runs(at).await;
    let dues: BTreeSet<_> = found.iter().map(|run| run["dueAt"].to_string()).collect();
    assert_eq!(dues.len(), found.len(), "no due time ran twice: {found:#?}");
    let named: BTreeSet<_> = found.iter().map(|run| run["taskId"].to_string()).collect();
    let page = at.api().get("/api/v1/tasks?limit=100").await.unwrap();
    let started = page["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["taskId"].to_string());
    assert_eq!(
        started.collect::<BTreeSet<_>>(),
        named,
        "each run has its task, and there are no others"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_shared_is_refused_with_what_to_do() {
    let sqlite = Database::fresh(Sqlite).await;
    let first = Coordinator::start_on(sqlite.url(), &[]).await.unwrap();
    let program = cache::program("ips-coordinator").unwrap();
    let refused = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        let free = [
            "--http-address",
            "127.0.0.1:0",
            "--grpc-address",
            "127.0.0.1:0",
            "--metrics-address",
            "127.0.0.1:0",
        ];
        let output = command.args(free).args(arguments).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = refused(&["--database", sqlite.url()]);
    assert!(
        said.contains("in use by another coordinator (process ") && said.contains("--replica-address"),
        "{said}"
    );
    drop(first);
    let replica = ["--replica-address", "127.0.0.1:0", "--database"];
    let said = refused(&[replica.as_slice(), &[sqlite.url()]].concat());
    assert!(said.contains("SQLite serves one"), "{said}");
    let postgres = Database::fresh(Postgres).await;
    let said = refused(&[replica.as_slice(), &[postgres.url()]].concat());
    assert!(said.contains("--encryption-key-file"), "{said}");
    let _leads = Replicas::start(1, postgres.url(), &[]).await.unwrap();
    let said = refused(&["--database", postgres.url()]);
    assert!(said.contains("leads on this database"), "{said}");
}
