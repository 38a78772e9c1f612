//! The engine: one loop owns what is open and decides; everyone else asks through [`Engine`]. Edges call one function each and
//! never query.

pub mod audit;
pub mod board;
pub mod bulk;
mod channels;
mod clock;
pub mod core;
pub mod courier;
mod create;
mod credentials;
pub mod declared;
pub mod door;
pub mod error;
pub mod hosts;
pub mod keeper;
mod late;
mod library;
mod live;
pub mod logins;
mod node_list;
pub mod pins;
pub mod planner;
pub mod policies;
pub mod preview;
mod publish;
mod pull_secrets;
pub mod purge;
mod readiness;
mod reads;
pub mod resolver;
pub mod retention;
mod run;
mod save;
pub mod schedules;
mod slots;
mod sources;
pub mod startup_taint;
pub mod system;
mod tasks;
pub mod tenants;
pub mod trigger;
pub mod views;
mod work;
mod workloads;

#[cfg(test)]
mod fixtures;

use self::core::{Command, Core, EngineSettings, Refusal, SessionGrant, Shared};
use crate::{
    domain::{caller::TenantId, cluster::ClusterNews, ids::NodeName, tenant::Realm},
    fleet::{
        Fleet, OrderSender, SessionId,
        messages::{Hello, Report},
    },
    metrics::Metrics,
    notify::{Notifier, NotifySettings},
    store::{Store, StoreError},
    vault::Vault,
};
use audit::AuditLog;
use board::Board;
use channels::Post;
use clock::Clock;
use error::EngineError;
use logins::LoginBook;
use policies::PolicyDesk;
use readiness::Readiness;
use resolver::{ImageResolver, Resolver};
pub use run::{Loop, now};
use schedules::ScheduleDesk;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tenants::TenantBook;
use tokio::sync::{mpsc, oneshot};

/// Commands that may wait for the loop.
const QUEUE: usize = 8192;
/// Longest wait for the loop's answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// The door to the engine for REST, gRPC and the console. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    board: Arc<Board>,
    shared: Arc<Shared>,
    store: Store,
    logins: Arc<LoginBook>,
    registry: Arc<dyn ImageResolver>,
    readiness: Arc<Readiness>,
    desk: Arc<ScheduleDesk>,
    policies: Arc<PolicyDesk>,
    post: Post,
    audit: AuditLog,
    kept: system::Kept,
    commands: mpsc::Sender<Command>,
    resolver: Resolver,
    /// Held while limits are read and changed, so that no change is lost.
    limits_change: Arc<tokio::sync::Mutex<()>>,
    /// Whose things there are for whoever asks; see `door.rs`.
    realm: Realm,
    /// Whose is what is made.
    owner: TenantId,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Reads what is open and returns the door and the loop behind it, which the caller runs.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open(
        store: Store,
        settings: EngineSettings,
        registry: Arc<dyn ImageResolver>,
        vault: Vault,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, Loop), StoreError> {
        let (sender, commands) = mpsc::channel(QUEUE);
        let logins = Arc::new(LoginBook::new(vault, store.all_credentials().await?));
        let shared = Shared::new(Fleet::from_stored(store.nodes().await?, now()));
        let tenants = TenantBook::new(store.tenants().await?);
        let shared = Arc::new(shared.with_logins(Arc::clone(&logins)).with_tenants(tenants));
        let desk = Arc::new(ScheduleDesk::new(Arc::clone(&metrics)));
        let policies = Arc::new(PolicyDesk::new(Arc::clone(&metrics)));
        let board = Arc::new(Board::new(uuid::Uuid::new_v4().simple().to_string()));
        let readiness = Arc::new(Readiness::default());
        let audit = AuditLog::new(Arc::clone(&metrics), Arc::clone(&readiness));
        let stored_limits = store.limits().await?;
        let fetched = store.bytes_of_day(now()).await?;
        let mut core = Core::new(
            settings.clone(),
            store.uuid().into(),
            store.epoch(),
            Arc::clone(&shared),
            Arc::clone(&metrics),
        );
        core.set_limits(now(), stored_limits.unwrap_or(settings.limits));
        core.set_fetched(now(), fetched);
        // Tasks are written as the REST API does only where its edge says how.
        let post = Post::new(Notifier::new(
            NotifySettings::default(),
            |task| serde_json::json!({"taskId": task.id.as_str(), "status": task.state.as_str()}),
        ));
        let resolver = Resolver::new(Arc::clone(&registry), Arc::clone(&logins), sender.clone());
        let mut engine_loop = Loop {
            core,
            clock: Clock::start(),
            again: sender.clone(),
            removing: HashSet::new(),
            store: store.clone(),
            shared: Arc::clone(&shared),
            board: Arc::clone(&board),
            metrics,
            resolver: resolver.clone(),
            commands,
            readiness: Arc::clone(&readiness),
            news: Arc::clone(&post.nudge),
        };
        engine_loop.load().await?;
        Ok((
            Self {
                board,
                shared,
                store,
                logins,
                registry,
                readiness,
                desk,
                policies,
                post,
                audit,
                kept: system::Kept::default(),
                commands: sender,
                resolver,
                limits_change: Arc::default(),
                realm: Realm::All,
                owner: TenantId::default(),
            },
            engine_loop,
        ))
    }

    /// Opens the session of an agent.
    ///
    /// # Errors
    /// Unavailable when the loop does not answer; the inner error says why the hello was refused.
    pub async fn open_session(
        &self,
        hello: Hello,
        orders: OrderSender,
    ) -> Result<Result<SessionGrant, Refusal>, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::OpenSession {
            hello: Box::new(hello),
            orders,
            reply,
        })
        .await?;
        answered(answer).await
    }

    /// Takes a report of an agent. Waits while the loop is busy, which slows the agent down.
    ///
    /// # Errors
    /// Unavailable when the coordinator is stopping.
    pub async fn report(&self, node: NodeName, session: SessionId, report: Report) -> Result<(), EngineError> {
        self.tell(Command::Report { node, session, report }).await
    }

    /// Takes what a cluster says of its nodes.
    ///
    /// # Errors
    /// Unavailable when the coordinator is stopping.
    pub async fn cluster_news(&self, news: ClusterNews) -> Result<(), EngineError> {
        if let ClusterNews::Away(why) = news {
            self.readiness.remark("kubernetes", why);
            return Ok(());
        }
        self.readiness.withdraw("kubernetes");
        self.tell(Command::Cluster(news)).await
    }

    /// Ends the session of an agent.
    pub async fn close_session(&self, node: NodeName, session: SessionId) {
        // A loop that has ended has no sessions.
        let _stopping = self.tell(Command::CloseSession { node, session }).await;
    }

    /// What changed, for watchers: take `board().version()`, read what you show, then follow from that version.
    pub fn board(&self) -> &Board {
        &self.board
    }

    async fn tell(&self, command: Command) -> Result<(), EngineError> {
        self.commands.send(command).await.map_err(|_| stopping())
    }
}

async fn answered<T>(answer: oneshot::Receiver<T>) -> Result<T, EngineError> {
    match tokio::time::timeout(ANSWER_LIMIT, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(stopping()),
        Err(_) => Err(EngineError::Unavailable("the coordinator is busy, try again".into())),
    }
}

fn stopping() -> EngineError {
    EngineError::Unavailable("the coordinator is stopping".into())
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        if error.is_away() {
            Self::Unavailable(error.chain())
        } else {
            Self::Internal(Box::new(error))
        }
    }
}
