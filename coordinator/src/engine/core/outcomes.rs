//! What agents report of pulls: progress and ends. Nothing an agent says is trusted further than its own pulls.

use super::{Core, Effect, dispatch::digests_for};
use crate::{
    domain::{
        Millis,
        ids::{NodeName, PullId},
        image::{ImageDigests, ResolvedImage, is_digest},
        outcome::{Failure, FailureReason, Outcome, Success},
        pull::{Pull, PullEvent, PullState},
    },
    fleet::messages::{Order, ProgressReport},
};

/// Longest message of an agent that is kept, in characters.
const MAX_MESSAGE: usize = 2048;

impl Core {
    pub(super) fn progress(&mut self, now: Millis, node: &NodeName, report: ProgressReport) {
        let Some(pull) = self.work.pulls.get(&report.pull) else {
            return;
        };
        if pull.node != *node {
            self.refuse(
                node,
                &report.pull.clone(),
                report.attempt,
                "the pull belongs to another node",
            );
            return;
        }
        if pull.attempt != report.attempt || !pull.state.is_running() {
            return;
        }
        let first = pull.state == PullState::Dispatched;
        let id = report.pull.clone();
        self.shared.live_mut().report(now, report);
        if first {
            // A dispatched pull allows it.
            let _pulling = self.apply(now, &id, PullEvent::Progress, |_| {});
        } else if let Some(pull) = self.work.pulls.get(&id) {
            self.publisher.pull_moved(pull);
            if let Some(open) = self.work.tasks.get(&pull.task) {
                self.publisher.task(&open.task, false);
            }
        }
    }

    pub(super) fn outcome(&mut self, now: Millis, node: &NodeName, id: &PullId, outcome: Outcome) {
        let Some(pull) = self.work.pulls.get(id) else {
            self.effects
                .push(Effect::LateOutcome(node.clone(), id.clone(), Box::new(outcome)));
            return;
        };
        if pull.node != *node {
            self.refuse(node, id, outcome.attempt, "the pull belongs to another node");
        } else if outcome.attempt == 0 || outcome.attempt > pull.attempt {
            self.refuse(node, id, outcome.attempt, "no such attempt was ordered");
        } else {
            let pull = pull.clone();
            let attempt = outcome.attempt;
            self.settle(now, &pull, outcome);
            self.order(node, Order::Acknowledge(vec![(id.clone(), attempt)]));
        }
    }

    fn settle(&mut self, now: Millis, pull: &Pull, outcome: Outcome) {
        let outcome = self.checked(pull, outcome);
        self.metrics.bytes_fetched(outcome.bytes.bounded().fetched);
        match &outcome.result {
            Ok(success) => self.succeed(now, pull, &outcome, success),
            // A late failure of an older attempt, or of one that was queued again, says nothing about the next one.
            Err(_) if outcome.attempt < pull.attempt || pull.state == PullState::Queued => {}
            Err(failure) => self.fail(now, pull, &outcome, failure),
        }
    }

    /// A success whose digests contradict what the task resolved is none: the tag moved.
    fn checked(&self, pull: &Pull, outcome: Outcome) -> Outcome {
        let Some(open) = self.work.tasks.get(&pull.task) else {
            return outcome;
        };
        let expected = digests_for(open, pull.image_index, &self.shared.fleet(), &pull.node);
        let seen = &outcome.digests;
        let agrees = expected.target.is_empty()
            || seen.target == expected.target
            || (!expected.config.is_empty() && seen.config == expected.config);
        if outcome.result.is_err() || agrees {
            return outcome;
        }
        let message = format!(
            "the node has {} where the task resolved {}",
            seen.target, expected.target
        );
        Outcome {
            result: Err(Failure {
                reason: FailureReason::TagMoved,
                message,
            }),
            ..outcome
        }
    }

    fn succeed(&mut self, now: Millis, pull: &Pull, outcome: &Outcome, success: &Success) {
        self.bind(pull, outcome);
        // Every open state allows it.
        let _succeeded = self.apply(now, &pull.id, PullEvent::Succeed, |pull| {
            record(pull, outcome);
            pull.success = Some(success.reason);
            pull.failure = None;
            pull.message = shortened(&success.note);
            pull.digest_verified = success.digest_verified;
        });
    }

    /// Where the coordinator could not resolve the image, the first node's result binds the rest.
    fn bind(&mut self, pull: &Pull, outcome: &Outcome) {
        if !is_digest(&outcome.digests.target) {
            return;
        }
        let fleet = self.shared.fleet();
        let Some(platform) = fleet.get(&pull.node).map(|entry| entry.node.platform.clone()) else {
            return;
        };
        let Some(open) = self.work.tasks.get_mut(&pull.task) else {
            return;
        };
        let Some(image) = open.task.images.get_mut(pull.image_index as usize) else {
            return;
        };
        if image.resolved.iter().any(|resolved| resolved.platform == platform) {
            return;
        }
        let size_bytes = outcome.bytes.bounded().total;
        image.resolved.push(ResolvedImage {
            platform,
            digests: outcome.digests.clone(),
            size_bytes,
        });
        self.changes.task(open.task.state, &open.task);
    }

    fn fail(&mut self, now: Millis, pull: &Pull, outcome: &Outcome, failure: &Failure) {
        let Some(open) = self.work.tasks.get(&pull.task) else {
            return;
        };
        let retry = open.task.spec.retry.wait_ms(pull.retries + 1, rand::random());
        let (event, wait_ms) = if !open.task.state.is_open() {
            (PullEvent::Cancel, 0)
        } else if failure.reason == FailureReason::Cancelled {
            // Nobody here asked for it: the agent was stopped, so the attempt is lost rather than failed.
            (PullEvent::Lose, 0)
        } else {
            match retry.filter(|_| failure.reason.is_retryable()) {
                Some(wait_ms) => (PullEvent::Retry, wait_ms),
                None => (PullEvent::Fail, 0),
            }
        };
        // Called for running pulls only, which allow all four events.
        let _ended = self.apply(now, &pull.id, event, |pull| {
            record(pull, outcome);
            pull.failure = Some(failure.reason);
            pull.message = shortened(&failure.message);
            if event == PullEvent::Retry {
                pull.retries += 1;
                pull.not_before = now + wait_ms;
            }
        });
    }

    /// Tells the agent that its report is void, and the log once.
    pub(super) fn refuse(&mut self, node: &NodeName, pull: &PullId, attempt: u32, reason: &str) {
        if self.refused.insert((node.clone(), pull.clone())) {
            tracing::warn!(%node, pull.id = %pull, pull.attempt = attempt, reason, "report refused");
        }
        self.order(
            node,
            Order::Refuse {
                pull: pull.clone(),
                attempt,
                reason: reason.to_owned(),
            },
        );
    }

    /// Decides about an outcome for a pull that is not open, given what the store has.
    pub fn late_outcome(&mut self, now: Millis, node: &NodeName, id: &PullId, stored: Option<Pull>, outcome: &Outcome) {
        let Some(mut pull) = stored else {
            self.refuse(node, id, outcome.attempt, "no such pull");
            return;
        };
        if pull.node != *node {
            self.refuse(node, id, outcome.attempt, "the pull belongs to another node");
            return;
        }
        let from = (pull.state, pull.attempt);
        if let (Ok(success), Ok(state)) = (&outcome.result, pull.state.apply(PullEvent::Succeed))
            && !from.0.is_open()
            && (1..=pull.attempt).contains(&outcome.attempt)
        {
            record(&mut pull, outcome);
            pull.state = state;
            pull.success = Some(success.reason);
            pull.message = shortened("the task had ended before the image arrived");
            pull.finished_at = now;
            self.changes.pull(from, &pull);
            self.publisher.pull(&pull);
        }
        self.order(node, Order::Acknowledge(vec![(id.clone(), outcome.attempt)]));
    }
}

fn record(pull: &mut Pull, outcome: &Outcome) {
    pull.bytes = outcome.bytes.bounded();
    let known = |digest: &str| {
        if is_digest(digest) {
            digest.to_owned()
        } else {
            String::new()
        }
    };
    pull.digests = ImageDigests {
        target: known(&outcome.digests.target),
        manifest: known(&outcome.digests.manifest),
        config: known(&outcome.digests.config),
    };
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_MESSAGE).collect()
}
