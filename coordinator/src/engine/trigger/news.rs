//! What people are told of a run that did not come to what it should.

use crate::domain::{
    Millis,
    channel::ChannelId,
    event::{Event, EventKind, ScheduleNews, digest},
    execution::{Cause, Execution, ExecutionState, TASK_CANCELLED, TASK_FAILED},
    schedule::Schedule,
};

/// The event of a run in its present state; `None` where there is nothing to tell. Who asks for a run and does not get it is answered, so
/// nobody else is told of that.
pub(in crate::engine) fn of_run(schedule: &Schedule, execution: &Execution, now: Millis) -> Option<Event> {
    let kind = match (execution.state, &execution.cause) {
        (ExecutionState::Skipped, Cause::Due(_) | Cause::Missed(_)) => EventKind::ScheduleSkipped,
        (ExecutionState::Failed | ExecutionState::Timeout, _) => EventKind::ScheduleFailed,
        (ExecutionState::Skipped, Cause::Manual(_))
        | (ExecutionState::Queued | ExecutionState::Running | ExecutionState::Success, _) => return None,
    };
    let news = ScheduleNews {
        id: schedule.id.clone(),
        tenant: schedule.tenant.clone(),
        name: schedule.spec.name.clone(),
        execution: execution.id,
        triggered_at: execution.triggered_at,
        message: execution.message.clone(),
        channels: named(schedule, execution),
    };
    let id = digest(&[kind.as_str(), schedule.id.as_str(), &execution.cause.slot()]);
    Some(Event::schedule(id, kind, now, news))
}

/// Channels that the task names hear of its end from the task itself.
fn named(schedule: &Schedule, execution: &Execution) -> Vec<ChannelId> {
    if [TASK_FAILED, TASK_CANCELLED].contains(&execution.message.as_str()) {
        return vec![];
    }
    let channels = schedule.spec.task.notices.channels.iter();
    channels.map(|channel| channel.id).collect()
}
