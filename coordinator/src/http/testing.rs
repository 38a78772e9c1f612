//! The edge on a real engine with a real database, asked without a socket; helpers of the tests below.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{HttpState, router};
use crate::{
    domain::{
        caller::{Caller, Role},
        counts::ByteCounts,
        credential::Logins,
        ids::{NodeName, PullId},
        image::{ImageDigests, ImageRef, Platform},
        limits::Limits,
        node::{InventoryImage, Labels, Node, NodeCondition},
        outcome::{Failure, Outcome},
        unresolved::Unresolved,
        user::UserChange,
    },
    engine::{
        Engine,
        core::EngineSettings,
        resolver::{ImageResolver, Resolving},
    },
    fleet::messages::{Abilities, Heartbeat, Hello, InventoryReport, Order, Report, StartPull},
    identity::{Identity, IdentitySettings},
    metrics::Metrics,
    store::{DatabaseUrl, Store},
    vault::{KeySettings, Vault},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header, request::Builder},
    response::Response,
};
use futures::channel::mpsc;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Password of whoever was just made.
pub(super) const FIRST_PASSWORD: &str = "the first password";
/// Password that everybody chooses.
pub(super) const PASSWORD: &str = "correct horse battery";
/// Where people come from.
const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

/// There is no registry here; nodes may know better.
struct NoRegistry;

impl ImageResolver for NoRegistry {
    fn resolve<'a>(&'a self, _: &'a ImageRef, _: &'a [Platform], _: &'a dyn Logins) -> Resolving<'a> {
        Box::pin(async { Err(Unresolved::unknown("no registry in this test")) })
    }
}

/// The edge and what stands behind it.
pub(super) struct Edge {
    pub(super) state: HttpState,
    router: Router,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A request as a program on this machine sends it.
pub(super) fn request(method: &str, path: &str) -> Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost:8080")
}

impl Edge {
    pub(super) async fn start() -> Self {
        Self::with_registry(Arc::new(NoRegistry)).await
    }

    pub(super) async fn with_registry(registry: Arc<dyn ImageResolver>) -> Self {
        Self::make(registry, IdentitySettings::off()).await
    }

    /// Everybody is asked; the admin's password is still [`FIRST_PASSWORD`].
    pub(super) async fn at_first_start() -> Self {
        let settings = IdentitySettings {
            first_password: Some(FIRST_PASSWORD.into()),
            ..IdentitySettings::default()
        };
        Self::make(Arc::new(NoRegistry), settings).await
    }

    /// Everybody is asked; the admin's password is [`PASSWORD`].
    pub(super) async fn with_identity() -> Self {
        let edge = Self::at_first_start().await;
        edge.choose("admin", FIRST_PASSWORD).await;
        edge
    }

    /// Somebody new with this role logs in; gives back the token.
    pub(super) async fn person(&self, name: &str, role: Role) -> String {
        self.person_of("", name, role).await
    }

    /// The same in a tenant; empty text means the one that is always there.
    pub(super) async fn person_of(&self, tenant: &str, name: &str, role: Role) -> String {
        let identity = &self.state.identity;
        let password = FIRST_PASSWORD.into();
        let made = identity
            .create_user_in(&Caller::system(), tenant, name, &password, role.as_str())
            .await;
        made.unwrap();
        self.choose(name, FIRST_PASSWORD).await;
        let login = identity.login(HOME, name, &PASSWORD.into()).await.unwrap();
        login.token.expose_secret().to_owned()
    }

    /// Whoever has a first password chooses [`PASSWORD`].
    async fn choose(&self, name: &str, first: &str) {
        let identity = &self.state.identity;
        let login = identity.login(HOME, name, &first.into()).await.unwrap();
        let change = UserChange {
            password: Some(PASSWORD.into()),
            current_password: Some(first.into()),
            ..UserChange::default()
        };
        identity
            .update_user(&login.caller, login.user.id, change)
            .await
            .unwrap();
    }

    /// Everybody is asked, by these settings.
    pub(super) async fn with_settings(identity: IdentitySettings) -> Self {
        Self::make(Arc::new(NoRegistry), identity).await
    }

    async fn make(registry: Arc<dyn ImageResolver>, identity: IdentitySettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("ips.db").display());
        let metrics = Arc::new(Metrics::new().unwrap());
        let settings = EngineSettings {
            limits: Limits::default(),
            session_grace_ms: 30_000,
            node_lost_after_ms: 900_000,
        };
        let store = Store::open(&DatabaseUrl::new(url)).await.unwrap();
        let vault = Vault::open(KeySettings {
            generated: Some(folder.path().join("ips.db.key")),
            ..KeySettings::default()
        });
        let vault = vault.unwrap();
        let (identity, _shown) = Identity::open(store.clone(), &vault, identity).await.unwrap();
        let opened = Engine::open(store, settings, registry, vault, Arc::clone(&metrics)).await;
        let (engine, engine_loop) = opened.unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(engine_loop.run(stop.clone()));
        let state = HttpState {
            engine: engine.into(),
            identity,
            metrics,
            shutdown: CancellationToken::new(),
        };
        Self {
            router: router(state.clone()),
            state,
            stop,
            _folder: folder,
        }
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(super) async fn ask(&self, request: Request<Body>) -> Answer {
        Answer::read(self.send(request).await).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub(super) async fn delete(&self, path: &str) -> Answer {
        self.ask(request("DELETE", path).body(Body::empty()).unwrap()).await
    }

    pub(super) async fn send_json(&self, method: &str, path: &str, body: &Value) -> Answer {
        let request = request(method, path).header(header::CONTENT_TYPE, "application/json");
        self.ask(request.body(body.to_string().into()).unwrap()).await
    }

    pub(super) async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        let request = request("POST", path).header(header::CONTENT_TYPE, "application/json");
        self.ask(request.body(body.into()).unwrap()).await
    }

    pub(super) async fn create(&self, body: &Value) -> Answer {
        self.post("/api/v1/tasks", body.to_string()).await
    }

    /// Asks until the answer is as wanted.
    pub(super) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..250 {
            let json = self.get(path).await.json();
            if wanted(&json) {
                return json;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} did not become as wanted: {}", self.get(path).await.text());
    }

    /// An agent says hello; what it is ordered comes out of the receiver.
    pub(super) async fn connect(&self, name: &str, pool: &str) -> Agent {
        self.connect_able(name, pool, Default::default()).await
    }

    /// The same of an agent with abilities.
    pub(super) async fn connect_able(&self, name: &str, pool: &str, abilities: Abilities) -> Agent {
        let (sender, orders) = mpsc::channel(64);
        let hello = Hello {
            node: node(name, pool),
            condition: NodeCondition {
                runtime_ready: true,
                ..NodeCondition::default()
            },
            in_flight: vec![],
            unacknowledged: vec![],
            inventory_hash: String::new(),
            abilities,
        };
        let engine = self.state.engine.whole();
        let grant = engine.open_session(hello, sender).await.unwrap().unwrap();
        Agent {
            engine: engine.clone(),
            node: NodeName::parse(name).unwrap(),
            session: grant.session,
            orders,
        }
    }
}

fn node(name: &str, pool: &str) -> Node {
    Node {
        name: NodeName::parse(name).unwrap(),
        uid: format!("uid-{name}"),
        runtime_uuid: format!("runtime-{name}"),
        labels: Labels::from_iter([("pool".into(), pool.into())]),
        platform: Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        },
        agent_version: crate::domain::version::VERSION.into(),
        runtime_name: "containerd".into(),
        runtime_version: "1.7.24".into(),
        max_concurrent_pulls: 2,
        first_seen_at: 0,
        last_seen_at: 0,
    }
}

/// The test's end of a session.
pub(super) struct Agent {
    engine: Engine,
    node: NodeName,
    session: crate::fleet::SessionId,
    orders: mpsc::Receiver<Box<Order>>,
}

impl Agent {
    /// Waits for the next pull that it is to start.
    pub(super) async fn started(&mut self) -> StartPull {
        loop {
            let order = tokio::time::timeout(Duration::from_secs(5), self.orders.recv()).await;
            if let Order::StartPull(start) = *order.unwrap().unwrap() {
                return start;
            }
        }
    }

    /// Waits for the next order that is as wanted.
    pub(super) async fn told<T>(&mut self, pick: impl Fn(Order) -> Option<T>) -> T {
        loop {
            let order = tokio::time::timeout(Duration::from_secs(5), self.orders.recv()).await;
            if let Some(found) = pick(*order.unwrap().unwrap()) {
                return found;
            }
        }
    }

    /// Waits for the next set of pins.
    pub(super) async fn pins(&mut self) -> Vec<String> {
        let pins = |order| {
            if let Order::SetPins(pins) = order {
                Some(pins)
            } else {
                None
            }
        };
        self.told(pins).await
    }

    pub(super) async fn fail(&self, start: &StartPull, failure: Failure) {
        let outcome = Outcome {
            attempt: start.attempt,
            result: Err(failure),
            digests: ImageDigests::default(),
            bytes: ByteCounts::default(),
            finished_at: 1,
            phases: Default::default(),
        };
        self.report(Report::Outcome(start.pull.clone(), outcome)).await;
    }

    pub(super) async fn succeed(&self, start: &StartPull, success: crate::domain::outcome::Success) {
        let outcome = Outcome {
            attempt: start.attempt,
            result: Ok(success),
            digests: ImageDigests::default(),
            bytes: ByteCounts {
                total: 100,
                fetched: 100,
                unpacked: 100,
                ..ByteCounts::default()
            },
            finished_at: 1,
            phases: Default::default(),
        };
        self.report(Report::Outcome(start.pull.clone(), outcome)).await;
    }

    pub(super) async fn has(&self, image: InventoryImage) {
        let inventory = InventoryReport {
            hash: "h1".into(),
            whole: true,
            images: vec![image.into()],
            removed: vec![],
        };
        self.report(Report::Inventory(inventory)).await;
    }

    /// Says how much room its disk has.
    pub(super) async fn has_room(&self, available: u64) {
        let condition = NodeCondition {
            runtime_ready: true,
            image_fs_capacity_bytes: u64::MAX / 2,
            image_fs_available_bytes: available,
            ..NodeCondition::default()
        };
        let heartbeat = Heartbeat {
            condition,
            runtime: None,
            clock_offset_ms: 0,
        };
        self.report(Report::Heartbeat(heartbeat)).await;
    }

    /// Its session ends.
    pub(super) async fn leaves(&self) {
        self.engine.close_session(self.node.clone(), self.session).await;
    }

    pub(super) async fn report(&self, report: Report) {
        let engine = &self.engine;
        engine.report(self.node.clone(), self.session, report).await.unwrap();
    }
}

/// A pull id that no engine made.
pub(super) fn pull_id(text: &str) -> PullId {
    PullId::from_stored(text.into())
}
