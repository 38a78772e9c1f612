//! An engine with a real database, an agent, and a courier that works when it is told to.

use futures::channel::mpsc;
use ips_coordinator::{
    domain::{
        channel::{ChannelId, ChannelRequest},
        counts::ByteCounts,
        credential::Logins,
        delivery::{Delivery, DeliveryState},
        ids::{NodeName, TaskId},
        image::{ImageDigests, ImageRef, Platform},
        limits::Limits,
        node::{Node, NodeCondition},
        outcome::{Failure, FailureReason, Outcome, Success, SuccessReason},
        reach::{Network, Reach},
        task::TaskRequest,
        unresolved::Unresolved,
    },
    engine::{
        Engine,
        core::EngineSettings,
        courier::{Courier, CourierSettings},
        now,
        resolver::{ImageResolver, Resolving},
        views::{DeliveryFilter, PageRequest},
    },
    fleet::{
        SessionId,
        messages::{Hello, Order, Report},
    },
    http::task_document,
    metrics::Metrics,
    notify::{Notifier, NotifySettings},
    store::{DatabaseUrl, Store},
    vault::{KeySettings, Vault},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

struct NoRegistry;

impl ImageResolver for NoRegistry {
    fn resolve<'a>(&'a self, _: &'a ImageRef, _: &'a [Platform], _: &'a dyn Logins) -> Resolving<'a> {
        Box::pin(async { Err(Unresolved::unknown("no registry in this test")) })
    }
}

/// Receivers of the tests are on this machine.
pub fn loopback_allowed() -> NotifySettings {
    NotifySettings {
        reach: Reach {
            allowed: vec![Network::parse("127.0.0.0/8").unwrap(), Network::parse("::1").unwrap()],
            ..Reach::default()
        },
        limit: Duration::from_secs(3),
        ..NotifySettings::default()
    }
}

pub struct Stand {
    pub engine: Engine,
    pub courier: Courier,
    pub metrics: Arc<Metrics>,
    settings: NotifySettings,
    session: SessionId,
    orders: mpsc::Receiver<Box<Order>>,
    stop: CancellationToken,
    engine_loop: tokio::task::JoinHandle<()>,
    folder: tempfile::TempDir,
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Stand {
    pub async fn start() -> Self {
        Self::with(loopback_allowed()).await
    }

    pub async fn with(settings: NotifySettings) -> Self {
        Self::open(tempfile::tempdir().unwrap(), settings).await
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn open(folder: tempfile::TempDir, settings: NotifySettings) -> Self {
        let url = format!("sqlite://{}", folder.path().join("ips.db").display());
        let store = Store::open(&DatabaseUrl::new(url)).await.unwrap();
        let vault = Vault::open(KeySettings {
            generated: Some(folder.path().join("ips.db.key")),
            ..KeySettings::default()
        });
        let engine_settings = EngineSettings {
            limits: Limits::default(),
            session_grace_ms: 200,
            node_lost_after_ms: 400,
        };
        let metrics = Arc::new(Metrics::new().unwrap());
        let registry = Arc::new(NoRegistry);
        let opened = Engine::open(store, engine_settings, registry, vault.unwrap(), Arc::clone(&metrics)).await;
        let (engine, engine_loop) = opened.unwrap();
        let engine = engine.with_notifier(Notifier::new(settings.clone(), task_document));
        let stop = CancellationToken::new();
        let cancel = stop.clone();
        let engine_loop = tokio::spawn(async move { engine_loop.run(cancel).await.unwrap() });
        let (session, orders) = connect(&engine).await;
        Self {
            courier: Courier::new(engine.clone(), CourierSettings::default()),
            engine,
            metrics,
            settings,
            session,
            orders,
            stop,
            engine_loop,
            folder,
        }
    }

    /// The process dies and another one takes its place on the same database; what was under way is forgotten.
    pub async fn restart(mut self) -> Self {
        self.stop.cancel();
        (&mut self.engine_loop).await.unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        let settings = self.settings.clone();
        drop(self);
        // The lock of the file goes with the last handle.
        for _ in 0..100 {
            let url = format!("sqlite://{}", folder.path().join("ips.db").display());
            match Store::open(&DatabaseUrl::new(url)).await {
                Ok(_free) => break,
                Err(_held) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        Box::pin(Self::open(folder, settings)).await
    }

    pub async fn channel(&self, name: &str, kind: &str, url: &str) -> ChannelId {
        self.channel_like(ChannelRequest {
            name: Some(name.into()),
            kind: Some(kind.into()),
            url: Some(url.into()),
            ..ChannelRequest::default()
        })
        .await
    }

    pub async fn channel_like(&self, request: ChannelRequest) -> ChannelId {
        self.engine.create_channel(request).await.unwrap().channel.id
    }

    /// Makes a task that is told to these.
    pub async fn task(&self, id: &str, channels: &[&str], webhook_url: Option<&str>) {
        let mut request = TaskRequest {
            images: vec!["registry.corp/app:1".into()],
            id: Some(id.into()),
            ..TaskRequest::default()
        };
        request.notices.channels = channels.iter().map(|name| (*name).to_owned()).collect();
        request.notices.webhook_url = webhook_url.map(str::to_owned);
        self.engine.create_task(request.check().unwrap()).await.unwrap();
    }

    /// The agent ends the next pull that it is given, which is the task's last one.
    pub async fn end_pull(&mut self, task: &str, result: Result<(), &str>) {
        self.end_one(result).await;
        self.ended(task).await;
    }

    /// Waits for the end of a task.
    pub async fn ended(&self, task: &str) {
        let id = TaskId::parse(task).unwrap();
        for _ in 0..250 {
            let task = self.engine.task(&id).await.unwrap();
            if !task.task.state.is_open() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the task did not end");
    }

    /// The agent ends the next pull that it is given.
    pub async fn end_one(&mut self, result: Result<(), &str>) {
        let start = loop {
            let order = tokio::time::timeout(Duration::from_secs(5), self.orders.recv()).await;
            if let Order::StartPull(start) = *order.unwrap().unwrap() {
                break start;
            }
        };
        let result = match result {
            Ok(()) => Ok(Success {
                reason: SuccessReason::Pulled,
                note: String::new(),
                digest_verified: true,
            }),
            Err(message) => Err(Failure {
                reason: FailureReason::NotFound,
                message: message.to_owned(),
            }),
        };
        let outcome = Outcome {
            attempt: start.attempt,
            result,
            digests: ImageDigests::default(),
            bytes: ByteCounts {
                total: 2048,
                fetched: 2048,
                ..ByteCounts::default()
            },
            finished_at: 1,
            phases: Default::default(),
        };
        let node = NodeName::parse("node-1").unwrap();
        let report = Report::Outcome(start.pull.clone(), outcome);
        self.engine.report(node, self.session, report).await.unwrap();
    }

    pub async fn disconnect(&self) {
        let node = NodeName::parse("node-1").unwrap();
        self.engine.close_session(node, self.session).await;
    }

    /// The courier looks, and what it starts ends.
    pub async fn deliver(&mut self) {
        self.deliver_at(now()).await;
    }

    pub async fn deliver_at(&mut self, at: i64) {
        // Events are addressed in one look and started in the same.
        self.courier.activate(at).await.unwrap();
        self.courier.settle().await;
    }

    pub async fn deliveries(&self) -> Vec<Delivery> {
        let all = PageRequest { limit: 1000, offset: 0 };
        let page = self.engine.deliveries(DeliveryFilter::default(), all).await.unwrap();
        page.items
    }

    /// The only delivery.
    pub async fn only(&self) -> Delivery {
        let mut all = self.deliveries().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// A failed task is told to a new channel; how that went.
    pub async fn tell_failure(&mut self, request: ChannelRequest) -> Delivery {
        let name = request.name.clone().unwrap();
        let id = self.channel_like(request).await;
        self.task("nightly", &[&name], None).await;
        self.end_pull("nightly", Err("registry.corp/app:1 <nobody> *has* it @all"))
            .await;
        self.deliver().await;
        let mut all = self.deliveries().await;
        all.retain(|delivery| delivery.channel == Some(id));
        all.remove(0)
    }

    pub async fn until_delivered(&mut self) -> Delivery {
        for _ in 0..100 {
            self.deliver().await;
            let delivery = self.only().await;
            if delivery.state == DeliveryState::Delivered {
                return delivery;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not delivered");
    }
}

async fn connect(engine: &Engine) -> (SessionId, mpsc::Receiver<Box<Order>>) {
    let (sender, orders) = mpsc::channel(64);
    let node = Node {
        name: NodeName::parse("node-1").unwrap(),
        uid: "uid".into(),
        runtime_uuid: "runtime".into(),
        labels: Default::default(),
        platform: Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        },
        agent_version: env!("CARGO_PKG_VERSION").into(),
        runtime_name: "containerd".into(),
        runtime_version: "1.7.24".into(),
        max_concurrent_pulls: 8,
        first_seen_at: 0,
        last_seen_at: 0,
    };
    let hello = Hello {
        node,
        condition: NodeCondition {
            runtime_ready: true,
            ..NodeCondition::default()
        },
        in_flight: vec![],
        unacknowledged: vec![],
        inventory_hash: String::new(),
        abilities: Default::default(),
    };
    let grant = engine.open_session(hello, sender).await.unwrap().unwrap();
    (grant.session, orders)
}
