//! One of several replicas: it follows, stands for election, leads, and follows again when it could not keep its lease. Whoever leads runs
//! everything in a runtime of its own, which ends as a whole: of a leader that was deposed no session, no loop and no stream is left.

use super::{
    lead,
    letter::{self, Port},
    ports::{Ports, announce},
    relay::{self, HandOver, Relay, Standing},
    serve::{Bounds, serve},
};
use crate::{
    config::{Config, ReplicaSettings},
    domain::replica::{LEASE_MS, Replica},
    http::{Following, follower_probes},
    metrics::Metrics,
    store::{Election, Store, StoreError},
    tls::Tls,
    vault::{Place, Vault},
};
use anyhow::{Context, Result};
use secrecy::SecretString;
use std::{future::pending, sync::Arc, time::Duration};
use tokio::{
    runtime::Runtime,
    sync::watch,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

/// The time of a lease.
const LEASE: Duration = Duration::from_millis(LEASE_MS.unsigned_abs());
/// Pause between two renewals of it.
const RENEWAL: Duration = Duration::from_secs(2);
/// Pause before one that failed is tried again.
const AGAIN: Duration = Duration::from_millis(300);
/// Pause between two looks of a follower at who leads.
const LOOK: Duration = Duration::from_millis(400);
/// Longest look.
const LONGEST_LOOK: Duration = Duration::from_secs(5);
/// How long what ends with a role may take.
const DRAIN: Duration = Duration::from_secs(1);
/// Where the secret of a lease is sealed for.
const SECRET: &str = "leadership.secret";

/// This process among the replicas.
struct Member {
    config: Config,
    ports: Ports,
    election: Election,
    vault: Vault,
    standing: watch::Sender<Standing>,
    /// Somebody asked the process to end.
    asked: CancellationToken,
}

/// What a replica that was elected has.
struct Reign {
    store: Store,
    secret: SecretString,
    /// Before the lease was asked for.
    since: Instant,
}

/// Runs the replica until it is asked to end.
///
/// # Errors
/// What kept it from starting, or the part of the leader that died.
pub(super) async fn run(config: Config, settings: &ReplicaSettings, asked: CancellationToken) -> Result<()> {
    let ports = Ports::bind(&config)?;
    let own = Replica {
        id: name(),
        address: ports.replica_address(&settings.address)?,
    };
    tracing::info!(
        replica = own.id,
        address = own.address,
        "taking part in the election of a leader"
    );
    let member = Member {
        election: Election::new(&config.database, own)?,
        vault: Vault::open(config.keys.clone()).context("encryption keys")?,
        standing: watch::Sender::new(Standing::Nobody),
        config,
        ports,
        asked,
    };
    while let Some(reign) = member.follow().await? {
        if !member.lead(reign).await? {
            break;
        }
    }
    Ok(())
}

/// The machine's name, and something that no other process has.
fn name() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}-{:08x}", machine.trim(), rand::random::<u32>())
}

impl Member {
    /// Follows until it is elected; `None` when it is asked to end.
    async fn follow(&self) -> Result<Option<Reign>> {
        let listeners = self.ports.listeners()?;
        let stop = self.asked.child_token();
        let (tell, following) = watch::channel(Following::default());
        let mut parts = JoinSet::new();
        let relay = |port, speaks_tls| Relay {
            port,
            speaks_tls,
            standing: self.standing.subscribe(),
        };
        let tls = &self.config.tls;
        parts.spawn(relay(Port::Http, tls.http).run(listeners.http, stop.clone()));
        parts.spawn(relay(Port::Grpc, tls.grpc).run(listeners.grpc, stop.clone()));
        if let Some(listener) = self.ports.replica()? {
            parts.spawn(relay::turn_away(listener, stop.clone()));
        }
        let metrics = Arc::new(Metrics::new()?);
        let elected = tokio::select! {
            () = self.asked.cancelled() => Ok(None),
            elected = self.stand_for_election(&tell) => elected.map(Some),
            failed = self.probes(listeners.metrics, metrics, following, stop.clone()) => failed.map(|()| None),
        };
        stop.cancel();
        let _too_slow = timeout(DRAIN, async { while parts.join_next().await.is_some() {} }).await;
        elected
    }

    /// Serves probes and metrics of a follower; its certificate may have to wait for the first leader, who makes it.
    async fn probes(
        &self,
        listener: super::arrivals::Arrivals,
        metrics: Arc<Metrics>,
        following: watch::Receiver<Following>,
        stop: CancellationToken,
    ) -> Result<()> {
        let settings = &self.config.tls;
        let tls = if settings.metrics {
            self.certificate().await
        } else {
            None
        };
        if let Some(path) = &self.config.ready_file {
            announce(path, &self.ports.addresses()?)?;
        }
        let acceptor = tls.as_ref().map(Tls::http);
        let kept = async {
            // It is written down for whoever uses the command line beside the replica, too. Probes must not wait for that: whoever cannot
            // reach the database is alive.
            let is_written = settings.is_on() && settings.authority_out.is_some();
            let tls = match tls {
                None if is_written => self.certificate().await,
                known => known,
            };
            match tls {
                Some(tls) => tls.run(|_wrong| (), stop.clone()).await,
                None => pending().await,
            }
        };
        let router = follower_probes(metrics, following);
        let served = serve(
            listener,
            acceptor,
            router,
            Bounds::default(),
            Arc::new([]),
            stop.clone(),
        );
        tokio::select! {
            served = served => served,
            () = kept => Ok(()),
        }
    }

    async fn certificate(&self) -> Option<Tls> {
        loop {
            match Tls::open(&self.election.reader(), &self.vault, &self.config.tls).await {
                Ok(tls) => return tls,
                Err(error) => tracing::debug!(%error, "no certificate yet"),
            }
            sleep(LOOK).await;
        }
    }

    /// Looks who leads, and stands for election whenever nobody does.
    ///
    /// # Errors
    /// What time does not mend: a schema that this program cannot serve.
    async fn stand_for_election(&self, tell: &watch::Sender<Following>) -> Result<Reign> {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut is_migrated, mut is_away, mut beaten) = (false, false, None::<Instant>);
        let mut seen = Instant::now();
        loop {
            ticks.tick().await;
            let looked = async {
                if !is_migrated {
                    self.election.migrate().await?;
                    is_migrated = true;
                }
                if beaten.is_none_or(|at| at.elapsed() >= RENEWAL) {
                    timeout(LONGEST_LOOK, self.election.beat()).await.unwrap_or(Ok(()))?;
                    beaten = Some(Instant::now());
                }
                let Ok(looked) = timeout(LONGEST_LOOK, self.look(tell)).await else {
                    return Ok::<_, StoreError>(None);
                };
                let looked = looked?;
                seen = Instant::now();
                Ok(looked)
            };
            match looked.await {
                Ok(Some(reign)) => return Ok(reign),
                Ok(None) => is_away = false,
                Err(error) if error.is_away() => {
                    if !is_away {
                        tracing::warn!(error = error.chain(), "it cannot be seen who leads");
                    }
                    is_away = true;
                }
                Err(error) => return Err(error.into()),
            }
            if seen.elapsed() >= LEASE {
                // Whoever led then need not lead now. Connections that are carried go on for as long as it bears them.
                tell.send_if_modified(|following| following.leader.take().is_some());
            }
        }
    }

    /// Who leads; itself if it is elected.
    async fn look(&self, tell: &watch::Sender<Following>) -> Result<Option<Reign>, StoreError> {
        let leader = self.election.leader().await?;
        let Some(leader) = leader.filter(|leader| leader.replica.id != self.election.own().id) else {
            self.standing.send_if_modified(|standing| {
                let was = !matches!(standing, Standing::Nobody);
                *standing = Standing::Nobody;
                was
            });
            tell.send_replace(Following::default());
            return self.stand().await;
        };
        let known = match &*self.standing.borrow() {
            Standing::Follower(known, _) if known.epoch == leader.epoch => Some(Arc::clone(known)),
            Standing::Follower(..) | Standing::Nobody | Standing::Leader(_) => None,
        };
        if let Some(known) = known {
            // It may have been out of sight.
            tell.send_if_modified(|following| {
                let was_lost = following.leader.is_none();
                following.leader = Some(known);
                was_lost
            });
            return Ok(None);
        }
        let secret = match self.vault.unseal(Place::of_setting(SECRET), &leader.secret) {
            Ok(secret) => secret,
            Err(error) => {
                tracing::error!(%error, leader = leader.replica.id, "the leader has other encryption keys: --encryption-key-file and \
                                IPS_ENCRYPTION_KEY must be the same on every replica");
                return Ok(None);
            }
        };
        tracing::info!(
            leader = leader.replica.id,
            address = leader.replica.address,
            epoch = leader.epoch,
            "following"
        );
        let leader = Arc::new(leader);
        tell.send_replace(Following {
            leader: Some(Arc::clone(&leader)),
        });
        self.standing.send_replace(Standing::Follower(leader, secret));
        Ok(None)
    }

    async fn stand(&self) -> Result<Option<Reign>, StoreError> {
        let secret = letter::fresh_secret();
        let sealed = match self.vault.seal(Place::of_setting(SECRET), &secret) {
            Ok(sealed) => sealed,
            Err(error) => {
                tracing::error!(%error, "this replica cannot lead");
                return Ok(None);
            }
        };
        let since = Instant::now();
        let store = self.election.take(&sealed).await?;
        Ok(store.map(|store| Reign { store, secret, since }))
    }

    /// Leads; false when the process was asked to end, true when it lost its lease and follows again.
    async fn lead(&self, reign: Reign) -> Result<bool> {
        let epoch = reign.store.epoch();
        tracing::info!(epoch, replica = self.election.own().id, "elected: this replica leads");
        let mut listeners = self.ports.listeners()?;
        let way = HandOver {
            http: listeners.http.open(),
            grpc: listeners.grpc.open(),
        };
        self.standing.send_replace(Standing::Leader(way.clone()));
        let receive = self.ports.replica()?;
        let receive = async {
            match receive {
                Some(listener) => relay::receive(listener, reign.secret, way).await,
                None => pending().await,
            }
        };
        let runtime = Runtime::new()?;
        let addresses = self.ports.addresses()?;
        let work = lead(
            self.config.clone(),
            listeners,
            addresses,
            reign.store,
            self.asked.clone(),
        );
        let mut work = runtime.spawn(Box::pin(work));
        let ended = tokio::select! {
            ended = &mut work => Some(ended.context("the leader panicked").and_then(|ended| ended)),
            () = keep(&self.election, epoch, reign.since) => None,
            () = receive => None,
        };
        self.standing.send_replace(Standing::Nobody);
        // Everything of it, at once.
        let _gone = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(DRAIN)).await;
        let Some(ended) = ended else {
            tracing::warn!(
                epoch,
                "this replica leads no more: its sessions and its engine have ended, and it follows"
            );
            return Ok(true);
        };
        match (ended, timeout(LEASE, self.election.release(epoch)).await) {
            (Ok(()), _) => Ok(false),
            (Err(error), Ok(Ok(()))) => Err(error),
            // Whoever cannot reach the database, or was replaced in it, failed because of that.
            (Err(error), Ok(Err(_)) | Err(_)) => {
                tracing::warn!(
                    epoch,
                    error = format!("{error:#}"),
                    "this replica leads no more, and follows"
                );
                Ok(true)
            }
        }
    }
}

/// Renews the lease; comes back when it is lost. Time is measured from before each renewal, so that it is over here before it is
/// over in the database.
async fn keep(election: &Election, epoch: u64, since: Instant) {
    let mut until = since + LEASE;
    let mut pause = Duration::ZERO;
    loop {
        sleep(pause).await;
        let began = Instant::now();
        match timeout_at(until, election.renew(epoch)).await {
            Ok(Ok(())) if began < until => {
                until = began + LEASE;
                pause = RENEWAL;
                let beat = timeout_at(until, election.beat()).await;
                if let Ok(Err(error)) = beat {
                    tracing::debug!(error = error.chain(), "this replica was not noted");
                }
            }
            Ok(Err(error @ StoreError::Unavailable(_))) => {
                tracing::warn!(error = error.chain(), "the lease could not be renewed");
                pause = AGAIN;
            }
            Ok(Ok(())) | Err(_) => {
                tracing::error!(epoch, "the lease could not be renewed in time");
                return;
            }
            Ok(Err(error)) => {
                tracing::error!(epoch, error = error.chain(), "the lease is lost");
                return;
            }
        }
    }
}
