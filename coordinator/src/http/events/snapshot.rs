//! Everything that a stream's topics show at one moment.

use super::topics::Topics;
use crate::{
    domain::ids::TaskId,
    engine::{
        Engine,
        error::EngineError,
        views::{PageRequest, PullFilter, TaskFilter},
    },
    http::{
        dto::event::{ChangesTopicJson, NodesTopicJson, TaskTopicJson, TasksTopicJson, TopicJson},
        nodes, pulls,
    },
};
use std::collections::BTreeMap;

/// Tasks in the topic `tasks`.
const NEWEST_TASKS: u32 = 100;

/// Pulls in a topic `task:{id}`; whoever wants more reads pages.
const MOST_PULLS: u32 = 10_000;

/// What is done about a single task that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissingTask {
    /// The stream is not opened.
    Refuse,
    /// It was removed in the meantime; its topic is left out.
    LeaveOut,
}

/// Reads all topics.
///
/// # Errors
/// `NotFound` for a task, if that is to be refused; Unavailable when the store cannot be read.
pub(super) async fn read(
    engine: &Engine,
    topics: &Topics,
    missing: MissingTask,
) -> Result<BTreeMap<String, TopicJson>, EngineError> {
    let mut shown = BTreeMap::new();
    if topics.tasks {
        shown.insert("tasks".to_owned(), TopicJson::Tasks(newest_tasks(engine).await?));
    }
    if topics.nodes {
        let nodes = nodes::all(engine).await.iter().map(Into::into).collect();
        shown.insert("nodes".to_owned(), TopicJson::Nodes(NodesTopicJson { nodes }));
    }
    if topics.changes {
        shown.insert("changes".to_owned(), TopicJson::Changes(ChangesTopicJson {}));
    }
    for id in &topics.single {
        match single_task(engine, id).await {
            Ok(task) => {
                shown.insert(format!("task:{id}"), TopicJson::Task(Box::new(task)));
            }
            Err(EngineError::NotFound { .. }) if missing == MissingTask::LeaveOut => {}
            Err(error) => return Err(error),
        }
    }
    Ok(shown)
}

async fn newest_tasks(engine: &Engine) -> Result<TasksTopicJson, EngineError> {
    let newest = PageRequest {
        limit: NEWEST_TASKS,
        offset: 0,
    };
    let page = engine.tasks(&TaskFilter::default(), newest).await?;
    Ok(TasksTopicJson {
        tasks: page.items.iter().map(Into::into).collect(),
        total: page.total,
    })
}

async fn single_task(engine: &Engine, id: &TaskId) -> Result<TaskTopicJson, EngineError> {
    let task = engine.task(id).await?;
    let (pulls, total_pulls) = pulls::up_to(engine, id, &PullFilter::default(), MOST_PULLS).await?;
    Ok(TaskTopicJson {
        task: (&task).into(),
        pulls: pulls.iter().map(Into::into).collect(),
        total_pulls,
    })
}
