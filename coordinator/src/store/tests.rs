#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use crate::domain::{
    counts::{ByteCounts, PullCounts},
    ids::{NodeName, PullId, TaskId},
    image::Platform,
    node::Node,
    outcome::FailureReason,
    pull::{Pull, PullState},
    task::{Task, TaskRequest},
    task_state::TaskState,
};

async fn fresh() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    (folder, store)
}

async fn open(folder: &tempfile::TempDir) -> Result<Store, StoreError> {
    Store::open(&format!("sqlite:{}", folder.path().join("ips.db").display())).await
}

fn task(id: &str, created_at: i64) -> Task {
    let request = TaskRequest {
        images: vec!["a:1".into(), "b:1".into()],
        ..TaskRequest::default()
    };
    Task {
        id: TaskId::parse(id).unwrap(),
        spec: request.check().unwrap().spec,
        state: TaskState::Pending,
        images: vec![],
        counts: PullCounts {
            nodes: 1,
            queued: 2,
            ..PullCounts::default()
        },
        settled_bytes: ByteCounts::default(),
        failures: vec![],
        created_at,
        started_at: 0,
        finished_at: 0,
        error_message: String::new(),
    }
}

fn pulls(task: &Task) -> Vec<Pull> {
    let node = NodeName::parse("n1").unwrap();
    let images = task.spec.images.iter().enumerate();
    images
        .map(|(index, image)| {
            let id = PullId::from_stored(format!("{}-{index}", task.id));
            Pull::new(id, task.id.clone(), node.clone(), image.clone(), index as u32)
        })
        .collect()
}

#[tokio::test]
async fn a_task_and_its_pulls_come_back_as_they_went_in_after_a_restart() {
    let (folder, store) = fresh().await;
    let task = task("one", 7);
    let mut pulls = pulls(&task);
    store.insert_task(&task, Some("key"), &pulls).await.unwrap();
    pulls[0].state = PullState::Dispatched;
    pulls[0].attempt = 1;
    pulls[0].failure = Some(FailureReason::RateLimited);
    pulls[0].bytes.total = i64::MAX as u64;
    let mut changes = Changes::default();
    changes.pull((PullState::Queued, 0), &pulls[0]);
    store.commit(&changes).await.unwrap();
    let (uuid, epoch) = (store.uuid().to_owned(), store.epoch());
    drop(store);

    let store = open(&folder).await.unwrap();
    assert_eq!((store.uuid(), store.epoch()), (uuid.as_str(), epoch + 1));
    assert_eq!(store.task(&task.id).await.unwrap().as_ref(), Some(&task));
    assert_eq!(store.task_by_request("key").await.unwrap().as_ref(), Some(&task));
    assert_eq!(store.open_pulls(&task.id).await.unwrap(), pulls);
    assert_eq!(store.pull(&pulls[0].id).await.unwrap().as_ref(), Some(&pulls[0]));
}

#[tokio::test]
async fn a_taken_id_or_request_saves_nothing() {
    let (_folder, store) = fresh().await;
    let first = task("one", 1);
    store.insert_task(&first, Some("key"), &pulls(&first)).await.unwrap();
    let again = store.insert_task(&task("one", 2), None, &[]).await.unwrap_err();
    assert!(matches!(again, StoreError::Taken { what: "task" }), "{again:?}");
    let same_key = store.insert_task(&task("two", 2), Some("key"), &[]).await.unwrap_err();
    assert!(
        matches!(same_key, StoreError::Taken { what: "request" }),
        "{same_key:?}"
    );
    assert_eq!(store.tasks(&[], 10, 0).await.unwrap().1, 1);
}

#[tokio::test]
async fn a_lost_race_is_stale_and_writes_nothing_of_the_step() {
    let (_folder, store) = fresh().await;
    let task = task("one", 1);
    let mut pulls = pulls(&task);
    store.insert_task(&task, None, &pulls).await.unwrap();
    pulls.iter_mut().for_each(|pull| pull.state = PullState::Pulling);
    let mut changes = Changes::default();
    changes.pull((PullState::Queued, 0), &pulls[0]);
    changes.pull((PullState::Dispatched, 1), &pulls[1]);
    assert!(matches!(store.commit(&changes).await, Err(StoreError::Stale { .. })));
    let states: Vec<_> = store
        .open_pulls(&task.id)
        .await
        .unwrap()
        .iter()
        .map(|pull| pull.state)
        .collect();
    assert_eq!(states, [PullState::Queued, PullState::Queued]);
}

#[tokio::test]
async fn lists_are_newest_first_filtered_and_paged() {
    let (_folder, store) = fresh().await;
    for n in 0..5 {
        let mut task = task(&format!("t{n}"), n);
        task.state = if n % 2 == 0 {
            TaskState::Completed
        } else {
            TaskState::Failed
        };
        store.insert_task(&task, None, &[]).await.unwrap();
    }
    let ids = |tasks: &[Task]| tasks.iter().map(|task| task.id.to_string()).collect::<Vec<_>>();
    let (page, total) = store.tasks(&[TaskState::Completed], 2, 1).await.unwrap();
    assert_eq!((ids(&page), total), (vec!["t2".to_owned(), "t0".to_owned()], 3));
    assert!(store.open_tasks().await.unwrap().is_empty());
}

#[tokio::test]
async fn only_what_has_ended_is_deleted_and_its_pulls_with_it() {
    let (_folder, store) = fresh().await;
    let mut task = task("one", 1);
    task.state = TaskState::Cancelled;
    let mut pulls = pulls(&task);
    store.insert_task(&task, None, &pulls).await.unwrap();
    assert!(!store.delete_ended_task(&task.id).await.unwrap(), "pulls are open");
    assert_eq!(
        store.open_tasks().await.unwrap().len(),
        1,
        "a cancelled task with open pulls is still looked after"
    );
    let mut changes = Changes::default();
    for pull in &mut pulls {
        pull.state = PullState::Cancelled;
        changes.pull((PullState::Queued, 0), pull);
    }
    store.commit(&changes).await.unwrap();
    assert!(store.delete_ended_task(&task.id).await.unwrap());
    assert!(store.pull(&pulls[0].id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_second_coordinator_on_the_same_file_is_refused() {
    let (folder, _store) = fresh().await;
    let refusal = open(&folder).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Locked { .. }), "{refusal:?}");
}

#[tokio::test]
async fn other_databases_are_refused_by_name() {
    for url in ["postgres://x", "ips.db", "sqlite:", "sqlite::memory:", ""] {
        let refusal = Store::open(url).await.unwrap_err();
        assert!(refusal.to_string().contains("sqlite:PATH"), "{url}: {refusal}");
    }
}

#[tokio::test]
async fn nodes_are_kept_with_their_first_sight() {
    let (_folder, store) = fresh().await;
    let mut node = Node {
        name: NodeName::parse("n1").unwrap(),
        uid: "u".into(),
        runtime_uuid: String::new(),
        labels: [("pool".to_owned(), "gpu".to_owned())].into(),
        platform: Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        },
        agent_version: "0.1.0".into(),
        runtime_name: "containerd".into(),
        runtime_version: "1.7.24".into(),
        max_concurrent_pulls: 2,
        first_seen_at: 1,
        last_seen_at: 1,
    };
    for seen in [1, 2] {
        node.last_seen_at = seen;
        let mut changes = Changes::default();
        changes.node(Node {
            first_seen_at: seen,
            ..node.clone()
        });
        store.commit(&changes).await.unwrap();
    }
    assert_eq!(store.nodes().await.unwrap(), [node]);
}
