//! Agents without a runtime: thousands of real sessions over TCP in one process of their own, with invented images and
//! pulls. What crosses the network is what real agents say; what a pull would do to a disk is only waited for. A test or a
//! bench starts the process with [`Simulator::start`] and tells it how pulls are to go.

mod badge;
pub mod behaviour;
pub mod control;
pub mod counters;
pub mod driver;
mod image;
mod inventory;
mod node;
mod registry;
mod seats;
mod session;

pub use behaviour::{Behaviour, Rule};
pub use counters::{Figures, now_us};
pub use driver::Simulator;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use counters::Counters;

/// What the process is told at its start, as JSON in its only argument.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Options {
    /// The coordinator's gRPC, as `http://host:port`.
    pub coordinator: String,
    /// Agents, named `node-00000` and so on.
    pub nodes: usize,
    /// Images in each inventory.
    pub images: usize,
    /// First dials are spread evenly over this time, in milliseconds.
    pub ramp_ms: u64,
    /// What lets the agents in; none where that is empty.
    #[serde(default)]
    pub bootstrap_token: String,
    /// What the agents say their version is; this one's by default.
    #[serde(default = "own_version")]
    pub version: String,
    /// Port on 127.0.0.1 of the control and of the invented registry.
    pub port: u16,
}

fn own_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// What all sessions of the process share.
#[derive(Debug)]
pub struct Shared {
    /// See [`Options`].
    pub options: Options,
    /// What was seen.
    pub counters: Counters,
    /// How pulls go.
    pub behaviour: watch::Sender<Arc<Behaviour>>,
    /// Who is served by the registry.
    pub seats: seats::Seats,
}

/// Labels that select some of the nodes in a task.
pub mod labels {
    /// `true` on the first thousand nodes, `false` on all others.
    pub const FIRST_THOUSAND: &str = "first-thousand";
    /// One of three zones.
    pub const ZONE: &str = "topology.kubernetes.io/zone";
}

/// Runs the agents and the control until the process is killed.
pub async fn run(options: Options) -> anyhow::Result<()> {
    raise_open_files()?;
    let shared = Arc::new(Shared {
        counters: Counters::default(),
        behaviour: watch::Sender::new(Arc::new(Behaviour::default())),
        seats: seats::Seats::default(),
        options,
    });
    let nodes = shared.options.nodes;
    for index in 0..nodes {
        let wait = Duration::from_millis(shared.options.ramp_ms) * u32::try_from(index)? / u32::try_from(nodes)?;
        tokio::spawn(session::keep_open(index, Arc::clone(&shared), wait));
    }
    control::serve(shared).await
}

/// Raises the limit of open files to what the system allows: each session is a socket.
pub fn raise_open_files() -> anyhow::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(())
}
