//! `ips node groups`.

use crate::{
    connect::{Server, call},
    error::CliError,
    output::{self, Format, table},
};
use ips_proto::v1;
use serde_json::{Value, json};

/// Counts nodes by what they have in common.
pub async fn run(server: &Server, format: Format, request: v1::GroupNodesRequest) -> Result<(), CliError> {
    let (by, with_names) = (request.by.clone(), request.with_names);
    let mut client = server.nodes().await?;
    let answer = client.group_nodes(call(request)).await;
    let found = answer.map_err(|status| server.error(status))?.into_inner();
    match format {
        Format::Json => output::object(&json!({
            "by": by,
            "groups": found.groups.iter().map(|group| object(group, with_names)).collect::<Vec<_>>(),
            "groupCount": found.group_count,
            "total": found.total,
        })),
        Format::Name => found.groups.iter().try_for_each(|group| output::line(group.value())),
        Format::Table if found.groups.is_empty() => {
            eprintln!("No nodes found.");
            Ok(())
        }
        Format::Table => output::line(&columns(&by, &found)),
    }
}

fn object(group: &v1::NodeGroup, with_names: bool) -> Value {
    let mut object = json!({"nodes": group.nodes});
    if let Some(value) = &group.value {
        object["value"] = value.as_str().into();
    }
    if group.values > 0 {
        object["values"] = group.values.into();
    }
    if with_names {
        object["names"] = group.node_names.clone().into();
    }
    object
}

fn columns(by: &str, found: &v1::GroupNodesResponse) -> String {
    let is_keys = by == "label_keys";
    let rows = found.groups.iter().map(|group| {
        let mut row = vec![group.value().to_owned(), group.nodes.to_string()];
        row.extend(is_keys.then(|| group.values.to_string()));
        row
    });
    let head = [
        by.strip_prefix("label:").unwrap_or(by).to_uppercase(),
        "NODES".into(),
        "VALUES".into(),
    ];
    let head: Vec<&str> = head
        .iter()
        .map(String::as_str)
        .take(if is_keys { 3 } else { 2 })
        .collect();
    table(&head, &rows.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_one_line() {
        let group = |value: Option<&str>, nodes| v1::NodeGroup {
            value: value.map(ToOwned::to_owned),
            nodes,
            ..Default::default()
        };
        let found = v1::GroupNodesResponse {
            groups: vec![group(Some("gpu"), 12), group(None, 3)],
            group_count: 2,
            total: 15,
        };
        let expected = "\
POOL   NODES
gpu    12
-      3";
        assert_eq!(columns("label:pool", &found), expected);
    }
}
