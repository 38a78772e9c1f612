//! containerd's image events, as a stream of "something changed".

use super::Containerd;
use containerd_client::services::v1::{SubscribeRequest, events_client::EventsClient};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tonic::Request;

/// containerd sends no headers before the first event, so the call itself waits on a quiet node: it is made inside the
/// stream, and never awaited by anybody who has something else to do.
pub(super) fn images(containerd: &Containerd) -> BoxStream<'static, ()> {
    let filter = format!(r#"namespace=={},topic~="^/images/""#, containerd.namespace_name);
    let mut client = EventsClient::new(containerd.channel.clone());
    let request = Request::new(SubscribeRequest { filters: vec![filter] });
    let call = async move {
        match client.subscribe(request).await {
            Ok(answer) => answer
                .into_inner()
                .take_while(|item| std::future::ready(item.is_ok()))
                .map(|_| ())
                .boxed(),
            Err(status) => {
                tracing::debug!(error = %status, "no image events for now");
                stream::empty().boxed()
            }
        }
    };
    stream::once(call).flatten().boxed()
}
