#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use crate::domain::{
    ids::{NodeName, PullId, TaskId},
    image::ImageRef,
    outcome::{FailureReason, SuccessReason},
};

fn pull(state: PullState) -> Pull {
    let mut pull = Pull::new(
        PullId::from_stored("p".into()),
        TaskId::from_stored("t".into()),
        NodeName::from_stored("n".into()),
        ImageRef::parse("nginx").unwrap(),
        0,
    );
    pull.state = state;
    pull
}

fn text(metrics: &Metrics) -> String {
    String::from_utf8(metrics.render().unwrap()).unwrap()
}

#[test]
fn names_of_the_contract_are_there() {
    let metrics = Metrics::new().unwrap();
    metrics.task_state(TaskState::Pending);
    metrics.task_ended(TaskState::Completed, 12.0);
    metrics.node_processed(true);
    metrics.dispatched(true);
    metrics.api_request("GET", "/api/v1/tasks", 200, 0.001);
    let text = text(&metrics);
    for line in [
        "ips_tasks_total{status=\"pending\"} 1",
        "ips_task_duration_seconds_bucket{status=\"completed\",le=\"30\"} 1",
        "ips_nodes_processed_total{status=\"success\"} 1",
        "ips_active_tasks 0",
        "ips_job_creation_total{status=\"success\"} 1",
        "ips_images_pulled_total 0",
        "ips_batch_execution_duration_seconds_count 0",
        "ips_api_request_total{endpoint=\"/api/v1/tasks\",method=\"GET\",status_code=\"200\"} 1",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn the_reason_of_an_ended_pull_is_that_of_its_state() {
    let metrics = Metrics::new().unwrap();
    let mut succeeded = pull(PullState::Succeeded);
    // An earlier attempt failed; that is not why it ended.
    succeeded.failure = Some(FailureReason::Network);
    succeeded.success = Some(SuccessReason::Pulled);
    metrics.pull_ended(&succeeded, 3.0);
    let mut failed = pull(PullState::Failed);
    failed.failure = Some(FailureReason::Unauthorized);
    metrics.pull_ended(&failed, 1.0);
    metrics.pull_ended(&pull(PullState::Skipped), 0.0);
    let text = text(&metrics);
    for line in [
        "ips_pulls_total{reason=\"pulled\",state=\"succeeded\"} 1",
        "ips_pulls_total{reason=\"unauthorized\",state=\"failed\"} 1",
        "ips_pulls_total{reason=\"\",state=\"skipped\"} 1",
        "ips_images_pulled_total 1",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn the_unbounded_figure_is_there_only_for_who_asks_for_it() {
    let name = "ips_image_prewarm_status";
    let metrics = Metrics::new().unwrap();
    metrics.pull_ended(&pull(PullState::Succeeded), 1.0);
    assert!(!text(&metrics).contains(name));
    let metrics = Metrics::new().unwrap().with_image_status().unwrap();
    for (state, success, failed) in [(PullState::Succeeded, 1, 0), (PullState::Failed, 0, 1)] {
        let mut ended = pull(state);
        ended.success = Some(SuccessReason::Pulled);
        ended.failure = Some(FailureReason::Network);
        metrics.pull_ended(&ended, 1.0);
        let text = text(&metrics);
        for (status, value) in [("success", success), ("failed", failed)] {
            let line = format!("status=\"{status}\"}} {value}");
            assert!(
                text.lines().any(|l| l.starts_with(name) && l.ends_with(&line)),
                "{line} in {text}"
            );
        }
    }
}

#[test]
fn what_is_in_flight_is_counted_down_when_it_is_dropped() {
    let metrics = Metrics::new().unwrap();
    let streams = (metrics.events_stream_opened(), metrics.events_stream_opened());
    assert!(text(&metrics).contains("ips_events_streams 2"));
    drop(streams);
    assert!(text(&metrics).contains("ips_events_streams 0"));
}
