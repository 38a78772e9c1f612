#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use crate::domain::{
    ids::{NodeName, PullId, TaskId},
    image::ImageRef,
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

/// Ten thousand hosts, zones and versions, in ten thousand samples or in one, make no more series than the bound.
#[test]
fn whatever_comes_from_outside_the_number_of_series_is_bounded() {
    let metrics = Metrics::new().unwrap();
    let names: Vec<String> = (0..10_000).map(|n| format!("r{n}.example")).collect();
    let registry = |(index, host): (usize, &'static str)| RegistrySample {
        host,
        running: u32::try_from(index).unwrap(),
        limit: Some(7),
        backing_off: index % 2 == 0,
    };
    let names: Vec<&'static str> = names.into_iter().map(|name| &*name.leak()).collect();
    let sample = |part: &[&'static str]| Sample {
        registries: part.iter().copied().enumerate().map(registry).collect(),
        zones: part.iter().map(|zone| (*zone, 1)).collect(),
        zone_limit: Some(3),
        versions: part.iter().map(|version| (*version, 1)).collect(),
        ..Sample::default()
    };
    // One after the other first: a host that is gone must not make room for the next.
    names.chunks(100).for_each(|part| metrics.sample(sample(part)));
    metrics.sample(sample(&names));
    let text = text(&metrics);
    let rows = |name: &str| {
        text.lines()
            .filter(|line| line.starts_with(&format!("{name}{{")))
            .count()
    };
    assert_eq!(rows("ips_registry_running_pulls"), 51);
    assert_eq!(rows("ips_registry_pull_limit"), 50, "a sum of limits is none");
    assert_eq!(rows("ips_zone_running_pulls"), 51);
    assert_eq!(rows("ips_agents"), 11);
    let all: f64 = text
        .lines()
        .filter(|line| line.starts_with("ips_registry_running_pulls{"))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum();
    assert_eq!(all, f64::from(10_000 * 9_999 / 2), "nothing is lost in other");
    metrics.sample(Sample::default());
    assert!(
        !self::text(&metrics).contains("ips_registry_running_pulls{"),
        "what is gone is gone"
    );
}

#[test]
fn the_busiest_get_a_name_first() {
    let metrics = Metrics::new().unwrap();
    let hosts: Vec<String> = (0..100).map(|n| format!("r{n:02}")).collect();
    let registry = |(index, host)| RegistrySample {
        host,
        running: u32::try_from(index).unwrap(),
        limit: None,
        backing_off: false,
    };
    metrics.sample(Sample {
        registries: hosts.iter().map(String::as_str).enumerate().map(registry).collect(),
        ..Sample::default()
    });
    let text = text(&metrics);
    assert!(text.contains("registry=\"r99\"} 99") && !text.contains("registry=\"r01\""));
}

#[test]
fn an_attempt_counts_where_its_time_went() {
    use crate::domain::outcome::{Failure, PhaseTimes};
    let metrics = Metrics::new().unwrap();
    metrics.attempt_ended(&Outcome {
        attempt: 1,
        result: Err(Failure {
            reason: FailureReason::Network,
            message: String::new(),
        }),
        digests: Default::default(),
        bytes: crate::domain::counts::ByteCounts {
            total: 100,
            fetched: 10,
            already_there: 20,
            not_needed: 30,
            unpacked: 0,
        },
        finished_at: 0,
        phases: PhaseTimes([0, 1500, 0, 0]),
    });
    let text = text(&metrics);
    for line in [
        "ips_pull_phase_seconds_sum{phase=\"fetching\",result=\"failed\"} 1.5",
        "ips_pull_phase_seconds_count{phase=\"resolving\",result=\"failed\"} 0",
        "ips_bytes_fetched_total 10",
        "ips_bytes_saved_total 50",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

/// The table of docs/observability.md is made of the figures.
#[test]
fn the_page_has_every_figure() {
    let begin = "<!-- figures of the coordinator -->\n";
    let end = "<!-- end -->";
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/observability.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once(begin).unwrap();
    let (kept, tail) = rest.split_once(end).unwrap();
    let mut table = "| figure | type | labels | meaning |\n|---|---|---|---|\n".to_owned();
    for figure in Metrics::new().unwrap().with_image_status().unwrap().figures() {
        let labels: Vec<String> = figure.labels.iter().map(|label| format!("`{label}`")).collect();
        let Figure { name, kind, help, .. } = figure;
        table.push_str(&format!("| `{name}` | {kind} | {} | {help} |\n", labels.join(", ")));
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{head}{begin}{table}{end}{tail}")).unwrap();
        return;
    }
    assert!(
        kept == table,
        "docs/observability.md is out of date; run the test again with UPDATE_GOLDEN=1"
    );
}
