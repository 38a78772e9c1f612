//! The connection to the coordinator: time-outs, and errors of the transport in words.

use crate::error::CliError;
use ips_proto::v1::{
    channel_service_client::ChannelServiceClient, credential_service_client::CredentialServiceClient,
    library_service_client::LibraryServiceClient, limits_service_client::LimitsServiceClient,
    node_service_client::NodeServiceClient, schedule_service_client::ScheduleServiceClient,
    task_service_client::TaskServiceClient,
};
use std::{error::Error as _, time::Duration};
use tonic::{
    Request, Status,
    transport::{Channel, Endpoint},
};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Longest wait for the answer of one call (a watch has none).
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// A coordinator whose machine vanished is noticed after two of these.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// A page of a thousand pulls with all their layers is larger than gRPC's default of 4 MiB.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Where the coordinator is.
#[derive(Debug, Clone)]
pub struct Server {
    address: String,
    endpoint: Endpoint,
}

impl Server {
    /// Reads an address; `http://` may be left out.
    pub fn parse(text: &str) -> Result<Self, CliError> {
        let address = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let usage = |why: &str| CliError::Usage(format!("--server {text:?} {why}"));
        if !address.starts_with("http://") {
            return Err(usage(
                "must begin with http:// (TLS comes with log-in, in a later version)",
            ));
        }
        let endpoint = Endpoint::from_shared(address.clone())
            .map_err(|_invalid| usage("is not an address like http://127.0.0.1:9443"))?;
        let endpoint = endpoint
            .connect_timeout(CONNECT_LIMIT)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .user_agent(concat!("ips/", env!("CARGO_PKG_VERSION")))
            .map_err(|_invalid| usage("cannot be used"))?;
        Ok(Self { address, endpoint })
    }

    /// The service of tasks.
    pub async fn tasks(&self) -> Result<TaskServiceClient<Channel>, CliError> {
        let client = TaskServiceClient::new(self.channel().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// The service of limits.
    pub async fn limits(&self) -> Result<LimitsServiceClient<Channel>, CliError> {
        Ok(LimitsServiceClient::new(self.channel().await?))
    }

    /// The service of nodes.
    pub async fn nodes(&self) -> Result<NodeServiceClient<Channel>, CliError> {
        let client = NodeServiceClient::new(self.channel().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// The service of schedules.
    pub async fn schedules(&self) -> Result<ScheduleServiceClient<Channel>, CliError> {
        let client = ScheduleServiceClient::new(self.channel().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// The service of credentials.
    pub async fn credentials(&self) -> Result<CredentialServiceClient<Channel>, CliError> {
        Ok(CredentialServiceClient::new(self.channel().await?))
    }

    /// The service of channels.
    pub async fn channels(&self) -> Result<ChannelServiceClient<Channel>, CliError> {
        let client = ChannelServiceClient::new(self.channel().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// The service of the library.
    pub async fn library(&self) -> Result<LibraryServiceClient<Channel>, CliError> {
        let client = LibraryServiceClient::new(self.channel().await?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
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

    #[test]
    fn addresses_are_read_with_and_without_their_scheme() {
        assert!(Server::parse("http://127.0.0.1:9443").is_ok());
        assert!(Server::parse("127.0.0.1:9443").is_ok_and(|server| server.address == "http://127.0.0.1:9443"));
        for bad in ["https://a:1", "ftp://a", "http://", "a b"] {
            assert!(matches!(Server::parse(bad), Err(CliError::Usage(_))), "{bad}");
        }
    }
}
