//! The engine with a keeper that runs by itself, and agents that pull what they are ordered.

use crate::{
    domain::{
        counts::ByteCounts,
        credential::Logins,
        ids::{NodeName, PolicyId, PullId},
        image::{ImageDigests, ImageRef, Platform, ResolvedImage},
        limits::Limits,
        node::{InventoryImage, Labels, Node, NodeCondition},
        outcome::{Failure, FailureReason, Outcome, Success, SuccessReason},
        policy::{CellRow, CellState, ConditionKind, PolicyRequest, Why},
        task::TaskRequest,
        unresolved::Unresolved,
    },
    engine::{
        Engine,
        core::EngineSettings,
        keeper::Keeper,
        policies::CoverageFilter,
        resolver::{ImageResolver, Resolving},
        views::{PageRequest, PolicyCoverage, TaskFilter, TaskView},
    },
    fleet::{
        SessionId,
        messages::{Abilities, Hello, InventoryReport, Order, Report, StartPull},
    },
    metrics::Metrics,
    store::Store,
    vault::{KeySettings, Vault},
};
use futures::channel::mpsc;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

pub(in crate::engine) const ALL: PageRequest = PageRequest { limit: 1000, offset: 0 };

/// What tags point at: version 1 where nothing is said.
#[derive(Default)]
pub(in crate::engine) struct Registry(Mutex<BTreeMap<String, u32>>);

impl Registry {
    pub(in crate::engine) fn push(&self, image: &str, version: u32) {
        self.0.lock().unwrap().insert(image.into(), version);
    }

    fn digest(&self, image: &str) -> String {
        digest(image, self.0.lock().unwrap().get(image).copied().unwrap_or(1))
    }
}

pub(in crate::engine) fn digest(image: &str, version: u32) -> String {
    let name = crate::domain::event::digest(&[image, &version.to_string()]);
    format!("sha256:{name}{name}")
}

impl ImageResolver for Registry {
    fn resolve<'a>(&'a self, image: &'a ImageRef, platforms: &'a [Platform], _: &'a dyn Logins) -> Resolving<'a> {
        Box::pin(async move {
            if image.as_str().starts_with("lost") {
                return Err(Unresolved::unknown("no such host"));
            }
            let one = |platform: &Platform| ResolvedImage {
                platform: platform.clone(),
                digests: ImageDigests {
                    target: self.digest(image.as_str()),
                    ..ImageDigests::default()
                },
                size_bytes: 10,
            };
            Ok(platforms.iter().map(one).collect())
        })
    }
}

pub(in crate::engine) struct Stand {
    pub(in crate::engine) engine: Engine,
    pub(in crate::engine) registry: Arc<Registry>,
    pub(in crate::engine) metrics: Arc<Metrics>,
    stop: CancellationToken,
    work: Vec<tokio::task::JoinHandle<()>>,
    folder: Arc<tempfile::TempDir>,
}

impl Stand {
    pub(in crate::engine) async fn start() -> Self {
        Self::open(Arc::new(tempfile::tempdir().unwrap()), Arc::default()).await
    }

    async fn open(folder: Arc<tempfile::TempDir>, registry: Arc<Registry>) -> Self {
        let url = format!("sqlite:{}", folder.path().join("ips.db").display());
        let store = Store::open(&crate::store::DatabaseUrl::new(url)).await.unwrap();
        let settings = EngineSettings {
            limits: Limits::default(),
            session_grace_ms: 30_000,
            node_lost_after_ms: 900_000,
        };
        let metrics = Arc::new(Metrics::new().unwrap());
        let vault = Vault::open(KeySettings {
            generated: Some(folder.path().join("ips.db.key")),
            ..KeySettings::default()
        });
        let resolver: Arc<dyn ImageResolver> = Arc::clone(&registry) as _;
        let opened = Engine::open(store, settings, resolver, vault.unwrap(), Arc::clone(&metrics)).await;
        let (engine, engine_loop) = opened.unwrap();
        let stop = CancellationToken::new();
        let (keeper, until) = (Keeper::new(engine.clone()), stop.clone());
        let work = vec![
            tokio::spawn(async move { engine_loop.run(CancellationToken::new()).await.unwrap() }),
            tokio::spawn(async move { keeper.run(until).await }),
        ];
        Self {
            engine,
            registry,
            metrics,
            stop,
            work,
            folder,
        }
    }

    /// The process dies at once and another one starts on the same database.
    pub(in crate::engine) async fn crash(self) -> Self {
        let Self {
            engine,
            registry,
            stop,
            work,
            folder,
            ..
        } = self;
        for task in work {
            task.abort();
            let _aborted = task.await;
        }
        drop((engine, stop));
        Self::open(folder, registry).await
    }

    pub(in crate::engine) async fn policy(&self, images: &[&str], change: impl FnOnce(&mut PolicyRequest)) -> PolicyId {
        let mut request = PolicyRequest {
            name: Some(format!("of {}", images.join(" "))),
            task: Some(TaskRequest {
                images: images.iter().map(|image| (*image).to_owned()).collect(),
                ..TaskRequest::default()
            }),
            ..PolicyRequest::default()
        };
        change(&mut request);
        self.engine.create_policy(request).await.unwrap().policy.id
    }

    pub(in crate::engine) async fn agent(&self, name: &str, images: &[(&str, u32)]) -> Agent {
        let (sender, orders) = mpsc::channel(256);
        let hello = Hello {
            node: node(name),
            condition: NodeCondition {
                runtime_ready: true,
                image_fs_capacity_bytes: 1000,
                ..NodeCondition::default()
            },
            in_flight: vec![],
            unacknowledged: vec![],
            inventory_hash: String::new(),
            abilities: Abilities {
                pins: true,
                removal: true,
            },
        };
        let grant = self.engine.open_session(hello, sender).await.unwrap().unwrap();
        let mut agent = Agent {
            engine: self.engine.clone(),
            name: NodeName::parse(name).unwrap(),
            session: grant.session,
            orders,
            images: images
                .iter()
                .map(|(image, version)| ((*image).to_owned(), *version))
                .collect(),
        };
        agent.tell().await;
        agent
    }

    pub(in crate::engine) async fn coverage(&self, id: &PolicyId) -> PolicyCoverage {
        let all = CoverageFilter::default();
        self.engine.policy_coverage(id, &all, ALL).await.unwrap()
    }

    pub(in crate::engine) async fn row(&self, id: &PolicyId, node: &str, image: &str) -> Option<CellRow> {
        let rows = self.coverage(id).await.rows;
        let mut found = rows
            .into_iter()
            .filter(|row| row.node.as_str() == node && row.image.as_str() == image);
        found.next()
    }

    /// Waits until an image on a node stands like this.
    pub(in crate::engine) async fn until(
        &self,
        id: &PolicyId,
        node: &str,
        image: &str,
        state: CellState,
        why: Option<Why>,
    ) -> CellRow {
        for _ in 0..1000 {
            if let Some(row) = self.row(id, node, image).await
                && row.state == state
                && (why.is_none() || row.why == why)
            {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!(
            "{image} on {node} is {:?} and not {state:?} {why:?}",
            self.row(id, node, image).await
        );
    }

    pub(in crate::engine) async fn holds(&self, id: &PolicyId, kind: ConditionKind) -> bool {
        let conditions = self.engine.policy(id).await.unwrap().conditions;
        conditions
            .iter()
            .any(|condition| condition.kind == kind && condition.holds)
    }

    pub(in crate::engine) async fn until_holds(&self, id: &PolicyId, kind: ConditionKind, holds: bool) {
        for _ in 0..1000 {
            if self.holds(id, kind).await == holds {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.engine.policy(id).await.unwrap().conditions);
    }

    pub(in crate::engine) async fn tasks(&self) -> Vec<TaskView> {
        self.engine.tasks(&TaskFilter::default(), ALL).await.unwrap().items
    }
}

fn node(name: &str) -> Node {
    Node {
        name: NodeName::parse(name).unwrap(),
        uid: format!("uid of {name}"),
        runtime_uuid: format!("runtime of {name}"),
        labels: Labels::from_iter([("pool".into(), "test".into())]),
        platform: Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        },
        agent_version: crate::domain::version::VERSION.into(),
        runtime_name: "containerd".into(),
        runtime_version: "1.7.24".into(),
        max_concurrent_pulls: 8,
        first_seen_at: 0,
        last_seen_at: 0,
    }
}

pub(in crate::engine) struct Agent {
    engine: Engine,
    name: NodeName,
    session: SessionId,
    orders: mpsc::Receiver<Box<Order>>,
    images: BTreeMap<String, u32>,
}

impl Agent {
    /// Says what the node has.
    pub(in crate::engine) async fn tell(&mut self) {
        let one = |(image, version): (&String, &u32)| {
            let digest = digest(image, *version);
            let repository = image.split(':').next().unwrap();
            Arc::new(InventoryImage {
                id: digest.clone(),
                repo_tags: vec![format!("docker.io/library/{image}")],
                repo_digests: vec![format!("docker.io/library/{repository}@{digest}")],
                size_bytes: 10,
                pinned: false,
            })
        };
        let report = InventoryReport {
            hash: format!("{:?}", self.images),
            whole: true,
            images: self.images.iter().map(one).collect(),
            removed: vec![],
        };
        self.report(Report::Inventory(report)).await;
    }

    async fn report(&self, report: Report) {
        self.engine
            .report(self.name.clone(), self.session, report)
            .await
            .unwrap();
    }

    /// Somebody removes an image, as kubelet's garbage collection does.
    pub(in crate::engine) async fn evict(&mut self, image: &str) {
        self.images.remove(image).unwrap();
        self.tell().await;
    }

    /// The next pull that it is told to start.
    pub(in crate::engine) async fn ordered(&mut self) -> StartPull {
        loop {
            let order = tokio::time::timeout(Duration::from_secs(10), self.orders.recv()).await;
            if let Order::StartPull(start) = *order.unwrap().unwrap() {
                return start;
            }
        }
    }

    /// Everything that it is told to pin next; pulls that it is told to start meanwhile are not done.
    pub(in crate::engine) async fn pins(&mut self) -> Vec<String> {
        loop {
            let order = tokio::time::timeout(Duration::from_secs(10), self.orders.recv()).await;
            if let Order::SetPins(references) = *order.unwrap().unwrap() {
                return references;
            }
        }
    }

    /// Whether it is told to start or to stop nothing within a moment.
    pub(in crate::engine) async fn is_left_alone(&mut self, moment: Duration) -> bool {
        let until = tokio::time::Instant::now() + moment;
        loop {
            match tokio::time::timeout_at(until, self.orders.recv()).await {
                Err(_elapsed) => return true,
                Ok(order) => match *order.unwrap() {
                    Order::StartPull(_) | Order::CancelPull { .. } => return false,
                    Order::Acknowledge(_)
                    | Order::Refuse { .. }
                    | Order::SendInventory
                    | Order::SetPins(_)
                    | Order::RemoveImage { .. }
                    | Order::Superseded => {}
                },
            }
        }
    }

    /// Waits until it is told to stop a pull, and says that it has.
    pub(in crate::engine) async fn cancelled(&mut self) -> PullId {
        loop {
            let order = tokio::time::timeout(Duration::from_secs(10), self.orders.recv()).await;
            if let Order::CancelPull { pull, attempt, .. } = *order.unwrap().unwrap() {
                let failure = Failure {
                    reason: FailureReason::Cancelled,
                    message: "cancelled".into(),
                };
                self.end(&pull, attempt, Err(failure), ImageDigests::default()).await;
                return pull;
            }
        }
    }

    /// Pulls what the registry has; the inventory follows.
    pub(in crate::engine) async fn pull(&mut self, version: u32) -> String {
        let start = self.ordered().await;
        self.finish(&start, version).await
    }

    pub(in crate::engine) async fn finish(&mut self, start: &StartPull, version: u32) -> String {
        let image = start.reference.as_str().to_owned();
        self.images.insert(image.clone(), version);
        let success = Success {
            reason: SuccessReason::Pulled,
            note: String::new(),
            digest_verified: true,
        };
        let digests = ImageDigests {
            target: digest(&image, version),
            ..ImageDigests::default()
        };
        self.end(&start.pull, start.attempt, Ok(success), digests).await;
        self.tell().await;
        image
    }

    pub(in crate::engine) async fn fail(&mut self, reason: FailureReason) -> StartPull {
        let start = self.ordered().await;
        let failure = Failure {
            reason,
            message: "words of the runtime".into(),
        };
        self.end(&start.pull, start.attempt, Err(failure), ImageDigests::default())
            .await;
        start
    }

    async fn end(&self, pull: &PullId, attempt: u32, result: Result<Success, Failure>, digests: ImageDigests) {
        let outcome = Outcome {
            attempt,
            result,
            digests,
            bytes: ByteCounts::default(),
            finished_at: 1,
            phases: Default::default(),
        };
        self.report(Report::Outcome(pull.clone(), outcome)).await;
    }
}
