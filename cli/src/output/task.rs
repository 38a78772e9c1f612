//! Tasks and pulls as columns and descriptions for people. Pure: the time is a parameter.

mod spec;

use super::{description, table};
use crate::{
    human::{between, bytes, cut, moment, one_line},
    words,
};
use ips_proto::v1;

/// Longest message in a column.
const MESSAGE_WIDTH: usize = 60;

/// Tasks in columns.
pub fn list(tasks: &[v1::Task], now_ms: i64) -> String {
    let rows: Vec<_> = tasks.iter().map(|task| row(task, now_ms)).collect();
    table(
        &["ID", "STATUS", "PULLS", "FAILED", "NODES", "IMAGES", "AGE", "DURATION"],
        &rows,
    )
}

fn row(task: &v1::Task, now_ms: i64) -> Vec<String> {
    let progress = task.progress.unwrap_or_default();
    vec![
        task.task_id.clone(),
        status(task),
        format!("{}/{}", progress.succeeded_pulls, progress.total_pulls),
        progress.failed_pulls.to_string(),
        progress.total_nodes.to_string(),
        task.images.len().to_string(),
        between(task.created_at_ms, now_ms),
        took(task, now_ms),
    ]
}

/// The state; a completed task with failed pulls says so.
pub fn status(task: &v1::Task) -> String {
    let failed = task.progress.unwrap_or_default().failed_pulls;
    if task.state() == v1::TaskState::Completed && failed > 0 {
        return "completed with failures".to_owned();
    }
    words::task_state(task.state)
}

fn took(task: &v1::Task, now_ms: i64) -> String {
    let end = if task.finished_at_ms == 0 {
        now_ms
    } else {
        task.finished_at_ms
    };
    between(task.started_at_ms, end)
}

/// One task with everything that is known of it.
pub fn describe(task: &v1::Task, now_ms: i64) -> String {
    let progress = task.progress.unwrap_or_default();
    let moved = progress.bytes.unwrap_or_default();
    let mut entries = vec![
        ("Id", task.task_id.clone()),
        ("Status", status(task)),
        ("Error", one_line(&task.error_message)),
        ("Waiting for", one_line(&task.waiting_for)),
        ("Declared by", task.declared_by.clone()),
        ("Pull secrets", task.image_pull_secrets.join(",")),
    ];
    entries.extend(spec::entries(task));
    entries.extend([
        (
            "Nodes",
            format!(
                "{} completed, {} failed, {} in all",
                progress.completed_nodes, progress.failed_nodes, progress.total_nodes
            ),
        ),
        ("Pulls", pulls_in_words(&progress)),
        ("Batch", batch_in_words(&progress)),
        ("Bytes", bytes_in_words(&moved)),
        ("Moved and saved", moved_and_saved(&progress)),
        ("Created", moment(task.created_at_ms).unwrap_or_default()),
        ("Started", moment(task.started_at_ms).unwrap_or_default()),
        ("Finished", moment(task.finished_at_ms).unwrap_or_default()),
        ("Duration", took(task, now_ms)),
        ("Expected end", moment(task.estimated_completion_ms).unwrap_or_default()),
    ]);
    let images = task.images.iter().flat_map(image_entries);
    entries.extend(images);
    let failures = task.failures.iter().map(|group| ("Failure", failure(group)));
    entries.extend(failures);
    description(&entries)
}

fn image_entries(image: &v1::TaskImage) -> Vec<(&'static str, String)> {
    let mut entries = vec![("Image", image.reference.clone())];
    for resolved in &image.resolved {
        let digest = resolved
            .digests
            .as_ref()
            .map(|digests| digests.target.as_str())
            .unwrap_or_default();
        let platform = words::platform(resolved.platform.as_ref());
        entries.push(("", format!("{platform}  {}  {digest}", bytes(resolved.size_bytes))));
    }
    if !image.resolve_error.is_empty() {
        entries.push(("", format!("not resolved: {}", one_line(&image.resolve_error))));
    }
    entries
}

fn failure(group: &v1::FailureGroup) -> String {
    let reason = words::failure_reason(group.reason);
    let message = one_line(&group.example_message);
    format!(
        "{} × {reason}, for example on {}: {message}",
        group.pulls, group.example_node
    )
}

fn batch_in_words(progress: &v1::TaskProgress) -> String {
    match progress.total_batches {
        0 => String::new(),
        total => format!("{} of {total}", progress.current_batch),
    }
}

fn moved_and_saved(progress: &v1::TaskProgress) -> String {
    if progress.bytes_moved + progress.bytes_saved == 0 {
        return String::new();
    }
    let (moved, saved) = (bytes(progress.bytes_moved), bytes(progress.bytes_saved));
    let pace = match progress.throughput_bytes_per_second {
        0 => String::new(),
        pace => format!(", {}/s now", bytes(pace)),
    };
    format!("{moved} moved, {saved} saved{pace}")
}

/// Counts of pulls that are not zero.
pub fn pulls_in_words(progress: &v1::TaskProgress) -> String {
    let counts = [
        (progress.succeeded_pulls, "succeeded"),
        (progress.running_pulls, "running"),
        (progress.queued_pulls, "queued"),
        (progress.failed_pulls, "failed"),
        (progress.skipped_pulls, "skipped"),
        (progress.cancelled_pulls, "cancelled"),
    ];
    let shown = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"));
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() {
        "none".to_owned()
    } else {
        shown.join(", ")
    }
}

/// Where the bytes came from; parts that are zero are left out.
pub fn bytes_in_words(counts: &v1::ByteCounts) -> String {
    let parts = [
        (counts.fetched, "fetched"),
        (counts.already_there, "already there"),
        (counts.not_needed, "not needed"),
        (counts.unpacked, "unpacked"),
    ];
    let shown = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", bytes(*count)));
    let shown: Vec<String> = shown.collect();
    match (counts.total, shown.is_empty()) {
        (0, _) => String::new(),
        (total, true) => bytes(total),
        (total, false) => format!("{} ({})", bytes(total), shown.join(", ")),
    }
}

/// Pulls in columns.
pub fn pulls(pulls: &[v1::PullView], now_ms: i64) -> String {
    let rows: Vec<_> = pulls.iter().map(|pull| pull_row(pull, now_ms)).collect();
    table(
        &[
            "NODE", "IMAGE", "STATE", "ATTEMPT", "SIZE", "FETCHED", "DURATION", "MESSAGE",
        ],
        &rows,
    )
}

fn pull_row(pull: &v1::PullView, now_ms: i64) -> Vec<String> {
    let counts = pull.bytes.unwrap_or_default();
    let end = if pull.finished_at_ms == 0 {
        now_ms
    } else {
        pull.finished_at_ms
    };
    vec![
        pull.node_name.clone(),
        pull.image.clone(),
        pull_word(pull),
        pull.attempt.to_string(),
        if counts.total == 0 {
            String::new()
        } else {
            bytes(counts.total)
        },
        if counts.total == 0 {
            String::new()
        } else {
            bytes(counts.fetched)
        },
        between(pull.started_at_ms, end),
        cut(&one_line(&pull.message), MESSAGE_WIDTH),
    ]
}

/// State of a pull with the phase or reason that says more.
pub fn pull_word(pull: &v1::PullView) -> String {
    let state = words::pull_state(pull.state);
    match pull.state() {
        v1::PullState::Pulling if pull.phase != 0 => words::phase(pull.phase),
        v1::PullState::Succeeded if pull.success_reason() == v1::SuccessReason::AlreadyPresent => {
            "already present".to_owned()
        }
        v1::PullState::Failed if pull.failure_reason != 0 => {
            format!("failed ({})", words::failure_reason(pull.failure_reason))
        }
        v1::PullState::Queued if pull.failure_reason != 0 => {
            format!("queued again ({})", words::failure_reason(pull.failure_reason))
        }
        v1::PullState::Unspecified
        | v1::PullState::Queued
        | v1::PullState::Dispatched
        | v1::PullState::Pulling
        | v1::PullState::Succeeded
        | v1::PullState::Skipped
        | v1::PullState::Failed
        | v1::PullState::Cancelled => state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> v1::Task {
        v1::Task {
            task_id: "nightly".into(),
            state: v1::TaskState::Completed.into(),
            images: vec![v1::TaskImage {
                reference: "nginx:1".into(),
                resolve_error: "registry\naway".into(),
                ..Default::default()
            }],
            progress: Some(v1::TaskProgress {
                total_nodes: 2,
                total_pulls: 2,
                succeeded_pulls: 1,
                failed_pulls: 1,
                ..Default::default()
            }),
            created_at_ms: 1000,
            started_at_ms: 2000,
            finished_at_ms: 64_000,
            ..Default::default()
        }
    }

    #[test]
    fn a_completed_task_with_failures_says_so() {
        let expected = "\
ID        STATUS                    PULLS   FAILED   NODES   IMAGES   AGE     DURATION
nightly   completed with failures   1/2     1        2       1        1m39s   1m02s";
        assert_eq!(list(&[task()], 100_000), expected);
    }

    #[test]
    fn a_description_names_what_could_not_be_resolved() {
        let text = describe(&task(), 100_000);
        assert!(text.contains("Status:    completed with failures"), "{text}");
        assert!(text.contains("not resolved: registry away"), "{text}");
        assert!(text.contains("Pulls:     1 succeeded, 1 failed"), "{text}");
    }

    #[test]
    fn the_state_of_a_pull_says_as_much_as_is_known() {
        let word = |state: v1::PullState, phase: i32, success: i32, failure: i32| {
            pull_word(&v1::PullView {
                state: state.into(),
                phase,
                success_reason: success,
                failure_reason: failure,
                ..Default::default()
            })
        };
        assert_eq!(word(v1::PullState::Pulling, 3, 0, 0), "unpacking");
        assert_eq!(word(v1::PullState::Pulling, 0, 0, 0), "pulling");
        assert_eq!(word(v1::PullState::Succeeded, 0, 2, 0), "already present");
        assert_eq!(word(v1::PullState::Succeeded, 0, 1, 0), "succeeded");
        assert_eq!(word(v1::PullState::Failed, 0, 0, 2), "failed (unauthorized)");
        assert_eq!(word(v1::PullState::Queued, 0, 0, 4), "queued again (network)");
        assert_eq!(word(v1::PullState::Queued, 0, 0, 0), "queued");
    }
}
