//! What a watch knows of its task. Pure: events go in, changes come out, time is a parameter.

use crate::words::{has_ended, is_running};
use ips_proto::v1::{self, task_event::Body};
use std::collections::BTreeMap;

/// Node and image of a pull.
pub type Key = (String, String);

/// Something worth a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The task is in another state than before.
    Task,
    /// The pull is in another state, phase or attempt than before.
    Pull(Key),
}

/// The task and its pulls as last heard.
#[derive(Debug, Default)]
pub struct Model {
    task: Option<v1::Task>,
    pulls: BTreeMap<Key, Pull>,
    events: u64,
}

#[derive(Debug)]
struct Pull {
    view: v1::PullView,
    unpacking: Option<Unpacking>,
}

/// Where unpacking stood when this watch first saw it in the present attempt, and when its last layer was done: unpacking is seen
/// layer by layer, so its speed is measured up to there.
#[derive(Debug, Clone, Copy)]
struct Unpacking {
    attempt: u32,
    since_ms: i64,
    from_bytes: u64,
    step_ms: i64,
    step_bytes: u64,
}

impl Unpacking {
    fn begin(view: &v1::PullView, now_ms: i64) -> Self {
        let unpacked = view.bytes.unwrap_or_default().unpacked;
        Self {
            attempt: view.attempt,
            since_ms: now_ms,
            from_bytes: unpacked,
            step_ms: now_ms,
            step_bytes: unpacked,
        }
    }

    fn go_on(self, view: &v1::PullView, now_ms: i64) -> Self {
        let unpacked = view.bytes.unwrap_or_default().unpacked;
        if unpacked == self.step_bytes {
            return self;
        }
        Self {
            step_ms: now_ms,
            step_bytes: unpacked,
            ..self
        }
    }

    /// Seconds left; `None` before the first layer is done, and once a layer takes longer than those before it said.
    fn eta_seconds(&self, total: u64, now_ms: i64) -> Option<u64> {
        let done = self.step_bytes.checked_sub(self.from_bytes).filter(|done| *done > 0)?;
        let took_ms = u128::try_from(self.step_ms - self.since_ms).ok()?;
        let missing = total.checked_sub(self.step_bytes)?;
        let left_ms = i64::try_from(u128::from(missing) * took_ms / u128::from(done)).ok()?;
        let left_ms = u64::try_from(left_ms - (now_ms - self.step_ms)).ok()?;
        Some(left_ms / 1000).filter(|seconds| *seconds > 0)
    }
}

impl Model {
    /// Takes an event. A snapshot replaces what it names; a pull never vanishes from a task.
    pub fn apply(&mut self, event: &v1::TaskEvent, now_ms: i64) -> Vec<Change> {
        self.events += 1;
        let (task, pulls) = match &event.body {
            Some(Body::Snapshot(snapshot)) => (snapshot.task.as_ref(), snapshot.pulls.as_slice()),
            Some(Body::Delta(delta)) => (delta.task.as_ref(), delta.pulls.as_slice()),
            None => (None, &[][..]),
        };
        // The task stands first when the watch begins, and after its pulls when it ends.
        let first = self.task.is_none();
        let pulls = pulls.iter().filter_map(|pull| self.take_pull(pull, now_ms));
        let mut changes: Vec<Change> = pulls.collect();
        if let Some(task) = task {
            let changed = self.task.as_ref().is_none_or(|known| known.state != task.state);
            self.task = Some(task.clone());
            if changed {
                let place = if first { 0 } else { changes.len() };
                changes.insert(place, Change::Task);
            }
        }
        changes
    }

    fn take_pull(&mut self, view: &v1::PullView, now_ms: i64) -> Option<Change> {
        let key = (view.node_name.clone(), view.image.clone());
        let known = self.pulls.get(&key);
        let standing = |view: &v1::PullView| (view.state, view.phase, view.attempt);
        let changed = known.is_none_or(|known| standing(&known.view) != standing(view));
        let before = known.and_then(|known| known.unpacking);
        let unpacking = (view.phase() == v1::PullPhase::Unpacking).then(|| {
            let same = before.filter(|start| start.attempt == view.attempt);
            same.map_or_else(|| Unpacking::begin(view, now_ms), |start| start.go_on(view, now_ms))
        });
        let pull = Pull {
            view: view.clone(),
            unpacking,
        };
        self.pulls.insert(key.clone(), pull);
        changed.then_some(Change::Pull(key))
    }

    /// How many events were heard.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The task; `None` before the first event.
    pub fn task(&self) -> Option<&v1::Task> {
        self.task.as_ref()
    }

    /// Whether the task has ended.
    pub fn has_ended(&self) -> bool {
        self.task.as_ref().is_some_and(|task| has_ended(task.state()))
    }

    /// Pulls by node, then image.
    pub fn pulls(&self) -> impl Iterator<Item = &v1::PullView> {
        self.pulls.values().map(|pull| &pull.view)
    }

    /// Pulls that an agent works on.
    pub fn running(&self) -> impl Iterator<Item = &v1::PullView> {
        self.pulls().filter(|pull| is_running(pull.state()))
    }

    /// One pull.
    pub fn pull(&self, key: &Key) -> Option<&v1::PullView> {
        self.pulls.get(key).map(|pull| &pull.view)
    }

    /// Seconds until the present phase of a pull is over at its present speed, where that can be told.
    pub fn eta_seconds(&self, view: &v1::PullView, now_ms: i64) -> Option<u64> {
        let bytes = view.bytes.unwrap_or_default();
        match view.phase() {
            v1::PullPhase::Fetching => {
                let missing = bytes.total.checked_sub(arrived(&bytes))?;
                missing.checked_div(view.throughput_bytes_per_second)
            }
            v1::PullPhase::Unpacking => {
                let key = (view.node_name.clone(), view.image.clone());
                self.pulls.get(&key)?.unpacking?.eta_seconds(bytes.total, now_ms)
            }
            v1::PullPhase::Unspecified | v1::PullPhase::Resolving | v1::PullPhase::Verifying => None,
        }
    }
}

/// Bytes that nobody has to move any more: fetched, there before, or not needed.
pub fn arrived(bytes: &v1::ByteCounts) -> u64 {
    bytes
        .fetched
        .saturating_add(bytes.already_there)
        .saturating_add(bytes.not_needed)
        .min(bytes.total)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn pull(node: &str, state: v1::PullState) -> v1::PullView {
        v1::PullView {
            node_name: node.into(),
            image: "nginx:1".into(),
            state: state.into(),
            attempt: 1,
            ..Default::default()
        }
    }

    pub fn pulling(node: &str, phase: v1::PullPhase, total: u64, fetched: u64, unpacked: u64) -> v1::PullView {
        let bytes = v1::ByteCounts {
            total,
            fetched,
            unpacked,
            ..Default::default()
        };
        v1::PullView {
            phase: phase.into(),
            bytes: Some(bytes),
            throughput_bytes_per_second: 100,
            ..pull(node, v1::PullState::Pulling)
        }
    }

    pub fn task(state: v1::TaskState) -> v1::Task {
        v1::Task {
            task_id: "t".into(),
            state: state.into(),
            ..Default::default()
        }
    }

    pub fn delta(task: Option<v1::Task>, pulls: Vec<v1::PullView>) -> v1::TaskEvent {
        v1::TaskEvent {
            version: 1,
            body: Some(Body::Delta(v1::TaskDelta { task, pulls })),
        }
    }

    fn key(node: &str) -> Key {
        (node.to_owned(), "nginx:1".to_owned())
    }

    #[test]
    fn only_another_state_phase_or_attempt_is_a_change() {
        let mut model = Model::default();
        let first = delta(
            Some(task(v1::TaskState::Pending)),
            vec![pull("a", v1::PullState::Queued)],
        );
        assert_eq!(model.apply(&first, 0), [Change::Task, Change::Pull(key("a"))]);
        assert_eq!(model.apply(&first, 0), []);
        let fetching = |fetched| delta(None, vec![pulling("a", v1::PullPhase::Fetching, 100, fetched, 0)]);
        assert_eq!(model.apply(&fetching(10), 0), [Change::Pull(key("a"))]);
        assert_eq!(model.apply(&fetching(20), 0), []);
        assert_eq!(
            model
                .pull(&key("a"))
                .and_then(|pull| pull.bytes)
                .map(|bytes| bytes.fetched),
            Some(20)
        );
        let mut again = pulling("a", v1::PullPhase::Fetching, 100, 0, 0);
        again.attempt = 2;
        assert_eq!(model.apply(&delta(None, vec![again]), 0), [Change::Pull(key("a"))]);
        assert!(!model.has_ended());
        model.apply(&delta(Some(task(v1::TaskState::Failed)), vec![]), 0);
        assert!(model.has_ended());
    }

    #[test]
    fn a_snapshot_keeps_pulls_that_it_does_not_name() {
        let mut model = Model::default();
        model.apply(
            &delta(
                None,
                vec![pull("a", v1::PullState::Queued), pull("b", v1::PullState::Queued)],
            ),
            0,
        );
        let snapshot = v1::TaskSnapshot {
            task: Some(task(v1::TaskState::Running)),
            pulls: vec![pull("a", v1::PullState::Succeeded)],
        };
        let event = v1::TaskEvent {
            version: 9,
            body: Some(Body::Snapshot(snapshot)),
        };
        model.apply(&event, 0);
        assert_eq!(model.pulls().count(), 2);
    }

    #[test]
    fn the_end_of_a_phase_is_told_from_its_speed() {
        let mut model = Model::default();
        let fetching = pulling("a", v1::PullPhase::Fetching, 1000, 400, 0);
        model.apply(&delta(None, vec![fetching.clone()]), 0);
        assert_eq!(model.eta_seconds(&fetching, 0), Some(6));
        let unpacking = |unpacked| pulling("a", v1::PullPhase::Unpacking, 1000, 1000, unpacked);
        model.apply(&delta(None, vec![unpacking(200)]), 10_000);
        assert_eq!(
            model.eta_seconds(&unpacking(200), 10_000),
            None,
            "nothing was measured yet"
        );
        model.apply(&delta(None, vec![unpacking(600)]), 14_000);
        assert_eq!(model.eta_seconds(&unpacking(600), 14_000), Some(4));
        assert_eq!(model.eta_seconds(&unpacking(600), 16_000), Some(2), "it counts down");
        assert_eq!(
            model.eta_seconds(&unpacking(600), 20_000),
            None,
            "a layer that takes longer says so"
        );
    }

    #[test]
    fn impossible_figures_do_no_harm() {
        let bytes = v1::ByteCounts {
            total: 10,
            fetched: u64::MAX,
            already_there: u64::MAX,
            ..Default::default()
        };
        assert_eq!(arrived(&bytes), 10);
        let mut model = Model::default();
        let view = pulling("a", v1::PullPhase::Unpacking, 10, 10, u64::MAX);
        model.apply(&delta(None, vec![view.clone()]), 5);
        assert_eq!(model.eta_seconds(&view, 0), None);
    }
}
