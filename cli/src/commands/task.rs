//! `ips task …`.

mod act;
pub mod spec;

use crate::{
    args::{CloneArgs, CreateArgs, ListTasksArgs, PreviewArgs, PullsArgs, TaskCommand},
    connect::{Server, call, is_broken_connection},
    error::CliError,
    human::now_ms,
    output::{self, Format, json, preview as show_preview, task as show},
    watch,
};
use act::Action;
use ips_proto::v1;
use std::{process::ExitCode, time::Duration};
use tonic::Code;

/// Pulls asked for at a time.
const PAGE: u32 = 1000;
/// How often creating is tried while the coordinator is away; the request id makes it one task.
const CREATE_ATTEMPTS: u32 = 3;
const CREATE_PAUSE: Duration = Duration::from_secs(1);

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: TaskCommand) -> Result<ExitCode, CliError> {
    match command {
        TaskCommand::Create(args) => return create(server, format, *args).await,
        TaskCommand::Watch(args) => {
            return watch::run(server, format, watch::Target::named(args.id), args.watching).await;
        }
        TaskCommand::Clone(args) => copy(server, format, *args).await?,
        TaskCommand::Ls(args) => list(server, format, args).await?,
        TaskCommand::Get(named) => get(server, format, named.id).await?,
        TaskCommand::Pulls(args) => pulls(server, format, args).await?,
        TaskCommand::Preview(args) => preview(server, format, *args).await?,
        TaskCommand::Pause(some) => return act::run(server, format, Action::Pause, some).await,
        TaskCommand::Resume(some) => return act::run(server, format, Action::Resume, some).await,
        TaskCommand::Retry(some) => return act::run(server, format, Action::Retry, some).await,
        TaskCommand::Cancel(some) => return act::run(server, format, Action::Cancel, some).await,
        TaskCommand::Rm(some) => return act::run(server, format, Action::Delete, some).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(server: &Server, format: Format, args: CreateArgs) -> Result<ExitCode, CliError> {
    let (watched, watching) = (args.watch, args.watching);
    let task = create_once(server, spec::create(args)?).await?;
    match format {
        // The watch's first object holds the task already.
        Format::Json if watched => {}
        Format::Json => output::object(&json::Task::from(&task))?,
        Format::Name => output::line(&format!("task/{}", task.task_id))?,
        Format::Table => output::line(&format!("task/{} created", task.task_id))?,
    }
    if watched {
        return watch::run(server, format, watch::Target::created(task.task_id), watching).await;
    }
    Ok(ExitCode::SUCCESS)
}

async fn create_once(server: &Server, request: v1::CreateTaskRequest) -> Result<v1::Task, CliError> {
    let mut attempt = 1;
    loop {
        let mut client = server.tasks().await?;
        match client.create_task(call(request.clone())).await {
            Ok(created) => return Ok(created.into_inner()),
            Err(status)
                if attempt < CREATE_ATTEMPTS
                    && (is_broken_connection(&status) || status.code() == Code::Unavailable) =>
            {
                attempt += 1;
                tokio::time::sleep(CREATE_PAUSE).await;
            }
            Err(status) => return Err(server.error(status)),
        }
    }
}

async fn copy(server: &Server, format: Format, args: CloneArgs) -> Result<(), CliError> {
    let mut client = server.tasks().await?;
    let task = client
        .clone_task(call(spec::copy(args)?))
        .await
        .map_err(|status| server.error(status))?
        .into_inner();
    match format {
        Format::Json => output::object(&json::Task::from(&task)),
        Format::Name => output::line(&format!("task/{}", task.task_id)),
        Format::Table => output::line(&format!("task/{} created", task.task_id)),
    }
}

async fn list(server: &Server, format: Format, args: ListTasksArgs) -> Result<(), CliError> {
    let request = v1::ListTasksRequest {
        states: args
            .status
            .into_iter()
            .map(|word| v1::TaskState::from(word).into())
            .collect(),
        limit: args.limit,
        offset: args.offset,
        q: args.query,
        sort: args.sort,
        policy_id: args.policy.unwrap_or_default(),
        tenant: server.tenant(),
    };
    let mut client = server.tasks().await?;
    let found = client
        .list_tasks(call(request))
        .await
        .map_err(|status| server.error(status))?
        .into_inner();
    match format {
        Format::Json => output::object(&serde_json::json!({
            "tasks": found.tasks.iter().map(json::Task::from).collect::<Vec<_>>(),
            "total": found.total, "limit": args.limit, "offset": args.offset,
        })),
        Format::Name => found
            .tasks
            .iter()
            .try_for_each(|task| output::line(&format!("task/{}", task.task_id))),
        Format::Table if found.tasks.is_empty() => {
            eprintln!("No tasks found.");
            Ok(())
        }
        Format::Table => {
            output::line(&show::list(&found.tasks, now_ms()))?;
            if found.tasks.len() < found.total as usize {
                eprintln!(
                    "{} of {} tasks; see --limit and --offset",
                    found.tasks.len(),
                    found.total
                );
            }
            Ok(())
        }
    }
}

async fn get(server: &Server, format: Format, task_id: String) -> Result<(), CliError> {
    let mut client = server.tasks().await?;
    let request = v1::GetTaskRequest { task_id };
    let task = client
        .get_task(call(request))
        .await
        .map_err(|status| server.error(status))?
        .into_inner();
    match format {
        Format::Json => output::object(&json::Task::from(&task)),
        Format::Name => output::line(&format!("task/{}", task.task_id)),
        Format::Table => output::line(&show::describe(&task, now_ms())),
    }
}

async fn pulls(server: &Server, format: Format, args: PullsArgs) -> Result<(), CliError> {
    let request = v1::ListPullsRequest {
        task_id: args.id,
        node_name: args.node.unwrap_or_default(),
        image: args.image.unwrap_or_default(),
        states: args
            .state
            .into_iter()
            .map(|word| v1::PullState::from(word).into())
            .collect(),
        limit: PAGE,
        offset: 0,
    };
    show_pulls(format, &all_pulls(server, request).await?)
}

/// Writes pulls as the format says.
pub fn show_pulls(format: Format, pulls: &[v1::PullView]) -> Result<(), CliError> {
    match format {
        Format::Json => output::object(&serde_json::json!({
            "pulls": pulls.iter().map(json::Pull::from).collect::<Vec<_>>(),
            "total": pulls.len(),
        })),
        Format::Name => pulls
            .iter()
            .try_for_each(|pull| output::line(&format!("pull/{}", pull.pull_id))),
        Format::Table if pulls.is_empty() => {
            eprintln!("No pulls found.");
            Ok(())
        }
        Format::Table => output::line(&show::pulls(pulls, now_ms())),
    }
}

async fn all_pulls(server: &Server, mut request: v1::ListPullsRequest) -> Result<Vec<v1::PullView>, CliError> {
    let mut client = server.tasks().await?;
    let mut pulls = vec![];
    loop {
        request.offset = u32::try_from(pulls.len()).unwrap_or(u32::MAX);
        let page = client
            .list_pulls(call(request.clone()))
            .await
            .map_err(|status| server.error(status))?
            .into_inner();
        let done = page.pulls.len() < PAGE as usize;
        pulls.extend(page.pulls);
        if done {
            return Ok(pulls);
        }
    }
}

async fn preview(server: &Server, format: Format, args: PreviewArgs) -> Result<(), CliError> {
    let mut client = server.tasks().await?;
    let preview = client
        .preview_task(call(spec::preview(args)?))
        .await
        .map_err(|status| server.error(status))?
        .into_inner();
    match format {
        Format::Json => output::object(&json::Preview::from(&preview)),
        Format::Name => preview
            .nodes
            .iter()
            .try_for_each(|node| output::line(&format!("node/{}", node.name))),
        Format::Table => output::line(&show_preview::describe(&preview)),
    }
}
