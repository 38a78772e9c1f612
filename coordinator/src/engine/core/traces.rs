//! What the engine adds to a trace: a span for the task, under the call that made it, one for each attempt of a pull below that, and how long it
//! waited. Their ids follow from what they are about, so that a coordinator that was started again goes on with the same spans.

use super::Core;
use crate::{
    domain::{
        Millis,
        pull::{Pull, PullState},
        task::Task,
        task_state::TaskState,
    },
    engine::Engine,
};
use ips_traces::{Kind, Span, TraceContext, Traces, time_of};

impl Core {
    fn traces(&self) -> Option<&Traces> {
        self.shared.traces().filter(|traces| traces.is_on())
    }

    /// The place of an attempt, if somebody wants to see it, and the span that it hangs under.
    fn place(&self, pull: &Pull, attempt: u32) -> Option<(TraceContext, u64)> {
        self.traces()?;
        let of_task = of_task(&self.work.tasks.get(&pull.task)?.task)?;
        let number = attempt.to_string();
        Some((of_task.child(&["pull", pull.id.as_str(), &number]), of_task.span))
    }

    /// What the agent is told, so that its spans hang under ours; empty when nobody traces it.
    pub(super) fn traceparent(&self, pull: &Pull) -> String {
        let place = self.place(pull, pull.attempt);
        place.map(|(context, _)| context.to_string()).unwrap_or_default()
    }

    /// The next attempt of a pull is handed out, which could have started at `since`.
    pub(super) fn trace_wait(&self, now: Millis, pull: &Pull, since: Millis) {
        let attempt = pull.attempt + 1;
        let (Some(traces), Some((context, _))) = (self.traces(), self.place(pull, attempt)) else {
            return;
        };
        let number = attempt.to_string();
        traces.send(Span {
            context: context.child(&["queue", pull.id.as_str(), &number]),
            parent: context.span,
            parent_is_remote: false,
            name: "queue".into(),
            kind: Kind::Internal,
            began: time_of(since),
            ended: time_of(now),
            attributes: vec![("ips.node", pull.node.as_str().into())],
            error: None,
        });
    }

    /// An attempt of a pull is over.
    pub(super) fn trace_attempt(&self, now: Millis, pull: &Pull) {
        let (Some(traces), Some((context, parent))) = (self.traces(), self.place(pull, pull.attempt)) else {
            return;
        };
        let failed = matches!(pull.state, PullState::Queued | PullState::Failed);
        let failure = pull.failure.filter(|_| failed);
        let reason = pull
            .success
            .map(|reason| reason.as_str())
            .or(failure.map(|reason| reason.as_str()));
        traces.send(Span {
            context,
            parent,
            parent_is_remote: false,
            name: "pull".into(),
            kind: Kind::Internal,
            began: time_of(pull.started_at),
            ended: time_of(now),
            attributes: vec![
                ("ips.pull.id", pull.id.as_str().into()),
                ("ips.pull.attempt", pull.attempt.into()),
                ("ips.pull.state", pull.state.as_str().into()),
                ("ips.result", reason.unwrap_or_default().into()),
                ("ips.node", pull.node.as_str().into()),
                ("ips.image", pull.image.as_str().into()),
            ],
            error: failure.map(|reason| format!("{reason}: {}", pull.message)),
        });
    }

    /// A task has ended.
    pub(super) fn trace_task(&self, task: &Task) {
        let (Some(traces), Some(context)) = (self.traces(), of_task(task)) else {
            return;
        };
        let counts = &task.counts;
        traces.send(Span {
            context,
            parent: TraceContext::from_stored(&task.spec.trace).map_or(0, |caller| caller.span),
            parent_is_remote: false,
            name: "task".into(),
            kind: Kind::Internal,
            began: time_of(task.created_at),
            ended: time_of(task.finished_at),
            attributes: vec![
                ("ips.task.id", task.id.as_str().into()),
                ("ips.task.state", task.state.as_str().into()),
                ("ips.task.priority", task.spec.priority.into()),
                ("ips.task.nodes", counts.nodes.into()),
                ("ips.task.pulls.succeeded", counts.succeeded.into()),
                ("ips.task.pulls.failed", counts.failed.into()),
                ("ips.task.pulls.skipped", counts.skipped.into()),
            ],
            error: (task.state == TaskState::Failed).then(|| task.error_message.clone()),
        });
    }
}

/// The place of a task in its trace.
fn of_task(task: &Task) -> Option<TraceContext> {
    let caller = TraceContext::from_stored(&task.spec.trace)?;
    Some(caller.child(&["task", task.id.as_str()]))
}

impl Engine {
    /// The same engine, which tells a collector what it does. Call it before the engine is handed around.
    #[must_use]
    pub fn with_traces(self, traces: Traces) -> Self {
        self.shared.set_traces(traces);
        self
    }

    /// Where traces go.
    pub fn traces(&self) -> Traces {
        self.shared.traces().cloned().unwrap_or_default()
    }

    /// The trace of a task that is made now: that of the call, or a new one. Empty when nobody wants to see it.
    pub(in crate::engine) fn trace_of_new_task(&self) -> String {
        let context = self.traces().trace_of(ips_traces::current());
        context.map(|context| context.to_string()).unwrap_or_default()
    }
}
