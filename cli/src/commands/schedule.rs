//! `ips schedule …`.

use crate::{
    args::schedule::{
        CreateScheduleArgs, ExecutionsArgs, Missed, Overlap, PageArgs, ScheduleCommand, UpdateScheduleArgs,
    },
    commands::task::spec,
    connect::{Server, call},
    error::CliError,
    human::now_ms,
    output::{self, Format, json, schedule as show},
};
use ips_proto::v1;
use std::process::ExitCode;
use tonic::Status;

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: ScheduleCommand) -> Result<ExitCode, CliError> {
    match command {
        ScheduleCommand::Create(args) => create(server, format, *args).await?,
        ScheduleCommand::Ls(page) => list(server, format, page).await?,
        ScheduleCommand::Get(named) => get(server, format, named.id).await?,
        ScheduleCommand::Update(args) => update(server, format, *args).await?,
        ScheduleCommand::Enable(named) => enable(server, format, named.ids, true).await?,
        ScheduleCommand::Disable(named) => enable(server, format, named.ids, false).await?,
        ScheduleCommand::Trigger(named) => trigger(server, format, named.id).await?,
        ScheduleCommand::Rm(named) => remove(server, named.ids).await?,
        ScheduleCommand::Executions(args) => match args.number {
            Some(number) => execution(server, format, args.id, number).await?,
            None => executions(server, format, args).await?,
        },
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(server: &Server, format: Format, args: CreateScheduleArgs) -> Result<(), CliError> {
    let settings = args.settings;
    let request = v1::CreateScheduleRequest {
        name: args.name,
        description: settings.description.unwrap_or_default(),
        cron_expr: args.cron,
        time_zone: settings.time_zone.unwrap_or_default(),
        enabled: Some(!args.disabled),
        task_config: Some(v1::CreateTaskRequest {
            images: args.images,
            ..spec::spec(args.task)?
        }),
        overlap_policy: overlap(settings.overlap).into(),
        timeout_seconds: spec::seconds(settings.timeout),
        missed_runs: missed(settings.missed).into(),
    };
    let mut client = server.schedules().await?;
    let created = client.create_schedule(call(request)).await;
    say(format, &answer(server, created)?, "created")
}

/// The options of the task are laid over those that the schedule has, so that one of them can be changed alone.
async fn update(server: &Server, format: Format, args: UpdateScheduleArgs) -> Result<(), CliError> {
    let mut client = server.schedules().await?;
    let given = v1::CreateTaskRequest {
        images: args.images,
        ..spec::spec(args.task)?
    };
    let task_config = if given == v1::CreateTaskRequest::default() && args.clear.is_empty() {
        None
    } else {
        let request = v1::GetScheduleRequest {
            schedule_id: args.id.clone(),
        };
        let found = answer(server, client.get_schedule(call(request)).await)?;
        let mut task = found.task_config.unwrap_or_default();
        args.clear.iter().for_each(|setting| setting.take_out(&mut task));
        Some(spec::over(given, task))
    };
    let request = v1::UpdateScheduleRequest {
        schedule_id: args.id,
        name: args.name,
        description: args.settings.description,
        cron_expr: args.cron,
        time_zone: args.settings.time_zone,
        enabled: None,
        task_config,
        overlap_policy: overlap(args.settings.overlap).into(),
        timeout_seconds: args.settings.timeout.map(|timeout| spec::seconds(Some(timeout))),
        missed_runs: missed(args.settings.missed).into(),
    };
    let updated = client.update_schedule(call(request)).await;
    say(format, &answer(server, updated)?, "updated")
}

async fn list(server: &Server, format: Format, page: PageArgs) -> Result<(), CliError> {
    let request = v1::ListSchedulesRequest {
        limit: page.limit,
        offset: page.offset,
        tenant: server.tenant(),
        ..Default::default()
    };
    let mut client = server.schedules().await?;
    let found = answer(server, client.list_schedules(call(request)).await)?;
    let schedules = &found.schedules;
    match format {
        Format::Json => output::object(&serde_json::json!({
            "tasks": schedules.iter().map(json::Schedule::from).collect::<Vec<_>>(),
            "total": found.total, "limit": page.limit, "offset": page.offset,
        })),
        Format::Name => schedules
            .iter()
            .try_for_each(|schedule| output::line(&format!("schedule/{}", schedule.schedule_id))),
        Format::Table => {
            let lines = show::list(schedules, now_ms());
            table("schedules", lines, schedules.len(), found.total)
        }
    }
}

async fn get(server: &Server, format: Format, schedule_id: String) -> Result<(), CliError> {
    let mut client = server.schedules().await?;
    let request = v1::GetScheduleRequest { schedule_id };
    let schedule = answer(server, client.get_schedule(call(request)).await)?;
    match format {
        Format::Json => output::object(&json::Schedule::from(&schedule)),
        Format::Name => output::line(&format!("schedule/{}", schedule.schedule_id)),
        Format::Table => output::line(&show::describe(&schedule)),
    }
}

async fn enable(server: &Server, format: Format, ids: Vec<String>, enabled: bool) -> Result<(), CliError> {
    let mut client = server.schedules().await?;
    for schedule_id in ids {
        let (switched, done) = if enabled {
            let request = v1::EnableScheduleRequest { schedule_id };
            (client.enable_schedule(call(request)).await, "enabled")
        } else {
            let request = v1::DisableScheduleRequest { schedule_id };
            (client.disable_schedule(call(request)).await, "disabled")
        };
        say(format, &answer(server, switched)?, done)?;
    }
    Ok(())
}

async fn trigger(server: &Server, format: Format, schedule_id: String) -> Result<(), CliError> {
    let mut client = server.schedules().await?;
    let request = v1::TriggerScheduleRequest { schedule_id };
    let triggered = answer(server, client.trigger_schedule(call(request)).await)?;
    let execution = triggered.execution.unwrap_or_default();
    match format {
        Format::Json => output::object(&json::Execution::from(&execution)),
        Format::Name => output::line(&format!("task/{}", triggered.task_id)),
        Format::Table => output::line(&format!("task/{} created", triggered.task_id)),
    }
}

async fn remove(server: &Server, ids: Vec<String>) -> Result<(), CliError> {
    let mut client = server.schedules().await?;
    for schedule_id in ids {
        let request = v1::DeleteScheduleRequest {
            schedule_id: schedule_id.clone(),
        };
        let removed = answer(server, client.delete_schedule(call(request)).await)?;
        if !removed.existed {
            let unknown = Status::not_found(format!("scheduled task {schedule_id:?} not found"));
            return Err(server.error(unknown));
        }
        output::line(&format!("schedule/{schedule_id} deleted"))?;
    }
    Ok(())
}

async fn executions(server: &Server, format: Format, args: ExecutionsArgs) -> Result<(), CliError> {
    let page = args.page;
    let states = args.status.into_iter();
    let request = v1::ListExecutionsRequest {
        schedule_id: args.id,
        states: states.map(|word| v1::ExecutionState::from(word).into()).collect(),
        limit: page.limit,
        offset: page.offset,
    };
    let mut client = server.schedules().await?;
    let found = answer(server, client.list_executions(call(request)).await)?;
    let executions = &found.executions;
    match format {
        Format::Json => output::object(&serde_json::json!({
            "executions": executions.iter().map(json::Execution::from).collect::<Vec<_>>(),
            "total": found.total, "limit": page.limit, "offset": page.offset,
        })),
        Format::Name => executions
            .iter()
            .try_for_each(|execution| output::line(&format!("execution/{}", execution.execution_id))),
        Format::Table => {
            let lines = show::executions(executions, now_ms());
            table("executions", lines, executions.len(), found.total)
        }
    }
}

async fn execution(server: &Server, format: Format, schedule_id: String, execution_id: i64) -> Result<(), CliError> {
    let mut client = server.schedules().await?;
    let request = v1::GetExecutionRequest {
        schedule_id,
        execution_id,
    };
    let found = answer(server, client.get_execution(call(request)).await)?;
    match format {
        Format::Json => output::object(&json::Execution::from(&found)),
        Format::Name => output::line(&format!("execution/{}", found.execution_id)),
        Format::Table => output::line(&show::describe_execution(&found)),
    }
}

fn answer<T>(server: &Server, answer: Result<tonic::Response<T>, Status>) -> Result<T, CliError> {
    answer
        .map(tonic::Response::into_inner)
        .map_err(|status| server.error(status))
}

fn say(format: Format, schedule: &v1::Schedule, done: &str) -> Result<(), CliError> {
    match format {
        Format::Json => output::object(&json::Schedule::from(schedule)),
        Format::Name => output::line(&format!("schedule/{}", schedule.schedule_id)),
        Format::Table => output::line(&format!("schedule/{} {done}", schedule.schedule_id)),
    }
}

fn table(things: &str, lines: String, shown: usize, total: u32) -> Result<(), CliError> {
    if shown == 0 {
        eprintln!("No {things} found.");
        return Ok(());
    }
    output::line(&lines)?;
    if shown < total as usize {
        eprintln!("{shown} of {total} {things}; see --limit and --offset");
    }
    Ok(())
}

fn overlap(policy: Option<Overlap>) -> v1::OverlapPolicy {
    match policy {
        None => v1::OverlapPolicy::Unspecified,
        Some(Overlap::Skip) => v1::OverlapPolicy::Skip,
        Some(Overlap::Allow) => v1::OverlapPolicy::Allow,
        Some(Overlap::Queue) => v1::OverlapPolicy::Queue,
        Some(Overlap::Replace) => v1::OverlapPolicy::Replace,
    }
}

fn missed(policy: Option<Missed>) -> v1::MissedRuns {
    match policy {
        None => v1::MissedRuns::Unspecified,
        Some(Missed::Skip) => v1::MissedRuns::Skip,
        Some(Missed::RunOnce) => v1::MissedRuns::RunOnce,
    }
}
