//! `ips policy …`.

use crate::{
    args::{
        policy::{
            CoverageArgs, CoverageWord, CreatePolicyArgs, Follow, PauseArgs, PolicyCommand, PolicySettings,
            UpdatePolicyArgs, WaitArgs, WorkloadArgs, WorkloadWord,
        },
        schedule::PageArgs,
    },
    commands::task::spec,
    connect::{Server, call},
    error::{CliError, FAILURE},
    output::{self, Format, json, policy as show},
};
use ips_proto::v1;
use std::{process::ExitCode, time::Duration};
use tokio::time::{Instant, sleep};
use tonic::Status;

/// Pause between two looks of a wait.
const PAUSE: Duration = Duration::from_secs(1);
/// Policies that are looked through for a name at a time.
const PAGE: u32 = 100;

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: PolicyCommand) -> Result<ExitCode, CliError> {
    match command {
        PolicyCommand::Create(args) => create(server, format, *args).await?,
        PolicyCommand::Ls(page) => list(server, format, page).await?,
        PolicyCommand::Get(named) => get(server, format, &named.id).await?,
        PolicyCommand::Update(args) => update(server, format, *args).await?,
        PolicyCommand::Pause(args) => pause(server, format, args).await?,
        PolicyCommand::Resume(named) => resume(server, format, &named.id).await?,
        PolicyCommand::Rm(named) => remove(server, named.ids).await?,
        PolicyCommand::Coverage(args) => coverage(server, format, args).await?,
        PolicyCommand::Wait(args) => return wait(server, format, args).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(server: &Server, format: Format, args: CreatePolicyArgs) -> Result<(), CliError> {
    let dry_run = args.dry_run;
    let request = v1::CreatePolicyRequest {
        name: args.name,
        description: args.settings.description.clone().unwrap_or_default(),
        library_tag: args.settings.library_tag.clone().unwrap_or_default(),
        workloads: workloads(&args.settings.workloads, None),
        tag_following: following(&args.settings),
        task_config: Some(v1::CreateTaskRequest {
            images: args.images,
            ..spec::spec(args.task)?
        }),
        paused: args.paused,
        dry_run,
    };
    let mut client = server.policies().await?;
    let created = answer(server, client.create_policy(call(request)).await)?;
    match format {
        Format::Table if dry_run => output::line(&show::describe(&created)),
        Format::Table | Format::Json | Format::Name => say(format, &created, "created"),
    }
}

/// The options of the task are laid over those that the policy has, so that one of them can be changed alone.
async fn update(server: &Server, format: Format, args: UpdatePolicyArgs) -> Result<(), CliError> {
    let found = named(server, &args.id).await?;
    let given = v1::CreateTaskRequest {
        images: args.images,
        ..spec::spec(args.task)?
    };
    let task_config = if given == v1::CreateTaskRequest::default() && args.clear.is_empty() {
        None
    } else {
        let mut task = found.task_config.unwrap_or_default();
        args.clear.iter().for_each(|setting| setting.take_out(&mut task));
        Some(spec::over(given, task))
    };
    let request = v1::UpdatePolicyRequest {
        policy_id: found.policy_id,
        name: args.name,
        tag_following: following(&args.settings),
        description: args.settings.description,
        library_tag: args.settings.library_tag,
        workloads: if args.no_workloads {
            Some(v1::Workloads::default())
        } else {
            workloads(&args.settings.workloads, found.workloads)
        },
        task_config,
        paused: None,
    };
    let mut client = server.policies().await?;
    let updated = client.update_policy(call(request)).await;
    say(format, &answer(server, updated)?, "updated")
}

async fn list(server: &Server, format: Format, page: PageArgs) -> Result<(), CliError> {
    let found = part(server, page.limit, page.offset).await?;
    let policies = &found.policies;
    match format {
        Format::Json => output::object(&serde_json::json!({
            "policies": policies.iter().map(json::Policy::from).collect::<Vec<_>>(),
            "total": found.total, "limit": page.limit, "offset": page.offset,
        })),
        Format::Name => policies
            .iter()
            .try_for_each(|policy| output::line(&format!("policy/{}", policy.policy_id))),
        Format::Table if policies.is_empty() => {
            eprintln!("No policies found.");
            Ok(())
        }
        Format::Table => output::line(&show::list(policies)),
    }
}

async fn get(server: &Server, format: Format, id: &str) -> Result<(), CliError> {
    let policy = named(server, id).await?;
    match format {
        Format::Json => output::object(&json::Policy::from(&policy)),
        Format::Name => output::line(&format!("policy/{}", policy.policy_id)),
        Format::Table => output::line(&show::describe(&policy)),
    }
}

async fn pause(server: &Server, format: Format, args: PauseArgs) -> Result<(), CliError> {
    let request = v1::PausePolicyRequest {
        policy_id: named(server, &args.id).await?.policy_id,
        reason: args.reason.unwrap_or_default(),
    };
    let mut client = server.policies().await?;
    let paused = client.pause_policy(call(request)).await;
    say(format, &answer(server, paused)?, "paused")
}

async fn resume(server: &Server, format: Format, id: &str) -> Result<(), CliError> {
    let policy_id = named(server, id).await?.policy_id;
    let mut client = server.policies().await?;
    let resumed = client.resume_policy(call(v1::ResumePolicyRequest { policy_id })).await;
    say(format, &answer(server, resumed)?, "resumed")
}

async fn remove(server: &Server, ids: Vec<String>) -> Result<(), CliError> {
    let mut client = server.policies().await?;
    for id in ids {
        let policy_id = named(server, &id).await?.policy_id;
        let request = v1::DeletePolicyRequest {
            policy_id: policy_id.clone(),
        };
        answer(server, client.delete_policy(call(request)).await)?;
        output::line(&format!("policy/{policy_id} deleted"))?;
    }
    Ok(())
}

async fn coverage(server: &Server, format: Format, args: CoverageArgs) -> Result<(), CliError> {
    let request = v1::GetPolicyCoverageRequest {
        policy_id: named(server, &args.id).await?.policy_id,
        node: args.node.unwrap_or_default(),
        image: args.image.unwrap_or_default(),
        states: args.state.into_iter().map(|word| state(word).into()).collect(),
        limit: args.limit,
        offset: args.offset,
    };
    let mut client = server.policies().await?;
    let found = answer(server, client.get_policy_coverage(call(request)).await)?;
    match format {
        Format::Json => output::object(&json::Coverage::from(&found)),
        Format::Name => found
            .cells
            .iter()
            .try_for_each(|cell| output::line(&format!("node/{}", cell.node))),
        Format::Table => {
            output::line(&show::coverage(&found))?;
            if found.cells.len() < found.total as usize {
                eprintln!(
                    "{} of {} lines; see --limit and --offset",
                    found.cells.len(),
                    found.total
                );
            }
            Ok(())
        }
    }
}

/// Where no node matches nothing is to be kept, which is no success unless somebody says so: nodes may be on their way.
async fn wait(server: &Server, format: Format, args: WaitArgs) -> Result<ExitCode, CliError> {
    let until = Instant::now() + args.timeout;
    let id = named(server, &args.id).await?.policy_id;
    let mut client = server.policies().await?;
    loop {
        let request = v1::GetPolicyRequest { policy_id: id.clone() };
        let policy = answer(server, client.get_policy(call(request)).await)?;
        if is_covered(&policy, args.coverage, args.allow_empty) {
            say(format, &policy, &format!("is covered, {}", show::percent(&policy)))?;
            return Ok(ExitCode::SUCCESS);
        }
        if Instant::now() >= until {
            eprintln!("error: the time is up, {}{}", show::percent(&policy), empty(&policy));
            return Ok(ExitCode::from(FAILURE));
        }
        sleep(PAUSE.min(until - Instant::now())).await;
    }
}

/// Whether so much of it is warm; the coordinator must have looked at it.
fn is_covered(policy: &v1::Policy, share: f64, allow_empty: bool) -> bool {
    let ratio = policy.coverage.as_ref().map_or(0.0, |counts| counts.ratio);
    !policy.conditions.is_empty() && ratio >= share && (allow_empty || !is_empty(policy))
}

/// Whether it keeps nothing warm: no image is wanted on any node.
fn is_empty(policy: &v1::Policy) -> bool {
    let counts = policy.coverage.unwrap_or_default();
    counts.warm + counts.cold + counts.paused + counts.unknown == 0
}

/// What to say of a policy that keeps nothing warm.
fn empty(policy: &v1::Policy) -> &'static str {
    match (is_empty(policy), policy.nodes) {
        (false, _) => "",
        (true, 0) => ": no node matches; --allow-empty takes that for success",
        (true, _) => ": no image is wanted on its nodes; --allow-empty takes that for success",
    }
}

/// A policy by its id, or by its name where no id is like this.
async fn named(server: &Server, id: &str) -> Result<v1::Policy, CliError> {
    let mut client = server.policies().await?;
    let request = v1::GetPolicyRequest {
        policy_id: id.to_owned(),
    };
    let unknown = match client.get_policy(call(request)).await {
        Ok(found) => return Ok(found.into_inner()),
        Err(status) if status.code() == tonic::Code::NotFound => status,
        Err(status) => return Err(server.error(status)),
    };
    let mut offset = 0;
    loop {
        let page = part(server, PAGE, offset).await?;
        offset += PAGE;
        let is_last = page.policies.len() < PAGE as usize;
        let mut like = page.policies.into_iter().filter(|policy| policy.name == id);
        if let Some(found) = like.next() {
            return Ok(found);
        }
        if is_last {
            return Err(server.error(unknown));
        }
    }
}

async fn part(server: &Server, limit: u32, offset: u32) -> Result<v1::ListPoliciesResponse, CliError> {
    let request = v1::ListPoliciesRequest {
        limit,
        offset,
        tenant: server.tenant(),
    };
    let mut client = server.policies().await?;
    answer(server, client.list_policies(call(request)).await)
}

/// What is given laid over what there is; nothing where nothing is given.
fn workloads(args: &WorkloadArgs, old: Option<v1::Workloads>) -> Option<v1::Workloads> {
    let old = old.unwrap_or_default();
    let kind = |word: &WorkloadWord| match word {
        WorkloadWord::Deployment => "Deployment".to_owned(),
        WorkloadWord::Daemonset => "DaemonSet".to_owned(),
        WorkloadWord::Statefulset => "StatefulSet".to_owned(),
        WorkloadWord::Cronjob => "CronJob".to_owned(),
    };
    let given = |new: Vec<String>, old: Vec<String>| if new.is_empty() { old } else { new };
    let is_given = args.workloads.is_some() || !args.workload_namespace.is_empty() || !args.workload_kind.is_empty();
    is_given.then(|| v1::Workloads {
        namespaces: given(args.workload_namespace.clone(), old.namespaces),
        kinds: given(args.workload_kind.iter().map(kind).collect(), old.kinds),
        selector: args.workloads.clone().unwrap_or(old.selector),
    })
}

fn following(settings: &PolicySettings) -> Option<v1::TagFollowing> {
    let mode = match settings.follow {
        None => v1::TagFollowingMode::Unspecified,
        Some(Follow::Never) => v1::TagFollowingMode::Never,
        Some(Follow::Schedule) => v1::TagFollowingMode::Schedule,
        Some(Follow::Alert) => v1::TagFollowingMode::Alert,
    };
    let following = v1::TagFollowing {
        mode: mode.into(),
        cron_expr: settings.cron.clone().unwrap_or_default(),
        time_zone: settings.time_zone.clone().unwrap_or_default(),
        next_at_ms: 0,
    };
    (following != v1::TagFollowing::default()).then_some(following)
}

fn state(word: CoverageWord) -> v1::CoverageState {
    match word {
        CoverageWord::Warm => v1::CoverageState::Warm,
        CoverageWord::Cold => v1::CoverageState::Cold,
        CoverageWord::Paused => v1::CoverageState::Paused,
        CoverageWord::Unknown => v1::CoverageState::Unknown,
    }
}

fn answer<T>(server: &Server, answer: Result<tonic::Response<T>, Status>) -> Result<T, CliError> {
    answer
        .map(tonic::Response::into_inner)
        .map_err(|status| server.error(status))
}

fn say(format: Format, policy: &v1::Policy, done: &str) -> Result<(), CliError> {
    match format {
        Format::Json => output::object(&json::Policy::from(policy)),
        Format::Name => output::line(&format!("policy/{}", policy.policy_id)),
        Format::Table => output::line(&format!("policy/{} {done}", policy.policy_id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(warm: u32, cold: u32, looked_at: bool) -> v1::Policy {
        let total = warm + cold;
        v1::Policy {
            nodes: total,
            coverage: Some(v1::CoverageCounts {
                warm,
                cold,
                ratio: if total == 0 {
                    1.0
                } else {
                    f64::from(warm) / f64::from(total)
                },
                ..Default::default()
            }),
            conditions: vec![v1::PolicyCondition::default(); usize::from(looked_at)],
            ..Default::default()
        }
    }

    #[test]
    fn a_policy_without_nodes_is_waited_for_unless_that_is_allowed() {
        assert!(is_covered(&policy(19, 1, true), 0.95, false));
        assert!(!is_covered(&policy(18, 2, true), 0.95, false));
        assert!(!is_covered(&policy(0, 0, true), 1.0, false));
        assert!(is_covered(&policy(0, 0, true), 1.0, true));
        assert!(!is_covered(&policy(0, 0, false), 1.0, true), "nobody has looked yet");
        assert!(empty(&policy(0, 0, true)).contains("no node matches"));
        assert_eq!(empty(&policy(1, 1, true)), "");
    }
}
