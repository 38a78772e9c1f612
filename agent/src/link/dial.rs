//! Opens a channel to a coordinator and starts the stream.

use ips_proto::v1::{AgentMessage, CoordinatorMessage, agent_service_client::AgentServiceClient};
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming, transport::Endpoint};

/// Longest wait for the connection and for the coordinator's first words.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// HTTP/2 window: orders are small. In bytes.
const WINDOW: u32 = 64 << 10;
/// Messages that may wait for the network.
const QUEUE: usize = 64;

/// Both directions of an open stream.
pub(super) struct Stream {
    pub(super) outgoing: mpsc::Sender<AgentMessage>,
    pub(super) incoming: Streaming<CoordinatorMessage>,
}

/// Dials and opens the stream with `hello` as its first message.
pub(super) async fn open(address: &str, hello: AgentMessage) -> Result<Stream, Status> {
    super::address::check(address).map_err(|allowed| {
        Status::invalid_argument(format!("coordinator address {address:?}: allowed is {allowed}"))
    })?;
    let endpoint = Endpoint::from_shared(address.to_owned())
        .map_err(|error| Status::invalid_argument(error.to_string()))?
        .connect_timeout(PATIENCE)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let channel = endpoint
        .connect()
        .await
        .map_err(|error| Status::unavailable(cause(&error)))?;
    let (outgoing, queue) = mpsc::channel(QUEUE);
    outgoing
        .send(hello)
        .await
        .map_err(|_| Status::internal("the new stream is closed"))?;
    let mut client = AgentServiceClient::new(channel);
    let call = client.session(ReceiverStream::new(queue));
    let answer = timeout(PATIENCE, call)
        .await
        .map_err(|_| Status::unavailable("the coordinator does not answer"))??;
    Ok(Stream {
        outgoing,
        incoming: answer.into_inner(),
    })
}

/// The innermost cause: "Connection refused" says more than "transport error".
fn cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(inner) = deepest.source() {
        deepest = inner;
    }
    deepest.to_string()
}
