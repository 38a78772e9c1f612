//! One attempt: find the receiver, send, write down what came of it.

use crate::{
    domain::{
        channel::ChannelKind,
        delivery::{Attempt, Delivery, Verdict},
        event::Event,
    },
    engine::{Engine, board::Noun, channels::destination, run::now},
    notify::{Destination, Parcel},
    store::StoreError,
};
use std::time::Duration;

/// How often and after which wait the result is written again while the database does not answer. After that the delivery is made again.
const WRITES: u32 = 60;
const PAUSE: Duration = Duration::from_secs(1);

impl Engine {
    /// Makes one attempt of a delivery. What fails is in its log.
    pub(super) async fn attempt(&self, mut delivery: Delivery) {
        let event = match self.store.event(&delivery.event).await {
            Ok(Some(event)) => event,
            // Pruned meanwhile, and its deliveries with it.
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(delivery.id, error = error.chain(), "an event cannot be read");
                return;
            }
        };
        let (attempt, kind) = match self.receiver(&delivery, &event).await {
            Ok(Ok(destination)) => {
                let parcel = Parcel {
                    id: &delivery.id,
                    event: &event,
                    now: now(),
                };
                (self.post.notifier.send(&destination, parcel).await, destination.kind)
            }
            Ok(Err(attempt)) => (attempt, ChannelKind::Webhook),
            Err(error) => {
                tracing::warn!(delivery.id, error = error.chain(), "a channel cannot be read");
                return;
            }
        };
        delivery.tried(&attempt, now(), rand::random());
        self.desk.metrics.delivery_tried(kind.as_str(), delivery.state);
        if attempt.verdict != Verdict::Delivered {
            tracing::info!(
                delivery.id,
                delivery.state = delivery.state.as_str(),
                delivery.attempts,
                reason = attempt.message,
                "notification not delivered"
            );
        }
        self.write_down(&delivery).await;
    }

    /// Where the delivery goes, or why it cannot go anywhere.
    async fn receiver(&self, delivery: &Delivery, event: &Event) -> Result<Result<Destination, Attempt>, StoreError> {
        let Some(id) = delivery.channel else {
            let url = event.webhook_url();
            return Ok(url
                .map(Destination::of_task)
                .ok_or_else(|| nowhere("the task has no address")));
        };
        let Some(channel) = self.store.channel(id).await? else {
            return Ok(Err(nowhere("the channel was removed")));
        };
        if !channel.enabled {
            return Ok(Err(nowhere("the channel is switched off")));
        }
        Ok(match self.open_channel(&channel) {
            Ok(secrets) => Ok(destination(&channel, secrets)),
            Err(error) => Err(Attempt {
                verdict: Verdict::Later(None),
                status: 0,
                message: format!("the secrets of the channel cannot be read: {error}"),
            }),
        })
    }

    async fn write_down(&self, delivery: &Delivery) {
        for _ in 0..WRITES {
            match self.store.save_delivery(delivery).await {
                Ok(()) => return self.board().changed(Noun::Deliveries),
                Err(error) => tracing::warn!(delivery.id, error = error.chain(), "a delivery is not written down yet"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn nowhere(message: &str) -> Attempt {
    Attempt {
        verdict: Verdict::Never,
        status: 0,
        message: message.to_owned(),
    }
}
