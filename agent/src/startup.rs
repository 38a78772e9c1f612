//! The composition root: builds every part, runs the long tasks, and ends them in order when a signal comes.

mod tasks;

use crate::{
    config::{Config, CredentialProviders},
    credentials::NodeCredentials,
    health::{self, Readiness},
    keep::Keeper,
    link::{Dialling, Identity, Link, Outbox, proof::Proof},
    metrics::{Measured, Metrics, Sources},
    node::{Inventory, NodeState, condition, inventory},
    pull::Platform,
    runtime::{ImageRuntime, containerd::Containerd},
    traces,
    worker::{Deliver, Observer, Worker, WorkerSettings},
};
use anyhow::Context as _;
use ips_traces::Traces;
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tasks::Tasks;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How long a draining agent waits for the acknowledgement of its last outcomes.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long the first dial waits for the first reading of the node.
const FIRST_LOOK: Duration = Duration::from_secs(2);

/// Runs the agent until a signal or until one of its parts dies.
///
/// # Errors
/// When it cannot start, or a part died.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let agent = Agent::start(&config).await?;
    let socket = config.runtime_socket.display();
    info!(node = %config.node_name, coordinator = %config.coordinator, %socket, version = env!("CARGO_PKG_VERSION"), "started");
    tokio::select! {
        died = agent.tasks.first_death() => return died,
        () = signals.next() => {}
    }
    tokio::select! {
        () = agent.drain(config.drain_grace) => agent.stop().await,
        () = signals.next() => warn!("second signal: leaving at once"),
    }
    Ok(())
}

/// The running parts.
struct Agent {
    worker: Worker,
    outbox: Arc<Outbox>,
    traces: Traces,
    stop: CancellationToken,
    tasks: Tasks,
}

impl Agent {
    async fn start(config: &Config) -> anyhow::Result<Self> {
        let traces = traces::start(config).context("--otlp-endpoint (IPS_OTLP_ENDPOINT)")?;
        let metrics = Arc::new(Metrics::new()?);
        let containerd = Containerd::new(&config.runtime_socket, &config.namespace, &config.snapshotter)?;
        let runtime: Arc<dyn ImageRuntime> = Arc::new(Measured::new(Arc::new(containerd), Arc::clone(&metrics)));
        let outbox = Outbox::open(&config.state_dir)
            .with_context(|| format!("--state-dir (IPS_STATE_DIR): {:?} cannot be written", config.state_dir))?;
        let outbox = Arc::new(outbox);
        let proof = Proof::open(&config.state_dir, config.proof.clone()).with_context(|| {
            format!(
                "--state-dir (IPS_STATE_DIR): the key in {:?} cannot be read or made",
                config.state_dir
            )
        })?;
        let listener = listen("--health-address (IPS_HEALTH_ADDRESS)", config.health_address).await?;
        let health_address = listener.local_addr()?;
        let observer = observer(&metrics, &traces);
        let worker = worker(config, &runtime, &outbox, node_credentials(config)?, observer);
        let node = watch::Sender::new(NodeState::unknown());
        let images = watch::Sender::new(Arc::new(Inventory::default()));
        let keeper = Keeper::new(Arc::clone(&runtime), node.subscribe(), config.pin_budget);
        let link = link(config, proof, &worker, &outbox, &keeper, (&node, &images));
        let readiness = Readiness {
            node: node.subscribe(),
            link: link.state(),
            worker: worker.clone(),
        };
        let sources = Sources {
            node: node.subscribe(),
            link: link.state(),
            images: images.subscribe(),
            worker: worker.clone(),
        };
        let figures = (Arc::clone(&metrics), sources);
        let (stop, mut tasks) = (CancellationToken::new(), Tasks::default());
        let watched = images.subscribe();
        tasks.spawn("pins", keeper.run(images.subscribe(), stop.clone()));
        tasks.spawn("outbox", Arc::clone(&outbox).run(stop.clone()));
        let every = config.inventory_interval;
        tasks.spawn(
            "inventory",
            inventory::run(Arc::clone(&runtime), node.subscribe(), images, every, stop.clone()),
        );
        tasks.spawn(
            "condition",
            condition::run(runtime, config.guard.clone(), node, stop.clone()),
        );
        let routes = health::routes(readiness, figures.clone());
        tasks.spawn_fallible("health", health::serve(listener, routes, stop.clone()));
        if let Some(address) = config.metrics_address {
            let listener = listen("--metrics-address (IPS_METRICS_ADDRESS)", address).await?;
            let routes = health::figures_alone(figures);
            tasks.spawn_fallible("metrics", health::serve(listener, routes, stop.clone()));
        }
        tasks.spawn("sessions", metrics.follow(link.state(), stop.clone()));
        let stop_link = stop.clone();
        tasks.spawn("link", async move {
            first_look(watched).await;
            link.run(stop_link).await;
        });
        if let Some(path) = &config.ready_file {
            announce(path, &health_address.to_string())?;
        }
        Ok(Self {
            worker,
            outbox,
            traces,
            stop,
            tasks,
        })
    }

    /// Takes no new work, finishes what runs, and waits a little for the acknowledgement of the outcomes.
    async fn drain(&self, grace: Duration) {
        info!(
            pulls = self.worker.in_flight().len(),
            grace_s = grace.as_secs(),
            "draining"
        );
        self.worker.drain();
        if timeout(grace, self.worker.idle()).await.is_err() {
            warn!(
                pulls = self.worker.in_flight().len(),
                "the drain grace is over: pulls are cut off"
            );
        }
        let mut changes = self.outbox.watch();
        let acknowledged = async { while !self.outbox.is_empty() && changes.changed().await.is_ok() {} };
        if timeout(LAST_WORDS, acknowledged).await.is_err() {
            warn!("outcomes are not acknowledged; they are kept for the next start");
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.tasks.end().await;
        self.traces.stop().await;
        info!("stopped");
    }
}

/// The logins of the node itself; a configuration that the kubelet would refuse stops the start, a program that is missing
/// does not.
fn node_credentials(config: &Config) -> anyhow::Result<NodeCredentials> {
    let Some(CredentialProviders { config, programs }) = &config.credential_providers else {
        return Ok(NodeCredentials::default());
    };
    let setting = "--credential-provider-config (IPS_CREDENTIAL_PROVIDER_CONFIG)";
    let credentials = NodeCredentials::read(config, programs).context(setting)?;
    for (name, is_there) in credentials.programs() {
        let folder = programs.display();
        match is_there {
            true => info!(provider = %name, %folder, "credential provider of the node"),
            false => warn!(provider = %name, %folder, "the program of a credential provider is missing"),
        }
    }
    Ok(credentials)
}

async fn listen(setting: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("{setting}: {address:?} cannot be listened on"))
}

/// Who hears of attempts that ended.
fn observer(metrics: &Arc<Metrics>, traces: &Traces) -> Observer {
    let (metrics, traces) = (Arc::clone(metrics), traces.clone());
    Observer::new(move |attempt| {
        metrics.attempt_ended(attempt);
        traces::attempt_ended(&traces, attempt);
    })
}

fn worker(
    config: &Config,
    runtime: &Arc<dyn ImageRuntime>,
    outbox: &Arc<Outbox>,
    credentials: NodeCredentials,
    observer: Observer,
) -> Worker {
    let settings = WorkerSettings {
        credentials: Arc::new(credentials),
        slots: config.max_concurrent_pulls as usize,
        no_progress: config.no_progress_timeout,
        platform: Platform::of_this_machine(),
        guard: config.guard.clone(),
        observer,
    };
    let outbox = Arc::clone(outbox);
    let deliver: Deliver = Arc::new(move |outcome| outbox.put(outcome));
    Worker::new(Arc::clone(runtime), settings, deliver)
}

fn link(
    config: &Config,
    proof: Proof,
    worker: &Worker,
    outbox: &Arc<Outbox>,
    keeper: &Keeper,
    (node, images): (&watch::Sender<NodeState>, &watch::Sender<Arc<Inventory>>),
) -> Link {
    let identity = Identity {
        node_name: config.node_name.clone(),
        node_uid: config.node_uid.clone(),
        labels: config.node_labels.clone(),
        platform: Platform::of_this_machine(),
        max_concurrent_pulls: config.max_concurrent_pulls,
    };
    let dialling = Dialling {
        address: config.coordinator.clone(),
        ca_file: config.ca_file.clone(),
        allow_plain_text: config.allow_plain_text,
    };
    Link::new(
        identity,
        dialling,
        Arc::new(proof),
        worker.clone(),
        (Arc::clone(outbox), keeper.clone()),
        node.subscribe(),
        images.subscribe(),
    )
}

/// A hello that knows the inventory saves the coordinator from asking for it.
async fn first_look(mut inventory: watch::Receiver<Arc<Inventory>>) {
    // Without a runtime there is nothing to wait for longer.
    let _ = timeout(FIRST_LOOK, inventory.wait_for(|known| known.generation > 0)).await;
}

/// Writes the ready file as a whole, so that nobody reads half of it.
fn announce(path: &Path, health: &str) -> anyhow::Result<()> {
    let fresh = path.with_extension("new");
    let text = serde_json::json!({ "health": health }).to_string();
    std::fs::write(&fresh, text)
        .and_then(|()| std::fs::rename(&fresh, path))
        .with_context(|| format!("--ready-file (IPS_READY_FILE): {path:?} cannot be written"))
}

/// SIGTERM and SIGINT, which mean the same.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
