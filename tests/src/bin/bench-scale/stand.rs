//! A coordinator on a database of its own and the process of its agents.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ips_tests::coordinator::Coordinator;
use ips_tests::database::{self, Kind};
use ips_tests::http::Api;
use ips_tests::simulated::{Rule, Simulator, now_us};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// First dials are spread over this time.
const RAMP: Duration = Duration::from_secs(2);
/// Longest wait for anything.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// What the coordinator stores in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file, with `synchronous=FULL`.
    Sqlite,
    /// Debian's PostgreSQL, as it comes.
    Postgres,
}

impl Database {
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "sqlite" => Some(Self::Sqlite),
            "postgres" => Some(Self::Postgres),
            _other => None,
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Sqlite => Kind::Sqlite,
            Self::Postgres => Kind::Postgres,
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite => f.write_str("SQLite"),
            Self::Postgres => f.write_str("PostgreSQL"),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Stand {
    pub nodes: usize,
    /// Stops before the coordinator does.
    pub simulator: Simulator,
    pub coordinator: Coordinator,
    pub api: Api,
    _database: database::Database,
}

/// A task that was accepted.
#[derive(Debug, Clone)]
pub struct Created {
    pub id: String,
    /// When the 201 was read, in microseconds since the epoch.
    pub at_us: i64,
    /// What the call took, in seconds.
    pub seconds: f64,
}

impl Stand {
    /// Starts both; the agents dial by themselves.
    pub async fn start(database: Database, nodes: usize) -> Result<Self> {
        // No limit but the largest: what is measured is the coordinator, not its patience.
        let database = database::Database::fresh(database.kind()).await;
        let mut arguments = vec!["--heartbeat-interval", "10s", "--max-concurrent-pulls", "100000"];
        arguments.extend(["--database", database.url()]);
        let extra = std::env::var("COORDINATOR_ARGUMENTS").unwrap_or_default();
        arguments.extend(extra.split_whitespace());
        let coordinator = Coordinator::start(&arguments).await?;
        let simulator = Simulator::start(coordinator.grpc_url(), nodes, RAMP).await?;
        Ok(Self {
            nodes,
            simulator,
            api: coordinator.api(),
            coordinator,
            _database: database,
        })
    }

    /// References of so many images of one group, which rules for pulls name.
    pub fn images(&self, group: &str, count: usize) -> Vec<String> {
        (1..=count)
            .map(|number| self.simulator.reference(&format!("{group}/app-{number}")))
            .collect()
    }

    /// Orders images on nodes with a label, or on all.
    pub async fn create(&self, images: &[String], label: Option<(&str, &str)>) -> Result<Created> {
        let selector = label.map_or_else(|| json!({}), |(key, value)| json!({ key: value }));
        let start = Instant::now();
        let (status, task) = self
            .api
            .post("/api/v1/tasks", &json!({"images": images, "nodeSelector": selector}))
            .await?;
        let at_us = now_us();
        ensure!(status == StatusCode::CREATED, "creating a task: {status} {task}");
        Ok(Created {
            id: task["taskId"].as_str().context("a task id")?.to_owned(),
            at_us,
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// A task as the list shows it.
    pub async fn task(&self, id: &str) -> Result<Value> {
        let page = self.api.get("/api/v1/tasks?limit=100").await?;
        let tasks = page["tasks"].as_array().context("tasks")?;
        let task = tasks.iter().find(|task| task["taskId"] == id);
        task.cloned()
            .with_context(|| format!("task {id} is not among the newest"))
    }

    /// Waits until a task looks so.
    pub async fn until(&self, id: &str, what: &str, reached: impl Fn(&Value) -> bool) -> Result<Value> {
        let start = Instant::now();
        loop {
            let task = self.task(id).await?;
            if reached(&task) {
                return Ok(task);
            }
            ensure!(
                start.elapsed() < PATIENCE,
                "waited {PATIENCE:?} for {what}, in vain: {task}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Lets all pulls of a group end at once and waits for the end of their task.
    pub async fn finish(&self, group: &str, id: &str) -> Result<()> {
        self.simulator
            .behave(vec![Rule::end(group, Duration::ZERO, Duration::ZERO)])
            .await?;
        let task = self.until(id, "the end of the task", |task| !is_open(task)).await?;
        ensure!(task["status"] == "completed", "the task did not complete: {task}");
        Ok(())
    }

    /// Resident memory of the coordinator in MiB.
    pub fn resident_mib(&mut self) -> Result<f64> {
        Ok(self.coordinator.process().resident_bytes()? as f64 / f64::from(1 << 20))
    }

    /// Processor time of the coordinator and of the agents so far.
    pub fn processor_times(&mut self) -> Result<(Duration, Duration)> {
        let coordinator = self.coordinator.process().processor_time()?;
        Ok((coordinator, self.simulator.process().processor_time()?))
    }
}

/// Whether a task has not ended.
pub fn is_open(task: &Value) -> bool {
    matches!(task["status"].as_str(), Some("pending" | "running" | "paused"))
}
