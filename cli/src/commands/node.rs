//! `ips node …`.

use super::{node_groups, task};
use crate::{
    args::NodeCommand,
    connect::{Server, call},
    error::CliError,
    human::{between, bytes, now_ms, one_line},
    output::{self, Format, description, json, labels, table},
    words,
};
use ips_proto::v1;
use std::process::ExitCode;

/// Nodes asked for at a time.
const PAGE: u32 = 1000;

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: NodeCommand) -> Result<ExitCode, CliError> {
    match command {
        NodeCommand::Ls {
            selector,
            search,
            state,
            sort,
        } => {
            let request = v1::ListNodesRequest {
                selector: selector.join(","),
                search,
                states: state,
                sort,
                limit: PAGE,
                ..Default::default()
            };
            list(server, format, request).await?;
        }
        NodeCommand::Pulls { name, image, state } => {
            let request = v1::ListNodePullsRequest {
                name,
                image,
                states: state.into_iter().map(|word| v1::PullState::from(word).into()).collect(),
                limit: PAGE,
                offset: 0,
            };
            pulls(server, format, request).await?;
        }
        NodeCommand::Stats => stats(server, format).await?,
        NodeCommand::Groups {
            by,
            selector,
            search,
            state,
            limit,
            names,
        } => {
            let request = v1::GroupNodesRequest {
                by,
                selector: selector.join(","),
                search,
                states: state,
                limit,
                with_names: names,
            };
            node_groups::run(server, format, request).await?;
        }
        NodeCommand::Get { name } => get(server, format, name).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(server: &Server, format: Format, request: v1::ListNodesRequest) -> Result<(), CliError> {
    let nodes = all(server, request).await?;
    match format {
        Format::Json => output::object(&serde_json::json!({
            "nodes": nodes.iter().map(json::Node::from).collect::<Vec<_>>(),
            "total": nodes.len(),
        })),
        Format::Name => nodes
            .iter()
            .try_for_each(|node| output::line(&format!("node/{}", node.name))),
        Format::Table if nodes.is_empty() => {
            eprintln!("No nodes found.");
            Ok(())
        }
        Format::Table => output::line(&columns(&nodes, now_ms())),
    }
}

async fn pulls(server: &Server, format: Format, mut request: v1::ListNodePullsRequest) -> Result<(), CliError> {
    let mut client = server.nodes().await?;
    let mut pulls = vec![];
    loop {
        request.offset = u32::try_from(pulls.len()).unwrap_or(u32::MAX);
        let page = client.list_node_pulls(call(request.clone())).await;
        let page = page.map_err(|status| server.error(status))?.into_inner();
        let done = page.pulls.len() < PAGE as usize;
        pulls.extend(page.pulls);
        if done {
            break;
        }
    }
    task::show_pulls(format, &pulls)
}

async fn stats(server: &Server, format: Format) -> Result<(), CliError> {
    let mut client = server.nodes().await?;
    let answer = client.get_stats(call(v1::GetStatsRequest {})).await;
    let stats = answer.map_err(|status| server.error(status))?.into_inner();
    let (total, ready) = (stats.nodes_total, stats.nodes_ready);
    match format {
        Format::Json => output::object(&serde_json::json!({
            "nodes": {"total": total, "ready": ready, "coverage": ready,
                "connected": stats.nodes_connected, "draining": stats.nodes_draining},
            "tasks": stats.tasks,
            "lastDay": stats.last_day.map(day),
            "throughputBytesPerSecond": stats.throughput_bytes_per_second,
        })),
        Format::Name | Format::Table => output::line(&format!("{total} nodes, {ready} ready")),
    }
}

fn day(figures: v1::DayFigures) -> serde_json::Value {
    serde_json::json!({
        "tasks": figures.tasks, "succeededPulls": figures.succeeded_pulls, "failedPulls": figures.failed_pulls,
        "completedNodes": figures.completed_nodes, "failedNodes": figures.failed_nodes,
        "bytesMoved": figures.bytes_moved, "bytesSaved": figures.bytes_saved,
    })
}

async fn all(server: &Server, mut request: v1::ListNodesRequest) -> Result<Vec<v1::Node>, CliError> {
    let mut client = server.nodes().await?;
    let mut nodes = vec![];
    loop {
        request.offset = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        let page = client
            .list_nodes(call(request.clone()))
            .await
            .map_err(|status| server.error(status))?
            .into_inner();
        let done = page.nodes.len() < PAGE as usize;
        nodes.extend(page.nodes);
        if done {
            return Ok(nodes);
        }
    }
}

fn columns(nodes: &[v1::Node], now_ms: i64) -> String {
    let rows: Vec<Vec<String>> = nodes.iter().map(|node| row(node, now_ms)).collect();
    table(
        &[
            "NAME",
            "STATUS",
            "PLATFORM",
            "RUNTIME",
            "AGENT",
            "PULLS",
            "IMAGES",
            "DISK FREE",
            "LAST SEEN",
            "LABELS",
        ],
        &rows,
    )
}

fn row(node: &v1::Node, now_ms: i64) -> Vec<String> {
    vec![
        node.name.clone(),
        status(node),
        words::platform(node.platform.as_ref()),
        format!("{} {}", node.runtime_name, node.runtime_version)
            .trim()
            .to_owned(),
        node.agent_version.clone(),
        format!("{}/{}", node.running_pulls, node.max_concurrent_pulls),
        node.image_count.to_string(),
        free(node),
        if node.connected {
            "now".to_owned()
        } else if has_agent(node) {
            between(node.last_seen_at_ms, now_ms)
        } else {
            String::new()
        },
        labels(&node.labels),
    ]
}

fn status(node: &v1::Node) -> String {
    match (node.connected, node.ready) {
        (true, true) => "ready".to_owned(),
        (false, _) if !has_agent(node) => "no agent".to_owned(),
        (false, _) => "disconnected".to_owned(),
        (true, false) => "not ready".to_owned(),
    }
}

/// Only the cluster knows the others.
fn has_agent(node: &v1::Node) -> bool {
    !node.agent_version.is_empty() || node.kubernetes.is_none()
}

fn free(node: &v1::Node) -> String {
    let condition = node.condition.clone().unwrap_or_default();
    if condition.image_fs_capacity_bytes == 0 {
        String::new()
    } else {
        bytes(condition.image_fs_available_bytes)
    }
}

async fn get(server: &Server, format: Format, name: String) -> Result<(), CliError> {
    let mut client = server.nodes().await?;
    let request = v1::GetNodeRequest { name };
    let found = client
        .get_node(call(request))
        .await
        .map_err(|status| server.error(status))?
        .into_inner();
    let node = found.node.clone().unwrap_or_default();
    match format {
        Format::Json => output::object(&json::Node::from(&found)),
        Format::Name => output::line(&format!("node/{}", node.name)),
        Format::Table => output::line(&describe(&found, &node, now_ms())),
    }
}

fn describe(found: &v1::GetNodeResponse, node: &v1::Node, now_ms: i64) -> String {
    let condition = node.condition.clone().unwrap_or_default();
    let entries = [
        ("Name", node.name.clone()),
        ("Uid", node.uid.clone()),
        ("Status", status(node)),
        ("Reason", one_line(&node.reason)),
        ("Labels", labels(&node.labels)),
        ("Platform", words::platform(node.platform.as_ref())),
        ("Runtime", format!("{} {}", node.runtime_name, node.runtime_version)),
        ("Agent", node.agent_version.clone()),
        ("Kubernetes", kubernetes(node.kubernetes.as_ref())),
        (
            "Pulls",
            format!("{} running, {} at most", node.running_pulls, node.max_concurrent_pulls),
        ),
        ("Image disk", condition.image_fs_path.clone()),
        ("Disk free", free(node)),
        (
            "Last seen",
            if node.connected {
                "now".to_owned()
            } else {
                format!("{} ago", between(node.last_seen_at_ms, now_ms))
            },
        ),
    ];
    let images = if found.inventory_known {
        images(&found.images)
    } else {
        "Images: unknown".to_owned()
    };
    format!("{}\n\n{images}", description(&entries))
}

/// What its cluster says of it, in a line; empty where there is none.
fn kubernetes(node: Option<&v1::KubernetesNode>) -> String {
    let Some(node) = node else { return String::new() };
    let mut words = vec![if node.ready {
        "ready".to_owned()
    } else {
        format!("not ready ({})", one_line(&node.message))
    }];
    if node.unschedulable {
        words.push("cordoned".to_owned());
    }
    if !node.zone.is_empty() {
        words.push(format!("zone {}", node.zone));
    }
    words.extend(node.taints.iter().map(|taint| match taint.value.as_str() {
        "" => format!("{}:{}", taint.key, taint.effect),
        value => format!("{}={value}:{}", taint.key, taint.effect),
    }));
    words.push(format!("kubelet {}", node.kubelet_version));
    words.join(", ")
}

fn images(images: &[v1::InventoryImage]) -> String {
    let rows = images.iter().map(|image| {
        let name = image
            .repo_tags
            .first()
            .or(image.repo_digests.first())
            .cloned()
            .unwrap_or_default();
        let short = image.id.trim_start_matches("sha256:").chars().take(12).collect();
        vec![
            name,
            short,
            bytes(image.size_bytes),
            if image.pinned { "yes".to_owned() } else { String::new() },
        ]
    });
    table(&["IMAGE", "ID", "SIZE", "PINNED"], &rows.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_one_line() {
        let node = v1::Node {
            name: "node-1".into(),
            labels: [("pool".to_owned(), "gpu".to_owned())].into(),
            connected: true,
            ready: true,
            runtime_name: "containerd".into(),
            runtime_version: "1.7.24".into(),
            agent_version: "0.1.0".into(),
            max_concurrent_pulls: 2,
            ..Default::default()
        };
        let gone = v1::Node {
            name: "node-2".into(),
            last_seen_at_ms: 1000,
            ..Default::default()
        };
        let expected = "\
NAME     STATUS         PLATFORM   RUNTIME             AGENT   PULLS   IMAGES   DISK FREE   LAST SEEN   LABELS
node-1   ready          -          containerd 1.7.24   0.1.0   0/2     0        -           now         pool=gpu
node-2   disconnected   -          -                   -       0/0     0        -           9s          -";
        assert_eq!(columns(&[node, gone], 10_000), expected);
    }
}
