//! What agents report of pulls: progress and ends. Nothing an agent says is trusted further than its own pulls.

use super::{Core, Effect, dispatch::digests_for};
use crate::{
    domain::{
        Millis,
        counts::ByteCounts,
        ids::{NodeName, PullId},
        image::{ImageDigests, ResolvedImage, is_digest},
        outcome::{Failure, FailureReason, Outcome, Success, SuccessReason},
        pull::{Pull, PullEvent, PullState},
        task::Task,
    },
    engine::work::{OpenTask, Tally},
    fleet::messages::{Order, ProgressReport},
};
use std::{collections::HashMap, sync::Arc};

/// Longest message of an agent that is kept, in characters.
const MAX_MESSAGE: usize = 2048;
/// How often a pull may be turned away by a registry that serves others before that counts as a failure.
const MAX_TURNED_AWAY: u32 = 100;

/// What the store has of a pull that is not open.
#[derive(Debug)]
pub struct Stored {
    /// Pull.
    pub pull: Pull,
    /// Its task, and how many of its pulls each node has in each state; only where the outcome may change them.
    pub task: Option<(Task, HashMap<NodeName, Tally>)>,
}

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
        // The text of the id is kept once, not once more for each report.
        let id = pull.id.clone();
        let report = ProgressReport {
            pull: id.clone(),
            ..report
        };
        self.shared.live_mut().report(now, report);
        if first {
            // A dispatched pull allows it.
            let _pulling = self.apply(now, &id, PullEvent::Progress, |_| {});
        } else if let Some(pull) = self.work.pulls.get(&id) {
            self.publisher.pull_moved(pull);
            self.publisher.task_changed(&pull.task, false);
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
            let pull = Arc::clone(pull);
            let attempt = outcome.attempt;
            self.settle(now, &pull, outcome);
            self.order(node, Order::Acknowledge(vec![(id.clone(), attempt)]));
        }
    }

    fn settle(&mut self, now: Millis, pull: &Pull, outcome: Outcome) {
        let outcome = self.checked(pull, outcome);
        self.metrics.attempt_ended(&outcome);
        let fetched = outcome.bytes.bounded().fetched;
        if let Some(tenant) = self.work.tasks.get(&pull.task).map(|open| open.task.tenant.clone()) {
            self.count_fetched(now, &tenant, fetched);
        }
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
        if success.reason == SuccessReason::Pulled
            && let Some(host) = self.host_of(pull)
        {
            self.hosts.succeeded(now, &host);
        }
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
        let state = open.task.state;
        drop(fleet);
        self.task_changed(&pull.task, state, false);
    }

    fn fail(&mut self, now: Millis, pull: &Pull, outcome: &Outcome, failure: &Failure) {
        let turned_away = failure.is_refusal() && self.is_turned_away_for_free(now, pull);
        let Some(open) = self.work.tasks.get(&pull.task) else {
            return;
        };
        if failure.reason == FailureReason::Unauthorized
            && let Some(secrets) = &open.task.spec.pull_secrets
        {
            self.shared.secrets_refused(secrets);
        }
        let retry = open.task.spec.retry.wait_ms(pull.retries + 1, rand::random());
        let (event, wait_ms) = if !open.task.state.is_open() {
            (PullEvent::Cancel, 0)
        } else if failure.reason == FailureReason::Cancelled || turned_away {
            // Nobody here asked for it: the agent was stopped, or others were served first. The attempt is lost rather than failed.
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

    /// The registry turned the pull away: the whole host is left alone for a while. While it serves others this one was merely one too
    /// many, which costs it no retry; a host that serves nobody does, so that every task comes to an end.
    fn is_turned_away_for_free(&mut self, now: Millis, pull: &Pull) -> bool {
        let Some(host) = self.host_of(pull) else { return false };
        let others = self.hosts.refused(now, &host, pull.started_at, rand::random());
        let Some(open) = self.work.tasks.get_mut(&pull.task) else {
            return false;
        };
        let times = open.turned_away.entry(pull.id.clone()).or_default();
        *times += 1;
        others > 0 && *times <= MAX_TURNED_AWAY
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

    /// Decides about an outcome for a pull that is not open, given what the store has; a success is recorded however late it comes.
    pub fn late_outcome(
        &mut self,
        now: Millis,
        node: &NodeName,
        id: &PullId,
        stored: Option<Stored>,
        outcome: &Outcome,
    ) {
        let Some(Stored { mut pull, task }) = stored else {
            self.refuse(node, id, outcome.attempt, "no such pull");
            return;
        };
        if pull.node != *node {
            self.refuse(node, id, outcome.attempt, "the pull belongs to another node");
            return;
        }
        let from = (pull.state, pull.attempt);
        if let (Ok(success), Ok(state), Some((task, tallies))) =
            (&outcome.result, pull.state.apply(PullEvent::Succeed), task)
            && (1..=pull.attempt).contains(&outcome.attempt)
        {
            let before = (pull.bytes, pull.failure.take());
            self.count_fetched(now, &task.tenant, outcome.bytes.bounded().fetched);
            record(&mut pull, outcome);
            pull.state = state;
            pull.success = Some(success.reason);
            pull.message = shortened("the task had ended before the image arrived");
            pull.finished_at = now;
            let pull = Arc::new(pull);
            self.changes.pull(from, Arc::clone(&pull));
            self.publisher.pull(&pull);
            self.correct_ended_task(task, tallies, &pull, from.0, before);
        }
        self.order(node, Order::Acknowledge(vec![(id.clone(), outcome.attempt)]));
    }

    /// The counts of a task stay true when one of its ended pulls succeeds after all; its state stays what it was told to be.
    fn correct_ended_task(
        &mut self,
        task: Task,
        tallies: HashMap<NodeName, Tally>,
        pull: &Pull,
        from: PullState,
        (bytes, failure): (ByteCounts, Option<FailureReason>),
    ) {
        let correct = |open: &mut OpenTask| {
            open.shift(pull, from);
            open.task.settled_bytes.subtract(&bytes);
            open.task.settled_bytes.add(&pull.bytes);
            if let Some(reason) = failure.filter(|_| from == PullState::Failed) {
                open.task.remove_failure(reason);
            }
        };
        if let Some(open) = self.work.tasks.get_mut(&task.id) {
            correct(open);
            let state = open.task.state;
            self.task_changed(&task.id, state, true);
        } else {
            let mut open = OpenTask::new(task, &[], tallies);
            correct(&mut open);
            self.changes.task(open.task.state, &open.task);
            self.publisher.task_ended(open.task);
        }
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
    let digests = ImageDigests {
        target: known(&outcome.digests.target),
        manifest: known(&outcome.digests.manifest),
        config: known(&outcome.digests.config),
    };
    pull.digests = digests.if_known();
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_MESSAGE).collect()
}
