//! Usage, exit codes, formats and errors of commands that answer at once.

use crate::fake::{Fake, run};
use ips_proto::v1;
use serde_json::Value;
use tonic::Status;

#[tokio::test]
async fn wrong_usage_exits_with_two_and_a_hint() {
    for args in [
        &["task", "create"][..],
        &["task", "create", "--image", "a", "--batch-size", "many"],
        &["task", "create", "--image", "a", "--priority", "0"],
        &["task", "create", "--image", "a", "--window", "sat"],
        &["task", "create", "--image", "a", "--batch-mode", "loose"],
        &["task", "create", "--image", "a", "--pull-timeout", "0"],
        &["task", "create", "--image", "a", "--retry-strategy", "never"],
        &["task", "ls", "--status", "done"],
        &["task", "ls", "-o", "yaml"],
        &["task", "rm"],
        &["task", "rm", "a", "--all"],
        &["task", "rm", "a", "--status", "failed"],
        &["task", "preview"],
        &["limits", "set"],
        &["limits", "set", "--replace", "--node-pulls", "1"],
        &["limits", "set", "--registry", "docker.io"],
        &["nonsense"],
        &[],
        &["task", "ls", "--server", "http://example:1"],
        &["task", "ls", "--server", "not an address"],
    ] {
        let finished = run("http://127.0.0.1:9", args).await;
        assert_eq!(finished.code, 2, "{args:?}: {}", finished.stderr);
        assert!(!finished.stderr.is_empty(), "{args:?}");
        assert!(finished.stdout.is_empty(), "{args:?}");
    }
}

#[tokio::test]
async fn help_and_version_need_no_coordinator() {
    let version = run("http://127.0.0.1:9", &["version"]).await;
    assert_eq!(
        (version.code, version.stdout.trim()),
        (0, concat!("ips ", env!("CARGO_PKG_VERSION")))
    );
    let help = run("http://127.0.0.1:9", &["--help"]).await;
    assert!(help.stdout.contains("Exit codes: 0 done"), "{}", help.stdout);
    let completion = run("http://127.0.0.1:9", &["completion", "bash"]).await;
    assert!(
        completion.code == 0 && completion.stdout.contains("_ips"),
        "{}",
        completion.stderr
    );
}

#[tokio::test]
async fn nobody_at_the_address_is_one_line() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let finished = run(&format!("http://{free}"), &["task", "ls"]).await;
    assert_eq!(finished.code, 1);
    let expected = format!("error: cannot reach the coordinator at http://{free}: ");
    assert!(finished.stderr.starts_with(&expected), "{}", finished.stderr);
    assert_eq!(finished.stderr.trim().lines().count(), 1);
}

#[tokio::test]
async fn a_refusal_is_one_line_with_its_words() {
    let fake = Fake::start().await;
    fake.refuse_with(Status::invalid_argument(
        "batchSize: 0 is out of range,\nallowed are 1 to 100",
    ));
    let finished = fake
        .ips(&["task", "create", "--image", "nginx:1", "--batch-size", "0"])
        .await;
    assert_eq!(finished.code, 1);
    assert_eq!(
        finished.stderr,
        "error: invalid request: batchSize: 0 is out of range, allowed are 1 to 100\n"
    );
    fake.refuse_with(Status::not_found("task \"x\" not found"));
    for args in [
        &["task", "get", "x"][..],
        &["task", "watch", "x"],
        &["task", "cancel", "x"],
        &["task", "rm", "x"],
        &["task", "pulls", "x"],
    ] {
        let finished = fake.ips(args).await;
        assert_eq!(
            (finished.code, finished.stderr.as_str()),
            (1, "error: not found: task \"x\" not found\n"),
            "{args:?}"
        );
    }
}

#[tokio::test]
async fn every_option_of_create_arrives() {
    let fake = Fake::start().await;
    let args = "task create --image nginx:1 -i redis:7 --selector pool=gpu,!spot -l disk=ssd --batch-size 7 --priority 9 --max-retries 2 \
                --retry-strategy exponential --retry-delay 11 --pull-timeout 2m --no-progress-timeout 13s --id nightly --request-id r-1 \
                --node n1,n2 --exclude n3 --max-nodes 25% --platform linux/amd64 --parallelism 10% --batch-mode strict --canary 1 \
                --abort-failure-percent 20 --success-threshold 90 --deadline 1h --pull-policy Always --pin \
                --channel ops --channel night --webhook-url https://hooks.example.com/x";
    let mut args: Vec<&str> = args.split_whitespace().collect();
    args.extend(["--window", "sat 22:00-06:00 Europe/Berlin"]);
    let finished = fake.ips(&args).await;
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (0, "task/nightly created\n"),
        "{}",
        finished.stderr
    );
    let expected = v1::CreateTaskRequest {
        images: vec!["nginx:1".into(), "redis:7".into()],
        node_selector: [].into(),
        label_selector: "pool=gpu,!spot,disk=ssd".into(),
        node_expressions: vec![],
        node_names: vec!["n1".into(), "n2".into()],
        exclude_nodes: vec!["n3".into()],
        max_nodes: "25%".into(),
        platform: "linux/amd64".into(),
        parallelism: "10%".into(),
        batch_mode: v1::BatchMode::Strict.into(),
        canary: "1".into(),
        abort_failure_percent: Some(20),
        success_threshold: Some(90),
        deadline_seconds: Some(3600),
        windows: vec![v1::MaintenanceWindow {
            days: vec!["sat".into()],
            start: "22:00".into(),
            end: "06:00".into(),
            time_zone: "Europe/Berlin".into(),
        }],
        pull_policy: v1::ImagePullPolicy::Always.into(),
        pin: Some(true),
        batch_size: Some(7),
        priority: 9,
        max_retries: 2,
        retry_strategy: v1::RetryStrategy::Exponential.into(),
        retry_delay_seconds: 11,
        task_id: "nightly".into(),
        request_id: "r-1".into(),
        pull_timeout_seconds: 120,
        no_progress_timeout_seconds: 13,
        credential_ids: vec![],
        login: None,
        channels: vec!["ops".into(), "night".into()],
        webhook_url: "https://hooks.example.com/x".into(),
    };
    assert_eq!(*fake.created.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn what_is_done_to_all_has_a_line_for_each_and_fails_when_one_does() {
    let fake = Fake::start().await;
    let finished = fake
        .ips(&["task", "cancel", "--all", "--status", "running,paused"])
        .await;
    assert_eq!((finished.code, finished.stdout.as_str()), (1, "task/a cancelled\n"));
    assert_eq!(
        finished.stderr,
        "error: task/b: the task is completed and cannot be cancelled\n"
    );
    let expected = v1::BulkTasksRequest {
        action: v1::BulkAction::Cancel.into(),
        task_ids: vec![],
        filter: Some(v1::BulkFilter {
            states: vec![v1::TaskState::Running.into(), v1::TaskState::Paused.into()],
        }),
    };
    assert_eq!(*fake.bulk.lock().unwrap(), [expected]);
    for (args, said) in [
        (&["task", "pause", "nightly"][..], "task/nightly paused\n"),
        (&["task", "resume", "nightly"], "task/nightly resumed\n"),
        (&["task", "retry", "nightly"], "task/nightly tried again\n"),
        (
            &["task", "clone", "nightly", "--priority", "7"],
            "task/nightly created\n",
        ),
        (
            &["task", "clone", "nightly", "--clear", "window,credential,selector"],
            "task/nightly created\n",
        ),
    ] {
        assert_eq!(fake.ips(args).await.stdout, said, "{args:?}");
    }
    let cleared = [&[][..], &["windows", "secretIds", "nodeSelector", "nodeExpressions"]];
    assert_eq!(*fake.cleared.lock().unwrap(), cleared);
    let preview = fake.ips(&["task", "preview", "--image", "a"]).await;
    assert!(preview.stdout.starts_with("Nodes:"), "{}", preview.stderr);
}

#[tokio::test]
async fn creating_is_repeatable_even_when_nobody_asks_for_it() {
    let fake = Fake::start().await;
    fake.refuse_with(Status::unavailable("the store cannot write"));
    let finished = fake.ips(&["task", "create", "--image", "nginx:1"]).await;
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (1, "error: unavailable: the store cannot write\n")
    );
    let created = fake.created.lock().unwrap();
    let mut keys: Vec<_> = created.iter().map(|request| request.request_id.clone()).collect();
    keys.dedup();
    assert_eq!((created.len(), keys.len()), (3, 1), "three tries, one request id");
    assert!(!keys[0].is_empty());
}

#[tokio::test]
async fn formats_are_for_people_programs_and_shells() {
    let fake = Fake::start().await;
    let list = fake.ips(&["task", "ls"]).await;
    assert!(list.stdout.starts_with("ID        STATUS"), "{}", list.stdout);
    assert_eq!(list.stderr, "1 of 3 tasks; see --limit and --offset\n");
    assert_eq!(fake.ips(&["task", "ls", "-o", "name"]).await.stdout, "task/nightly\n");
    let json: Value = serde_json::from_str(&fake.ips(&["task", "ls", "-o", "json"]).await.stdout).unwrap();
    assert_eq!(
        (&json["total"], &json["tasks"][0]["taskId"]),
        (&3.into(), &"nightly".into())
    );
    let json: Value =
        serde_json::from_str(&fake.ips(&["task", "pulls", "nightly", "-o", "json"]).await.stdout).unwrap();
    assert_eq!(json["pulls"][0]["state"], "succeeded");
    assert_eq!(
        fake.ips(&["task", "cancel", "nightly"]).await.stdout,
        "task/nightly cancelled\n"
    );
    assert_eq!(
        fake.ips(&["task", "rm", "a", "b"]).await.stdout,
        "task/a deleted\ntask/b deleted\n"
    );
    let shown = fake.ips(&["task", "get", "nightly"]).await.stdout;
    assert!(shown.contains("Status:    completed\n"), "{shown}");
}
