//! What the engine does in one step is written whole or not at all, by the one that leads.

use crate::stand::{Stand, pulls, pulls_on, stored, task};
use ips_coordinator::{
    domain::{outcome::SuccessReason, pull::PullState, task_state::TaskState},
    store::{Changes, StoreError},
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

#[rstest]
#[tokio::test]
async fn a_lost_race_is_stale_names_the_row_and_writes_nothing(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let task = task("one", 1);
    let mut pulls = pulls(&task);
    store.insert_task(&task, None, &pulls).await.unwrap();
    pulls.iter_mut().for_each(|pull| pull.state = PullState::Pulling);
    let mut changes = Changes::default();
    changes.pull((PullState::Queued, 0), pulls[0].clone());
    changes.pull((PullState::Dispatched, 1), pulls[1].clone());
    match store.commit(&changes).await {
        Err(StoreError::Stale { what }) => assert_eq!(what, "pulls one/n1/1"),
        other => panic!("{other:?}"),
    }
    let states = stored(&store, &task).await;
    assert!(states.iter().all(|pull| pull.state == PullState::Queued));
}

#[rstest]
#[tokio::test]
async fn thousands_of_pulls_are_written_in_one_step(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let mut task = task("one", 1);
    let nodes = (0..6_000).map(|n| format!("node-{n:05}")).collect::<Vec<_>>();
    let mut pulls = pulls_on(&task, nodes.iter().map(String::as_str));
    store.insert_task(&task, None, &pulls).await.unwrap();
    let mut changes = Changes::default();
    for pull in &mut pulls {
        pull.state = PullState::Succeeded;
        pull.attempt = 1;
        pull.success = Some(SuccessReason::AlreadyPresent);
        pull.finished_at = 9;
        changes.pull((PullState::Queued, 0), pull.clone());
    }
    task.state = TaskState::Completed;
    task.counts.succeeded = 12_000;
    changes.task(TaskState::Pending, &task);
    store.commit(&changes).await.unwrap();
    assert_eq!(stored(&store, &task).await, pulls);
    assert_eq!(store.task(&task.id).await.unwrap(), Some(task));
}

#[rstest]
#[tokio::test]
async fn a_step_whose_answer_was_lost_is_not_written_twice(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let task = task("one", 1);
    let mut pulls = pulls(&task);
    store.insert_task(&task, None, &pulls).await.unwrap();
    pulls[0].state = PullState::Dispatched;
    let mut changes = Changes::default();
    changes.pull((PullState::Queued, 0), pulls[0].clone());
    store.commit(&changes).await.unwrap();
    // Meanwhile a task is accepted, which is no step of the engine.
    store
        .insert_task(&crate::stand::task("two", 2), None, &[])
        .await
        .unwrap();
    store.commit(&changes).await.unwrap();
    assert_eq!(store.pull(&pulls[0].id).await.unwrap().as_ref(), Some(&pulls[0]));
}

#[rstest]
#[tokio::test]
async fn whoever_was_replaced_writes_nothing_any_more(#[values(Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let old = stand.open().await;
    let task = task("one", 1);
    let mut pulls = pulls(&task);
    old.insert_task(&task, None, &pulls).await.unwrap();
    let new = stand.open().await;
    pulls[0].state = PullState::Dispatched;
    let mut changes = Changes::default();
    changes.pull((PullState::Queued, 0), pulls[0].clone());
    let own = old.epoch();
    for refused in [
        old.commit(&changes).await,
        old.insert_task(&crate::stand::task("two", 2), None, &[]).await,
        old.remove_ended_task(&task.id).await.map(|_| ()),
    ] {
        assert!(
            matches!(refused, Err(StoreError::Deposed { own: epoch }) if epoch == own),
            "{refused:?}"
        );
    }
    new.commit(&changes).await.unwrap();
}
