//! Every setting: its flag, its environment names, default and unit. Checked once, before anything starts; what is wrong is said in
//! one line that names the setting, the value and what is allowed.

mod agents;
mod db;
mod identity;
mod keys;
mod notify;
mod oidc;
mod registry;
mod replica;
mod startup_taint;
mod tls;
mod traces;

use crate::{
    domain::{
        limits::{DEFAULT_CLUSTER_PULLS, Limits},
        reach::Network,
        startup_taint::StartupTaint,
    },
    engine::{
        audit::AuditSettings, core::EngineSettings, courier::CourierSettings, retention::RetentionSettings,
        trigger::ScheduleSettings,
    },
    identity::IdentitySettings,
    kubernetes::KubernetesSettings,
    maintenance,
    notify::NotifySettings,
    registry::RegistrySettings,
    store::DatabaseUrl,
    telemetry::LogFormat,
    tls::TlsSettings,
    vault::KeySettings,
};
use agents::AgentArguments;
use clap::{Parser, ValueEnum};
use identity::IdentityArguments;
use keys::KeyArguments;
use notify::NotifyArguments;
use oidc::OidcArguments;
use registry::RegistryArguments;
use replica::ReplicaArguments;
use startup_taint::TaintArguments;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tls::{Addresses, TlsArguments};
use traces::TraceArguments;

pub use replica::ReplicaSettings;

/// Decides which node pulls which image and when; serves REST, gRPC and the console.
#[derive(Debug, Parser)]
#[command(name = "ips-coordinator", version, about)]
struct Arguments {
    /// Address of REST, events and the console. A loopback address while identity is off.
    #[arg(long, env = "IPS_HTTP_ADDRESS", value_name = "ADDRESS:PORT")]
    http_address: Option<String>,
    /// Port of REST on 127.0.0.1, as the original IPS names it; --http-address wins.
    #[arg(long, env = "SERVER_PORT", value_name = "PORT", hide = true)]
    server_port: Option<String>,
    /// Address of gRPC for agents and clients. A loopback address while identity is off.
    #[arg(
        long,
        env = "IPS_GRPC_ADDRESS",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:9443"
    )]
    grpc_address: String,
    /// Address of probes and metrics. A loopback address while identity is off.
    #[arg(
        long,
        env = "IPS_METRICS_ADDRESS",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:9090"
    )]
    metrics_address: String,
    /// Database as URL: sqlite:PATH, postgres://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME; a password is better
    /// given in the environment.
    #[arg(
        long,
        env = "IPS_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        global = true
    )]
    database: Option<String>,
    /// Path of the SQLite file, as the original IPS names it; --database wins.
    #[arg(long, env = "SQLITE_DB_PATH", value_name = "PATH", hide = true, global = true)]
    sqlite_db_path: Option<String>,
    /// Pulls that may run at the same time in the whole cluster, 1 to 100000.
    #[arg(long, env = "IPS_MAX_CONCURRENT_PULLS", value_name = "N", default_value_t = i64::from(DEFAULT_CLUSTER_PULLS))]
    max_concurrent_pulls: i64,
    /// How long an agent may be gone before its pulls are queued again (500ms to 1h).
    #[arg(long, env = "IPS_SESSION_GRACE", value_name = "DURATION", default_value = "30s")]
    session_grace: String,
    /// How long an agent may be gone before its pulls are skipped (1s to 7d; longer than the grace time).
    #[arg(long, env = "IPS_NODE_LOST_AFTER", value_name = "DURATION", default_value = "15m")]
    node_lost_after: String,
    /// How long tasks are kept after their end (1s to 3650d); 0 means for ever.
    #[arg(long, env = "IPS_TASK_RETENTION_AGE", value_name = "DURATION", default_value = "30d")]
    task_retention_age: String,
    /// How many ended tasks are kept, the newest (1 to 1000000); 0 means all.
    #[arg(long, env = "IPS_TASK_RETENTION_COUNT", value_name = "N", default_value_t = 0)]
    task_retention_count: i64,
    /// Pause between two heartbeats of an agent (100ms to 5m).
    #[arg(long, env = "IPS_HEARTBEAT_INTERVAL", value_name = "DURATION", default_value = "10s")]
    heartbeat_interval: String,
    /// How late a run of a scheduled task may start; later ones count as missed (1s to 1d).
    #[arg(long, env = "IPS_MISSED_RUN_AFTER", value_name = "DURATION", default_value = "1m")]
    missed_run_after: String,
    /// How long the history of scheduled tasks is kept (1h to 3650d).
    #[arg(
        long,
        env = "IPS_EXECUTIONS_KEEP_FOR",
        value_name = "DURATION",
        default_value = "90d"
    )]
    executions_keep_for: String,
    /// Ended executions that each scheduled task keeps, 1 to 1000000.
    #[arg(long, env = "IPS_EXECUTIONS_KEEP", value_name = "N", default_value_t = 1000)]
    executions_keep: i64,
    #[command(flatten)]
    registry: RegistryArguments,
    #[command(flatten)]
    keys: KeyArguments,
    #[command(flatten)]
    notify: NotifyArguments,
    #[command(flatten)]
    identity: IdentityArguments,
    #[command(flatten)]
    traces: TraceArguments,
    #[command(flatten)]
    oidc: OidcArguments,
    /// Networks of proxies whose word on where a request comes from (Forwarded, X-Forwarded-For) is believed, as ADDRESS[/PREFIX];
    /// repeat it or separate them by commas.
    #[arg(long, env = "IPS_TRUSTED_PROXIES", value_name = "NETWORK", value_delimiter = ',')]
    trusted_proxies: Vec<String>,
    #[command(flatten)]
    agents: AgentArguments,
    #[command(flatten)]
    startup_taint: TaintArguments,
    #[command(flatten)]
    tls: TlsArguments,
    #[command(flatten)]
    replica: ReplicaArguments,
    /// Publish ips_image_prewarm_status, one series for each node, image and status. Its number has no bound.
    #[arg(long, env = "IPS_METRICS_IMAGE_STATUS")]
    metrics_image_status: bool,
    /// What to log: error, warn, info, debug or trace, or a list of target=level.
    #[arg(long, env = "IPS_LOG", value_name = "FILTER", default_value = "info")]
    log: String,
    /// What log lines look like.
    #[arg(long, env = "IPS_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: Format,
    /// File that is written with the bound addresses as JSON once everything is served.
    #[arg(long, env = "IPS_READY_FILE", value_name = "PATH")]
    ready_file: Option<PathBuf>,
    /// Instead of serving.
    #[command(subcommand)]
    instead: Option<db::Instead>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Text,
}

/// The settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// REST, events, console.
    pub http_address: SocketAddr,
    /// gRPC.
    pub grpc_address: SocketAddr,
    /// Probes and metrics.
    pub metrics_address: SocketAddr,
    /// Database URL.
    pub database: DatabaseUrl,
    /// Limits and times of the engine.
    pub engine: EngineSettings,
    /// How scheduled tasks are served.
    pub schedules: ScheduleSettings,
    /// How long ended tasks are kept.
    pub retention: RetentionSettings,
    /// Pause between heartbeats.
    pub heartbeat_interval: Duration,
    /// How registries are asked.
    pub registry: RegistrySettings,
    /// Keys that encrypt stored passwords.
    pub keys: KeySettings,
    /// Where notifications may go.
    pub notify: NotifySettings,
    /// How the log of notifications is kept.
    pub courier: CourierSettings,
    /// How the audit is kept.
    pub audit: AuditSettings,
    /// Who is asked who it is.
    pub identity: IdentitySettings,
    /// Where traces go; nowhere by default.
    pub traces: Option<ips_traces::Settings>,
    /// Proxies that are believed about where a request comes from.
    pub trusted_proxies: Vec<Network>,
    /// Which cluster is asked who somebody is, if one is.
    pub kubernetes: Option<KubernetesSettings>,
    /// The taint that is taken off nodes when they are warm, if there is one.
    pub startup_taint: Option<StartupTaint>,
    /// Which ports speak TLS, and with what.
    pub tls: TlsSettings,
    /// Where other replicas reach this one; none where there are none.
    pub replica: Option<ReplicaSettings>,
    /// Publish the metric whose labels have no bounds.
    pub metrics_image_status: bool,
    /// Log filter.
    pub log: String,
    /// Look of log lines.
    pub log_format: LogFormat,
    /// File that announces the bound addresses.
    pub ready_file: Option<PathBuf>,
    /// What to do with the database instead of serving.
    pub instead: Option<maintenance::Command>,
}

/// A setting that is not allowed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{setting}: {value:?} {rule}")]
pub struct ConfigError {
    setting: &'static str,
    value: String,
    rule: String,
}

impl ConfigError {
    fn new(setting: &'static str, value: impl ToString, rule: impl Into<String>) -> Self {
        Self {
            setting,
            value: value.to_string(),
            rule: rule.into(),
        }
    }
}

impl Config {
    /// Reads command line and environment. Prints help or a usage error and exits where those are asked for or due.
    ///
    /// # Errors
    /// The first setting that is not allowed.
    pub fn from_process() -> Result<Self, ConfigError> {
        Self::check(Arguments::parse())
    }

    // Every argument is named here, so that one that is not used does not compile.
    fn check(arguments: Arguments) -> Result<Self, ConfigError> {
        let Arguments {
            http_address,
            server_port,
            grpc_address,
            metrics_address,
            database,
            sqlite_db_path,
            max_concurrent_pulls,
            session_grace,
            node_lost_after,
            task_retention_age,
            task_retention_count,
            heartbeat_interval,
            missed_run_after,
            executions_keep_for,
            executions_keep,
            registry,
            keys,
            notify,
            identity,
            traces,
            oidc,
            trusted_proxies,
            agents,
            startup_taint,
            tls,
            replica,
            metrics_image_status,
            log,
            log_format,
            ready_file,
            instead,
        } = arguments;
        let http = http_address.unwrap_or_else(|| format!("127.0.0.1:{}", server_port.as_deref().unwrap_or("8080")));
        let database = DatabaseUrl::new(
            database
                .or_else(|| sqlite_db_path.map(|path| format!("sqlite:{path}")))
                .unwrap_or_else(|| "sqlite:ips.db".into()),
        );
        let (notify, courier, audit) = notify.check()?;
        let mut identity = identity.check()?;
        identity.sso = oidc.check()?;
        let (bootstrap, kubernetes) = agents.check()?;
        identity.bootstrap = bootstrap;
        let open = (!identity.enabled).then_some(WITHOUT_IDENTITY);
        let addresses = Addresses {
            http: address("--http-address", &http, open)?,
            grpc: address("--grpc-address", &grpc_address, open)?,
            metrics: address("--metrics-address", &metrics_address, open)?,
        };
        let keys = keys.check(database.file())?;
        // What is done instead of serving has no replicas.
        let replica = match &instead {
            Some(_) => None,
            None => replica.check(&database, &keys, open)?,
        };
        Ok(Self {
            http_address: addresses.http,
            grpc_address: addresses.grpc,
            metrics_address: addresses.metrics,
            tls: tls.check(addresses)?,
            identity,
            startup_taint: startup_taint.check(kubernetes.is_some())?,
            kubernetes,
            keys,
            replica,
            database,
            engine: engine(max_concurrent_pulls, &session_grace, &node_lost_after)?,
            schedules: schedules(&missed_run_after, &executions_keep_for, executions_keep)?,
            retention: retention(&task_retention_age, task_retention_count)?,
            heartbeat_interval: duration(
                "--heartbeat-interval",
                &heartbeat_interval,
                Duration::from_millis(100),
                Duration::from_secs(300),
            )?,
            registry: registry.check()?,
            notify,
            courier,
            audit,
            traces: traces.check()?,
            trusted_proxies: notify::networks("--trusted-proxies", &trusted_proxies)?,
            metrics_image_status,
            log,
            log_format: match log_format {
                Format::Json => LogFormat::Json,
                Format::Text => LogFormat::Text,
            },
            ready_file,
            instead: instead.map(Into::into),
        })
    }
}

const HOUR: Duration = Duration::from_secs(3600);

const WITHOUT_IDENTITY: &str =
    "is not a loopback address; with --identity off the coordinator listens on 127.0.0.0/8 or [::1] only";

/// An address; on loopback only where there is a reason for that.
fn address(setting: &'static str, value: &str, loopback_only: Option<&str>) -> Result<SocketAddr, ConfigError> {
    let address: SocketAddr = value.parse().map_err(|_| {
        ConfigError::new(
            setting,
            value,
            "is not an address with a port, for example 127.0.0.1:8080",
        )
    })?;
    match loopback_only.filter(|_| !address.ip().is_loopback()) {
        Some(rule) => Err(ConfigError::new(setting, value, rule)),
        None => Ok(address),
    }
}

fn engine(most_pulls: i64, grace: &str, lost: &str) -> Result<EngineSettings, ConfigError> {
    let until_grace = duration("--session-grace", grace, Duration::from_millis(500), HOUR)?;
    let until_lost = duration("--node-lost-after", lost, Duration::from_secs(1), 7 * 24 * HOUR)?;
    if until_lost <= until_grace {
        return Err(ConfigError::new(
            "--node-lost-after",
            lost,
            "must be longer than --session-grace",
        ));
    }
    Ok(EngineSettings {
        limits: Limits {
            cluster_pulls: pulls(most_pulls)?,
            ..Limits::default()
        },
        session_grace_ms: until_grace.as_millis() as i64,
        node_lost_after_ms: until_lost.as_millis() as i64,
    })
}

fn schedules(late: &str, keep_for: &str, keep: i64) -> Result<ScheduleSettings, ConfigError> {
    let millis = |setting, value, low, high| duration(setting, value, low, high).map(|it| it.as_millis() as i64);
    let second = Duration::from_secs(1);
    let refusal = || ConfigError::new("--executions-keep", keep, "is out of range, allowed are 1 to 1000000");
    Ok(ScheduleSettings {
        late_ms: millis("--missed-run-after", late, second, 24 * HOUR)?,
        keep_ms: millis("--executions-keep-for", keep_for, HOUR, 3650 * 24 * HOUR)?,
        keep_count: u32::try_from(keep)
            .ok()
            .filter(|keep| (1..=1_000_000).contains(keep))
            .ok_or_else(refusal)?,
    })
}

fn pulls(value: i64) -> Result<u32, ConfigError> {
    u32::try_from(value)
        .ok()
        .filter(|pulls| (1..=100_000).contains(pulls))
        .ok_or_else(|| {
            ConfigError::new(
                "--max-concurrent-pulls",
                value,
                "is out of range, allowed are 1 to 100000",
            )
        })
}

fn retention(age: &str, count: i64) -> Result<RetentionSettings, ConfigError> {
    const LONGEST: Duration = Duration::from_secs(3650 * 86_400);
    let age_ms = match age {
        "0" => 0,
        age => duration("--task-retention-age", age, Duration::from_secs(1), LONGEST)?.as_millis() as i64,
    };
    let in_bounds = u32::try_from(count).ok().filter(|count| *count <= 1_000_000);
    let count = in_bounds.ok_or_else(|| {
        ConfigError::new(
            "--task-retention-count",
            count,
            "is out of range, allowed are 0 (all) to 1000000",
        )
    })?;
    Ok(RetentionSettings { age_ms, count })
}

fn duration(setting: &'static str, value: &str, low: Duration, high: Duration) -> Result<Duration, ConfigError> {
    let parsed = parse_duration(value).ok_or_else(|| {
        ConfigError::new(
            setting,
            value,
            "is not a duration; write a number and ms, s, m, h or d, for example 30s",
        )
    })?;
    if (low..=high).contains(&parsed) {
        return Ok(parsed);
    }
    let rule = format!(
        "is out of range, allowed are {} s to {} s",
        low.as_secs_f64(),
        high.as_secs()
    );
    Err(ConfigError::new(setting, value, rule))
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let unit_ms = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit_ms).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn check(arguments: &[&str]) -> Result<Config, ConfigError> {
        let all = std::iter::once("ips-coordinator").chain(arguments.iter().copied());
        Config::check(Arguments::try_parse_from(all).unwrap())
    }

    #[test]
    fn defaults_are_those_of_the_documents() {
        let config = check(&[]).unwrap();
        assert_eq!(config.http_address.to_string(), "127.0.0.1:8080");
        assert_eq!(config.grpc_address.to_string(), "127.0.0.1:9443");
        assert_eq!(config.metrics_address.to_string(), "127.0.0.1:9090");
        assert_eq!(
            (config.engine.limits.cluster_pulls, config.engine.session_grace_ms),
            (50, 30_000)
        );
        assert_eq!(config.database.to_string(), "sqlite:ips.db");
        assert_eq!(config.schedules, ScheduleSettings::default());
        assert_eq!((config.retention.age_ms, config.retention.count), (30 * 86_400_000, 0));
    }

    #[test]
    fn a_startup_taint_is_a_key_and_needs_a_cluster() {
        assert_eq!(check(&[]).unwrap().startup_taint, None);
        let refused = |arguments: &[&str]| check(arguments).unwrap_err().to_string();
        let alone = refused(&["--startup-taint", "ips.dev/cold"]);
        assert!(alone.contains("needs --kubernetes on"), "{alone}");
        let bad = refused(&["--kubernetes", "on", "--startup-taint", "a b"]);
        assert!(bad.starts_with("--startup-taint: \"a b\""), "{bad}");
        let long = refused(&["--startup-taint-limit", "2d"]);
        assert!(long.starts_with("--startup-taint-limit"), "{long}");
        let given = [
            "--kubernetes",
            "on",
            "--startup-taint",
            "ips.dev/cold",
            "--startup-taint-limit",
            "1m",
        ];
        let taint = check(&given).unwrap().startup_taint.unwrap();
        assert_eq!((taint.key.as_str(), taint.limit_ms), ("ips.dev/cold", 60_000));
    }

    #[test]
    fn ended_tasks_can_be_kept_for_ever() {
        let config = check(&["--task-retention-age", "0", "--task-retention-count", "7"]).unwrap();
        assert_eq!((config.retention.age_ms, config.retention.count), (0, 7));
    }

    #[test]
    fn names_of_the_original_are_honoured_and_ours_win() {
        assert_eq!(check(&["--server-port", "81"]).unwrap().http_address.port(), 81);
        assert_eq!(
            check(&["--server-port", "81", "--http-address", "[::1]:82"])
                .unwrap()
                .http_address
                .port(),
            82
        );
        assert_eq!(
            check(&["--sqlite-db-path", "/x"]).unwrap().database.to_string(),
            "sqlite:/x"
        );
    }

    #[test]
    fn a_proxy_that_is_none_is_refused_without_its_password() {
        let line = check(&["--registry-proxy", "socks5://u:canary@p:1"])
            .unwrap_err()
            .to_string();
        assert!(
            line.starts_with("--registry-proxy: ") && !line.contains("canary"),
            "{line}"
        );
        let config = check(&["--registry-proxy", "http://u:canary@p:1"]).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
    }

    #[test]
    fn a_key_is_made_beside_a_sqlite_file_and_nowhere_else() {
        let generated = |url| check(&["--database", url]).unwrap().keys.generated;
        assert_eq!(generated("sqlite:/var/ips.db"), Some("/var/ips.db.key".into()));
        assert_eq!(generated("postgres://ips@db/ips"), None);
        let rotate = ["credentials", "rotate", "--new-key", "--database", "sqlite:x.db"];
        let rotate = check(&rotate).unwrap().instead;
        assert_eq!(rotate, Some(maintenance::Command::Rotate { new_key: true }));
    }

    #[test]
    fn the_database_may_be_named_before_or_behind_the_command() {
        let file = PathBuf::from("x.jsonl");
        for line in [
            ["--database", "sqlite:/x", "db", "export", "x.jsonl"],
            ["db", "export", "--database", "sqlite:/x", "x.jsonl"],
        ] {
            let config = check(&line).unwrap();
            assert_eq!(config.instead, Some(maintenance::Command::Export(file.clone())));
            assert_eq!(config.database.to_string(), "sqlite:/x");
        }
        assert_eq!(check(&[]).unwrap().instead, None);
    }

    #[test]
    fn everybody_is_asked_unless_somebody_says_otherwise() {
        assert!(check(&[]).unwrap().identity.enabled);
        assert!(check(&["--http-address", "0.0.0.0:8080"]).unwrap().tls.http);
        assert!(check(&["--grpc-address", "0.0.0.0:9443"]).unwrap().tls.grpc);
        for setting in ["--http-address", "--grpc-address", "--metrics-address"] {
            let line = check(&["--identity", "off", setting, "0.0.0.0:8080"]).unwrap_err();
            assert!(line.to_string().contains("loopback"), "{line}");
        }
        assert!(!check(&["--identity", "off"]).unwrap().identity.enabled);
    }

    #[test]
    fn the_log_in_provider_needs_to_know_where_people_are_and_who_gets_in() {
        let issuer = ["--oidc-issuer", "https://id.example.com/realm"];
        let public = ["--public-url", "https://ips.example.com/"];
        let role = ["--oidc-role", "cn=ops,dc=corp=system-admin;dev=operator"];
        let settings = check(&[issuer, public, role].concat()).unwrap().identity.sso.unwrap();
        assert_eq!(
            settings.provider.redirect_url,
            "https://ips.example.com/auth/oidc/callback"
        );
        assert_eq!(settings.roles.groups.len(), 2);
        assert!(check(&public).unwrap().identity.sso.is_none());
        for (arguments, word) in [
            ([issuer, role].concat(), "--public-url"),
            ([issuer, public].concat(), "--oidc-role"),
            ([issuer, public, ["--oidc-role", "dev=root"]].concat(), "root"),
            (
                [issuer, public, ["--oidc-default-role", "all"]].concat(),
                "--oidc-default-role",
            ),
            (
                [issuer, role, ["--public-url", "http://ips.example.com"]].concat(),
                "https",
            ),
            (
                [issuer, role, ["--public-url", "https://ips.example.com/?a=b"]].concat(),
                "query",
            ),
            (
                [issuer, role, public, ["--oidc-login-lifetime", "1m"]].concat(),
                "out of range",
            ),
            (
                [issuer, role, public, ["--oidc-ca", "/nowhere/ca.pem"]].concat(),
                "cannot be read",
            ),
        ] {
            let line = check(&arguments).unwrap_err().to_string();
            assert!(line.contains(word) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn a_wrong_value_is_named_with_what_is_allowed() {
        for (setting, value, word) in [
            ("--grpc-address", "10.0.0.1", "address with a port"),
            ("--tls-cert-file", "/x", "--tls-key-file"),
            ("--tls-names", "a b", "DNS name"),
            ("--metrics-address", "localhost", "address with a port"),
            ("--server-port", "99999", "address with a port"),
            ("--max-concurrent-pulls", "0", "1 to 100000"),
            ("--session-grace", "30", "duration"),
            ("--session-grace", "2h", "out of range"),
            ("--node-lost-after", "10s", "longer than"),
            ("--heartbeat-interval", "1ms", "out of range"),
            ("--token-lifetime", "59s", "out of range"),
            ("--login-lifetime", "366d", "out of range"),
            ("--admin-password-file", "/nowhere/password", "cannot be read"),
            ("--oidc-issuer", "http://id.example.com", "https://"),
            ("--trusted-proxies", "proxy.corp", "ADDRESS/PREFIX"),
            ("--missed-run-after", "999ms", "out of range"),
            ("--missed-run-after", "25h", "out of range"),
            ("--executions-keep-for", "59m", "out of range"),
            ("--executions-keep-for", "3651d", "out of range"),
            ("--executions-keep", "0", "1 to 1000000"),
            ("--executions-keep", "1000001", "1 to 1000000"),
            ("--registry-mirror", "docker.io", "REGISTRY=MIRROR"),
            ("--registry-mirror", "m.corp=m.corp", "its own mirror"),
            ("--registry-ca", "/nowhere/ca.pem", "cannot be read"),
            ("--registry-token-host", "registry.corp", "REGISTRY=HOST"),
            ("--notify-allow", "10.0.0.0/33", "ADDRESS/PREFIX"),
            ("--notify-deny", "pods", "ADDRESS/PREFIX"),
            ("--notify-ca", "/nowhere/ca.pem", "cannot be read"),
            ("--deliveries-keep-for", "59m", "out of range"),
            ("--audit-keep-for", "23h", "out of range"),
            ("--task-retention-age", "10ms", "out of range"),
            ("--otlp-endpoint", "collector:4317", "http://collector:4317"),
            ("--trace-sample", "1.1", "0 to 1"),
            ("--trace-sample", "NaN", "0 to 1"),
            ("--task-retention-age", "30", "duration"),
            ("--task-retention-age", "3651d", "out of range"),
            ("--task-retention-count", "1000001", "0 (all) to 1000000"),
        ] {
            let line = check(&[setting, value]).unwrap_err().to_string();
            assert!(
                line.contains(value) && line.contains(word) && !line.contains('\n'),
                "{line}"
            );
        }
    }
}
