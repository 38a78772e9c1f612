//! Watches: what is shown, what the exit code says, what happens when the coordinator goes away.

use crate::fake::{Fake, Step, delta, pull, snapshot, task};
use ips_proto::v1::{PullPhase, PullState, TaskState};
use serde_json::Value;
use std::{
    process::{Command, Stdio},
    time::Duration,
};

fn success() -> Vec<Step> {
    vec![
        snapshot(
            task(TaskState::Running),
            vec![pull(PullState::Pulling, PullPhase::Fetching)],
        ),
        delta(None, vec![pull(PullState::Pulling, PullPhase::Unpacking)]),
        delta(None, vec![pull(PullState::Succeeded, PullPhase::Unspecified)]),
        delta(Some(task(TaskState::Completed)), vec![]),
    ]
}

#[tokio::test]
async fn a_completed_task_is_exit_code_zero_with_a_line_for_each_change() {
    let fake = Fake::start().await;
    fake.watch_with(success());
    let finished = fake.ips(&["task", "create", "--image", "nginx:1", "--watch"]).await;
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let said: Vec<_> = finished
        .stderr
        .lines()
        .map(|line| line.split_once("] ").unwrap().1)
        .collect();
    assert_eq!(
        said,
        [
            "task/nightly running  none",
            "node-1 nginx:1 fetching",
            "node-1 nginx:1 unpacking",
            "node-1 nginx:1 succeeded",
            "task/nightly completed  1 succeeded",
        ]
    );
    assert!(
        finished.stdout.starts_with("task/nightly created\nNODE"),
        "{}",
        finished.stdout
    );
    assert!(
        finished.stdout.contains("\ntask/nightly completed: 1 succeeded in "),
        "{}",
        finished.stdout
    );
}

#[tokio::test]
async fn a_failed_or_cancelled_task_is_exit_code_one() {
    let cases = [
        (
            TaskState::Failed,
            "error: task nightly failed: 0 of 1 pulls succeeded\n",
        ),
        (TaskState::Cancelled, "error: task nightly was cancelled\n"),
    ];
    for (state, last) in cases {
        let fake = Fake::start().await;
        fake.watch_with(vec![snapshot(task(state), vec![])]);
        let finished = fake.ips(&["task", "watch", "nightly"]).await;
        assert_eq!(finished.code, 1, "{state:?}");
        assert!(finished.stderr.ends_with(last), "{}", finished.stderr);
    }
}

#[tokio::test]
async fn json_is_one_object_a_line_and_nothing_else() {
    let fake = Fake::start().await;
    fake.watch_with(success());
    let finished = fake
        .ips(&["task", "create", "--image", "nginx:1", "--watch", "-o", "json"])
        .await;
    let events: Vec<Value> = finished
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.len(), 4);
    assert_eq!(events[0]["snapshot"]["task"]["taskId"], "nightly");
    assert_eq!(events[1]["pulls"][0]["phase"], "unpacking");
    assert_eq!(events[3]["task"]["status"], "completed");
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
}

#[tokio::test]
async fn a_watch_connects_again_and_takes_up_where_it_is() {
    let fake = Fake::start().await;
    let begun = snapshot(
        task(TaskState::Running),
        vec![pull(PullState::Pulling, PullPhase::Fetching)],
    );
    fake.watch_with(vec![begun.clone(), Step::Fail(tonic::Code::Unavailable)]);
    fake.watch_with(vec![begun]);
    fake.watch_with(success());
    let finished = fake.ips(&["task", "watch", "nightly"]).await;
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(
        finished.stderr.matches("connecting again").count(),
        2,
        "{}",
        finished.stderr
    );
    assert_eq!(
        finished.stderr.matches("fetching").count(),
        1,
        "what is known is not said again: {}",
        finished.stderr
    );
}

#[tokio::test]
async fn patience_with_an_absent_coordinator_ends() {
    let fake = Fake::start().await;
    fake.watch_with(vec![Step::Fail(tonic::Code::Unavailable)]);
    let finished = fake
        .ips(&["task", "create", "--image", "a", "--watch", "--reconnect-for", "1s"])
        .await;
    assert_eq!(finished.code, 1);
    assert_eq!(
        finished.stderr,
        "error: unavailable: the coordinator was away for 1 s; task nightly may go on\n"
    );
}

#[tokio::test]
async fn ctrl_c_leaves_the_task_alone_and_says_so() {
    let fake = Fake::start().await;
    let running = snapshot(task(TaskState::Running), vec![]);
    fake.watch_with(vec![running, Step::Wait(Duration::from_millis(10)), Step::Hang]);
    let address = fake.address.lock().unwrap().unwrap();
    let child = Command::new(assert_cmd::cargo::cargo_bin("ips"))
        .args(["task", "watch", "nightly", "--server", &format!("http://{address}")])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let child_id = child.id();
    let output = tokio::task::spawn_blocking(move || {
        use std::io::{BufRead as _, BufReader, Read as _};
        let mut child = child;
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        stderr.read_line(&mut said).unwrap();
        let interrupted = Command::new("kill")
            .args(["-INT", &child_id.to_string()])
            .status()
            .unwrap();
        assert!(interrupted.success());
        stderr.read_to_string(&mut said).unwrap();
        (child.wait().unwrap().code(), said)
    });
    let (code, said) = output.await.unwrap();
    assert_eq!(code, Some(130), "{said}");
    assert!(
        said.contains("task/nightly goes on; `ips task watch nightly` follows it again"),
        "{said}"
    );
}
