//! One action on tasks that are named, or on all in some states.

use crate::{
    args::SomeTasks,
    connect::{Server, call},
    error::{CliError, FAILURE},
    human::one_line,
    output::{self, Format, json},
};
use ips_proto::v1;
use std::{collections::HashSet, process::ExitCode};

/// What is done.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    Cancel,
    Retry,
    Delete,
    Pause,
    Resume,
}

impl Action {
    /// What has become of the task.
    fn participle(self) -> &'static str {
        match self {
            Self::Cancel => "cancelled",
            Self::Retry => "tried again",
            Self::Delete => "deleted",
            Self::Pause => "paused",
            Self::Resume => "resumed",
        }
    }

    fn bulk(self) -> v1::BulkAction {
        match self {
            Self::Cancel => v1::BulkAction::Cancel,
            Self::Retry => v1::BulkAction::Retry,
            Self::Delete => v1::BulkAction::Delete,
            Self::Pause => v1::BulkAction::Pause,
            Self::Resume => v1::BulkAction::Resume,
        }
    }
}

/// Runs the command.
pub async fn run(server: &Server, format: Format, action: Action, some: SomeTasks) -> Result<ExitCode, CliError> {
    if some.all {
        let states = some.status.into_iter().map(|word| v1::TaskState::from(word).into());
        return all(server, format, action, states.collect()).await;
    }
    for id in some.ids {
        one(server, format, action, id).await?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn one(server: &Server, format: Format, action: Action, task_id: String) -> Result<(), CliError> {
    let mut client = server.tasks().await?;
    let id = task_id.clone();
    let answer = match action {
        Action::Cancel => client.cancel_task(call(v1::CancelTaskRequest { task_id })).await,
        Action::Retry => client.retry_task(call(v1::RetryTaskRequest { task_id })).await,
        Action::Pause => client.pause_task(call(v1::PauseTaskRequest { task_id })).await,
        Action::Resume => client.resume_task(call(v1::ResumeTaskRequest { task_id })).await,
        Action::Delete => {
            let removed = client.delete_task(call(v1::DeleteTaskRequest { task_id })).await;
            removed.map_err(|status| server.error(status))?;
            return output::line(&format!("task/{id} deleted"));
        }
    };
    let task = answer.map_err(|status| server.error(status))?.into_inner();
    match format {
        Format::Json => output::object(&json::Task::from(&task)),
        Format::Name => output::line(&format!("task/{}", task.task_id)),
        Format::Table => output::line(&format!("task/{} {}", task.task_id, action.participle())),
    }
}

/// Asks again until nothing is left that was not tried.
async fn all(server: &Server, format: Format, action: Action, states: Vec<i32>) -> Result<ExitCode, CliError> {
    let mut client = server.tasks().await?;
    let mut tried: HashSet<String> = HashSet::new();
    let mut failed = false;
    loop {
        let request = v1::BulkTasksRequest {
            action: action.bulk().into(),
            task_ids: vec![],
            filter: Some(v1::BulkFilter { states: states.clone() }),
        };
        let answer = client.bulk_tasks(call(request)).await;
        let outcome = answer.map_err(|status| server.error(status))?.into_inner();
        let fresh: Vec<_> = outcome
            .results
            .into_iter()
            .filter(|result| tried.insert(result.task_id.clone()))
            .collect();
        for result in &fresh {
            show(format, action, result)?;
            failed |= !result.ok;
        }
        if fresh.is_empty() || outcome.remaining == 0 {
            break;
        }
    }
    if tried.is_empty() {
        eprintln!("No tasks found.");
    }
    Ok(if failed {
        ExitCode::from(FAILURE)
    } else {
        ExitCode::SUCCESS
    })
}

fn show(format: Format, action: Action, result: &v1::BulkResult) -> Result<(), CliError> {
    let id = &result.task_id;
    match format {
        Format::Json => output::object_line(&serde_json::json!({
            "taskId": id, "ok": result.ok, "code": result.code, "error": result.message,
        })),
        Format::Name | Format::Table if !result.ok => {
            eprintln!("error: task/{id}: {}", one_line(&result.message));
            Ok(())
        }
        Format::Name => output::line(&format!("task/{id}")),
        Format::Table => output::line(&format!("task/{id} {}", action.participle())),
    }
}
