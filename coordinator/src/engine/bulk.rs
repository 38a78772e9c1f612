//! One action on many tasks: each by the function that does it to one, with a result for each.

use super::{
    Engine, EngineError,
    views::{PageRequest, TaskFilter},
};
use crate::domain::{
    bulk::{BulkAction, BulkRequest, BulkTarget, MAX_TASKS},
    ids::TaskId,
    task_state::TaskState,
};
use futures::StreamExt as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Tasks that are worked on at the same time.
const PARALLEL: usize = 16;
/// Tasks of one page of a filter.
const PAGE: u32 = 100;
/// How long one call may take; what is not done by then says so.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// What became of one task.
#[derive(Debug)]
pub struct BulkItem {
    /// Task.
    pub task: TaskId,
    /// Done, or why not.
    pub result: Result<(), EngineError>,
}

/// What became of all.
#[derive(Debug)]
pub struct BulkOutcome {
    /// One for each task, in the order of the ids, or the newest first.
    pub items: Vec<BulkItem>,
    /// Tasks that the filter found and that were left for the next call.
    pub remaining: u32,
}

impl Engine {
    /// Does one thing to many tasks.
    ///
    /// # Errors
    /// Invalid when it is not clear to which; Unavailable when the store cannot be read. What goes wrong with one task is in its result.
    pub async fn bulk(&self, request: BulkRequest) -> Result<BulkOutcome, EngineError> {
        let (action, target) = request.check()?;
        let (ids, remaining) = match target {
            BulkTarget::Ids(ids) => (ids, 0),
            BulkTarget::States(states) => self.found(states).await?,
        };
        let deadline = Instant::now() + TIME_LIMIT;
        let one = |task: TaskId| async move {
            let done = timeout_at(deadline, self.act(action, &task)).await;
            let late = || EngineError::Unavailable("not done in time; ask again".into());
            let result = done.unwrap_or_else(|_elapsed| Err(late()));
            BulkItem { task, result }
        };
        let items = futures::stream::iter(ids).map(one).buffered(PARALLEL).collect().await;
        Ok(BulkOutcome { items, remaining })
    }

    async fn act(&self, action: BulkAction, task: &TaskId) -> Result<(), EngineError> {
        match action {
            BulkAction::Cancel => self.cancel_task(task).await.map(drop),
            BulkAction::Retry => self.retry_task(task).await.map(drop),
            BulkAction::Delete => self.delete_task(task).await,
            BulkAction::Pause => self.pause_task(task).await.map(drop),
            BulkAction::Resume => self.resume_task(task).await.map(drop),
        }
    }

    /// The newest tasks in these states, and how many there are beyond them.
    async fn found(&self, states: Vec<TaskState>) -> Result<(Vec<TaskId>, u32), EngineError> {
        let filter = TaskFilter {
            states,
            ..TaskFilter::default()
        };
        let mut ids: Vec<TaskId> = Vec::new();
        loop {
            let page = PageRequest {
                limit: PAGE,
                offset: ids.len() as u32,
            };
            let found = self.tasks(&filter, page).await?;
            let is_last = found.items.len() < PAGE as usize;
            ids.extend(found.items.into_iter().map(|view| view.task.id));
            if is_last || ids.len() >= MAX_TASKS {
                let remaining = found.total.saturating_sub(ids.len() as u32);
                return Ok((ids, remaining));
            }
        }
    }
}
