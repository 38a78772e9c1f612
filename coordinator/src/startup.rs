//! The composition root: opens the store, starts the engine and the servers, waits for the end. The death of one part ends all.

mod arrivals;
mod cluster;
mod grpc_port;
mod incoming;
mod letter;
mod ports;
mod relay;
mod replicas;
mod serve;

use crate::{
    config::Config,
    domain::{reach::Network, version::VERSION},
    engine::{
        Engine, audit::Scribe, courier::Courier, keeper::Keeper, retention::Retention, startup_taint::TaintRemover,
        system::Kept, trigger::Trigger,
    },
    grpc::{
        agent::{AgentSettings, Agents},
        audit::AuditService,
        auth::AuthService,
        channels::ChannelService,
        client::ClientLayer,
        credentials::CredentialService,
        identity::{self as identity_layer, IdentityLayer},
        library::LibraryService,
        limits::LimitsService,
        nodes::NodeService,
        observe::ObserveLayer,
        policies::PolicyService,
        recorder::RecorderLayer,
        schedules::ScheduleService,
        system::SystemService,
        tasks::TaskService,
        tenants::TenantService,
        users::UserService,
    },
    http::{self, HttpState},
    identity::{FirstPassword, Identity, IdentitySettings},
    metrics::{DatabaseOperation, Metrics},
    notify::Notifier,
    registry::Registry,
    store::{Store, StoreOperation, Watch},
    tls::{self, Tls},
    vault::Vault,
};
use anyhow::{Context, Result};
use arrivals::Arrivals;
use incoming::PeerLayer;
use ips_proto::v1::{
    audit_service_server::AuditServiceServer, auth_service_server::AuthServiceServer,
    channel_service_server::ChannelServiceServer, credential_service_server::CredentialServiceServer,
    library_service_server::LibraryServiceServer, limits_service_server::LimitsServiceServer,
    node_service_server::NodeServiceServer, policy_service_server::PolicyServiceServer,
    schedule_service_server::ScheduleServiceServer, system_service_server::SystemServiceServer,
    task_service_server::TaskServiceServer, tenant_service_server::TenantServiceServer,
    token_service_server::TokenServiceServer, user_service_server::UserServiceServer,
};
use ips_traces::Traces;
use ports::{Listeners, Ports, announce};
use secrecy::ExposeSecret as _;
use serve::{Bounds, serve};
use std::{sync::Arc, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tower::Layer as _;

/// Shortest pause between two progress reports of one pull.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);
/// How long open requests may take to end after a signal.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// What one stream may send ahead, in bytes. Small, because a connection keeps a buffer of the largest frame that it has seen, and there
/// are ten thousand.
const STREAM_WINDOW: u32 = 7 << 10;
/// Calls that are open at a time on one connection of gRPC.
const STREAMS: u32 = 256;
/// Longest headers of a call, in bytes; tokens are the longest.
const HEADERS: u32 = 32 << 10;

/// Runs the coordinator until a signal or a failure.
///
/// # Errors
/// What kept it from starting, or the part that died.
pub async fn run(config: Config) -> Result<()> {
    // Fails only if a provider was installed before, which then serves.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let asked = signals()?;
    if let Some(settings) = config.replica.clone() {
        return Box::pin(replicas::run(config, &settings, asked)).await;
    }
    let ports = Ports::bind(&config)?;
    let store = Store::open(&config.database).await?;
    lead(config, ports.listeners()?, ports.addresses()?, store, asked).await
}

/// Does everything that one coordinator does, until it is asked to end or a part fails.
async fn lead(
    config: Config,
    listeners: Listeners,
    addresses: serde_json::Value,
    store: Store,
    asked: CancellationToken,
) -> Result<()> {
    let vault = Vault::open(config.keys.clone()).context("encryption keys")?;
    let epoch = store.epoch();
    let metrics = Metrics::new()?;
    let metrics = Arc::new(if config.metrics_image_status {
        metrics.with_image_status()?
    } else {
        metrics
    });
    metrics.leads(true, epoch);
    let store = store.watched(watch(&metrics));
    let cluster = cluster::open(config.kubernetes.as_ref()).await?;
    let settings = IdentitySettings {
        kubernetes: cluster.as_ref().map(|(_, identity)| identity.clone()),
        ..config.identity.clone()
    };
    let (identity, first) = Identity::open(store.clone(), &vault, settings)
        .await
        .context("identity")?;
    let identity = identity.counted(Arc::clone(&metrics));
    let tls = Tls::open(&store, &vault, &config.tls).await.context("TLS")?;
    // A certificate of somebody else says nothing of the own authority.
    let authority = match &config.tls.files {
        None if tls.is_some() => tls::certificate(&store).await.context("TLS")?,
        None | Some(_) => None,
    };
    if !identity.is_on() {
        tracing::warn!("Identity is off: everybody who reaches this machine's loopback address may do everything");
    }
    let registry = Arc::new(Registry::new(config.registry.clone()));
    let traces = config
        .traces
        .as_ref()
        .map(Traces::start)
        .transpose()
        .context("--otlp-endpoint")?;
    let traces = traces.unwrap_or_default();
    let kept = Kept {
        tasks_ms: config.retention.age_ms,
        tasks: config.retention.count,
        executions_ms: config.schedules.keep_ms,
        executions: config.schedules.keep_count,
        deliveries_ms: config.courier.keep_ms,
        audit_ms: config.audit.keep_ms,
        missed_run_ms: config.schedules.late_ms,
    };
    let (engine, engine_loop) = Engine::open(store, config.engine, registry, vault, Arc::clone(&metrics)).await?;
    let engine = engine
        .with_notifier(Notifier::new(config.notify, http::task_document))
        .with_traces(traces.clone())
        .keeping(kept);
    let shutdown = CancellationToken::new();
    let state = HttpState {
        engine: engine.clone().into(),
        identity: identity.clone(),
        metrics,
        shutdown: shutdown.clone(),
    };
    tracing::info!(version = VERSION, epoch, database = %config.database, %addresses, "coordinator started");

    let declared = config.kubernetes.as_ref().and_then(|it| it.declared.clone());
    if let Some((kubernetes, _)) = cluster.as_ref().filter(|_| declared.is_some()) {
        // Before the loop: what was open when the last process ended may need them at once.
        engine.read_pull_secrets_from(Arc::new(kubernetes.clone()));
    }
    let mut parts = JoinSet::new();
    let stop = shutdown.clone();
    parts.spawn(async move { engine_loop.run(stop).await.context("engine") });
    let trigger = Trigger::new(engine.clone(), config.schedules);
    let stop = shutdown.clone();
    parts.spawn(async move {
        trigger.run(stop).await;
        Ok(())
    });
    let (keeper, stop) = (Keeper::new(engine.clone()), shutdown.clone());
    parts.spawn(async move {
        keeper.run(stop).await;
        Ok(())
    });
    let (retention, stop) = (Retention::new(engine.clone(), config.retention), shutdown.clone());
    parts.spawn(async move {
        retention.run(stop).await;
        Ok(())
    });
    let (courier, stop) = (Courier::new(engine.clone(), config.courier), shutdown.clone());
    parts.spawn(async move {
        courier.run(stop).await;
        Ok(())
    });
    let (scribe, stop) = (Scribe::new(&engine, config.audit), shutdown.clone());
    parts.spawn(async move {
        scribe.run(stop).await;
        Ok(())
    });
    let proxies: Arc<[Network]> = config.trusted_proxies.into();
    let acceptor = |speaks: bool, of: fn(&Tls) -> TlsAcceptor| tls.as_ref().filter(|_| speaks).map(of);
    parts.spawn(serve(
        listeners.http,
        acceptor(config.tls.http, Tls::http),
        http::router(state.clone()),
        Bounds::default(),
        Arc::clone(&proxies),
        shutdown.clone(),
    ));
    parts.spawn(serve(
        listeners.metrics,
        acceptor(config.tls.metrics, Tls::http),
        http::probes(state),
        Bounds::default(),
        Arc::clone(&proxies),
        shutdown.clone(),
    ));
    let grpc_tls = acceptor(config.tls.grpc, Tls::grpc);
    if let Some((kubernetes, _)) = &cluster {
        cluster::watch_nodes(&mut parts, kubernetes.clone(), engine.clone(), shutdown.clone());
        cluster::watch_workloads(&mut parts, kubernetes.clone(), engine.clone(), shutdown.clone());
        if let Some(taint) = config.startup_taint {
            let remover = TaintRemover::new(engine.clone(), Arc::new(kubernetes.clone()), taint);
            let stop = shutdown.clone();
            parts.spawn(async move {
                remover.run(stop).await;
                Ok(())
            });
        }
    }
    if let (Some((kubernetes, _)), Some(namespaces)) = (&cluster, declared) {
        cluster::keep_declared(
            &mut parts,
            kubernetes.clone(),
            namespaces,
            engine.clone(),
            shutdown.clone(),
        );
    }
    if let (Some((kubernetes, _)), Some(map), Some(pem)) = (
        cluster,
        config.kubernetes.as_ref().and_then(|it| it.authority.clone()),
        authority,
    ) {
        let stop = shutdown.clone();
        parts.spawn(async move {
            kubernetes.keep_published(map, pem, stop).await;
            Ok(())
        });
    }
    if let Some(tls) = tls {
        let (engine, stop) = (engine.clone(), shutdown.clone());
        parts.spawn(async move {
            tls.run(|wrong| engine.set_remark("tls", wrong), stop).await;
            Ok(())
        });
    }
    parts.spawn(serve_grpc(
        listeners.grpc,
        grpc_tls,
        engine,
        identity,
        config.heartbeat_interval,
        ClientLayer::new(proxies),
        shutdown.clone(),
    ));
    first.as_ref().map(show);
    if let Some(path) = &config.ready_file {
        announce(path, &addresses)?;
    }
    let result = first_end(&mut parts, &asked).await;
    shutdown.cancel();
    let _too_slow = tokio::time::timeout(DRAIN_LIMIT, async { while parts.join_next().await.is_some() {} }).await;
    traces.stop().await;
    result
}

/// Counts how long the database takes.
fn watch(metrics: &Arc<Metrics>) -> Watch {
    let metrics = Arc::clone(metrics);
    Watch::new(move |operation, took| {
        let operation = match operation {
            StoreOperation::Read => DatabaseOperation::Read,
            StoreOperation::Begin => DatabaseOperation::Begin,
            StoreOperation::Write => DatabaseOperation::Write,
            StoreOperation::Commit => DatabaseOperation::Commit,
        };
        metrics.database(operation, took.as_secs_f64());
    })
}

/// Shows the first password, once and not as a line of the log, which others may keep.
fn show(first: &FirstPassword) {
    let FirstPassword { username, password } = first;
    eprintln!(
        "\n    First start: log in as {username} with the password {}\n    It is shown only now, and must be changed at the first log-in.\n",
        password.expose_secret()
    );
}

async fn serve_grpc(
    arrivals: Arrivals,
    tls: Option<TlsAcceptor>,
    engine: Engine,
    identity: Identity,
    heartbeat_interval: Duration,
    client: ClientLayer,
    shutdown: CancellationToken,
) -> Result<()> {
    let settings = AgentSettings {
        heartbeat_interval,
        progress_interval: PROGRESS_INTERVAL,
    };
    let agents = Agents::new(engine.clone(), identity.clone(), settings, shutdown.clone());
    let recorder = RecorderLayer::new(engine.audit_log().clone());
    let observe = ObserveLayer::new(&engine);
    let system = SystemServiceServer::new(SystemService::new(engine.clone()));
    let audit = AuditServiceServer::new(AuditService::new(engine.clone()));
    let channels = ChannelServiceServer::new(ChannelService::new(engine.clone()));
    let tasks = TaskServiceServer::new(TaskService::new(engine.clone(), identity.clone(), shutdown.clone()));
    let users = UserService::new(identity.clone());
    let auth = AuthServiceServer::new(AuthService::new(identity.clone()));
    let credentials = CredentialServiceServer::new(CredentialService::new(engine.clone()));
    let library = LibraryServiceServer::new(LibraryService::new(engine.clone()));
    let nodes = NodeServiceServer::new(NodeService::new(engine.clone()));
    let policies = PolicyServiceServer::new(PolicyService::new(engine.clone()));
    let schedules = ScheduleServiceServer::new(ScheduleService::new(engine.clone()));
    let tenants = TenantServiceServer::new(TenantService::new(engine.clone()));
    let limits = LimitsServiceServer::new(LimitsService::new(engine));
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<Agents>().await;
    health.set_serving::<AuthServiceServer<AuthService>>().await;
    health.set_serving::<UserServiceServer<UserService>>().await;
    health.set_serving::<TokenServiceServer<UserService>>().await;
    health.set_serving::<TaskServiceServer<TaskService>>().await;
    health.set_serving::<TenantServiceServer<TenantService>>().await;
    health.set_serving::<NodeServiceServer<NodeService>>().await;
    health.set_serving::<ScheduleServiceServer<ScheduleService>>().await;
    health.set_serving::<PolicyServiceServer<PolicyService>>().await;
    health.set_serving::<CredentialServiceServer<CredentialService>>().await;
    health.set_serving::<AuditServiceServer<AuditService>>().await;
    health.set_serving::<ChannelServiceServer<ChannelService>>().await;
    health.set_serving::<LibraryServiceServer<LibraryService>>().await;
    health.set_serving::<LimitsServiceServer<LimitsService>>().await;
    health.set_serving::<SystemServiceServer<SystemService>>().await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(ips_proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let mut routes = Routes::builder();
    routes
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(agents)
        .add_service(auth)
        .add_service(UserServiceServer::new(users.clone()))
        .add_service(TokenServiceServer::new(users))
        .add_service(tasks)
        .add_service(nodes)
        .add_service(schedules)
        .add_service(policies)
        .add_service(credentials)
        .add_service(channels)
        .add_service(audit)
        .add_service(library)
        .add_service(tenants)
        .add_service(limits)
        .add_service(system);
    // From the inside out. Agents pass the first: they have a door of their own.
    let service = IdentityLayer::new(identity).layer(routes.routes().prepare());
    // Outside of the one before, so that it sees what that one refuses.
    let service = recorder.layer(service);
    // Inside of the one that knows the peer.
    let service = client.layer(service);
    let peers = PeerLayer {
        identifies: identity_layer::identifies,
    };
    let service = observe.layer(peers.layer(service));
    grpc_port::serve(arrivals, tls, service, shutdown).await;
    Ok(())
}

/// Is cancelled by the first signal that asks the process to end.
fn signals() -> Result<CancellationToken> {
    let asked = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let ask = asked.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = interrupt.recv() => tracing::info!("SIGINT: stopping"),
        }
        ask.cancel();
    });
    Ok(asked)
}

/// Waits until it is asked to end, or for the first part that ends by itself, which none may.
async fn first_end(parts: &mut JoinSet<Result<()>>, asked: &CancellationToken) -> Result<()> {
    tokio::select! {
        () = asked.cancelled() => {}
        ended = parts.join_next() => {
            let Some(ended) = ended else { return Ok(()) };
            ended.context("a part of the coordinator panicked")??;
            anyhow::bail!("a part of the coordinator ended by itself");
        }
    }
    Ok(())
}
