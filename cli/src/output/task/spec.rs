//! Which nodes a task is for and how it runs, for people.

use crate::{human::duration, output::labels, words};
use ips_proto::v1;

/// What was asked for and is not the default.
pub fn entries(task: &v1::Task) -> Vec<(&'static str, String)> {
    let percent = |value: Option<u32>| value.map(|value| format!("{value}%")).unwrap_or_default();
    let strict = task.batch_mode() == v1::BatchMode::Strict;
    let mut entries = vec![
        ("Node selector", labels(&task.node_selector)),
        ("Label selector", task.label_selector.clone()),
        ("Only nodes", some_of(&task.node_names, task.node_name_count)),
        ("Not nodes", some_of(&task.exclude_nodes, task.exclude_node_count)),
        ("Nodes at most", task.max_nodes.clone()),
        ("Platform", task.platform.clone()),
        ("Priority", task.priority.to_string()),
        (
            "Batch size",
            task.batch_size.map(|size| size.to_string()).unwrap_or_default(),
        ),
        ("Parallelism", task.parallelism.clone()),
        ("Batches", if strict { "strict" } else { "" }.to_owned()),
        ("Canary", canary(task)),
        ("Abort above", percent(task.abort_failure_percent)),
        (
            "Success from",
            percent(Some(task.success_threshold).filter(|percent| !matches!(percent, 0 | 100))),
        ),
        ("Deadline", deadline(task.deadline_seconds)),
    ];
    entries.extend(task.windows.iter().map(|window| ("Window", self::window(window))));
    entries.push(("Pull policy", pull_policy(task)));
    entries.push(("Pinned", if task.pin { "yes" } else { "" }.to_owned()));
    entries.push((
        "Retries",
        format!("{} of each pull, {} spent", task.max_retries, task.retry_count),
    ));
    entries
}

fn some_of(names: &[String], count: u32) -> String {
    const SHOWN: usize = 10;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match (count as usize).saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn canary(task: &v1::Task) -> String {
    if task.canary.is_empty() {
        return String::new();
    }
    let nodes = some_of(&task.canary_nodes, task.canary_nodes.len() as u32);
    format!("{} ({nodes})", task.canary)
}

fn deadline(seconds: u32) -> String {
    match seconds {
        0 => String::new(),
        seconds => format!("{} after it was accepted", duration(u64::from(seconds))),
    }
}

fn window(window: &v1::MaintenanceWindow) -> String {
    let days = if window.days.is_empty() {
        "every day".to_owned()
    } else {
        window.days.join(",")
    };
    format!("{days} {}-{} {}", window.start, window.end, window.time_zone)
}

fn pull_policy(task: &v1::Task) -> String {
    match task.pull_policy() {
        v1::ImagePullPolicy::Unspecified | v1::ImagePullPolicy::IfNotPresent => String::new(),
        v1::ImagePullPolicy::Always => words::pull_policy(task.pull_policy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_the_default_is_said() {
        let task = v1::Task {
            priority: 5,
            success_threshold: 100,
            ..Default::default()
        };
        let said: Vec<_> = entries(&task)
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .collect();
        let expected = [
            ("Priority", "5".to_owned()),
            ("Retries", "0 of each pull, 0 spent".to_owned()),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (0..12).map(|n| n.to_string()).collect();
        assert_eq!(some_of(&names, 12), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
        assert_eq!(some_of(&names[..2], 2), "0, 1");
    }
}
