//! One attempt from its order to its outcome: warm check, flight, time-outs, cancel, verdict. Always ends with an outcome,
//! except when it is dropped before its start because the agent drains.

mod verdict;

use super::{
    AttemptView, EndedAttempt, Shared, facts,
    flights::{Boarding, FlightState, board},
    sampler::Sampler,
};
use crate::{
    pull::{
        ByteCounts, Digests, Ending, Failure, FailureReason, LayerBytes, Order, Outcome, Phase, Success, Timeline,
        Visit,
        patience::{Patience, Standing},
        policy::{Step, note_of_present, step},
        timeline::times,
    },
    runtime::RuntimeError,
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::watch,
    time::{Instant, interval},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Pause between two looks at the clock.
const LOOK_AT_CLOCK: Duration = Duration::from_millis(100);

/// Runs the attempt and delivers its outcome.
pub(super) async fn run(
    shared: &Arc<Shared>,
    order: Order,
    cancel: CancellationToken,
    superseded: Option<CancellationToken>,
) {
    let attempt = Attempt {
        shared,
        order,
        cancel,
        begun: Instant::now(),
        begun_at: SystemTime::now(),
    };
    let ended = attempt.to_the_end(superseded).await;
    shared.board.remove(&attempt.order.id);
    if let Some((ending, account, digests)) = ended {
        let ended = SystemTime::now();
        let visits = account.timeline.visits(attempt.begun_at, ended);
        let outcome = attempt.outcome(ending, account, digests, &visits, ended);
        log(&outcome, &attempt.order);
        shared.settings.observer.tell(&EndedAttempt {
            order: &attempt.order,
            outcome: &outcome,
            visits: &visits,
            began: attempt.begun_at,
            ended,
        });
        (shared.deliver)(outcome);
    }
    shared.attempts().remove(&attempt.order.id);
}

struct Attempt<'a> {
    shared: &'a Arc<Shared>,
    order: Order,
    cancel: CancellationToken,
    begun: Instant,
    begun_at: SystemTime,
}

/// How an attempt ended, its bytes, and the digests that the runtime showed.
type Ended = (Ending, Account, Digests);

/// Bytes at the end of an attempt, and where its time went.
#[derive(Default)]
struct Account {
    bytes: ByteCounts,
    layers: Vec<LayerBytes>,
    timeline: Timeline,
}

impl From<&FlightState> for Account {
    fn from(state: &FlightState) -> Self {
        Self {
            bytes: state.bytes,
            layers: state.layers.to_vec(),
            timeline: state.timeline.clone(),
        }
    }
}

/// Why following a flight came to its end.
enum Followed {
    /// The flight is over.
    Over,
    /// The attempt ends on its own account.
    GivenUp(Ending),
    /// The agent drains, and the flight has not begun.
    Dropped,
}

impl Attempt<'_> {
    /// `None` when the attempt is left to the coordinator because the agent drains.
    async fn to_the_end(&self, superseded: Option<CancellationToken>) -> Option<Ended> {
        let mut superseded = superseded;
        loop {
            if let Some(ended) = self.warm_already().await {
                return Some(ended);
            }
            let (ticket, mut state) = match board(self.shared, &self.order) {
                Boarding::Aboard(ticket, state) => (Some(ticket), state),
                Boarding::Busy(state) => (None, state),
            };
            // Only now: the older attempt's leaving must not end a flight that both want.
            if let Some(older) = superseded.take() {
                older.cancel();
            }
            let followed = self.follow(&mut state, ticket.is_some()).await;
            let last = state.borrow().clone();
            match (followed, ticket) {
                (Followed::Dropped, _) => return None,
                (Followed::GivenUp(ending), _) => return Some((ending, Account::from(&last), Digests::default())),
                (Followed::Over, None) => {}
                (Followed::Over, Some(_)) => {
                    let (ending, digests) = self.conclude(&last);
                    return Some((ending, Account::from(&last), digests));
                }
            }
        }
    }

    /// The ending when the image is there before anything was done and the policy is content with it. A runtime that is away is
    /// met again by the flight.
    async fn warm_already(&self) -> Option<Ended> {
        let check = facts::gather(self.shared.runtime.as_ref(), &self.order.reference);
        let facts = tokio::select! {
            () = self.cancel.cancelled() => return Some((self.cancelled(Phase::Waiting), Account::default(), Digests::default())),
            facts = check => facts,
        };
        let facts = match facts {
            Ok(facts) => facts?,
            Err(RuntimeError::Away(_) | RuntimeError::Refused(_)) => return None,
        };
        let Step::LeaveAlone { verified } = step(self.order.policy, &self.judge(Some(&facts))) else {
            return None;
        };
        let success = Success {
            pulled: false,
            note: note_of_present(verified).into(),
            digest_verified: verified,
        };
        let mut sampler = Sampler::begin(self.shared, &self.order).await;
        // The image is warm whether or not its account can be settled.
        let _ = sampler.settle(&facts.id).await;
        let digests = Digests {
            target: self.target_of(&facts),
            manifest: sampler.layout().map(|layout| layout.manifest.clone()),
            config: Some(facts.id),
        };
        let account = match sampler.tracker() {
            Some(tracker) => Account {
                bytes: tracker.total(),
                layers: tracker.layers(),
                timeline: Timeline::default(),
            },
            // The manifest is gone from the content store; what was saved is known all the same.
            None => Account {
                bytes: ByteCounts::present(facts.size),
                layers: Vec::new(),
                timeline: Timeline::default(),
            },
        };
        Some((Ending::Success(success), account, digests))
    }

    /// Follows a flight until it is over, the attempt is cancelled, or its patience ends.
    async fn follow(&self, state: &mut watch::Receiver<FlightState>, aboard: bool) -> Followed {
        let mut clock = interval(LOOK_AT_CLOCK);
        loop {
            let now = state.borrow_and_update().clone();
            if now.end.is_some() {
                return Followed::Over;
            }
            if aboard {
                self.show(&now);
            }
            if let Some(ending) = self.out_of_patience(&now, aboard) {
                return Followed::GivenUp(ending);
            }
            let waits = !aboard || now.phase == Phase::Waiting;
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Followed::GivenUp(self.cancelled(now.phase)),
                () = self.shared.draining.cancelled(), if waits => return Followed::Dropped,
                changed = state.changed() => if changed.is_err() { return Followed::Over },
                _ = clock.tick() => {}
            }
        }
    }

    fn show(&self, state: &FlightState) {
        let view = AttemptView {
            phase: state.phase,
            bytes: state.bytes,
            layers: Arc::clone(&state.layers),
            note: state.note.clone(),
        };
        self.shared.board.put(&self.order.id, view);
    }

    fn out_of_patience(&self, state: &FlightState, aboard: bool) -> Option<Ending> {
        let patience = Patience {
            deadline: self.order.deadline,
            no_progress: self.order.no_progress.unwrap_or(self.shared.settings.no_progress),
        };
        let standing = Standing {
            elapsed: self.begun.elapsed(),
            // A flight that others began is not older than this attempt.
            idle: state.alive_at.max(self.begun).elapsed(),
            phase: if aboard { state.phase } else { Phase::Waiting },
            layer_bytes: state.layer_bytes,
        };
        let why = patience.exhausted(&standing)?;
        let (reason, message) = match &state.away {
            Some(away) => (FailureReason::Runtime, format!("{why}; {away}")),
            None if state.note.is_empty() => (FailureReason::TimedOut, why),
            None => (FailureReason::TimedOut, format!("{why}; {}", state.note)),
        };
        Some(Ending::Failure(Failure::new(reason, state.phase, &message)))
    }

    fn cancelled(&self, phase: Phase) -> Ending {
        Ending::Failure(Failure::new(
            FailureReason::Cancelled,
            phase,
            "cancelled by the coordinator",
        ))
    }

    fn outcome(
        &self,
        ending: Ending,
        account: Account,
        digests: Digests,
        visits: &[Visit],
        ended: SystemTime,
    ) -> Outcome {
        Outcome {
            id: self.order.id.clone(),
            ending,
            digests,
            bytes: account.bytes,
            layers: account.layers,
            started_at_ms: epoch_ms(self.begun_at),
            finished_at_ms: epoch_ms(ended),
            phases: times(visits),
        }
    }
}

/// Milliseconds since the epoch.
fn epoch_ms(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn log(outcome: &Outcome, order: &Order) {
    let elapsed_ms = outcome.finished_at_ms.saturating_sub(outcome.started_at_ms);
    match &outcome.ending {
        Ending::Success(success) => {
            info!(image = %order.reference, pulled = success.pulled, elapsed_ms, "the image is warm");
        }
        Ending::Failure(failure) => {
            let reason = failure.reason.word();
            warn!(image = %order.reference, failure.reason = reason, elapsed_ms, failure.message = %failure.message, "the pull failed");
        }
    }
}
