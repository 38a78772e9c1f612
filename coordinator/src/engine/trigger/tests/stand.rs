//! A real engine on a real database whose process can die, and agents that do as the test says. The trigger's time is the test's.

use crate::{
    domain::{
        Millis,
        counts::ByteCounts,
        credential::Logins,
        execution::{Execution, ExecutionState},
        ids::{NodeName, ScheduleId, TaskId},
        image::{ImageDigests, ImageRef, Platform},
        limits::Limits,
        node::{Labels, Node, NodeCondition},
        outcome::{Failure, FailureReason, Outcome, Success, SuccessReason},
        schedule::ScheduleRequest,
        task::TaskRequest,
        unresolved::Unresolved,
    },
    engine::{
        Engine,
        core::EngineSettings,
        resolver::{ImageResolver, Resolving},
        trigger::{ScheduleSettings, Summary, Trigger},
        views::{PageRequest, ScheduleView, TaskFilter, TaskView},
    },
    fleet::{
        SessionId,
        messages::{Hello, Order, Report},
    },
    metrics::Metrics,
    store::Store,
    vault::{KeySettings, Vault},
};
use futures::channel::mpsc;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

pub(super) const SECOND: Millis = 1000;
pub(super) const MINUTE: Millis = 60 * SECOND;
pub(super) const HOUR: Millis = 60 * MINUTE;

const ALL: PageRequest = PageRequest { limit: 1000, offset: 0 };

struct NoRegistry;

impl ImageResolver for NoRegistry {
    fn resolve<'a>(&'a self, _: &'a ImageRef, _: &'a [Platform], _: &'a dyn Logins) -> Resolving<'a> {
        Box::pin(async { Err(Unresolved::unknown("no registry in this test")) })
    }
}

pub(super) struct Stand {
    pub(super) engine: Engine,
    pub(super) trigger: Trigger,
    pub(super) metrics: Arc<Metrics>,
    settings: ScheduleSettings,
    work: tokio::task::JoinHandle<()>,
    folder: Arc<tempfile::TempDir>,
}

impl Stand {
    pub(super) async fn start() -> Self {
        Self::start_with(ScheduleSettings::default()).await
    }

    pub(super) async fn start_with(settings: ScheduleSettings) -> Self {
        Self::open(Arc::new(tempfile::tempdir().unwrap()), settings).await
    }

    async fn open(folder: Arc<tempfile::TempDir>, settings: ScheduleSettings) -> Self {
        let url = format!("sqlite:{}", folder.path().join("ips.db").display());
        let store = Store::open(&crate::store::DatabaseUrl::new(url)).await.unwrap();
        let engine_settings = EngineSettings {
            limits: Limits::default(),
            session_grace_ms: 30_000,
            node_lost_after_ms: 900_000,
        };
        let metrics = Arc::new(Metrics::new().unwrap());
        let vault = Vault::open(KeySettings {
            generated: Some(folder.path().join("ips.db.key")),
            ..KeySettings::default()
        });
        let opened = Engine::open(
            store,
            engine_settings,
            Arc::new(NoRegistry),
            vault.unwrap(),
            Arc::clone(&metrics),
        )
        .await;
        let (engine, engine_loop) = opened.unwrap();
        let work = tokio::spawn(async move {
            engine_loop.run(CancellationToken::new()).await.unwrap();
        });
        Self {
            trigger: Trigger::new(engine.clone(), settings),
            engine,
            metrics,
            settings,
            work,
            folder,
        }
    }

    /// The process dies at once and another one starts on the same database.
    pub(super) async fn crash(self) -> Self {
        let Self {
            engine,
            trigger,
            work,
            folder,
            settings,
            ..
        } = self;
        work.abort();
        let _aborted = work.await;
        drop((engine, trigger));
        let fresh = Self::open(folder, settings).await;
        fresh.trigger.refresh().await.unwrap();
        fresh
    }

    /// Looks once, at this time.
    pub(super) async fn look(&mut self, now: Millis) -> Summary {
        self.trigger.activate(now).await.unwrap()
    }

    /// A schedule that is due every hour from now on, for whatever has a label `pool=test`.
    pub(super) async fn hourly(&self, change: impl FnOnce(&mut ScheduleRequest)) -> Hourly {
        let mut request = ScheduleRequest {
            name: Some("hourly".into()),
            cron_expr: Some("@every 1h".into()),
            task: Some(TaskRequest {
                images: vec!["a:1".into()],
                ..TaskRequest::default()
            }),
            ..ScheduleRequest::default()
        };
        change(&mut request);
        let view = self.engine.create_schedule(request).await.unwrap();
        Hourly {
            id: view.schedule.id.clone(),
            start: view.schedule.anchor - view.schedule.anchor.rem_euclid(1000),
        }
    }

    pub(super) async fn schedule(&self, id: &ScheduleId) -> ScheduleView {
        self.engine.schedule(id).await.unwrap()
    }

    /// Executions, oldest first.
    pub(super) async fn executions(&self, id: &ScheduleId) -> Vec<Execution> {
        let mut found = self.engine.executions(id, &[], ALL).await.unwrap().items;
        found.sort_by_key(|execution| execution.id);
        found
    }

    /// Their states, oldest first.
    pub(super) async fn states(&self, id: &ScheduleId) -> Vec<ExecutionState> {
        let executions = self.executions(id).await;
        executions.into_iter().map(|execution| execution.state).collect()
    }

    pub(super) async fn tasks(&self) -> Vec<TaskView> {
        self.engine.tasks(&TaskFilter::default(), ALL).await.unwrap().items
    }

    pub(super) async fn ended(&self, id: &TaskId) {
        for _ in 0..500 {
            if !self.engine.task(id).await.unwrap().task.state.is_open() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{id} did not end");
    }

    pub(super) async fn agent(&self) -> Agent {
        let (sender, orders) = mpsc::channel(256);
        let hello = Hello {
            node: node(),
            condition: NodeCondition {
                runtime_ready: true,
                ..NodeCondition::default()
            },
            in_flight: vec![],
            unacknowledged: vec![],
            inventory_hash: String::new(),
            abilities: Default::default(),
        };
        let grant = self.engine.open_session(hello, sender).await.unwrap().unwrap();
        Agent {
            engine: self.engine.clone(),
            session: grant.session,
            orders,
        }
    }

    pub(super) fn figures(&self) -> String {
        String::from_utf8(self.metrics.render().unwrap()).unwrap()
    }
}

pub(super) struct Hourly {
    pub(super) id: ScheduleId,
    start: Millis,
}

impl Hourly {
    /// When it is due for the n-th time.
    pub(super) fn due(&self, n: i64) -> Millis {
        self.start + n * HOUR
    }
}

fn node() -> Node {
    Node {
        name: NodeName::parse("node-1").unwrap(),
        uid: "uid".into(),
        runtime_uuid: "runtime".into(),
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

pub(super) struct Agent {
    engine: Engine,
    session: SessionId,
    orders: mpsc::Receiver<Box<Order>>,
}

impl Agent {
    /// Ends the next pull that it is told to start.
    pub(super) async fn end_next(&mut self, succeeds: bool) {
        let start = loop {
            let order = tokio::time::timeout(Duration::from_secs(10), self.orders.recv()).await;
            if let Order::StartPull(start) = *order.unwrap().unwrap() {
                break start;
            }
        };
        let result = if succeeds {
            Ok(Success {
                reason: SuccessReason::Pulled,
                note: String::new(),
                digest_verified: true,
            })
        } else {
            Err(Failure {
                reason: FailureReason::NotFound,
                message: "no such image".into(),
            })
        };
        let outcome = Outcome {
            attempt: start.attempt,
            result,
            digests: ImageDigests::default(),
            bytes: ByteCounts::default(),
            finished_at: 1,
            phases: Default::default(),
        };
        let node = NodeName::parse("node-1").unwrap();
        let report = Report::Outcome(start.pull.clone(), outcome);
        self.engine.report(node, self.session, report).await.unwrap();
    }
}
