//! Attempts from order to outcome on a runtime in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod accounting;
mod endings;
mod guards;
mod logins;
mod policies;
mod sharing;

use super::*;
use crate::{
    pull::{Digests, Ending, Failure, FailureReason, Policy, Success},
    runtime::fake::{Behaviour, Fake, node},
};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

/// A worker on a fake runtime, and its outcomes.
struct Bench {
    fake: Fake,
    worker: Worker,
    outcomes: mpsc::UnboundedReceiver<Outcome>,
}

fn bench(slots: usize) -> Bench {
    bench_with(slots, Arc::default())
}

fn bench_with(slots: usize, credentials: Arc<NodeCredentials>) -> Bench {
    bench_of(slots, credentials, Guard::default())
}

fn bench_of(slots: usize, credentials: Arc<NodeCredentials>, guard: Guard) -> Bench {
    let fake = Fake::new();
    let (sender, outcomes) = mpsc::unbounded_channel();
    let settings = WorkerSettings {
        slots,
        no_progress: Duration::from_secs(60),
        platform: node(),
        credentials,
        guard,
        observer: Observer::default(),
    };
    let deliver: Deliver = Arc::new(move |outcome| sender.send(outcome).unwrap_or(()));
    Bench {
        worker: Worker::new(Arc::new(fake.clone()), settings, deliver),
        fake,
        outcomes,
    }
}

fn id(pull: &str) -> AttemptId {
    AttemptId {
        pull: pull.into(),
        number: 1,
    }
}

fn order(pull: &str, reference: &str) -> Order {
    Order {
        id: id(pull),
        reference: reference.into(),
        expected: Digests::default(),
        credential: None,
        deadline: None,
        no_progress: None,
        size: 0,
        policy: Policy::IfNotPresent,
        traceparent: String::new(),
    }
}

impl Bench {
    /// The next outcome.
    async fn outcome(&mut self) -> Outcome {
        timeout(Duration::from_secs(10), self.outcomes.recv())
            .await
            .expect("an outcome in time")
            .unwrap()
    }

    async fn failure(&mut self) -> Failure {
        match self.outcome().await.ending {
            Ending::Failure(failure) => failure,
            Ending::Success(success) => panic!("{success:?}"),
        }
    }

    async fn success(&mut self) -> Success {
        match self.outcome().await.ending {
            Ending::Success(success) => success,
            Ending::Failure(failure) => panic!("{failure:?}"),
        }
    }

    /// Waits until the runtime runs that many pulls.
    async fn running(&self, pulls: usize) {
        until(|| self.fake.running() == pulls).await;
    }

    fn view(&self, pull: &str) -> Option<AttemptView> {
        self.worker
            .board()
            .all()
            .into_iter()
            .find(|(known, _)| *known == id(pull))
            .map(|(_, view)| view)
    }
}

/// Waits for a condition.
async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), wait)
        .await
        .expect("the condition in time");
}
