//! Schedules and their history, on every database alike.

use crate::stand::Stand;
use ips_coordinator::{
    domain::{
        execution::{Cause, Execution, ExecutionEvent, ExecutionState},
        ids::{ScheduleId, TaskId},
        schedule::{MissedRuns, OverlapPolicy, Schedule, ScheduleOrder, ScheduleRequest},
        task::TaskRequest,
        tenant::Realm,
    },
    store::{ScheduleQuery, ScheduleStep, Store, StoreError},
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

const HOUR: i64 = 3_600_000;
const ALL: ScheduleQuery<'static> = ScheduleQuery {
    realm: &Realm::All,
    enabled: None,
    order: ScheduleOrder::Newest,
};

fn schedule(id: &str, now: i64) -> Schedule {
    let request = ScheduleRequest {
        name: Some("nächtlich 🐳 ' ? \\".into()),
        cron_expr: Some("0 * * * *".into()),
        time_zone: Some("Europe/Berlin".into()),
        task: Some(TaskRequest {
            images: vec!["a:1".into()],
            ..TaskRequest::default()
        }),
        overlap_policy: Some(OverlapPolicy::Queue),
        missed_runs: Some(MissedRuns::RunOnce),
        timeout_seconds: Some(2_592_000),
        ..ScheduleRequest::default()
    };
    Schedule::new(ScheduleId::from_stored(id.into()), request.check().unwrap(), now)
}

/// Saves a new one and gives it as it is stored.
async fn made(store: &Store, id: &str, now: i64) -> Schedule {
    store.insert_schedule(&schedule(id, now)).await.unwrap();
    stored(store, id).await
}

async fn stored(store: &Store, id: &str) -> Schedule {
    let id = ScheduleId::from_stored(id.into());
    store.schedule(&id).await.unwrap().unwrap()
}

fn due(schedule: &Schedule, at: i64) -> Execution {
    let task = TaskId::from_stored(format!("sched-{at}"));
    Execution::start(schedule.id.clone(), Cause::Due(at), task, at)
}

async fn add(store: &Store, execution: &Execution) -> Result<i64, StoreError> {
    let step = ScheduleStep {
        new: Some(execution),
        ..ScheduleStep::default()
    };
    store.schedule_step(step).await.map(Option::unwrap)
}

async fn change(store: &Store, from: ExecutionState, execution: &Execution) -> Result<(), StoreError> {
    let changed = [(from, execution.clone())];
    let step = ScheduleStep {
        changed: &changed,
        ..ScheduleStep::default()
    };
    store.schedule_step(step).await.map(drop)
}

#[rstest]
#[tokio::test]
async fn a_schedule_comes_back_as_it_went_in(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let first = made(&store, "s1", 10).await;
    let expected = Schedule {
        revision: 1,
        ..schedule("s1", 10)
    };
    assert_eq!(first, expected);
    made(&store, "s2", 20).await;
    drop(store);
    let store = stand.open().await;
    assert_eq!(stored(&store, "s1").await, first);
    let (page, total) = store.schedules(ALL, 1, 0).await.unwrap();
    assert_eq!((page[0].id.as_str(), total), ("s2", 2), "newest first");
    assert_eq!(store.schedule_counts().await.unwrap(), (2, 0));
    assert!(store.delete_schedule(&first.id).await.unwrap());
    assert!(!store.delete_schedule(&first.id).await.unwrap());
    assert_eq!(store.schedule_counts().await.unwrap(), (1, 0));
}

/// Ids in the order of a query.
async fn listed(store: &Store, query: ScheduleQuery<'_>) -> Vec<String> {
    let (page, total) = store.schedules(query, 10, 0).await.unwrap();
    assert_eq!(page.len(), total as usize);
    page.iter().map(|schedule| schedule.id.to_string()).collect()
}

#[rstest]
#[tokio::test]
async fn they_are_listed_by_switch_and_by_the_next_run(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    made(&store, "later", 5 * HOUR).await;
    made(&store, "soon", 10).await;
    let mut off = made(&store, "off", 20).await;
    off.spec.enabled = false;
    let step = ScheduleStep {
        schedule: Some(&off),
        ..ScheduleStep::default()
    };
    store.schedule_step(step).await.unwrap();
    let next = ScheduleQuery {
        order: ScheduleOrder::Next,
        ..ALL
    };
    let only = |enabled| ScheduleQuery {
        enabled: Some(enabled),
        ..next
    };
    assert_eq!(listed(&store, ALL).await, ["later", "off", "soon"]);
    assert_eq!(listed(&store, only(true)).await, ["soon", "later"]);
    assert_eq!(listed(&store, only(false)).await, ["off"]);
    let all = listed(&store, next).await;
    assert_eq!(
        all.last().map(String::as_str),
        Some("off"),
        "what is not due comes last: {all:?}"
    );
}

#[rstest]
#[tokio::test]
async fn only_what_is_on_and_due_is_found(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    assert_eq!(store.next_due_at(&[]).await.unwrap(), None);
    let on = made(&store, "on", 10).await;
    let mut off = made(&store, "off", 10).await;
    off.spec.enabled = false;
    let step = ScheduleStep {
        schedule: Some(&off),
        ..ScheduleStep::default()
    };
    store.schedule_step(step).await.unwrap();
    assert_eq!(store.next_due_at(&[]).await.unwrap(), Some(HOUR));
    assert_eq!(store.due_schedules(HOUR - 1, &[]).await.unwrap().sound, []);
    let found = store.due_schedules(HOUR, &[]).await.unwrap().sound;
    assert_eq!(
        (found.len(), &found[0].schedule, found[0].next_due_at),
        (1, &on, Some(HOUR))
    );
    stand.execute("UPDATE schedules SET time_zone = 'Atlantis'").await;
    let found = store.due_schedules(HOUR, &[]).await.unwrap();
    assert_eq!((found.sound.len(), found.damaged.len()), (0, 1));
    let damaged = found.damaged;
    assert_eq!(damaged[0].what, "schedules.cron_expr");
    assert_eq!(store.due_schedules(HOUR, &damaged).await.unwrap().damaged, []);
    assert_eq!(store.next_due_at(&damaged).await.unwrap(), None);
    stand.execute("UPDATE schedules SET time_zone = 'Europe/Berlin'").await;
    let before_it_was_made = store.due_schedules(5, &[]).await.unwrap().sound;
    assert_eq!(before_it_was_made.len(), 1, "the clock was set back");
    assert_eq!(store.enabled_schedules().await.unwrap().sound.len(), 1);
    assert_eq!(store.schedule_counts().await.unwrap(), (1, 1));
}

#[rstest]
#[tokio::test]
async fn a_slot_is_taken_once_and_a_step_is_written_whole_or_not_at_all(
    #[values(Sqlite, Postgres, MariaDb)] kind: Kind,
) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let mut schedule = made(&store, "s1", 10).await;
    let other = made(&store, "s2", 10).await;
    let execution = due(&schedule, HOUR);
    let number = add(&store, &execution).await.unwrap();
    assert!(
        add(&store, &due(&other, HOUR)).await.unwrap() > number,
        "of another schedule"
    );

    schedule.cursor = HOUR;
    let again = ScheduleStep {
        schedule: Some(&schedule),
        new: Some(&execution),
        ..ScheduleStep::default()
    };
    let taken = store.schedule_step(again).await;
    assert!(matches!(taken, Err(StoreError::Taken { what: "slot" })), "{taken:?}");
    assert_eq!(stored(&store, "s1").await.cursor, 10, "nothing of the step is there");

    let step = || ScheduleStep {
        schedule: Some(&schedule),
        ..ScheduleStep::default()
    };
    store.schedule_step(step()).await.unwrap();
    let stale = store.schedule_step(step()).await;
    assert!(
        matches!(stale, Err(StoreError::Stale { .. })),
        "the revision has moved: {stale:?}"
    );
}

#[rstest]
#[tokio::test]
async fn executions_are_listed_compared_and_go_with_their_schedule(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let schedule = made(&store, "s1", 10).await;
    let other = made(&store, "s2", 10).await;
    let mut all = vec![];
    for n in 1..=4 {
        let mut execution = due(&schedule, n * HOUR);
        execution.id = add(&store, &execution).await.unwrap();
        all.push(execution);
    }
    let mut first = all[0].clone();
    first.launched = true;
    first.end(ExecutionEvent::Fail, "why ' ? 🐳", 2 * HOUR).unwrap();
    change(&store, ExecutionState::Running, &first).await.unwrap();
    let twice = change(&store, ExecutionState::Running, &first).await;
    assert!(matches!(twice, Err(StoreError::Stale { .. })), "{twice:?}");
    let found = store.execution(&schedule.id, first.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&first));
    assert_eq!(store.execution(&other.id, first.id).await.unwrap(), None);
    let (page, total) = store.executions(&schedule.id, &[], 2, 1).await.unwrap();
    assert_eq!((page, total), (vec![all[2].clone(), all[1].clone()], 4));
    let failed = [ExecutionState::Failed, ExecutionState::Timeout];
    let (page, total) = store.executions(&schedule.id, &failed, 10, 0).await.unwrap();
    assert_eq!((page, total), (vec![first], 1));
    assert_eq!(store.open_executions(None).await.unwrap().sound, all[1..]);
    assert_eq!(store.open_executions(Some(&other.id)).await.unwrap().sound, []);

    assert!(store.delete_schedule(&schedule.id).await.unwrap());
    assert_eq!(store.open_executions(None).await.unwrap().sound, []);
    let gone = change(&store, ExecutionState::Running, &all[1]).await;
    assert!(matches!(gone, Err(StoreError::Stale { .. })), "{gone:?}");
}

#[rstest]
#[tokio::test]
async fn the_history_is_pruned_by_age_and_by_number(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let schedule = made(&store, "s1", 10).await;
    for n in 1..=6 {
        let mut execution = due(&schedule, n * HOUR);
        execution.id = add(&store, &execution).await.unwrap();
        // The second one still runs.
        if n != 2 {
            execution.end(ExecutionEvent::Succeed, "", n * HOUR).unwrap();
            change(&store, ExecutionState::Running, &execution).await.unwrap();
        }
    }
    let dues = async || {
        let (page, _) = store.executions(&schedule.id, &[], 10, 0).await.unwrap();
        page.iter()
            .map(|execution| execution.cause.due_at() / HOUR)
            .collect::<Vec<_>>()
    };
    assert_eq!(store.prune_executions(0, 10).await.unwrap(), 0);
    assert_eq!(store.prune_executions(2 * HOUR, 10).await.unwrap(), 1);
    assert_eq!(dues().await, [6, 5, 4, 3, 2]);
    assert_eq!(store.prune_executions(0, 3).await.unwrap(), 1);
    assert_eq!(dues().await, [6, 5, 4, 2]);
    assert_eq!(stored(&store, "s1").await.pruned_until, 3 * HOUR);
    assert_eq!(store.prune_executions(i64::MAX, 3).await.unwrap(), 3);
    assert_eq!(dues().await, [2], "what runs stays");
    assert_eq!(stored(&store, "s1").await.pruned_until, 6 * HOUR);
}
