//! One runtime pull in the air: calls, watches, waits for a runtime that went away, and verifies. Dropping it cancels the
//! runtime's call.

use super::{
    Shared, facts,
    flights::{FlightEnd, FlightState, Landing},
    logins::Logins,
    room::{self, Promise},
    sampler::Sampler,
};
use crate::{
    pull::{
        Credential, Digests, Failure, FailureReason, Order, Phase, PhaseEvent,
        classify::classify,
        policy::note_of_pulled,
        scrub::{conceal, scrub},
        verdict::Facts,
    },
    runtime::RuntimeError,
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::{SemaphorePermit, watch},
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Pause between two samples of a running pull.
const SAMPLE_EVERY: Duration = Duration::from_millis(250);
/// Pause between two questions whether a lost runtime is back.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// Pause between two looks at the image file system while layers unpack silently.
const DISK_EVERY: Duration = Duration::from_secs(10);
/// Pause between two looks at the pressure of a node that has too much.
const CALM_EVERY: Duration = Duration::from_millis(500);
/// How often a call that broke off with the runtime is repeated.
const MOST_REPEATS: u32 = 5;

/// One pull.
pub(super) struct Flight {
    pub(super) shared: Arc<Shared>,
    pub(super) order: Order,
    pub(super) state: watch::Sender<FlightState>,
}

impl Flight {
    /// Flies until the end or until nobody is on board. Dropping the inner future cancels the runtime's call.
    pub(super) async fn fly(self, cancel: CancellationToken) {
        let end = tokio::select! {
            () = cancel.cancelled() => None,
            end = self.pull() => Some(end),
        };
        self.shared.flights.lock().remove(&self.order.reference);
        self.state.send_modify(|state| state.end = end.map(Arc::new));
    }

    async fn pull(&self) -> FlightEnd {
        let Some(_slot) = self.slot().await else {
            return self.failed(FailureReason::Runtime, "the agent is stopping");
        };
        let promise = match room::ask(&self.shared, &self.order).await {
            Ok(promise) => promise,
            Err(why) => return self.failed(FailureReason::NoSpace, &why),
        };
        self.advance(PhaseEvent::Started);
        let mut logins = self.logins().await;
        let mut sampler = Sampler::begin(&self.shared, &self.order).await;
        // Without an answer nothing is known to have been there; the pull will show whether the runtime is.
        let reference = &self.order.reference;
        let before = self.shared.runtime.target(reference).await.unwrap_or_default();
        let mut repeats = 0;
        loop {
            let login = logins.current.as_ref();
            match self.pull_and_verify(&mut sampler, login, promise.as_ref()).await {
                Ok((facts, digests)) => {
                    let note = note_of_pulled(before.as_deref(), digests.target.as_deref());
                    let note = logins.remark(note);
                    return FlightEnd::Landed(Box::new(Landing { facts, digests, note }));
                }
                Err(RuntimeError::Away(why)) if repeats < MOST_REPEATS => {
                    repeats += 1;
                    self.wait_for_runtime(&without(login, &why)).await;
                }
                Err(RuntimeError::Away(why)) => return self.failed(FailureReason::Runtime, &without(login, &why)),
                // Classified before the login is taken out, for a short password may be part of any word.
                Err(RuntimeError::Refused(text)) => {
                    let (reason, text) = (classify(&text), without(login, &text));
                    let is_refused = reason == FailureReason::Unauthorized;
                    if !(is_refused && logins.refused(&self.shared, &self.order)) {
                        return self.failed(reason, &logins.remark(text));
                    }
                }
            }
        }
    }

    /// A slot of the node, once its disk is calm. Who waits for calm holds none.
    async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        loop {
            while let Some(why) = self.shared.settings.guard.pause() {
                self.note(&why);
                sleep(CALM_EVERY).await;
            }
            self.note("");
            let slot = self.shared.flights.slots.acquire().await.ok()?;
            // Others may have worn the disk out while this one waited for its turn.
            if self.shared.settings.guard.pause().is_none() {
                return Some(slot);
            }
        }
    }

    async fn logins(&self) -> Logins {
        if Logins::must_be_found(&self.shared, &self.order) {
            self.note("asking the node's credential providers");
        }
        let logins = Logins::find(&self.shared, &self.order).await;
        self.note("");
        logins
    }

    /// A remark for people, while it holds.
    fn note(&self, text: &str) {
        self.state.send_if_modified(|state| {
            let changes = state.note != text;
            state.note = text.into();
            changes
        });
    }

    async fn pull_and_verify(
        &self,
        sampler: &mut Sampler,
        login: Option<&Credential>,
        promise: Option<&Promise>,
    ) -> Result<(Option<Facts>, Digests), RuntimeError> {
        self.call(sampler, login, promise).await?;
        self.advance(PhaseEvent::CallReturned);
        let reference = &self.order.reference;
        let runtime = self.shared.runtime.as_ref();
        let facts = facts::gather(runtime, reference).await?;
        let mut digests = Digests::default();
        if let Some(facts) = &facts {
            sampler.settle(&facts.id).await?;
            self.publish(sampler);
            digests = Digests {
                target: runtime.target(reference).await?,
                manifest: sampler.layout().map(|layout| layout.manifest.clone()),
                config: Some(facts.id.clone()),
            };
        }
        Ok((facts, digests))
    }

    /// The runtime's call, watched.
    async fn call(
        &self,
        sampler: &mut Sampler,
        login: Option<&Credential>,
        promise: Option<&Promise>,
    ) -> Result<(), RuntimeError> {
        let runtime = self.shared.runtime.as_ref();
        let mut call = runtime.pull(&self.order.reference, login);
        let mut tick = interval(SAMPLE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut disk = Disk::default();
        let answer = loop {
            tokio::select! {
                biased;
                answer = &mut call => break answer,
                _ = tick.tick() => {}
            }
            // Sampling never holds up the end of the call.
            tokio::select! {
                biased;
                answer = &mut call => break answer,
                () = self.sample(sampler, &mut disk) => {}
            }
            if let (Some(promise), Some(tracker)) = (promise, sampler.tracker()) {
                promise.kept(&tracker.total());
            }
        };
        match answer {
            Err(RuntimeError::Refused(text)) => match self.is_going_away(&text).await {
                Some(why) => Err(RuntimeError::Away(why)),
                None => Err(RuntimeError::Refused(text)),
            },
            other => other,
        }
    }

    /// Why the runtime is away, when it is. A runtime that stops ends its calls as cancelled, sometimes before its socket is
    /// gone, so such words are checked for a little longer.
    async fn is_going_away(&self, text: &str) -> Option<String> {
        let is_cancelled = classify(text) == FailureReason::TimedOut;
        for _ in 0..if is_cancelled { 4 } else { 1 } {
            if let Err(RuntimeError::Away(why)) = self.shared.runtime.identity().await {
                return Some(why);
            }
            if is_cancelled {
                sleep(ASK_AGAIN).await;
            }
        }
        None
    }

    async fn sample(&self, sampler: &mut Sampler, disk: &mut Disk) {
        let phase = self.state.borrow().phase;
        // The call itself tells when the runtime is gone; a sample that fails is only missing.
        if sampler.look(phase).await.is_ok() {
            if let Some(event) = sampler.event() {
                self.advance(event);
            }
            self.publish(sampler);
        }
        if phase == Phase::Unpacking && disk.moved(&self.shared).await {
            self.state.send_modify(|state| state.alive_at = Instant::now());
        }
    }

    fn publish(&self, sampler: &Sampler) {
        let Some(tracker) = sampler.tracker() else { return };
        let bytes = tracker.total();
        self.state.send_if_modified(|state| {
            let moved = state.bytes != bytes || state.layers.is_empty();
            if moved {
                state.alive_at = Instant::now();
                state.layers = Arc::new(tracker.layers());
                state.bytes = bytes;
                state.layer_bytes = tracker.largest_packed();
            }
            moved
        });
    }

    fn advance(&self, event: PhaseEvent) {
        self.state.send_if_modified(|state| match state.phase.apply(&event) {
            Ok(next) if next == state.phase => false,
            Ok(next) => {
                state.phase = next;
                state.timeline.enter(next, SystemTime::now());
                state.alive_at = Instant::now();
                true
            }
            Err(refused) => {
                warn!(%refused, "a pull did something unexpected");
                false
            }
        });
    }

    /// Returns when the runtime answers again. The attempts' own patience bounds the wait.
    async fn wait_for_runtime(&self, why: &str) {
        let why = scrub(why);
        warn!(image = %self.order.reference, reason = %why, "waiting for containerd in the middle of a pull");
        self.state.send_modify(|state| {
            state.note = "waiting for containerd".into();
            state.away = Some(why);
        });
        while self.shared.runtime.identity().await.is_err() {
            sleep(ASK_AGAIN).await;
        }
        self.state.send_modify(|state| {
            state.note.clear();
            state.away = None;
            state.alive_at = Instant::now();
        });
        self.advance(PhaseEvent::RuntimeLost);
    }

    fn failed(&self, reason: FailureReason, text: &str) -> FlightEnd {
        FlightEnd::Failed(Failure::new(reason, self.state.borrow().phase, text))
    }
}

/// The runtime's words without the login that it may echo: no log and no outcome gets them otherwise.
fn without(login: Option<&Credential>, text: &str) -> String {
    login.map_or_else(|| text.to_owned(), |login| conceal(text, login))
}

/// Watches the image file system, the only sign of life inside a large layer.
#[derive(Default)]
struct Disk {
    last: Option<(Instant, u64)>,
}

impl Disk {
    async fn moved(&mut self, shared: &Shared) -> bool {
        if self.last.is_some_and(|(at, _)| at.elapsed() < DISK_EVERY) {
            return false;
        }
        let Ok(filesystem) = shared.runtime.filesystem().await else {
            return false;
        };
        let before = self.last.replace((Instant::now(), filesystem.used_bytes));
        before.is_some_and(|(_, used)| used != filesystem.used_bytes)
    }
}
