//! `ips limits …`.

use crate::{
    args::{Count, LimitsCommand, RegistryLimit, SetLimitsArgs},
    connect::{Server, call},
    error::CliError,
    human::moment,
    output::{self, Format, description, json, table},
};
use ips_proto::v1;
use std::process::ExitCode;

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: LimitsCommand) -> Result<ExitCode, CliError> {
    let mut client = server.limits().await?;
    let answer = match command {
        LimitsCommand::Get => client.get_limits(call(v1::GetLimitsRequest {})).await,
        LimitsCommand::Set(args) if args.replace => client.set_limits(call(whole(*args))).await,
        LimitsCommand::Set(args) => client.update_limits(call(patch(*args))).await,
    };
    let status = answer.map_err(|status| server.error(status))?.into_inner();
    match format {
        Format::Json => output::object(&json::Limits::from(&status))?,
        Format::Name => output::line("limits")?,
        Format::Table => output::line(&describe(&status))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn whole(args: SetLimitsArgs) -> v1::SetLimitsRequest {
    let count = |count: Option<Count>| count.and_then(|Count(number)| number);
    let limits = v1::Limits {
        cluster_pulls: args.cluster_pulls.unwrap_or_default(),
        node_pulls: count(args.node_pulls),
        zone_pulls: count(args.zone_pulls),
        zone_label: args.zone_label.unwrap_or_default(),
        registry_default: args.registry_default.map(|limit| host_limit(String::new(), limit)),
        registries: hosts(args.registries),
    };
    v1::SetLimitsRequest { limits: Some(limits) }
}

fn patch(args: SetLimitsArgs) -> v1::UpdateLimitsRequest {
    let mut clear = vec![];
    let mut count = |name: &str, count: Option<Count>| {
        if count == Some(Count(None)) {
            clear.push(name.to_owned());
        }
        count.and_then(|Count(number)| number)
    };
    let node_pulls = count("nodePulls", args.node_pulls);
    let zone_pulls = count("zonePulls", args.zone_pulls);
    let default_pulls = count(
        "registryDefault.pulls",
        args.registry_default.map(|limit| Count(limit.pulls)),
    );
    let rate = args.registry_default.map(|limit| limit.starts_per_second);
    if rate == Some(None) {
        clear.push("registryDefault.startsPerSecond".to_owned());
    }
    v1::UpdateLimitsRequest {
        cluster_pulls: args.cluster_pulls,
        node_pulls,
        zone_pulls,
        zone_label: args.zone_label,
        default_pulls,
        default_starts_per_second: rate.flatten(),
        registries: hosts(args.registries),
        remove_registries: args.remove_registries,
        clear,
    }
}

fn hosts(limits: Vec<(String, RegistryLimit)>) -> Vec<v1::RegistryLimit> {
    limits
        .into_iter()
        .map(|(host, limit)| host_limit(host, limit))
        .collect()
}

fn host_limit(host: String, limit: RegistryLimit) -> v1::RegistryLimit {
    v1::RegistryLimit {
        host,
        pulls: limit.pulls,
        starts_per_second: limit.starts_per_second,
    }
}

fn describe(status: &v1::LimitsStatus) -> String {
    let limits = status.limits.clone().unwrap_or_default();
    let default = limits.registry_default.clone().unwrap_or_default();
    let entries = [
        ("Cluster", pulls(Some(limits.cluster_pulls))),
        ("Each node", pulls(limits.node_pulls)),
        ("Each zone", pulls(limits.zone_pulls)),
        ("Zone label", limits.zone_label.clone()),
        ("Each registry", in_words(default.pulls, default.starts_per_second)),
        ("Paused by", status.paused.join(", ")),
    ];
    let mut text = description(&entries);
    let rows = rows(&limits, &status.registries);
    if !rows.is_empty() {
        let head = ["REGISTRY", "LIMIT", "RUNNING", "BEARS", "LEFT ALONE UNTIL"];
        text = format!("{text}\n\n{}", table(&head, &rows));
    }
    text
}

/// Hosts with limits of their own, and hosts that were pulled from.
fn rows(limits: &v1::Limits, states: &[v1::RegistryState]) -> Vec<Vec<String>> {
    let idle = limits
        .registries
        .iter()
        .filter(|limit| states.iter().all(|state| state.host != limit.host));
    let idle = idle.map(|limit| {
        let allowed = in_words(limit.pulls, limit.starts_per_second);
        vec![
            limit.host.clone(),
            allowed,
            "0".to_owned(),
            String::new(),
            String::new(),
        ]
    });
    let live = states.iter().map(|state| {
        vec![
            state.host.clone(),
            in_words(state.pulls, state.starts_per_second),
            state.running.to_string(),
            state.adaptive_limit.map(|limit| limit.to_string()).unwrap_or_default(),
            moment(state.backing_off_until_ms).unwrap_or_default(),
        ]
    });
    let mut rows: Vec<_> = live.chain(idle).collect();
    rows.sort();
    rows
}

fn pulls(limit: Option<u32>) -> String {
    match limit {
        None => "no limit".to_owned(),
        Some(0) => "paused (0)".to_owned(),
        Some(1) => "1 pull".to_owned(),
        Some(limit) => format!("{limit} pulls"),
    }
}

fn in_words(limit: Option<u32>, rate: Option<f64>) -> String {
    match rate {
        None => pulls(limit),
        Some(rate) => format!("{}, {rate} starts/s", pulls(limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_well() {
        let limit = v1::RegistryLimit {
            host: "b.io".into(),
            pulls: Some(0),
            starts_per_second: Some(2.5),
        };
        let status = v1::LimitsStatus {
            limits: Some(v1::Limits {
                cluster_pulls: 50,
                zone_label: "zone".into(),
                registries: vec![limit],
                ..Default::default()
            }),
            paused: vec!["registries: b.io".into()],
            registries: vec![v1::RegistryState {
                host: "a.io".into(),
                running: 3,
                adaptive_limit: Some(4),
                ..Default::default()
            }],
        };
        let expected = "\
Cluster:        50 pulls
Each node:      no limit
Each zone:      no limit
Zone label:     zone
Each registry:  no limit
Paused by:      registries: b.io

REGISTRY   LIMIT                      RUNNING   BEARS   LEFT ALONE UNTIL
a.io       no limit                   3         4       -
b.io       paused (0), 2.5 starts/s   0         -       -";
        assert_eq!(describe(&status), expected);
    }
}
