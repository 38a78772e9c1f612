//! One message in, one message out: how the door serves a call that is no session.

use super::incoming::PREFIX;
use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, Limited, StreamBody};
use prost::Message;
use std::time::Duration;
use tonic::{Status, body::Body};

/// Largest message in bytes.
const LARGEST: usize = 4096;
/// Longest time until the message is there.
const PATIENCE: Duration = Duration::from_secs(10);

/// The one message of a call.
pub(super) async fn read<M: Message + Default>(body: Body) -> Result<M, Status> {
    let collected = tokio::time::timeout(PATIENCE, Limited::new(body, LARGEST).collect()).await;
    let collected = collected.map_err(|_| Status::deadline_exceeded("no message within 10 s"))?;
    let bytes = collected
        .map_err(|_| Status::out_of_range(format!("the message cannot be read; allowed are {LARGEST} bytes")))?
        .to_bytes();
    let malformed = || Status::internal("there must be one message, and it must not be compressed");
    let (prefix, message) = bytes.split_first_chunk::<PREFIX>().ok_or_else(malformed)?;
    let [flag, length @ ..] = *prefix;
    if flag != 0 || u32::from_be_bytes(length) as usize != message.len() {
        return Err(malformed());
    }
    M::decode(message).map_err(|error| Status::internal(format!("the message cannot be read: {error}")))
}

/// The answer with its one message.
pub(super) fn answer(message: &impl Message) -> http::Response<Body> {
    let mut data = BytesMut::new();
    data.put_u8(0);
    // Far below the four gigabytes that the prefix can say.
    data.put_u32(message.encoded_len() as u32);
    data.put_slice(&message.encode_to_vec());
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]);
    let frames: [Result<Frame<Bytes>, Status>; 2] = [Ok(Frame::data(data.freeze())), Ok(Frame::trailers(trailers))];
    let mut answer = http::Response::new(Body::new(StreamBody::new(futures::stream::iter(frames))));
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    answer
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use ips_proto::v1::ProveRequest;

    fn body(bytes: Vec<u8>) -> Body {
        Body::new(http_body_util::Full::new(Bytes::from(bytes)))
    }

    #[tokio::test]
    async fn one_message_and_no_more_is_read() {
        let request = ProveRequest {
            node_name: "node-1".into(),
        };
        let whole = answer(&request).into_body().collect().await.unwrap();
        assert_eq!(whole.trailers().unwrap()["grpc-status"], "0");
        let bytes = whole.to_bytes().to_vec();
        assert_eq!(read::<ProveRequest>(body(bytes.clone())).await.unwrap(), request);
        let mut longer = bytes.clone();
        longer.push(0);
        let mut compressed = bytes.clone();
        compressed[0] = 1;
        for bad in [vec![], longer, compressed, bytes[..4].to_vec(), vec![0; 100_000]] {
            assert!(read::<ProveRequest>(body(bad)).await.is_err());
        }
    }
}
