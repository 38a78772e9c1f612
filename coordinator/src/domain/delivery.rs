//! Deliveries: one event on its way to one receiver, tried until it arrives or a day has passed. Pure; time and chance are parameters.

use super::{Millis, caller::TenantId, channel::ChannelId, event::EventKind};

/// How long a delivery is tried.
pub const PATIENCE_MS: Millis = 86_400_000;
/// First wait between two attempts.
const FIRST_WAIT_MS: Millis = 5_000;
/// Longest wait.
const LONGEST_WAIT_MS: Millis = 3_600_000;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Its next attempt is still to come.
    Queued,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Queued, Self::Delivered, Self::Failed];
    /// Their words.
    pub const WORDS: [&'static str; 3] = ["queued", "delivered", "failed"];

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver took it.
    Delivered,
    /// It did not, and may later; not before so many milliseconds, if it says so.
    Later(Option<Millis>),
    /// It never will.
    Never,
}

/// One attempt, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What came of it.
    pub verdict: Verdict,
    /// HTTP status or SMTP code; 0 without an answer.
    pub status: u16,
    /// What the receiver or the network said, without secrets; empty for a success that needs no words.
    pub message: String,
}

/// One event on its way to one receiver, and its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Names it, the same at each attempt.
    pub id: String,
    /// Whose channel or task it is.
    pub tenant: TenantId,
    /// Channel; `None` for the address of a task.
    pub channel: Option<ChannelId>,
    /// Event.
    pub event: String,
    /// What happened.
    pub kind: EventKind,
    /// Name or id of what it happened to.
    pub about: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts so far, those before a replay included.
    pub attempts: u32,
    /// When it was queued first.
    pub created_at: Millis,
    /// When its next attempt is due.
    pub due_at: Millis,
    /// When it is given up.
    pub give_up_at: Millis,
    /// When it was tried last; 0 for never.
    pub last_attempt_at: Millis,
    /// When it ended; 0 while queued.
    pub finished_at: Millis,
    /// Status of the last attempt.
    pub status: u16,
    /// Words of the last attempt.
    pub message: String,
}

impl Delivery {
    /// A new one that is due at once, of the tenant that the event is about.
    pub fn new(id: String, channel: Option<ChannelId>, event: &super::event::Event, now: Millis) -> Self {
        Self {
            id,
            tenant: event.tenant().cloned().unwrap_or_default(),
            channel,
            event: event.id.clone(),
            kind: event.kind,
            about: event.about().to_owned(),
            state: DeliveryState::Queued,
            attempts: 0,
            created_at: now,
            due_at: now,
            give_up_at: now + PATIENCE_MS,
            last_attempt_at: 0,
            finished_at: 0,
            status: 0,
            message: String::new(),
        }
    }

    /// Records an attempt; `random` of 0 to 1 spreads what failed together.
    pub fn tried(&mut self, attempt: &Attempt, now: Millis, random: f64) {
        self.attempts = self.attempts.saturating_add(1);
        self.last_attempt_at = now;
        self.status = attempt.status;
        self.message.clone_from(&attempt.message);
        let wait = match attempt.verdict {
            Verdict::Delivered => {
                self.end(DeliveryState::Delivered, now);
                return;
            }
            Verdict::Never => {
                self.end(DeliveryState::Failed, now);
                return;
            }
            Verdict::Later(asked) => wait_ms(self.attempts, random).max(asked.unwrap_or(0).min(LONGEST_WAIT_MS)),
        };
        self.due_at = now + wait;
        if self.due_at >= self.give_up_at {
            self.end(DeliveryState::Failed, now);
        }
    }

    fn end(&mut self, state: DeliveryState, now: Millis) {
        self.state = state;
        self.finished_at = now;
    }

    /// Tries it again from the beginning, under the same id.
    pub fn replay(&mut self, now: Millis) {
        self.state = DeliveryState::Queued;
        self.due_at = now;
        self.give_up_at = now + PATIENCE_MS;
        self.finished_at = 0;
    }
}

/// Doubles with each attempt up to an hour; a quarter of it is chance.
fn wait_ms(attempts: u32, random: f64) -> Millis {
    let factor = 1_i64 << attempts.saturating_sub(1).min(20);
    let whole = FIRST_WAIT_MS.saturating_mul(factor).min(LONGEST_WAIT_MS);
    whole - (whole as f64 / 4.0 * random.clamp(0.0, 1.0)) as Millis
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::event::Event;

    fn delivery() -> Delivery {
        let event = Event::test("e".into(), 0, "c".into());
        Delivery::new("d".into(), None, &event, 0)
    }

    fn failed(asked: Option<Millis>) -> Attempt {
        Attempt {
            verdict: Verdict::Later(asked),
            status: 503,
            message: "busy".into(),
        }
    }

    #[test]
    fn waits_double_up_to_an_hour_and_end_after_a_day() {
        let mut delivery = delivery();
        let mut waits = vec![];
        let mut now = 0;
        while delivery.state == DeliveryState::Queued {
            delivery.tried(&failed(None), now, 0.0);
            waits.push(delivery.due_at - now);
            now = delivery.due_at;
        }
        assert_eq!(&waits[..4], &[5_000, 10_000, 20_000, 40_000]);
        assert_eq!(waits.iter().max(), Some(&LONGEST_WAIT_MS));
        assert_eq!((delivery.state, delivery.status), (DeliveryState::Failed, 503));
        assert!(
            delivery.finished_at > PATIENCE_MS - 2 * LONGEST_WAIT_MS,
            "{}",
            delivery.finished_at
        );
        assert!((30..40).contains(&delivery.attempts), "{}", delivery.attempts);
    }

    #[test]
    fn chance_shortens_a_wait_by_a_quarter_at_most() {
        let mut delivery = delivery();
        delivery.tried(&failed(None), 0, 1.0);
        assert_eq!(delivery.due_at, 3_750);
        delivery.tried(&failed(Some(30_000)), 0, 1.0);
        assert_eq!(delivery.due_at, 30_000, "the receiver asked for it");
        delivery.tried(&failed(Some(i64::MAX)), 0, 1.0);
        assert_eq!(delivery.due_at, LONGEST_WAIT_MS);
    }

    #[test]
    fn what_can_never_arrive_is_given_up_and_can_be_replayed() {
        let mut delivery = delivery();
        let never = Attempt {
            verdict: Verdict::Never,
            status: 0,
            message: "forbidden".into(),
        };
        delivery.tried(&never, 7, 0.5);
        assert_eq!((delivery.state, delivery.finished_at), (DeliveryState::Failed, 7));
        delivery.replay(100);
        assert_eq!(
            (delivery.state, delivery.due_at, delivery.attempts),
            (DeliveryState::Queued, 100, 1)
        );
        let fine = Attempt {
            verdict: Verdict::Delivered,
            status: 200,
            message: String::new(),
        };
        delivery.tried(&fine, 101, 0.5);
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 2));
    }
}
