//! The database breaks while agents work: what was decided is kept, what cannot be kept is refused with the reason, and it goes
//! on by itself. Real servers, real processes; the agents are real sessions with invented pulls.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ips_tests::cache;
use ips_tests::coordinator::Coordinator;
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use ips_tests::database::{Database, Server};
use ips_tests::folder::Folder;
use ips_tests::simulated::{Rule, Simulator};
use ips_tests::wait::{wait_for, wait_until};
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

const NODES: usize = 40;
/// No limits of ours stand in the way.
const LIMITS: [&str; 2] = ["--max-concurrent-pulls", "1000"];
const LIMIT: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_millis(5);
/// How long a server stays away.
const AWAY: Duration = Duration::from_secs(60);

/// A coordinator whose agents hold a pull of one image on each node.
struct Scene {
    agents: Simulator,
    task: String,
    coordinator: Coordinator,
}

impl Scene {
    async fn start(database: &str) -> Self {
        let coordinator = Coordinator::start_on(database, &LIMITS).await.expect("the coordinator");
        let agents = Simulator::start(coordinator.grpc_url(), NODES, Duration::ZERO);
        let agents = agents.await.expect("the agents");
        agents
            .until("all sessions", LIMIT, |figures| figures.open == NODES as u64)
            .await
            .unwrap();
        let mut scene = Self {
            agents,
            task: String::new(),
            coordinator,
        };
        scene.task = scene.hold("first").await;
        scene
    }

    /// Orders an image on every node and waits until every pull runs.
    async fn hold(&self, image: &str) -> String {
        self.agents.behave(vec![Rule::hold(image)]).await.unwrap();
        self.agents.reset().await.unwrap();
        let task = self.coordinator.create_task(&self.body(image)).await.expect("a task");
        let all = NODES as u64;
        let running = self
            .agents
            .until("all pulls to run", LIMIT, |figures| figures.first_reports.count == all);
        running.await.unwrap();
        task
    }

    fn body(&self, image: &str) -> Value {
        json!({"images": [self.agents.reference(image)]})
    }

    /// From now on all pulls end within this time.
    async fn end_within(&self, longest: Duration) {
        self.agents.behave(vec![Rule::end("", SOON, longest)]).await.unwrap();
    }

    /// The coordinator refuses work and says why: in its probe and in the answer. One of the words is among it.
    async fn refuses(&self, words: &[&str]) {
        let says_why = |body: &str| words.iter().any(|word| body.to_lowercase().contains(word));
        let refused = wait_for("an answer that the database is away", LIMIT, async || {
            let (status, body) = self
                .coordinator
                .api()
                .post("/api/v1/tasks", &self.body("other"))
                .await
                .ok()?;
            (status != StatusCode::CREATED).then_some((status, body.to_string()))
        });
        let (status, body) = refused.await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
        assert!(says_why(&body), "{body}");
        wait_until("the probe to name the database", LIMIT, async || {
            let Ok((status, body)) = self.coordinator.readiness().await else {
                return false;
            };
            let body = body.to_string();
            status == StatusCode::SERVICE_UNAVAILABLE && body.contains("database") && says_why(&body)
        })
        .await;
    }

    /// It serves again, every outcome has arrived, and the database is sound.
    async fn recovers(mut self, database: &str) {
        wait_until("the coordinator to be ready again", LIMIT, async || {
            matches!(self.coordinator.readiness().await, Ok((StatusCode::OK, _)))
        })
        .await;
        self.completes(&self.task).await;
        let next = self.hold("next").await;
        self.end_within(SOON).await;
        self.completes(&next).await;
        assert!(self.coordinator.process().is_running(), "it never ended");
        check(database);
    }

    /// Orders further work again and again. Accepted or not: whichever task the database has must be done in the end.
    fn order_more(&self) -> tokio::task::JoinHandle<()> {
        let (api, body) = (self.coordinator.api(), self.body("more"));
        tokio::spawn(async move {
            loop {
                let _any = api.post("/api/v1/tasks", &body).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    }

    /// No task that is saved is forgotten.
    async fn all_end(&self) {
        wait_until("the end of every task that is saved", LIMIT, async || {
            let open = "/api/v1/tasks?status=pending,running&limit=1";
            let open = self.coordinator.api().get(open).await.unwrap_or_default();
            open["total"] == 0
        })
        .await;
    }

    async fn completes(&self, task: &str) {
        let task = wait_for("the end of the task", LIMIT, async || {
            let task = self.coordinator.task(task).await.ok()?;
            matches!(task["status"].as_str(), Some("completed" | "failed" | "cancelled")).then_some(task)
        });
        let task = task.await;
        assert_eq!(task["status"], "completed", "{task:#}");
        assert_eq!(task["progress"]["completedNodes"], NODES, "{task:#}");
    }
}

/// Asks the program itself whether the database is sound.
fn check(database: &str) {
    let mut command = Command::new(cache::program("ips-coordinator").unwrap());
    let output = command.args(["db", "check", "--database", database]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_away_while_pulls_end(#[values(Postgres, MariaDb)] kind: Kind) {
    let mut server = Server::start(kind).await.unwrap();
    let database = server.create_database().await.unwrap();
    let scene = Scene::start(&database).await;
    server.kill();
    scene.end_within(SOON).await;
    scene.refuses(&["refused"]).await;
    let figures = scene
        .agents
        .until("outcomes", LIMIT, |figures| figures.outcomes.count >= NODES as u64);
    assert_eq!(
        figures.await.unwrap().acknowledged.count,
        0,
        "nothing is acknowledged that is not durable"
    );
    server.restart().await.unwrap();
    scene.recovers(&database).await;
}

/// Nobody hurries: the pulls end one after another over the whole minute, and the reason stands in the probe all the time.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_away_for_a_minute_while_pulls_end() {
    let mut server = Server::start(Postgres).await.unwrap();
    let database = server.create_database().await.unwrap();
    let scene = Scene::start(&database).await;
    server.kill();
    let back = Instant::now() + AWAY;
    scene.end_within(AWAY).await;
    scene.refuses(&["refused"]).await;
    while Instant::now() < back {
        let (status, body) = scene.coordinator.readiness().await.expect("the probe answers");
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
        assert!(body["reasons"].to_string().contains("database"), "{body}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let figures = scene
        .agents
        .until("outcomes", LIMIT, |figures| figures.outcomes.count >= NODES as u64);
    assert_eq!(figures.await.unwrap().acknowledged.count, 0);
    server.restart().await.unwrap();
    scene.recovers(&database).await;
}

/// The connection breaks again and again, before, in and behind commits.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_dies_again_and_again_under_commits(#[values(Postgres, MariaDb)] kind: Kind) {
    let mut server = Server::start(kind).await.unwrap();
    let database = server.create_database().await.unwrap();
    let scene = Scene::start(&database).await;
    for round in 0..4_u64 {
        let task = scene.hold(&format!("round-{round}")).await;
        scene.end_within(Duration::from_millis(400)).await;
        let some = 1 + round * 7;
        let some = scene
            .agents
            .until("some outcomes", LIMIT, |figures| figures.acknowledged.count >= some);
        some.await.unwrap();
        let more = scene.order_more();
        let _some_work = tokio::time::timeout(Duration::from_millis(300), scene.all_end()).await;
        server.kill();
        server.restart().await.unwrap();
        more.abort();
        scene.completes(&task).await;
        scene.all_end().await;
    }
    scene.recovers(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_only_reads_refuses_with_its_words_and_goes_on() {
    let server = Server::start(Postgres).await.unwrap();
    let database = server.create_database().await.unwrap();
    let name = database.rsplit('/').next().unwrap();
    let scene = Scene::start(&database).await;
    let reconnect = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    let set = async |value: &str| {
        let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}");
        server.execute(&set).await.unwrap();
        server.execute(&reconnect).await.unwrap();
    };
    set("on").await;
    scene.end_within(SOON).await;
    scene.refuses(&["read-only"]).await;
    set("off").await;
    scene.recovers(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_with_its_words_and_goes_on() {
    let folder = Folder::new("full").unwrap();
    let disk = folder.small_disk("disk", 16).unwrap();
    let database = format!("sqlite:{}", disk.join("ips.db").display());
    let scene = Scene::start(&database).await;
    let filler = fill(&disk);
    scene.end_within(SOON).await;
    scene.refuses(&["full"]).await;
    let tasks = scene.coordinator.api().get("/api/v1/tasks").await.unwrap();
    assert_eq!(tasks["total"], 1, "no half task: {tasks:#}");
    std::fs::remove_file(filler).unwrap();
    scene.recovers(&database).await;
}

/// The file turns read-only under the coordinator that has it open.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_turns_read_only_refuses_with_its_words_and_goes_on() {
    let folder = Folder::new("turned").unwrap();
    let database = format!("sqlite:{}", folder.join("ips.db").display());
    let scene = Scene::start(&database).await;
    let turn = |immutable| {
        let files = ["ips.db", "ips.db-wal"];
        files
            .into_iter()
            .for_each(|file| folder.immutable(file, immutable).unwrap());
    };
    turn(true);
    scene.end_within(SOON).await;
    scene.refuses(&["i/o error", "readonly database"]).await;
    let tasks = scene.coordinator.api().get("/api/v1/tasks").await.unwrap();
    assert_eq!(tasks["total"], 1, "no half task: {tasks:#}");
    turn(false);
    scene.recovers(&database).await;
}

/// Takes all the room that is left.
fn fill(disk: &Path) -> std::path::PathBuf {
    let path = disk.join("filler");
    let mut file = std::fs::File::create(&path).unwrap();
    let page = [0_u8; 4096];
    while std::io::Write::write_all(&mut file, &page).is_ok() {}
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_system_that_only_reads_stops_the_start_with_its_words() {
    let folder = Folder::new("ro").unwrap();
    let disk = folder.small_disk("disk", 16).unwrap();
    let database = format!("sqlite:{}", disk.join("ips.db").display());
    let mut coordinator = Coordinator::start_on(&database, &[]).await.unwrap();
    assert!(coordinator.terminate().await.success());
    folder.read_only("disk").unwrap();
    let mut command = Command::new(cache::program("ips-coordinator").unwrap());
    let output = command.args(["--database", &database]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("Read-only"), "{error}");
}

/// Clients that hang up in the middle of a call leave no task behind that nobody looks after.
#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_leaves_no_task_that_nobody_looks_after() {
    let folder = Folder::new("hangup").unwrap();
    let scene = Scene::start(&format!("sqlite:{}", folder.join("ips.db").display())).await;
    scene.end_within(SOON).await;
    let url = scene.coordinator.api().url("/api/v1/tasks");
    for micros in (0..120_u64).map(|step| step * 250) {
        let call = scene
            .coordinator
            .api()
            .client()
            .post(&url)
            .json(&scene.body("hang-up"))
            .send();
        let _any = tokio::time::timeout(Duration::from_micros(micros), call).await;
    }
    let all = scene.coordinator.api().get("/api/v1/tasks?limit=1").await.unwrap();
    println!("{} tasks were saved", all["total"]);
    scene.all_end().await;
}

/// Killed with -9 wherever it is: the next start gets over it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_was_killed_is_made_up_for_by_the_next(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    for delay in 0..12_u64 {
        let database = Database::fresh(kind).await;
        let mut killed = Command::new(cache::program("ips-coordinator").unwrap())
            .args(["db", "migrate", "--database", database.url()])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(8 * delay)).await;
        killed.kill().unwrap();
        killed.wait().unwrap();
        let coordinator = Coordinator::start_on(database.url(), &[]).await.unwrap();
        drop(coordinator);
        check(database.url());
    }
}

/// Changes and refusals of the time without a database are in the audit as soon as it is back.
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_tells_of_the_time_in_which_the_database_was_away() {
    let mut server = Server::start(Postgres).await.unwrap();
    let database = server.create_database().await.unwrap();
    let scene = Scene::start(&database).await;
    let coordinator = &scene.coordinator;
    // Who is known may still be told why nothing works.
    coordinator.api().get("/api/v1/me").await.unwrap();
    server.kill();
    let order = scene.body("second");
    let (status, body) = coordinator.api().post("/api/v1/tasks", &order).await.unwrap();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    let forged = ips_tests::http::Api::with_token(coordinator.url(), "forged");
    let (status, body) = forged.post("/api/v1/tasks", &order).await.unwrap();
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{body}");
    wait_until("the probe to say that the audit waits", LIMIT, async || {
        let Ok((_, body)) = coordinator.readiness().await else {
            return false;
        };
        body.to_string().contains("audit")
    })
    .await;
    server.restart().await.unwrap();
    wait_until("both records", LIMIT, async || {
        let Ok(found) = coordinator.api().get("/api/v1/audit?operation=create_task").await else {
            return false;
        };
        let records = found["records"].as_array().cloned().unwrap_or_default();
        let has = |subject: &str, result: &str| {
            records
                .iter()
                .any(|it| it["subject"] == subject && it["result"] == result)
        };
        has("admin", "failed") && has("unknown", "denied")
    })
    .await;
    wait_until("the probe to be content", LIMIT, async || {
        matches!(coordinator.readiness().await, Ok((StatusCode::OK, _)))
    })
    .await;
}
