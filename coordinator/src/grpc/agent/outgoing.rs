//! What an agent is told, as the body of the answer: the welcome, then orders as they come, then how the session ended. Orders that
//! wait go out together, acknowledgements among them as one message.

use super::{AgentSettings, incoming::PREFIX, outbound};
use crate::{domain::ids::PullId, engine::core::SessionGrant, fleet::messages::Order};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures::{Stream, channel::mpsc};
use http::HeaderMap;
use http_body::Frame;
use ips_proto::v1::CoordinatorMessage;
use prost::Message as _;
use tokio::sync::oneshot;
use tonic::Status;

/// Bytes after which no more orders are added to a frame.
const FULL_FRAME: usize = 8 << 10;

/// A session that was opened.
pub(super) struct Opened {
    pub(super) grant: SessionGrant,
    pub(super) orders: mpsc::Receiver<Box<Order>>,
}

/// The coordinator's half of the stream.
pub(super) struct Outgoing {
    settings: AgentSettings,
    /// The session, once it is open; `None` after that.
    opened: Option<oneshot::Receiver<Opened>>,
    session: Option<(u64, mpsc::Receiver<Box<Order>>)>,
    /// A newer session took over.
    superseded: bool,
    /// How the session ended; the other half knows.
    ended: oneshot::Receiver<Result<(), Status>>,
    /// Dropped with this half, which the other half notices.
    _alive: oneshot::Sender<()>,
}

impl Outgoing {
    pub(super) fn new(
        settings: AgentSettings,
        opened: oneshot::Receiver<Opened>,
        ended: oneshot::Receiver<Result<(), Status>>,
        alive: oneshot::Sender<()>,
    ) -> Self {
        Self {
            settings,
            opened: Some(opened),
            session: None,
            superseded: false,
            ended,
            _alive: alive,
        }
    }

    /// Frames of the answer, until the trailers.
    pub(super) fn into_frames(self) -> impl Stream<Item = Result<Frame<Bytes>, Status>> + Send {
        futures::stream::unfold(Some(self), |this| async move {
            let mut this = this?;
            match this.next().await {
                Ok(data) => Some((Ok(Frame::data(data)), Some(this))),
                // Dropping this half here lets the other one end, before the client reads the trailers.
                Err(end) => Some((trailers(&end), None)),
            }
        })
    }

    /// The next bytes, or how the stream ends.
    async fn next(&mut self) -> Result<Bytes, Status> {
        if self.superseded {
            return Err(Status::aborted("a newer session of this node took over"));
        }
        let Some((epoch, orders)) = &mut self.session else {
            return self.welcome().await;
        };
        let mut next = tokio::select! {
            biased;
            end = &mut self.ended => return Err(end_of(end)),
            order = orders.recv() => order.ok(),
        };
        if next.is_none() {
            return Err(Status::resource_exhausted("the agent does not take its orders"));
        }
        let mut batch = Batch::new(*epoch);
        while let Some(order) = next {
            if matches!(*order, Order::Superseded) {
                self.superseded = true;
            } else {
                batch.add(*order);
            }
            next = if batch.is_full() { None } else { orders.try_recv().ok() };
        }
        Ok(batch.finish())
    }

    async fn welcome(&mut self) -> Result<Bytes, Status> {
        let opened = match self.opened.take() {
            Some(mut waiting) => tokio::select! {
                biased;
                opened = &mut waiting => opened.ok(),
                end = &mut self.ended => return Err(end_of(end)),
            },
            None => None,
        };
        let Some(Opened { grant, orders }) = opened else {
            // It was refused.
            return Err(end_of((&mut self.ended).await));
        };
        self.session = Some((grant.epoch, orders));
        let mut frame = BytesMut::new();
        put(&mut frame, &outbound::welcome(&grant, self.settings));
        Ok(frame.freeze())
    }
}

/// Orders that go out together.
struct Batch {
    epoch: u64,
    frame: BytesMut,
    durable: Vec<(PullId, u32)>,
}

impl Batch {
    fn new(epoch: u64) -> Self {
        Self {
            epoch,
            frame: BytesMut::new(),
            durable: Vec::new(),
        }
    }

    fn add(&mut self, order: Order) {
        match order {
            Order::Acknowledge(attempts) => self.durable.extend(attempts),
            order @ (Order::StartPull(_)
            | Order::CancelPull { .. }
            | Order::Refuse { .. }
            | Order::SendInventory
            | Order::SetPins(_)
            | Order::RemoveImage { .. }
            | Order::Superseded) => put(&mut self.frame, &outbound::order(self.epoch, order)),
        }
    }

    fn is_full(&self) -> bool {
        self.frame.len() >= FULL_FRAME
    }

    fn finish(mut self) -> Bytes {
        if !self.durable.is_empty() {
            put(
                &mut self.frame,
                &outbound::order(self.epoch, Order::Acknowledge(self.durable)),
            );
        }
        self.frame.freeze()
    }
}

/// Adds a message with its prefix.
fn put(frame: &mut BytesMut, message: &CoordinatorMessage) {
    let length = message.encoded_len();
    frame.reserve(PREFIX + length);
    frame.put_u8(0);
    // Orders are far below the four gigabytes that the prefix can say.
    frame.put_u32(length as u32);
    message.encode_raw(frame);
}

/// How the other half says that the session ended.
fn end_of(end: Result<Result<(), Status>, oneshot::error::RecvError>) -> Status {
    match end {
        Ok(Ok(())) => Status::ok(""),
        Ok(Err(status)) => status,
        Err(_) => Status::internal("the session was dropped"),
    }
}

fn trailers(end: &Status) -> Result<Frame<Bytes>, Status> {
    let mut headers = HeaderMap::new();
    end.add_header(&mut headers)?;
    Ok(Frame::trailers(headers))
}
