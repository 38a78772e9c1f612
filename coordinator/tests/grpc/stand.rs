//! A whole coordinator with its own database on free ports, and clients of both its doors.

use ips_coordinator::{
    config::Config,
    domain::limits::Limits,
    engine::{
        audit::AuditSettings, core::EngineSettings, courier::CourierSettings, retention::RetentionSettings,
        trigger::ScheduleSettings,
    },
    identity::{IdentitySettings, agents::BootstrapSettings},
    kubernetes::KubernetesSettings,
    notify::NotifySettings,
    registry::RegistrySettings,
    startup,
    store::DatabaseUrl,
    telemetry::LogFormat,
    tls::TlsSettings,
    vault::KeySettings,
};
use ips_proto::v1::{
    agent_service_client::AgentServiceClient, audit_service_client::AuditServiceClient,
    credential_service_client::CredentialServiceClient, library_service_client::LibraryServiceClient,
    node_service_client::NodeServiceClient, schedule_service_client::ScheduleServiceClient,
    task_service_client::TaskServiceClient,
};
use serde_json::Value;
use std::{path::Path, time::Duration};
use tonic::transport::Channel;

pub struct Stand {
    http: String,
    pub grpc: String,
    client: reqwest::Client,
    run: tokio::task::JoinHandle<anyhow::Result<()>>,
    folder: tempfile::TempDir,
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.run.abort();
    }
}

impl Stand {
    pub async fn start() -> Self {
        Self::with(IdentitySettings::off()).await
    }

    /// Everybody is asked who it is; the admin's first password is this one.
    pub async fn with_identity(first_password: &str) -> Self {
        Self::with(IdentitySettings {
            first_password: Some(first_password.into()),
            ..IdentitySettings::default()
        })
        .await
    }

    /// Everybody is asked who it is, and a cluster if one is given; agents come in with this token.
    pub async fn with_agents(bootstrap_token: &str, kubernetes: Option<KubernetesSettings>) -> Self {
        let identity = IdentitySettings {
            first_password: Some("the first password".into()),
            bootstrap: BootstrapSettings {
                file: None,
                inline: Some(bootstrap_token.into()),
            },
            ..IdentitySettings::default()
        };
        Self::with_cluster(identity, kubernetes).await
    }

    async fn with(identity: IdentitySettings) -> Self {
        Self::with_cluster(identity, None).await
    }

    async fn with_cluster(identity: IdentitySettings, kubernetes: Option<KubernetesSettings>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ready = folder.path().join("ready.json");
        let config = Config {
            identity,
            kubernetes,
            ..config(folder.path())
        };
        let run = tokio::spawn(startup::run(config));
        let addresses = wait_for(&ready).await;
        Self {
            http: format!("http://{}", addresses["http"].as_str().unwrap()),
            grpc: format!("http://{}", addresses["grpc"].as_str().unwrap()),
            client: reqwest::Client::builder()
                .no_proxy()
                .tls_certs_only([])
                .build()
                .unwrap(),
            run,
            folder,
        }
    }

    /// The folder of its database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub async fn channel(&self) -> Channel {
        Channel::from_shared(self.grpc.clone())
            .unwrap()
            .connect()
            .await
            .unwrap()
    }

    pub async fn tasks(&self) -> TaskServiceClient<Channel> {
        TaskServiceClient::new(self.channel().await)
    }

    pub async fn credentials(&self) -> CredentialServiceClient<Channel> {
        CredentialServiceClient::new(self.channel().await)
    }

    pub async fn library(&self) -> LibraryServiceClient<Channel> {
        LibraryServiceClient::new(self.channel().await)
    }

    pub async fn nodes(&self) -> NodeServiceClient<Channel> {
        NodeServiceClient::new(self.channel().await)
    }

    pub async fn schedules(&self) -> ScheduleServiceClient<Channel> {
        ScheduleServiceClient::new(self.channel().await)
    }

    pub async fn audit(&self) -> AuditServiceClient<Channel> {
        AuditServiceClient::new(self.channel().await)
    }

    pub async fn agents(&self) -> AgentServiceClient<Channel> {
        AgentServiceClient::new(self.channel().await)
    }

    /// Asks REST; answers the status and the body.
    pub async fn rest(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        self.rest_as("", method, path, body).await
    }

    /// The same as whoever has this token.
    pub async fn rest_as(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.http));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let (status, body) = (response.status().as_u16(), response.text().await.unwrap());
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&body).unwrap()
        };
        (status, body)
    }
}

fn config(folder: &Path) -> Config {
    let free = "127.0.0.1:0".parse().unwrap();
    Config {
        traces: None,
        metrics_image_status: false,
        http_address: free,
        grpc_address: free,
        metrics_address: free,
        database: DatabaseUrl::new(format!("sqlite:{}", folder.join("ips.db").display())),
        engine: EngineSettings {
            limits: Limits::default(),
            session_grace_ms: 30_000,
            node_lost_after_ms: 900_000,
        },
        schedules: ScheduleSettings::default(),
        retention: RetentionSettings::default(),
        heartbeat_interval: Duration::from_secs(10),
        registry: RegistrySettings::default(),
        notify: NotifySettings::default(),
        courier: CourierSettings::default(),
        audit: AuditSettings::default(),
        keys: KeySettings {
            generated: Some(folder.join("ips.db.key")),
            ..KeySettings::default()
        },
        identity: IdentitySettings::off(),
        trusted_proxies: vec![],
        kubernetes: None,
        startup_taint: None,
        tls: TlsSettings::default(),
        replica: None,
        log: "warn".into(),
        log_format: LogFormat::Text,
        ready_file: Some(folder.join("ready.json")),
        instead: None,
    }
}

async fn wait_for(ready: &Path) -> Value {
    for _ in 0..500 {
        if let Ok(text) = std::fs::read_to_string(ready) {
            return serde_json::from_str(&text).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the coordinator did not start");
}
