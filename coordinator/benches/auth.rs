//! `make bench-auth`: what it costs to know who calls, and what fifty log-ins at once cost those who read. Prints one line of results;
//! with `CHECK=1` a missed figure is an error.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on stops")]
#![allow(missing_docs, clippy::print_stdout, reason = "a bench talks to a person")]

use ips_coordinator::{
    config::Config,
    domain::{
        api_token::ApiTokenRequest,
        limits::Limits,
        permission::{OPERATIONS, Operation},
        user::UserChange,
    },
    engine::{
        audit::AuditSettings, core::EngineSettings, courier::CourierSettings, retention::RetentionSettings,
        trigger::ScheduleSettings,
    },
    identity::{Identity, IdentitySettings},
    notify::NotifySettings,
    registry::RegistrySettings,
    startup,
    store::{DatabaseUrl, Store},
    telemetry::LogFormat,
    tls::TlsSettings,
    vault::{KeySettings, Vault},
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

/// Calls of each kind.
const CALLS: usize = 50_000;
/// Log-ins at once.
const LOGINS: usize = 50;
const FIRST: &str = "the first password";
const PASSWORD: &str = "correct horse battery";
/// Allowed at the 99th percentile.
const ADMIT_US: f64 = 100.0;
const READ_MS: f64 = 100.0;

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100]
}

fn url(folder: &Path) -> DatabaseUrl {
    DatabaseUrl::new(format!("sqlite:{}", folder.join("ips.db").display()))
}

fn keys(folder: &Path) -> KeySettings {
    KeySettings {
        generated: Some(folder.join("ips.db.key")),
        ..KeySettings::default()
    }
}

fn settings() -> IdentitySettings {
    IdentitySettings {
        first_password: Some(FIRST.into()),
        ..IdentitySettings::default()
    }
}

/// An admission of a log-in and of an API token, with a warm cache: the 99th percentile in microseconds, the larger of both.
async fn admission() -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&url(folder.path())).await.unwrap();
    let vault = Vault::open(keys(folder.path())).unwrap();
    let (identity, _) = Identity::open(store, &vault, settings()).await.unwrap();
    let home = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let first = identity.login(home, "admin", &FIRST.into()).await.unwrap();
    let change = UserChange {
        password: Some(PASSWORD.into()),
        current_password: Some(FIRST.into()),
        ..UserChange::default()
    };
    identity
        .update_user(&first.caller, first.user.id, change)
        .await
        .unwrap();
    let request = ApiTokenRequest {
        name: "bench".into(),
        ..ApiTokenRequest::default()
    };
    let made = identity
        .create_api_token(&first.caller, request.check().unwrap())
        .await
        .unwrap();
    let operation: &Operation = OPERATIONS.iter().find(|it| it.id == "list_tasks").unwrap();
    let mut worst: f64 = 0.0;
    for (kind, token) in [("log-in", &first.token), ("API token", &made.secret)] {
        let header = format!("Bearer {}", token.expose_secret());
        let mut times = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            let began = Instant::now();
            identity.admit(operation, Some(&header)).await.unwrap();
            times.push(began.elapsed());
        }
        let [half, most] = [50, 99].map(|percent| percentile(&mut times, percent).as_secs_f64() * 1e6);
        println!("{kind}: {half:.1} µs at the median, {most:.1} µs at p99");
        worst = worst.max(most);
    }
    worst
}

fn config(folder: &Path) -> Config {
    let free = "127.0.0.1:0".parse().unwrap();
    Config {
        replica: None,
        traces: None,
        metrics_image_status: false,
        http_address: free,
        grpc_address: free,
        metrics_address: free,
        database: url(folder),
        engine: EngineSettings {
            limits: Limits::default(),
            session_grace_ms: 30_000,
            node_lost_after_ms: 900_000,
        },
        schedules: ScheduleSettings::default(),
        retention: RetentionSettings::default(),
        heartbeat_interval: Duration::from_secs(10),
        registry: RegistrySettings::default(),
        keys: keys(folder),
        identity: settings(),
        trusted_proxies: vec![],
        kubernetes: None,
        startup_taint: None,
        tls: TlsSettings::default(),
        notify: NotifySettings::default(),
        courier: CourierSettings::default(),
        audit: AuditSettings::default(),
        log: "warn".into(),
        log_format: LogFormat::Text,
        ready_file: Some(folder.join("ready.json")),
        instead: None,
    }
}

/// One client of REST.
struct Client {
    base: String,
    inner: reqwest::Client,
}

impl Client {
    async fn login(&self, password: &str) -> Value {
        let body = json!({"username": "admin", "password": password});
        let answer = self
            .inner
            .post(format!("{}/api/v1/login", self.base))
            .json(&body)
            .send()
            .await;
        let answer = answer.unwrap().error_for_status().unwrap();
        answer.json().await.unwrap()
    }
}

/// Reads of tasks while fifty people log in: the 99th percentile in milliseconds, and how long the log-ins took.
async fn reading() -> (f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    let coordinator = tokio::spawn(startup::run(config(folder.path())));
    while !ready.exists() {
        assert!(!coordinator.is_finished(), "the coordinator ended");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let addresses: Value = serde_json::from_str(&std::fs::read_to_string(&ready).unwrap()).unwrap();
    let inner = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    let base = format!("http://{}", addresses["http"].as_str().unwrap());
    let client = std::sync::Arc::new(Client { base, inner });
    let first = client.login(FIRST).await;
    let token = first["token"].as_str().unwrap();
    let change = json!({"password": PASSWORD, "currentPassword": FIRST});
    let url = format!("{}/api/v1/users/1", client.base);
    let changed = client
        .inner
        .put(url)
        .bearer_auth(token)
        .json(&change)
        .send()
        .await
        .unwrap();
    changed.error_for_status().unwrap();

    let began = Instant::now();
    let logins: Vec<_> = (0..LOGINS)
        .map(|_| {
            let client = std::sync::Arc::clone(&client);
            tokio::spawn(async move {
                let body = json!({"username": "admin", "password": PASSWORD});
                loop {
                    let url = format!("{}/api/v1/login", client.base);
                    let answer = client.inner.post(url).json(&body).send().await.unwrap();
                    if answer.status() == reqwest::StatusCode::OK {
                        return;
                    }
                    // Fifty at once for one name from one address are too many: they come again.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            })
        })
        .collect();
    let mut times = Vec::new();
    while logins.iter().any(|login| !login.is_finished()) {
        let asked = Instant::now();
        let url = format!("{}/api/v1/tasks", client.base);
        let answer = client.inner.get(url).bearer_auth(token).send().await.unwrap();
        answer.error_for_status().unwrap().bytes().await.unwrap();
        times.push(asked.elapsed());
    }
    let took = began.elapsed().as_secs_f64();
    let most = percentile(&mut times, 99).as_secs_f64() * 1e3;
    println!(
        "{LOGINS} log-ins in {took:.2} s, {} reads meanwhile, {most:.1} ms at p99",
        times.len()
    );
    coordinator.abort();
    (most, took)
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let (admit_us, (read_ms, logins_s)) = runtime.block_on(async { (admission().await, reading().await) });
    println!("RESULT admit_p99_us={admit_us:.1} read_p99_ms={read_ms:.1} logins_s={logins_s:.2}");
    let missed = admit_us > ADMIT_US || read_ms > READ_MS;
    if missed && std::env::var("CHECK").is_ok_and(|check| check == "1") {
        println!("missed: at most {ADMIT_US} µs and {READ_MS} ms are allowed");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
