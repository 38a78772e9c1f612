//! The process of simulated agents as a test or a bench sees it.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Method;

use super::Options;
use super::behaviour::{Behaviour, Rule};
use super::counters::Figures;
use crate::cache;
use crate::folder::Folder;
use crate::http::Api;
use crate::login::BOOTSTRAP_TOKEN;
use crate::ports::Port;
use crate::process::Process;
use crate::wait::wait_until;

/// See the module. The agents are killed when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    process: Process,
    port: Port,
    api: Api,
    _folder: Folder,
}

impl Simulator {
    /// Starts so many agents, which dial the coordinator by themselves within `ramp`. Their pulls are held until told otherwise.
    pub async fn start(coordinator: String, nodes: usize, ramp: Duration) -> Result<Self> {
        Self::start_as(env!("CARGO_PKG_VERSION"), coordinator, nodes, ramp).await
    }

    /// The same with agents of another version. They say what agents have said since the first one, and leave out everything that came later.
    pub async fn start_as(version: &str, coordinator: String, nodes: usize, ramp: Duration) -> Result<Self> {
        let folder = Folder::new("simulated")?;
        let port = Port::reserve()?;
        let options = Options {
            coordinator,
            nodes,
            images: 150,
            ramp_ms: u64::try_from(ramp.as_millis())?,
            bootstrap_token: BOOTSTRAP_TOKEN.to_owned(),
            version: version.to_owned(),
            port: port.number(),
        };
        let mut command = Command::new(cache::program("simulated-agents")?);
        command.arg(serde_json::to_string(&options)?);
        let process = Process::start("simulated agents", &command, &folder.join("agents.log"))?;
        let api = Api::new(format!("http://127.0.0.1:{}", port.number()));
        let mut simulator = Self {
            process,
            port,
            api,
            _folder: folder,
        };
        let Self { process, api, .. } = &mut simulator;
        wait_until("the simulated agents to answer", Duration::from_secs(30), async || {
            assert!(process.is_running(), "they ended: {}", process.log_tail());
            api.get("/figures").await.is_ok()
        })
        .await;
        Ok(simulator)
    }

    /// The process, for measurements.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// A reference that the invented registry serves.
    pub fn reference(&self, repository: &str) -> String {
        format!("127.0.0.1:{}/{repository}:v1", self.port.number())
    }

    /// What was counted since the last reset.
    pub async fn figures(&self) -> Result<Figures> {
        serde_json::from_value(self.api.get("/figures").await?).context("figures of the simulated agents")
    }

    /// Counts anew.
    pub async fn reset(&self) -> Result<()> {
        self.api.call(Method::DELETE, "/figures", None).await.map(drop)
    }

    /// Pull and time (microseconds since the epoch) of each outcome since the last reset.
    pub async fn outcomes(&self) -> Result<Vec<(String, i64)>> {
        serde_json::from_value(self.api.get("/outcomes").await?).context("outcomes of the simulated agents")
    }

    /// Sets how pulls go from now on, those that run included.
    pub async fn behave(&self, rules: Vec<Rule>) -> Result<()> {
        self.behave_as(Behaviour { rules, bears: None }).await
    }

    /// The same with a registry that bears only so many pulls at once.
    pub async fn behave_as(&self, behaviour: Behaviour) -> Result<()> {
        let body = serde_json::to_value(behaviour)?;
        let (status, answer) = self.api.post("/behaviour", &body).await?;
        anyhow::ensure!(status.is_success(), "behaviour: {status} {answer}");
        Ok(())
    }

    /// Waits until the figures say so, looking often; gives them back.
    pub async fn until(&self, what: &str, limit: Duration, reached: impl Fn(&Figures) -> bool) -> Result<Figures> {
        let start = std::time::Instant::now();
        loop {
            let figures = self.figures().await?;
            if reached(&figures) {
                return Ok(figures);
            }
            anyhow::ensure!(
                start.elapsed() < limit,
                "waited {limit:?} for {what}, in vain: {figures:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
