//! `ips purge`.

use crate::{
    args::PurgeArgs,
    connect::{Server, call},
    error::CliError,
    output::{self, Format, table},
    words,
};
use ips_proto::v1::{self, RemovalResult};
use std::{collections::BTreeMap, process::ExitCode};

/// Asks, shows what became of each image, and fails where something could not be done.
pub async fn run(server: &Server, format: Format, args: PurgeArgs) -> Result<ExitCode, CliError> {
    let request = v1::PurgeImagesRequest {
        images: args.images,
        policy_id: args.policy.unwrap_or_default(),
        task_id: args.task.unwrap_or_default(),
        node_names: args.nodes,
        selector: args.selector.join(","),
        dry_run: args.dry_run,
    };
    let answer = server.nodes().await?.purge_images(call(request)).await;
    let outcome = answer.map_err(|status| server.error(status))?.into_inner();
    match format {
        Format::Json => output::object(&json(&outcome))?,
        Format::Name => outcome
            .results
            .iter()
            .try_for_each(|result| output::line(&format!("{}/{}", result.node_name, result.image)))?,
        Format::Table => output::line(&rows(&outcome))?,
    }
    let is_undone = |result: &v1::PurgeResult| match result.result() {
        RemovalResult::Failed | RemovalResult::Offline | RemovalResult::Unanswered | RemovalResult::Unspecified => true,
        RemovalResult::Removed
        | RemovalResult::WouldRemove
        | RemovalResult::InUse
        | RemovalResult::Pinned
        | RemovalResult::Wanted
        | RemovalResult::Sandbox
        | RemovalResult::Absent => false,
    };
    let undone = outcome.results.iter().any(is_undone);
    Ok(if undone { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn rows(outcome: &v1::PurgeImagesResponse) -> String {
    let row = |result: &v1::PurgeResult| {
        vec![
            result.node_name.clone(),
            result.image.clone(),
            words::removal(result.result),
            result.message.clone(),
        ]
    };
    let rows: Vec<_> = outcome.results.iter().map(row).collect();
    table(&["NODE", "IMAGE", "RESULT", "MESSAGE"], &rows)
}

fn json(outcome: &v1::PurgeImagesResponse) -> serde_json::Value {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for result in &outcome.results {
        *counts.entry(words::removal(result.result)).or_default() += 1;
    }
    let result = |result: &v1::PurgeResult| {
        serde_json::json!({
            "nodeName": result.node_name, "image": result.image, "result": words::removal(result.result), "message": result.message,
        })
    };
    serde_json::json!({
        "dryRun": outcome.dry_run, "results": outcome.results.iter().map(result).collect::<Vec<_>>(), "counts": counts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_one_line() {
        let outcome = v1::PurgeImagesResponse {
            dry_run: false,
            results: vec![v1::PurgeResult {
                node_name: "node-1".into(),
                image: "nginx:1".into(),
                result: RemovalResult::InUse.into(),
                message: "a container was made of it".into(),
            }],
        };
        let expected = "\
NODE     IMAGE     RESULT   MESSAGE
node-1   nginx:1   in_use   a container was made of it";
        assert_eq!(rows(&outcome), expected);
        assert_eq!(json(&outcome)["counts"], serde_json::json!({"in_use": 1}));
    }
}
