//! Standing policies as columns and descriptions for people. Pure.

use super::{description, labels, table};
use crate::{
    human::{cut, moment, one_line},
    words,
};
use ips_proto::v1;

/// Longest name or message in a column.
const WIDTH: usize = 60;

/// Policies in columns.
pub fn list(policies: &[v1::Policy]) -> String {
    let rows: Vec<_> = policies.iter().map(row).collect();
    table(
        &["ID", "NAME", "IMAGES", "NODES", "COVERAGE", "PAUSED", "REMARK"],
        &rows,
    )
}

fn row(policy: &v1::Policy) -> Vec<String> {
    vec![
        policy.policy_id.clone(),
        cut(&one_line(&policy.name), WIDTH),
        policy.images.len().to_string(),
        policy.nodes.to_string(),
        percent(policy),
        if policy.paused { "yes" } else { "no" }.to_owned(),
        cut(&one_line(&remark(policy)), WIDTH),
    ]
}

/// The first condition that people should know of.
fn remark(policy: &v1::Policy) -> String {
    let remarkable = |condition: &&v1::PolicyCondition| match condition.r#type.as_str() {
        "Matched" | "Followed" => !condition.holds,
        "Warm" => false,
        _other => condition.holds,
    };
    let found = policy.conditions.iter().find(remarkable);
    found.map_or_else(String::new, |condition| condition.reason.clone())
}

/// `95.0% (19 of 20)`.
pub fn percent(policy: &v1::Policy) -> String {
    let counts = policy.coverage.unwrap_or_default();
    let total = counts.warm + counts.cold + counts.paused + counts.unknown;
    format!("{:.1}% ({} of {total})", counts.ratio * 100.0, counts.warm)
}

/// One policy with everything that is known of it.
pub fn describe(policy: &v1::Policy) -> String {
    let task = policy.task_config.clone().unwrap_or_default();
    let following = policy.tag_following.clone().unwrap_or_default();
    let counts = policy.coverage.unwrap_or_default();
    let table = if following.cron_expr.is_empty() {
        String::new()
    } else {
        format!(", {} ({})", following.cron_expr, following.time_zone)
    };
    let mut entries = vec![
        ("Id", policy.policy_id.clone()),
        ("Name", one_line(&policy.name)),
        ("Description", one_line(&policy.description)),
        ("Paused", one_line(&policy.paused_reason)),
        ("Coverage", percent(policy)),
        ("Nodes", policy.nodes.to_string()),
        (
            "Cold",
            format!("{}, paused {}, unknown {}", counts.cold, counts.paused, counts.unknown),
        ),
        ("Library tag", policy.library_tag.clone()),
        (
            "Workloads",
            policy.workloads.as_ref().map(workloads).unwrap_or_default(),
        ),
        ("Tags", format!("{}{table}", words::tag_following(following.mode))),
        ("Node selector", labels(&task.node_selector)),
        ("Label selector", task.label_selector.clone()),
        ("Parallelism", task.parallelism.clone()),
        ("Declared by", policy.declared_by.clone()),
        ("Pull secrets", policy.image_pull_secrets.join(",")),
        ("Created by", policy.created_by.clone()),
        ("Created", moment(policy.created_at_ms).unwrap_or_default()),
        ("Updated", moment(policy.updated_at_ms).unwrap_or_default()),
    ];
    let conditions = policy.conditions.iter().map(|condition| {
        let holds = if condition.holds { "True" } else { "False" };
        let message = one_line(&condition.message);
        format!("{} {holds} {} {message}", condition.r#type, condition.reason)
            .trim_end()
            .to_owned()
    });
    entries.extend(named("Conditions", conditions));
    let images = policy.images.iter().map(|image| {
        let places = image.node_selectors.iter().map(|place| labels(&place.labels));
        let places = match places.collect::<Vec<_>>().join(" or ") {
            anywhere if anywhere.is_empty() => anywhere,
            places => format!(" on {places}"),
        };
        let digest = &image.digest;
        format!("{} {digest}{places}", image.image).trim_end().to_owned()
    });
    entries.extend(named("Images", images));
    description(&entries)
}

fn workloads(workloads: &v1::Workloads) -> String {
    let any = |words: &[String], none: &str| {
        if words.is_empty() {
            none.to_owned()
        } else {
            words.join(", ")
        }
    };
    let kinds = any(&workloads.kinds, "every kind");
    let namespaces = any(&workloads.namespaces, "any namespace");
    let labels = match workloads.selector.as_str() {
        "" => String::new(),
        selector => format!(" with {selector}"),
    };
    format!("{kinds} in {namespaces}{labels}")
}

fn named(name: &'static str, values: impl Iterator<Item = String>) -> Vec<(&'static str, String)> {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    names.zip(values).collect()
}

/// How far a policy is true: images first, then what is to be said of each on each node.
pub fn coverage(found: &v1::GetPolicyCoverageResponse) -> String {
    let images: Vec<_> = found.images.iter().map(image_row).collect();
    let cells: Vec<_> = found.cells.iter().map(cell_row).collect();
    let images = table(&["IMAGE", "WARM", "COLD", "PAUSED", "UNKNOWN", "DRIFT"], &images);
    let cells = table(&["NODE", "IMAGE", "STATE", "REASON", "MESSAGE"], &cells);
    format!("{images}\n\n{cells}")
}

fn image_row(image: &v1::ImageCoverage) -> Vec<String> {
    let counts = image.coverage.unwrap_or_default();
    let drift = if image.drifted {
        format!("{} digests for one tag", image.digests.len())
    } else {
        String::new()
    };
    vec![
        image.image.clone(),
        counts.warm.to_string(),
        counts.cold.to_string(),
        counts.paused.to_string(),
        counts.unknown.to_string(),
        drift,
    ]
}

fn cell_row(cell: &v1::CoverageCell) -> Vec<String> {
    vec![
        cell.node.clone(),
        cell.image.clone(),
        words::coverage_state(cell.state),
        cell.reason.clone(),
        cut(&one_line(&cell.message), WIDTH),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> v1::Policy {
        v1::Policy {
            policy_id: "pol-1".into(),
            name: "base".into(),
            nodes: 2,
            coverage: Some(v1::CoverageCounts {
                warm: 1,
                cold: 1,
                ratio: 0.5,
                ..Default::default()
            }),
            images: vec![v1::PolicyImage {
                image: "a:1".into(),
                ..Default::default()
            }],
            conditions: vec![v1::PolicyCondition {
                r#type: "TagMoved".into(),
                holds: true,
                reason: "TagMoved".into(),
                message: "a:1 moved".into(),
            }],
            ..Default::default()
        }
    }

    #[test]
    fn a_list_shows_coverage_and_what_is_remarkable() {
        let shown = list(&[policy()]);
        let last = shown.lines().last().unwrap_or_default();
        assert_eq!(
            last,
            "pol-1   base   1        2       50.0% (1 of 2)   no       TagMoved"
        );
    }

    #[test]
    fn one_policy_says_everything() {
        let shown = describe(&policy());
        for line in [
            "Coverage:    50.0% (1 of 2)",
            "Conditions:  TagMoved True TagMoved a:1 moved",
            "Images:      a:1",
        ] {
            assert!(shown.contains(line), "{line}\n{shown}");
        }
    }
}
