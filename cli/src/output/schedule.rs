//! Schedules and executions as columns and descriptions for people. Pure: the time is a parameter.

use super::{description, labels, table};
use crate::{
    human::{between, cut, duration, moment, one_line},
    words,
};
use ips_proto::v1;

/// Longest name or message in a column.
const WIDTH: usize = 60;

/// Schedules in columns.
pub fn list(schedules: &[v1::Schedule], now_ms: i64) -> String {
    let rows: Vec<_> = schedules.iter().map(|schedule| row(schedule, now_ms)).collect();
    table(
        &["ID", "NAME", "CRON", "ZONE", "ENABLED", "LAST RUN", "NEXT RUN"],
        &rows,
    )
}

fn row(schedule: &v1::Schedule, now_ms: i64) -> Vec<String> {
    let next = schedule.next_executions_ms.first().copied().unwrap_or_default();
    let last = schedule.last_execution_at_ms;
    vec![
        schedule.schedule_id.clone(),
        cut(&one_line(&schedule.name), WIDTH),
        schedule.cron_expr.clone(),
        schedule.time_zone.clone(),
        if schedule.enabled { "yes" } else { "no" }.to_owned(),
        if last == 0 {
            String::new()
        } else {
            format!("{} ago", between(last, now_ms))
        },
        if next == 0 {
            String::new()
        } else {
            format!("in {}", between(now_ms, next))
        },
    ]
}

/// One schedule with everything that is known of it.
pub fn describe(schedule: &v1::Schedule) -> String {
    let task = schedule.task_config.clone().unwrap_or_default();
    let mut entries = vec![
        ("Id", schedule.schedule_id.clone()),
        ("Name", one_line(&schedule.name)),
        ("Description", one_line(&schedule.description)),
        ("Cron", format!("{} ({})", schedule.cron_expr, schedule.time_zone)),
        ("Enabled", if schedule.enabled { "yes" } else { "no" }.to_owned()),
        ("Overlap", words::overlap_policy(schedule.overlap_policy)),
        (
            "Timeout",
            if schedule.timeout_seconds == 0 {
                "none".to_owned()
            } else {
                duration(schedule.timeout_seconds.into())
            },
        ),
        ("Missed runs", words::missed_runs(schedule.missed_runs)),
        ("Node selector", labels(&task.node_selector)),
        ("Label selector", task.label_selector.clone()),
        ("Priority", task.priority.to_string()),
        (
            "Batch size",
            task.batch_size.map(|size| size.to_string()).unwrap_or_default(),
        ),
        ("Created by", schedule.created_by.clone()),
        ("Created", moment(schedule.created_at_ms).unwrap_or_default()),
        ("Updated", moment(schedule.updated_at_ms).unwrap_or_default()),
        (
            "Last run",
            moment(schedule.last_execution_at_ms).unwrap_or_else(|| "never".to_owned()),
        ),
    ];
    let next = schedule.next_executions_ms.iter().filter_map(|due| moment(*due));
    entries.extend(named("Next runs", next));
    entries.extend(named("Images", task.images.into_iter()));
    description(&entries)
}

fn named(name: &'static str, values: impl Iterator<Item = String>) -> Vec<(&'static str, String)> {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    names.zip(values).collect()
}

/// Executions in columns.
pub fn executions(executions: &[v1::Execution], now_ms: i64) -> String {
    let rows: Vec<_> = executions
        .iter()
        .map(|execution| execution_row(execution, now_ms))
        .collect();
    table(&["NUMBER", "STATUS", "TASK", "STARTED", "DURATION", "MESSAGE"], &rows)
}

fn execution_row(execution: &v1::Execution, now_ms: i64) -> Vec<String> {
    let end = if execution.finished_at_ms == 0 {
        now_ms
    } else {
        execution.finished_at_ms
    };
    vec![
        execution.execution_id.to_string(),
        words::execution_state(execution.state),
        execution.task_id.clone(),
        moment(execution.started_at_ms).unwrap_or_default(),
        if execution.task_id.is_empty() {
            String::new()
        } else {
            between(execution.started_at_ms, end)
        },
        cut(&one_line(&execution.error_message), WIDTH),
    ]
}

/// One execution with everything that is known of it.
pub fn describe_execution(execution: &v1::Execution) -> String {
    description(&[
        ("Number", execution.execution_id.to_string()),
        ("Schedule", execution.schedule_id.clone()),
        ("Status", words::execution_state(execution.state)),
        ("Task", execution.task_id.clone()),
        ("Message", one_line(&execution.error_message)),
        (
            "Due",
            moment(execution.due_at_ms).unwrap_or_else(|| "by hand".to_owned()),
        ),
        ("Triggered", moment(execution.triggered_at_ms).unwrap_or_default()),
        ("Started", moment(execution.started_at_ms).unwrap_or_default()),
        ("Finished", moment(execution.finished_at_ms).unwrap_or_default()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> v1::Schedule {
        v1::Schedule {
            schedule_id: "sched-1".into(),
            name: "nightly".into(),
            cron_expr: "0 2 * * *".into(),
            time_zone: "Europe/Berlin".into(),
            enabled: true,
            overlap_policy: v1::OverlapPolicy::Queue.into(),
            missed_runs: v1::MissedRuns::RunOnce.into(),
            last_execution_at_ms: 1_000_000,
            next_executions_ms: vec![1_120_000, 1_180_000],
            task_config: Some(v1::CreateTaskRequest {
                images: vec!["a:1".into(), "b:1".into()],
                priority: 5,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    #[test]
    fn a_list_says_when_it_ran_and_will_run() {
        let shown = list(&[schedule()], 1_060_000);
        let last = shown.lines().last().unwrap_or_default();
        assert_eq!(
            last,
            "sched-1   nightly   0 2 * * *   Europe/Berlin   yes       1m00s ago   in 1m00s"
        );
    }

    #[test]
    fn one_schedule_says_everything() {
        let shown = describe(&schedule());
        for line in [
            "Cron:         0 2 * * * (Europe/Berlin)",
            "Overlap:      queue",
            "Timeout:      none",
            "Missed runs:  run_once",
            "Next runs:    1970-01-01T00:18:40.000Z",
            "Images:       a:1",
            "              b:1",
        ] {
            assert!(shown.contains(line), "{line}\n{shown}");
        }
    }
}
