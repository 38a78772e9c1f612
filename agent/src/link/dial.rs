//! Opens a channel to a coordinator and starts the stream.

use super::{address, proof::Shown};
use ips_proto::v1::{AgentMessage, CoordinatorMessage, agent_service_client::AgentServiceClient};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Status, Streaming,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

/// Longest wait for the connection and for the coordinator's first words.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// HTTP/2 window: orders are small. In bytes.
const WINDOW: u32 = 64 << 10;
/// Messages that may wait for the network.
const QUEUE: usize = 64;
/// Where machines keep the certificates that they trust.
const OF_THE_MACHINE: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// How a coordinator is dialled.
#[derive(Debug, Clone, Default)]
pub struct Dialling {
    /// Its address as URL.
    pub address: String,
    /// Certificates that are trusted, as PEM; read at each dial. Without it, those that the machine trusts.
    pub ca_file: Option<PathBuf>,
    /// Plain text may be spoken beyond loopback, too.
    pub allow_plain_text: bool,
}

/// Both directions of an open stream.
pub(super) struct Stream {
    pub(super) outgoing: mpsc::Sender<AgentMessage>,
    pub(super) incoming: Streaming<CoordinatorMessage>,
}

/// Connects to an address, which may be another one than that of the settings.
pub(super) async fn connect(dialling: &Dialling, address: &str) -> Result<Channel, Status> {
    address::check(address, dialling.allow_plain_text).map_err(|allowed| {
        Status::invalid_argument(format!("coordinator address {address:?}: allowed is {allowed}"))
    })?;
    let mut endpoint = Endpoint::from_shared(address.to_owned())
        .map_err(|error| Status::invalid_argument(error.to_string()))?
        .connect_timeout(PATIENCE)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    if address::is_tls(address) {
        let trusted = trusted(dialling.ca_file.as_deref()).map_err(Status::unavailable)?;
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(trusted));
        endpoint = endpoint
            .tls_config(tls)
            .map_err(|error| Status::unavailable(format!("--ca-file (IPS_CA_FILE): {}", cause(&error))))?;
    }
    timeout(PATIENCE, endpoint.connect())
        .await
        .map_err(|_| Status::unavailable("the connection takes too long"))?
        .map_err(|error| Status::unavailable(cause(&error)))
}

/// Opens the stream with `hello` as its first message, showing who the agent is.
pub(super) async fn open(channel: Channel, shown: &Shown, hello: AgentMessage) -> Result<Stream, Status> {
    let (outgoing, queue) = mpsc::channel(QUEUE);
    outgoing
        .send(hello)
        .await
        .map_err(|_| Status::internal("the new stream is closed"))?;
    let mut client = AgentServiceClient::new(channel);
    let mut request = Request::new(ReceiverStream::new(queue));
    shown.put_on(request.metadata_mut());
    let answer = timeout(PATIENCE, client.session(request))
        .await
        .map_err(|_| Status::unavailable("the coordinator does not answer"))??;
    Ok(Stream {
        outgoing,
        incoming: answer.into_inner(),
    })
}

/// The certificates that are trusted, as PEM.
fn trusted(file: Option<&Path>) -> Result<Vec<u8>, String> {
    if let Some(path) = file {
        return fs::read(path).map_err(|error| format!("--ca-file (IPS_CA_FILE): {path:?} cannot be read: {error}"));
    }
    let known = OF_THE_MACHINE.iter().find_map(|path| fs::read(path).ok());
    known
        .ok_or_else(|| "--ca-file (IPS_CA_FILE): must be given, because the machine has no file of certificates".into())
}

/// The innermost cause: "Connection refused" says more than "transport error".
fn cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(inner) = deepest.source() {
        deepest = inner;
    }
    deepest.to_string()
}
