//! Executions: the history of a schedule, one record for each run that was due or asked for. Ends as its task ends.

use super::{
    Millis,
    ids::{ScheduleId, TaskId},
    schedule::OverlapPolicy,
    task_state::TaskState,
};

/// Text of a run that is left out.
pub const SKIPPED: &str = "Previous task still running, skipped this execution";
/// Text of a run that waits.
pub const QUEUED: &str = "Previous task still running, queued this execution";
/// Text of a run that is left out because another one waits.
pub const QUEUE_FULL: &str = "Previous task still running and another execution queued, skipped this execution";
/// Text of a run that waited while its schedule was switched off.
pub const SWITCHED_OFF: &str = "Scheduled task was disabled while this execution was queued";
/// Text of a run whose task failed.
pub const TASK_FAILED: &str = "Underlying task failed";
/// Text of a run whose task was cancelled.
pub const TASK_CANCELLED: &str = "Underlying task was cancelled";
/// Text of a run whose task was removed before anybody saw its end.
pub const TASK_REMOVED: &str = "Underlying task was removed before its end was recorded";
/// Text of a run that took too long.
pub const TIMED_OUT: &str = "Task execution timed out";

/// Where an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExecutionState {
    /// Waits for the end of the one before.
    Queued,
    /// Its task has not ended.
    Running,
    /// Its task completed.
    Success,
    /// Its task failed, was cancelled, or could not be made.
    Failed,
    /// Left out.
    Skipped,
    /// Its task was cancelled because it took too long.
    Timeout,
}

/// What happens to an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionEvent {
    /// The one before has ended, it is its turn.
    Start,
    /// Its task completed.
    Succeed,
    /// Its task failed, was cancelled, or could not be made.
    Fail,
    /// It is left out after all.
    Skip,
    /// It took too long.
    TimeOut,
}

/// An event that makes no sense in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the execution is {}", state.as_str())]
pub struct InvalidExecutionEvent {
    /// State.
    pub state: ExecutionState,
    /// Event.
    pub event: ExecutionEvent,
}

impl ExecutionState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Running,
        Self::Success,
        Self::Failed,
        Self::Skipped,
        Self::Timeout,
    ];

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Timeout => "timeout",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether it has not ended.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }

    /// The state after the event.
    ///
    /// # Errors
    /// [`InvalidExecutionEvent`] when the event makes no sense here.
    pub fn apply(self, event: ExecutionEvent) -> Result<Self, InvalidExecutionEvent> {
        use ExecutionEvent as E;
        match (self, event) {
            (Self::Queued, E::Start) => Ok(Self::Running),
            (Self::Queued, E::Skip) => Ok(Self::Skipped),
            (Self::Running, E::Succeed) => Ok(Self::Success),
            (Self::Running, E::Fail) => Ok(Self::Failed),
            (Self::Running, E::TimeOut) => Ok(Self::Timeout),
            (Self::Queued, E::Succeed | E::Fail | E::TimeOut)
            | (Self::Running, E::Start | E::Skip)
            | (
                Self::Success | Self::Failed | Self::Skipped | Self::Timeout,
                E::Start | E::Succeed | E::Fail | E::Skip | E::TimeOut,
            ) => Err(InvalidExecutionEvent { state: self, event }),
        }
    }
}

/// What asked for a run; the same one never gets two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The timetable, for this time.
    Due(Millis),
    /// Runs that were due until then and that nobody could start.
    Missed(Millis),
    /// Somebody, by a call of this name.
    Manual(String),
}

impl Cause {
    /// The cause as the store keeps it, unique within the schedule.
    pub fn slot(&self) -> String {
        match self {
            Self::Due(at) => format!("due-{at}"),
            Self::Missed(last) => format!("missed-{last}"),
            Self::Manual(name) => format!("manual-{name}"),
        }
    }

    /// Reads the stored form.
    pub fn parse(slot: &str) -> Option<Self> {
        let (kind, rest) = slot.split_once('-')?;
        match kind {
            "due" => rest.parse().ok().map(Self::Due),
            "missed" => rest.parse().ok().map(Self::Missed),
            "manual" => Some(Self::Manual(rest.to_owned())),
            _unknown => None,
        }
    }

    /// When it was due; 0 for what somebody asked for.
    pub fn due_at(&self) -> Millis {
        match self {
            Self::Due(at) | Self::Missed(at) => *at,
            Self::Manual(_) => 0,
        }
    }
}

/// One record of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Number that the store gives; 0 before.
    pub id: i64,
    /// Schedule.
    pub schedule: ScheduleId,
    /// What asked for it.
    pub cause: Cause,
    /// Where it stands.
    pub state: ExecutionState,
    /// Id of its task, chosen before the task is made; `None` when it never gets one.
    pub task: Option<TaskId>,
    /// The task was made.
    pub launched: bool,
    /// When it was taken up.
    pub triggered_at: Millis,
    /// When it began to run, or was left out.
    pub started_at: Millis,
    /// When it ended; 0 while open.
    pub finished_at: Millis,
    /// Why it did not succeed or waits; empty otherwise.
    pub message: String,
}

impl Execution {
    /// A run that starts now.
    pub fn start(schedule: ScheduleId, cause: Cause, task: TaskId, now: Millis) -> Self {
        Self {
            id: 0,
            schedule,
            cause,
            state: ExecutionState::Running,
            task: Some(task),
            launched: false,
            triggered_at: now,
            started_at: now,
            finished_at: 0,
            message: String::new(),
        }
    }

    /// A run that is left out.
    pub fn skipped(schedule: ScheduleId, cause: Cause, message: impl Into<String>, now: Millis) -> Self {
        Self {
            state: ExecutionState::Skipped,
            task: None,
            finished_at: now,
            message: message.into(),
            ..Self::start(schedule, cause, TaskId::from_stored(String::new()), now)
        }
    }

    /// A run that waits.
    pub fn queued(schedule: ScheduleId, cause: Cause, now: Millis) -> Self {
        Self {
            state: ExecutionState::Queued,
            finished_at: 0,
            ..Self::skipped(schedule, cause, QUEUED, now)
        }
    }

    /// The key under which its task is made, so that it is made once.
    pub fn request_id(&self) -> String {
        format!("{}/{}", self.schedule, self.cause.slot())
    }

    /// When it has taken too long; `None` without a time-out or before it runs.
    pub fn deadline(&self, timeout_seconds: u32) -> Option<Millis> {
        let is_limited = timeout_seconds > 0 && self.state == ExecutionState::Running && self.launched;
        is_limited.then(|| self.started_at + i64::from(timeout_seconds) * 1000)
    }

    /// Seconds from its start to its end; 0 while it is open.
    pub fn duration_seconds(&self) -> f64 {
        if self.state.is_open() {
            return 0.0;
        }
        (self.finished_at - self.started_at).max(0) as f64 / 1000.0
    }

    /// Its turn has come: it gets its task's id.
    ///
    /// # Errors
    /// When it does not wait.
    pub fn take_turn(&mut self, task: TaskId, now: Millis) -> Result<(), InvalidExecutionEvent> {
        self.state = self.state.apply(ExecutionEvent::Start)?;
        self.task = Some(task);
        self.started_at = now;
        self.message = String::new();
        Ok(())
    }

    /// It ended.
    ///
    /// # Errors
    /// When it has ended already, or cannot end like this.
    pub fn end(
        &mut self,
        event: ExecutionEvent,
        message: impl Into<String>,
        now: Millis,
    ) -> Result<(), InvalidExecutionEvent> {
        self.state = self.state.apply(event)?;
        self.finished_at = now;
        self.message = message.into();
        Ok(())
    }

    /// How it ended, by what its task says; `None` while the task is open. A task that was cancelled after the deadline timed out.
    pub fn end_by_task(
        &self,
        state: TaskState,
        finished_at: Millis,
        timeout_seconds: u32,
    ) -> Option<(ExecutionEvent, &'static str)> {
        match state {
            TaskState::Pending | TaskState::Running | TaskState::Paused => None,
            TaskState::Completed => Some((ExecutionEvent::Succeed, "")),
            TaskState::Failed => Some((ExecutionEvent::Fail, TASK_FAILED)),
            TaskState::Cancelled => Some(match self.deadline(timeout_seconds) {
                Some(deadline) if finished_at >= deadline => (ExecutionEvent::TimeOut, TIMED_OUT),
                Some(_) | None => (ExecutionEvent::Fail, TASK_CANCELLED),
            }),
        }
    }
}

/// What becomes of a run that is due or asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It starts; others that run are cancelled first if the policy says so.
    Start,
    /// It waits.
    Queue,
    /// It is left out, for this reason.
    Skip(&'static str),
}

/// Decides by the policy and by what the schedule has open.
pub fn admit(policy: OverlapPolicy, open: &[ExecutionState]) -> Admission {
    if open.is_empty() {
        return Admission::Start;
    }
    match policy {
        OverlapPolicy::Allow | OverlapPolicy::Replace => Admission::Start,
        OverlapPolicy::Skip => Admission::Skip(SKIPPED),
        OverlapPolicy::Queue if open.contains(&ExecutionState::Queued) => Admission::Skip(QUEUE_FULL),
        OverlapPolicy::Queue => Admission::Queue,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn every_state_meets_every_event() {
        use ExecutionEvent::{Fail, Skip, Start, Succeed, TimeOut};
        let table = [
            "running . . skipped .",
            ". success failed . timeout",
            ". . . . .",
            ". . . . .",
            ". . . . .",
            ". . . . .",
        ];
        for (state, row) in ExecutionState::ALL.into_iter().zip(table) {
            assert_eq!(ExecutionState::parse(state.as_str()), Some(state));
            for (event, expected) in [Start, Succeed, Fail, Skip, TimeOut]
                .into_iter()
                .zip(row.split_whitespace())
            {
                let found = state.apply(event).map_or(".", ExecutionState::as_str);
                assert_eq!(found, expected, "{state:?} + {event:?}");
            }
        }
    }

    #[test]
    fn every_policy_meets_every_overlap() {
        use ExecutionState::{Queued, Running};
        let open: [&[ExecutionState]; 3] = [&[], &[Running], &[Running, Queued]];
        let words = |admission| match admission {
            Admission::Start => "start",
            Admission::Queue => "queue",
            Admission::Skip(_) => "skip",
        };
        for (policy, expected) in OverlapPolicy::ALL.into_iter().zip([
            ["start", "skip", "skip"],
            ["start", "start", "start"],
            ["start", "queue", "skip"],
            ["start", "start", "start"],
        ]) {
            assert_eq!(open.map(|open| words(admit(policy, open))), expected, "{policy:?}");
        }
    }

    fn running() -> Execution {
        let id = ScheduleId::from_stored("sched-1".into());
        let mut execution = Execution::start(id, Cause::Due(1000), TaskId::from_stored("t".into()), 1500);
        execution.launched = true;
        execution
    }

    #[test]
    fn an_execution_ends_as_its_task_does() {
        let end = |state, finished_at| running().end_by_task(state, finished_at, 10);
        for open in [TaskState::Pending, TaskState::Running, TaskState::Paused] {
            assert_eq!(end(open, 0), None);
        }
        assert_eq!(end(TaskState::Completed, 20_000), Some((ExecutionEvent::Succeed, "")));
        assert_eq!(
            end(TaskState::Failed, 20_000),
            Some((ExecutionEvent::Fail, TASK_FAILED))
        );
        assert_eq!(
            end(TaskState::Cancelled, 11_499),
            Some((ExecutionEvent::Fail, TASK_CANCELLED))
        );
        assert_eq!(
            end(TaskState::Cancelled, 11_500),
            Some((ExecutionEvent::TimeOut, TIMED_OUT))
        );
        assert_eq!(
            running().end_by_task(TaskState::Cancelled, i64::MAX, 0),
            Some((ExecutionEvent::Fail, TASK_CANCELLED))
        );
    }

    #[test]
    fn causes_are_read_as_they_are_kept() {
        for cause in [Cause::Due(7), Cause::Missed(9), Cause::Manual("a-b".into())] {
            assert_eq!(Cause::parse(&cause.slot()), Some(cause));
        }
        for bad in ["", "due", "due-x", "other-1"] {
            assert_eq!(Cause::parse(bad), None);
        }
        assert_eq!(running().request_id(), "sched-1/due-1000");
    }

    #[test]
    fn a_queued_run_takes_its_turn_and_lasts_from_there() {
        let mut execution = Execution::queued(ScheduleId::from_stored("s".into()), Cause::Due(1), 100);
        assert_eq!((execution.message.as_str(), execution.task.clone()), (QUEUED, None));
        execution.take_turn(TaskId::from_stored("t".into()), 5_000).unwrap();
        assert_eq!(execution.deadline(1), None, "its task is not made yet");
        execution.launched = true;
        assert_eq!(execution.deadline(1), Some(6_000));
        execution.end(ExecutionEvent::Succeed, "", 7_500).unwrap();
        assert_eq!((execution.duration_seconds(), execution.triggered_at), (2.5, 100));
        assert!(execution.end(ExecutionEvent::Fail, "", 8_000).is_err());
    }
}
