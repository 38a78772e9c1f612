//! What an agent says, message by message, without a buffer while it is silent: ten thousand silent agents are the rule.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use ips_proto::v1::AgentMessage;
use prost::Message as _;
use tonic::{Status, body::Body};

/// Length of the prefix of a message: a flag and four bytes of length.
pub(super) const PREFIX: usize = 5;
/// Largest message in bytes.
const MAX_MESSAGE: usize = 4 << 20;

/// The agent's half of the stream.
pub(super) struct Incoming {
    body: Body,
    /// Bytes that have come and were not read.
    buffer: Vec<u8>,
    /// How much of the buffer was read.
    read: usize,
    /// Bytes of the last message.
    taken: usize,
}

impl Incoming {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body,
            buffer: Vec::new(),
            read: 0,
            taken: 0,
        }
    }

    /// Bytes of the message that was given out last.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// The next message, or nothing at the end of the stream. Safe to cancel. Boxed, so that whoever waits keeps no room for it.
    pub(super) async fn message(&mut self) -> Result<Option<Box<AgentMessage>>, Status> {
        loop {
            if let Some(message) = self.buffered()? {
                return Ok(Some(message));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.add(&data);
                    }
                }
                Some(Err(status)) => return Err(status),
                None if self.buffer.is_empty() => return Ok(None),
                None => return Err(Status::internal("the stream ended within a message")),
            }
        }
    }

    fn add(&mut self, data: &Bytes) {
        self.buffer.drain(..self.read);
        self.read = 0;
        self.buffer.extend_from_slice(data);
    }

    /// A message that has come as a whole.
    fn buffered(&mut self) -> Result<Option<Box<AgentMessage>>, Status> {
        let unread = self.buffer.get(self.read..).unwrap_or_default();
        let Some((prefix, rest)) = unread.split_first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let [flag, length @ ..] = *prefix;
        let length = u32::from_be_bytes(length) as usize;
        if flag != 0 {
            return Err(Status::unimplemented("messages must not be compressed"));
        }
        if length > MAX_MESSAGE {
            return Err(Status::out_of_range(format!(
                "a message has {length} bytes, allowed are {MAX_MESSAGE}"
            )));
        }
        let Some(bytes) = rest.get(..length) else {
            return Ok(None);
        };
        let message = AgentMessage::decode(bytes)
            .map_err(|error| Status::internal(format!("a message cannot be read: {error}")))?;
        self.taken = PREFIX + length;
        self.read += self.taken;
        if self.read == self.buffer.len() {
            (self.buffer, self.read) = (Vec::new(), 0);
        }
        Ok(Some(Box::new(message)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use futures::stream;
    use http_body_util::StreamBody;

    fn framed(sequence: u64) -> Vec<u8> {
        let message = AgentMessage { sequence, body: None }.encode_to_vec();
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        [&[0], length.as_slice(), message.as_slice()].concat()
    }

    fn incoming(chunks: Vec<Vec<u8>>) -> Incoming {
        let frames = chunks
            .into_iter()
            .map(|chunk| Ok::<_, Status>(http_body::Frame::data(Bytes::from(chunk))));
        Incoming::new(Body::new(StreamBody::new(stream::iter(frames))))
    }

    async fn sequences(chunks: Vec<Vec<u8>>) -> Vec<u64> {
        let mut incoming = incoming(chunks);
        let mut found = vec![];
        while let Some(message) = incoming.message().await.unwrap() {
            found.push(message.sequence);
        }
        assert_eq!(incoming.buffer.capacity(), 0, "a silent agent costs no buffer");
        found
    }

    #[tokio::test]
    async fn messages_are_found_wherever_the_stream_is_cut() {
        let whole = [framed(1), framed(300), framed(0)].concat();
        for cut in 0..whole.len() {
            let (head, tail) = whole.split_at(cut);
            assert_eq!(
                sequences(vec![head.to_vec(), tail.to_vec()]).await,
                [1, 300, 0],
                "{cut}"
            );
        }
        assert_eq!(
            sequences(whole.iter().map(|byte| vec![*byte]).collect()).await,
            [1, 300, 0]
        );
    }

    #[tokio::test]
    async fn what_no_agent_sends_ends_the_stream() {
        for (bytes, word) in [
            (vec![1, 0, 0, 0, 0], "compressed"),
            (vec![0, 255, 0, 0, 0], "allowed"),
            (vec![0, 0, 0, 0, 1, 255], "cannot be read"),
            (vec![0, 0, 0, 0, 9, 8], "within a message"),
        ] {
            let status = incoming(vec![bytes]).message().await.unwrap_err();
            assert!(status.message().contains(word), "{status:?}");
        }
    }
}
