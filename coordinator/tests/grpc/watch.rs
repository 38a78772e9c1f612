//! `WatchTask`: a snapshot, then deltas, an end; and what a large task looks like.

use crate::{agent::Agent, stand::Stand};
use ips_proto::v1::{self, task_event::Body};
use std::time::Duration;
use tonic::{Code, Status, Streaming};

async fn next(events: &mut Streaming<v1::TaskEvent>) -> Option<Result<v1::TaskEvent, Status>> {
    let message = tokio::time::timeout(Duration::from_secs(10), events.message()).await;
    message.expect("a message within ten seconds").transpose()
}

async fn watch(stand: &Stand, task_id: &str) -> Streaming<v1::TaskEvent> {
    let request = v1::WatchTaskRequest {
        task_id: task_id.into(),
    };
    stand.tasks().await.watch_task(request).await.unwrap().into_inner()
}

async fn create(stand: &Stand, images: Vec<String>) -> String {
    let request = v1::CreateTaskRequest {
        images,
        ..Default::default()
    };
    stand
        .tasks()
        .await
        .create_task(request)
        .await
        .unwrap()
        .into_inner()
        .task_id
}

#[tokio::test]
async fn a_watch_tells_a_task_from_its_snapshot_to_its_end() {
    let stand = Stand::start().await;
    let mut agent = Agent::connect(&stand, "node-1").await;
    let id = create(&stand, vec!["nginx:1".into()]).await;
    let other = create(&stand, vec!["redis:7".into()]).await;
    let mut events = watch(&stand, &id).await;
    let first = next(&mut events).await.unwrap().unwrap();
    let Some(Body::Snapshot(snapshot)) = first.body else {
        panic!("a watch begins with a snapshot");
    };
    assert_eq!((snapshot.task.unwrap().task_id, snapshot.pulls.len()), (id.clone(), 1));

    let starts = [agent.started().await, agent.started().await];
    let start = starts.iter().find(|start| start.reference == "nginx:1").unwrap();
    let foreign = starts.iter().find(|start| start.reference == "redis:7").unwrap();
    agent.progress(foreign, v1::PullPhase::Fetching, 7).await;
    agent.progress(start, v1::PullPhase::Fetching, 42).await;

    let (mut version, mut phases, mut last, mut succeeded) = (first.version, vec![], None, false);
    while let Some(event) = next(&mut events).await {
        let event = event.unwrap();
        assert!(event.version >= version, "versions never decrease");
        version = event.version;
        let Some(Body::Delta(delta)) = event.body else {
            panic!("after the snapshot come deltas");
        };
        for pull in delta.pulls {
            assert_eq!(pull.task_id, id, "pulls of task {other} are not told here");
            phases.push((pull.state(), pull.phase(), pull.bytes.unwrap_or_default().fetched));
        }
        if !succeeded && phases.contains(&(v1::PullState::Pulling, v1::PullPhase::Fetching, 42)) {
            succeeded = true;
            agent.succeed(start).await;
        }
        last = delta.task.or(last);
    }
    assert_eq!(phases.last().unwrap().0, v1::PullState::Succeeded);
    let last = last.unwrap();
    assert_eq!(
        (last.state(), last.progress.unwrap().succeeded_pulls),
        (v1::TaskState::Completed, 1)
    );
}

#[tokio::test]
async fn a_watch_of_an_ended_task_is_one_snapshot() {
    let stand = Stand::start().await;
    let mut agent = Agent::connect(&stand, "node-1").await;
    let id = create(&stand, vec!["nginx:1".into()]).await;
    let mut live = watch(&stand, &id).await;
    let start = agent.started().await;
    agent.succeed(&start).await;
    while next(&mut live).await.is_some() {}
    let mut late = watch(&stand, &id).await;
    assert!(matches!(
        next(&mut late).await.unwrap().unwrap().body,
        Some(Body::Snapshot(_))
    ));
    assert!(next(&mut late).await.is_none());
}

#[tokio::test]
async fn a_cancelled_task_is_watched_until_its_agent_has_let_go() {
    let stand = Stand::start().await;
    let mut agent = Agent::connect(&stand, "node-1").await;
    let id = create(&stand, vec!["nginx:1".into()]).await;
    let start = agent.started().await;
    let mut events = watch(&stand, &id).await;
    stand
        .tasks()
        .await
        .cancel_task(v1::CancelTaskRequest { task_id: id.clone() })
        .await
        .unwrap();
    loop {
        let event = next(&mut events)
            .await
            .expect("the watch goes on while the pull is open")
            .unwrap();
        let task = match event.body.unwrap() {
            Body::Snapshot(snapshot) => snapshot.task,
            Body::Delta(delta) => delta.task,
        };
        if task.is_some_and(|task| task.state() == v1::TaskState::Cancelled) {
            break;
        }
    }
    agent.succeed(&start).await;
    while let Some(event) = next(&mut events).await {
        event.unwrap();
    }
}

#[tokio::test]
async fn a_large_task_comes_in_messages_that_any_client_takes() {
    let stand = Stand::start().await;
    let mut agents = vec![];
    for n in 0..10 {
        agents.push(Agent::connect(&stand, &format!("node-{n}")).await);
    }
    let id = create(
        &stand,
        (0..50)
            .map(|n| format!("registry.example/some/long/name/of/an/image:{n}"))
            .collect(),
    )
    .await;
    let mut events = watch(&stand, &id).await;
    let mut pulls = std::collections::HashSet::new();
    while pulls.len() < 500 {
        let found = match next(&mut events).await.unwrap().unwrap().body.unwrap() {
            Body::Snapshot(snapshot) => snapshot.pulls,
            Body::Delta(delta) => delta.pulls,
        };
        assert!(found.len() <= 200);
        pulls.extend(found.into_iter().map(|pull| pull.pull_id));
    }
}

#[tokio::test]
async fn a_watch_needs_an_id() {
    let stand = Stand::start().await;
    let refusal = stand
        .tasks()
        .await
        .watch_task(v1::WatchTaskRequest::default())
        .await
        .unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.message()),
        (Code::InvalidArgument, "id: must not be empty")
    );
}
