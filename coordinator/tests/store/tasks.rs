//! What goes in comes out, on every database alike.

use crate::stand::{Stand, pulls, pulls_on, stored, task};
use ips_coordinator::{
    domain::{
        caller::TenantId,
        ids::{NodeName, PolicyId},
        image::Platform,
        limits::Limits,
        node::Node,
        outcome::FailureReason,
        pull::PullState,
        task::Task,
        task_list::TaskOrder,
        task_state::TaskState,
        tenant::Realm,
    },
    store::{Changes, DatabaseUrl, PullQuery, Removed, Store, StoreError, TaskQuery},
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

#[rstest]
#[tokio::test]
async fn a_task_and_its_pulls_come_back_as_they_went_in(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let task = task("one", 7);
    let mut pulls = pulls(&task);
    store.insert_task(&task, Some("key"), &pulls).await.unwrap();
    pulls[0].state = PullState::Dispatched;
    pulls[0].attempt = u32::MAX;
    pulls[0].failure = Some(FailureReason::RateLimited);
    pulls[0].bytes.total = i64::MAX as u64;
    pulls[0].not_before = i64::MAX;
    pulls[0].message = "quotes ' \" \\, a tab\t, a line\n, 汉字, 🐳, a question?".into();
    let mut changes = Changes::default();
    changes.pull((PullState::Queued, 0), pulls[0].clone());
    store.commit(&changes).await.unwrap();
    let (uuid, epoch) = (store.uuid().to_owned(), store.epoch());
    drop(store);

    let store = stand.open().await;
    assert_eq!((store.uuid(), store.epoch()), (uuid.as_str(), epoch + 1));
    assert_eq!(store.task(&task.id).await.unwrap().as_ref(), Some(&task));
    assert_eq!(
        store
            .task_by_request(&TenantId::default(), "key")
            .await
            .unwrap()
            .as_ref(),
        Some(&task)
    );
    assert_eq!(store.open_pulls(&task.id).await.unwrap(), pulls);
    assert_eq!(store.pull(&pulls[0].id).await.unwrap().as_ref(), Some(&pulls[0]));
    store.ping().await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_taken_id_or_request_saves_nothing(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let first = task("one", 1);
    store.insert_task(&first, Some("key"), &pulls(&first)).await.unwrap();
    // The value looks like the name of the other key.
    let again = store.insert_task(&task("one", 2), Some("request_id"), &[]).await;
    assert!(matches!(again, Err(StoreError::Taken { what: "task" })), "{again:?}");
    let same_key = store.insert_task(&task("two", 2), Some("key"), &[]).await;
    assert!(
        matches!(same_key, Err(StoreError::Taken { what: "request" })),
        "{same_key:?}"
    );
    assert_eq!(store.tasks(&Realm::All, &[], 10, 0).await.unwrap().1, 1);
    let other_case = store.insert_task(&task("three", 3), Some("Key"), &[]).await;
    assert!(other_case.is_ok(), "keys are compared letter by letter: {other_case:?}");
    assert!(
        store
            .task_by_request(&TenantId::default(), "KEY")
            .await
            .unwrap()
            .is_none()
    );
}

#[rstest]
#[tokio::test]
async fn lists_are_newest_first_filtered_and_paged(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
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
    let (page, total) = store.tasks(&Realm::All, &[TaskState::Completed], 2, 1).await.unwrap();
    assert_eq!((ids(&page), total), (vec!["t2".to_owned(), "t0".to_owned()], 3));
    assert!(store.open_tasks().await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn tasks_are_found_by_text_sorted_and_counted(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    for (n, finished_at) in [(1, 30), (2, 0), (3, 20)] {
        let mut task = task(&format!("night-{n}"), n);
        task.finished_at = finished_at;
        task.counts.failed = 2;
        task.settled_bytes.fetched = 10;
        task.policy = (n == 3).then(|| PolicyId::from_stored("pol".into()));
        store.insert_task(&task, None, &[]).await.unwrap();
    }
    let pol = PolicyId::from_stored("pol".into());
    let of_policy = TaskQuery {
        realm: &Realm::All,
        states: &[],
        text: "",
        policy: Some(&pol),
        order: TaskOrder::Newest,
    };
    let (tasks, total) = store.find_tasks(of_policy, 10, 0).await.unwrap();
    assert_eq!((tasks[0].id.as_str(), tasks.len(), total), ("night-3", 1, 1));
    let found = async |text: &str, order| {
        let query = TaskQuery {
            realm: &Realm::All,
            states: &[],
            text,
            policy: None,
            order,
        };
        let (tasks, total) = store.find_tasks(query, 10, 0).await.unwrap();
        let ids: Vec<_> = tasks.iter().map(|task| task.id.to_string()).collect();
        (ids.join(" "), total)
    };
    assert_eq!(
        found("night-", TaskOrder::Oldest).await,
        ("night-1 night-2 night-3".into(), 3)
    );
    assert_eq!(found("t-2", TaskOrder::Newest).await, ("night-2".into(), 1));
    assert_eq!(found("b:1", TaskOrder::Newest).await.1, 3, "by a reference");
    for literal in ["t%2", "t_2"] {
        assert_eq!(found(literal, TaskOrder::Newest).await.1, 0, "{literal}");
    }
    assert_eq!(found("", TaskOrder::EndedLast).await.0, "night-1 night-3 night-2");
    let states = store.task_states(&Realm::All).await.unwrap();
    assert_eq!(states.iter().map(|(_, count)| count).sum::<u32>(), 3);
    let day = store.figures_since(&Realm::All, 2).await.unwrap();
    assert_eq!((day.tasks, day.failed_pulls, day.bytes_moved), (2, 4, 20));
}

#[rstest]
#[tokio::test]
async fn pulls_are_sorted_byte_by_byte_and_filtered(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let task = task("one", 1);
    let pulls = pulls_on(&task, ["ab", "a-b", "a.b", "a1", "b"]);
    store.insert_task(&task, None, &pulls).await.unwrap();
    let mut sorted = pulls.clone();
    sorted.sort_by_key(|pull| (pull.node.to_string(), pull.image_index));
    assert_eq!(stored(&store, &task).await, sorted);
    let which = PullQuery {
        task: &task.id,
        node: Some("a.b"),
        image: Some(pulls[1].image.as_str()),
        states: &[PullState::Queued, PullState::Failed],
    };
    let found = store.pulls(which, 10, 0).await.unwrap();
    let ids: Vec<_> = found.iter().map(|pull| pull.id.as_str()).collect();
    assert_eq!(ids, ["one/a.b/1"]);
    assert_eq!(store.count_pulls(which).await.unwrap(), 1);
    let tallies = store.pull_tallies(&task.id).await.unwrap();
    assert_eq!(tallies.iter().map(|(_, _, count)| count).sum::<u32>(), 10);
}

#[rstest]
#[tokio::test]
async fn only_what_has_ended_is_deleted_and_its_pulls_with_it(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let mut task = task("one", 1);
    task.state = TaskState::Cancelled;
    let mut pulls = pulls(&task);
    store.insert_task(&task, None, &pulls).await.unwrap();
    assert_eq!(
        store.remove_ended_task(&task.id).await.unwrap(),
        Removed::No,
        "pulls are open"
    );
    assert_eq!(
        store.open_tasks().await.unwrap().len(),
        1,
        "a cancelled task with open pulls is still looked after"
    );
    let mut changes = Changes::default();
    for pull in &mut pulls {
        pull.state = PullState::Cancelled;
        changes.pull((PullState::Queued, 0), pull.clone());
    }
    store.commit(&changes).await.unwrap();
    assert_eq!(store.remove_ended_task(&task.id).await.unwrap(), Removed::Wholly);
    assert!(store.pull(&pulls[0].id).await.unwrap().is_none());
}

#[rstest]
#[tokio::test]
async fn a_large_task_is_removed_in_parts(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let mut task = task("one", 1);
    task.state = TaskState::Completed;
    let names: Vec<String> = (0..1_500).map(|n| format!("n{n}")).collect();
    let mut pulls = pulls_on(&task, names.iter().map(String::as_str));
    pulls.iter_mut().for_each(|pull| pull.state = PullState::Succeeded);
    store.insert_task(&task, None, &pulls).await.unwrap();
    for _ in 0..5 {
        assert_eq!(store.remove_ended_task(&task.id).await.unwrap(), Removed::Partly);
    }
    assert_eq!(store.remove_ended_task(&task.id).await.unwrap(), Removed::Wholly);
    assert_eq!(store.remove_ended_task(&task.id).await.unwrap(), Removed::No);
    assert!(store.pull(&pulls[2_999].id).await.unwrap().is_none());
}

#[rstest]
#[tokio::test]
async fn the_limits_that_were_set_last_are_read_at_the_next_start(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    assert_eq!(store.limits().await.unwrap(), None);
    for cluster_pulls in [7, 0] {
        let limits = Limits {
            cluster_pulls,
            ..Limits::default()
        };
        let mut changes = Changes::default();
        changes.limits(1, &limits);
        store.commit(&changes).await.unwrap();
        assert_eq!(store.limits().await.unwrap(), Some(limits));
    }
}

#[rstest]
#[tokio::test]
async fn nodes_are_kept_with_their_first_sight(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let mut node = Node {
        name: NodeName::parse("n1").unwrap(),
        uid: "u".into(),
        runtime_uuid: String::new(),
        labels: [("pool".into(), "gpu".into())].into_iter().collect(),
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

#[tokio::test]
async fn a_second_coordinator_on_the_same_file_is_refused() {
    let stand = Stand::start(Sqlite).await;
    let _first = stand.open().await;
    let refusal = stand.try_open().await.unwrap_err();
    assert!(matches!(refusal, StoreError::Locked { .. }), "{refusal:?}");
}

#[tokio::test]
async fn other_databases_are_refused_by_name_and_without_their_password() {
    for url in [
        "oracle://x:secret@y",
        "ips.db",
        "sqlite:",
        "sqlite::memory:",
        "",
        "postgres",
    ] {
        let refusal = Store::open(&DatabaseUrl::new(url)).await.unwrap_err();
        let text = format!("{refusal} {refusal:?}");
        assert!(
            text.contains("sqlite:PATH") && !text.contains("secret"),
            "{url}: {text}"
        );
    }
}
