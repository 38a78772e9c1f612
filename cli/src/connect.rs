//! The connection to the coordinator: time-outs, the token on every call, and errors of the transport in words.

use crate::{
    error::CliError,
    session::{Bearer, Login, Tokens},
};
use ips_proto::v1::{
    self, audit_service_client::AuditServiceClient, auth_service_client::AuthServiceClient,
    channel_service_client::ChannelServiceClient, credential_service_client::CredentialServiceClient,
    library_service_client::LibraryServiceClient, limits_service_client::LimitsServiceClient,
    node_service_client::NodeServiceClient, policy_service_client::PolicyServiceClient,
    schedule_service_client::ScheduleServiceClient, system_service_client::SystemServiceClient,
    task_service_client::TaskServiceClient, tenant_service_client::TenantServiceClient,
    token_service_client::TokenServiceClient, user_service_client::UserServiceClient,
};
use std::{
    error::Error as _,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tonic::{
    Code, Request, Status,
    service::interceptor::InterceptedService,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Uri},
};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Longest wait for the answer of one call (a watch has none).
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// A coordinator whose machine vanished is noticed after two of these.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// A page of a thousand pulls with all their layers is larger than gRPC's default of 4 MiB.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Where machines keep the certificates that they trust.
const OF_THE_MACHINE: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// How the coordinator is trusted.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Certificates that its own is checked with, as PEM; those that the machine trusts where there is none.
    pub ca_file: Option<PathBuf>,
    /// Plain text may be spoken beyond loopback.
    pub allow_plain_text: bool,
}

/// A connection that carries the token on every call.
pub type Line = InterceptedService<Channel, Bearer>;

/// Where the coordinator is, and who calls.
#[derive(Debug, Clone)]
pub struct Server {
    address: String,
    endpoint: Endpoint,
    tokens: Tokens,
    tenant: Option<String>,
}

impl Server {
    /// Reads an address. Without a scheme it is `https://`, and `http://` on loopback unless certificates are given.
    pub fn parse(text: &str, tokens: Tokens, trust: &Trust) -> Result<Self, CliError> {
        let usage = |why: &str| CliError::Usage(format!("--server {text:?} {why}"));
        let no_address = "is not an address like https://ips.example:9443 or http://127.0.0.1:9443";
        let address = if text.contains("://") {
            text.to_owned()
        } else {
            let plain = trust.ca_file.is_none() && is_loopback(&format!("http://{text}"));
            format!("{}://{text}", if plain { "http" } else { "https" })
        };
        let endpoint = Endpoint::from_shared(address.clone()).map_err(|_invalid| usage(no_address))?;
        let endpoint = match endpoint.uri().scheme_str() {
            Some("https") => with_tls(endpoint, trust)?,
            Some("http") if trust.allow_plain_text || is_loopback(&address) => endpoint,
            Some("http") => {
                return Err(usage(
                    "would send passwords and tokens in plain text: use https://, or --allow-plain-text",
                ));
            }
            Some(_) | None => return Err(usage(no_address)),
        };
        let endpoint = endpoint
            .connect_timeout(CONNECT_LIMIT)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .user_agent(concat!("ips/", env!("CARGO_PKG_VERSION")))
            .map_err(|_invalid| usage("cannot be used"))?;
        Ok(Self {
            address,
            endpoint,
            tokens,
            tenant: None,
        })
    }

    /// The same, where lists are of one tenant.
    #[must_use]
    pub fn of_tenant(self, tenant: Option<String>) -> Self {
        Self { tenant, ..self }
    }

    /// Whose things are listed; empty for the caller's own.
    pub fn tenant(&self) -> String {
        self.tenant.clone().unwrap_or_default()
    }

    /// The service of tasks.
    pub async fn tasks(&self) -> Result<TaskServiceClient<Line>, CliError> {
        let client = TaskServiceClient::new(self.line().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// The service of limits.
    pub async fn limits(&self) -> Result<LimitsServiceClient<Line>, CliError> {
        Ok(LimitsServiceClient::new(self.line().await?))
    }

    /// The service of tenants.
    pub async fn tenants(&self) -> Result<TenantServiceClient<Line>, CliError> {
        Ok(TenantServiceClient::new(self.line().await?))
    }

    /// The service of nodes.
    pub async fn nodes(&self) -> Result<NodeServiceClient<Line>, CliError> {
        let client = NodeServiceClient::new(self.line().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// The service of schedules.
    pub async fn schedules(&self) -> Result<ScheduleServiceClient<Line>, CliError> {
        let client = ScheduleServiceClient::new(self.line().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// The service of policies.
    pub async fn policies(&self) -> Result<PolicyServiceClient<Line>, CliError> {
        let client = PolicyServiceClient::new(self.line().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// The service of credentials.
    pub async fn credentials(&self) -> Result<CredentialServiceClient<Line>, CliError> {
        Ok(CredentialServiceClient::new(self.line().await?))
    }

    /// The service of the audit.
    pub async fn audit(&self) -> Result<AuditServiceClient<Line>, CliError> {
        let client = AuditServiceClient::new(self.line().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// The service of channels.
    pub async fn channels(&self) -> Result<ChannelServiceClient<Line>, CliError> {
        let client = ChannelServiceClient::new(self.line().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// The service of the coordinator itself.
    pub async fn system(&self) -> Result<SystemServiceClient<Line>, CliError> {
        Ok(SystemServiceClient::new(self.line().await?))
    }

    /// The service of the library.
    pub async fn library(&self) -> Result<LibraryServiceClient<Line>, CliError> {
        let client = LibraryServiceClient::new(self.line().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// The service of one's own log-in.
    pub async fn auth(&self) -> Result<AuthServiceClient<Line>, CliError> {
        Ok(AuthServiceClient::new(self.line().await?))
    }

    /// The service of users.
    pub async fn users(&self) -> Result<UserServiceClient<Line>, CliError> {
        Ok(UserServiceClient::new(self.line().await?))
    }

    /// The service of the tokens of programs.
    pub async fn api_tokens(&self) -> Result<TokenServiceClient<Line>, CliError> {
        Ok(TokenServiceClient::new(self.line().await?))
    }

    /// The service of users with a token that is not kept.
    pub async fn users_with(&self, token: &str) -> Result<UserServiceClient<Line>, CliError> {
        let bearer = Bearer::new(Some(token))?;
        Ok(UserServiceClient::with_interceptor(self.channel().await?, bearer))
    }

    /// Logs in; nothing is kept.
    pub async fn log_in(&self, username: &str, password: &str) -> Result<v1::LoginResponse, CliError> {
        let request = v1::LoginRequest {
            username: username.to_owned(),
            password: password.to_owned(),
        };
        let mut client = AuthServiceClient::new(self.channel().await?);
        match client.login(call(request)).await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) if status.code() == Code::Unauthenticated => Err(CliError::WrongPassword),
            Err(status) => Err(self.error(status)),
        }
    }

    /// The service of log-ins, without a token.
    pub async fn log_ins(&self) -> Result<AuthServiceClient<Channel>, CliError> {
        Ok(AuthServiceClient::new(self.channel().await?))
    }

    /// Keeps a log-in at this server, or forgets it.
    pub fn keep(&self, login: Option<Login>) -> Result<(), CliError> {
        self.tokens.write(&self.address, login)
    }

    async fn line(&self) -> Result<Line, CliError> {
        let channel = self.channel().await?;
        let token = match &self.tokens.given {
            Some(token) => Some(token.clone()),
            None => self.kept_token(&channel).await?,
        };
        Ok(InterceptedService::new(channel, Bearer::new(token.as_deref())?))
    }

    /// The token of the log-in that is kept, refreshed where it ends soon.
    async fn kept_token(&self, channel: &Channel) -> Result<Option<String>, CliError> {
        let Some(login) = self.tokens.read(&self.address) else {
            return Ok(None);
        };
        if !login.ends_soon() {
            return Ok(Some(login.token));
        }
        let _alone = self.tokens.lock()?;
        // Somebody else may have refreshed it meanwhile.
        let Some(login) = self.tokens.read(&self.address) else {
            return Ok(None);
        };
        if !login.ends_soon() {
            return Ok(Some(login.token));
        }
        let request = v1::RefreshRequest {
            refresh_token: login.refresh_token,
        };
        match AuthServiceClient::new(channel.clone()).refresh(call(request)).await {
            Ok(answer) => {
                let login = Login::new(answer.into_inner());
                let token = login.token.clone();
                self.keep(Some(login))?;
                Ok(Some(token))
            }
            Err(status) if status.code() == Code::Unauthenticated => {
                self.keep(None)?;
                Ok(None)
            }
            Err(status) => Err(self.error(status)),
        }
    }

    async fn channel(&self) -> Result<Channel, CliError> {
        let unreachable = |error: tonic::transport::Error| CliError::Unreachable {
            server: self.address.clone(),
            why: innermost(&error),
        };
        self.endpoint.connect().await.map_err(unreachable)
    }

    /// A refusal of the coordinator, or the connection that broke under the call.
    pub fn error(&self, status: Status) -> CliError {
        if is_broken_connection(&status) {
            CliError::Unreachable {
                server: self.address.clone(),
                why: status.source().map_or_else(|| status.message().to_owned(), innermost),
            }
        } else {
            CliError::Refused(Box::new(status))
        }
    }
}

/// A request with a deadline that the coordinator sees too.
pub fn call<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL_LIMIT);
    request
}

/// Whether the status was made on this side because the connection broke: only those have a source.
pub fn is_broken_connection(status: &Status) -> bool {
    status.source().is_some()
}

fn with_tls(endpoint: Endpoint, trust: &Trust) -> Result<Endpoint, CliError> {
    let read =
        |path: &Path| fs::read(path).map_err(|error| CliError::Usage(format!("--ca-file {}: {error}", path.display())));
    let trusted = match &trust.ca_file {
        Some(path) => read(path)?,
        None => OF_THE_MACHINE
            .iter()
            .find_map(|path| fs::read(path).ok())
            .ok_or_else(|| {
                CliError::Usage("--ca-file must be given, because the machine has no file of certificates".into())
            })?,
    };
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(trusted));
    let named = |error: tonic::transport::Error| CliError::Usage(format!("--ca-file: {}", innermost(&error)));
    endpoint.tls_config(tls).map_err(named)
}

fn is_loopback(address: &str) -> bool {
    let uri: Option<Uri> = address.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Server, CliError> {
        parse_with(text, &Trust::default())
    }

    fn parse_with(text: &str, trust: &Trust) -> Result<Server, CliError> {
        let tokens = Tokens {
            given: None,
            file: None,
        };
        Server::parse(text, tokens, trust)
    }

    #[test]
    fn addresses_are_read_with_and_without_their_scheme() {
        assert!(parse("http://127.0.0.1:9443").is_ok());
        assert!(parse("127.0.0.1:9443").is_ok_and(|server| server.address == "http://127.0.0.1:9443"));
        for bad in ["ftp://a", "http://", "a b"] {
            assert!(matches!(parse(bad), Err(CliError::Usage(_))), "{bad}");
        }
    }

    #[test]
    fn passwords_cross_a_network_in_plain_text_only_where_that_is_allowed() {
        let refused = |text| matches!(parse(text), Err(CliError::Usage(why)) if why.contains("plain text"));
        assert!(refused("http://ips.example:9443") && refused("http://10.0.0.1:9443"));
        let allowed = Trust {
            allow_plain_text: true,
            ..Trust::default()
        };
        assert!(parse_with("http://10.0.0.1:9443", &allowed).is_ok());
        let missing = Trust {
            ca_file: Some("/nowhere/ca.pem".into()),
            ..Trust::default()
        };
        let why = parse_with("https://ips.example:9443", &missing)
            .err()
            .map(|error| error.to_string());
        assert!(why.is_some_and(|why| why.contains("/nowhere/ca.pem")));
    }
}
