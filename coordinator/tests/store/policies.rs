//! Policies on every database alike: as they went in, one name once, what was removed from nodes, and the pulls that are on their way.

use crate::stand::{Stand, pulls, task};
use ips_coordinator::{
    domain::{
        caller::TenantId,
        ids::{NodeName, PolicyId},
        image::{ImageDigests, ImageRef, Platform, ResolvedImage},
        outcome::FailureReason,
        policy::{Evictions, FollowingRequest, PastFailure, Policy, PolicyRequest, PullEnd},
        pull::PullState,
        task::{Task, TaskRequest},
        task_state::TaskState,
        tenant::Realm,
    },
    store::{Changes, StoreError, StoredEviction, transfer},
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

fn policy(id: &str, tenant: &str) -> Policy {
    let request = PolicyRequest {
        name: Some("Büro 🐳 '\"".into()),
        task: Some(TaskRequest {
            images: vec!["a:1".into(), "b:1".into()],
            ..TaskRequest::default()
        }),
        following: Some(FollowingRequest {
            mode: Some("alert".into()),
            cron_expr: Some("@daily".into()),
            time_zone: Some("Asia/Tokyo".into()),
        }),
        ..PolicyRequest::default()
    };
    let mut policy = Policy::new(PolicyId::from_stored(id.into()), request.check().unwrap(), 7);
    policy.tenant = TenantId::from_stored(tenant);
    policy.images[0].resolved.push(ResolvedImage {
        platform: Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        },
        digests: ImageDigests::default(),
        size_bytes: 9,
    });
    policy
}

#[rstest]
#[tokio::test]
async fn policies_come_back_as_they_went_in(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let mut one = policy("pol-1", "default");
    store.insert_policy(&one).await.unwrap();
    one.revision = 1;
    assert_eq!(store.policy(&one.id).await.unwrap(), Some(one.clone()));
    let other = policy("pol-2", "default");
    let taken = store.insert_policy(&other).await;
    assert!(matches!(taken, Err(StoreError::Taken { what: "name" })), "{taken:?}");
    store.insert_policy(&policy("pol-3", "team-a")).await.unwrap();

    one.paused = Some("maintenance".into());
    one.images.truncate(1);
    store.update_policy(&one, &[]).await.unwrap();
    let stale = store.update_policy(&one, &[]).await;
    assert!(matches!(stale, Err(StoreError::Stale { .. })), "{stale:?}");
    one.revision = 2;
    let (found, total) = store.policies(&Realm::Of(TenantId::default()), 9, 0).await.unwrap();
    assert_eq!((found, total), (vec![one.clone()], 1));
    assert_eq!(store.policies(&Realm::All, 1, 1).await.unwrap().1, 2);
    assert_eq!(store.all_policies().await.unwrap().sound.len(), 2);

    stand
        .execute("UPDATE policies SET following = 'often' WHERE id = 'pol-3'")
        .await;
    let found = store.all_policies().await.unwrap();
    assert_eq!((found.sound.len(), found.damaged[0].what), (1, "policies.following"));
    let team = Realm::Of(TenantId::from_stored("team-a"));
    assert!(store.has_policy(&team, &found.damaged[0].id).await.unwrap());
    assert!(!store.has_policy(&team, &one.id).await.unwrap());
    assert!(store.delete_policy(&found.damaged[0].id).await.unwrap());
    assert!(!store.delete_policy(&found.damaged[0].id).await.unwrap());
}

#[rstest]
#[tokio::test]
async fn removals_go_with_their_policy_and_move_with_the_database(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let (stand, other) = (Stand::start(kind).await, Stand::start(Sqlite).await);
    let store = stand.open().await;
    let one = policy("pol-1", "default");
    store.insert_policy(&one).await.unwrap();
    let eviction = |previous_at, last_at| StoredEviction {
        node: NodeName::parse("n1").unwrap(),
        image: ImageRef::parse("a:1").unwrap(),
        evictions: Evictions { previous_at, last_at },
    };
    store.save_evictions(&one.id, &[eviction(0, 5)], &[]).await.unwrap();
    store.save_evictions(&one.id, &[eviction(5, 9)], &[]).await.unwrap();
    assert_eq!(store.evictions(&one.id).await.unwrap(), [eviction(5, 9)]);
    let gone = PolicyId::from_stored("pol-0".into());
    store.save_evictions(&gone, &[eviction(5, 9)], &[]).await.unwrap();

    let mut file = Vec::new();
    transfer::export(&stand.url(), &mut file).await.unwrap();
    transfer::import(&other.url(), file.as_slice()).await.unwrap();
    assert_eq!(other.open().await.evictions(&one.id).await.unwrap(), [eviction(5, 9)]);
    assert_eq!(ips_coordinator::store::check(&stand.url()).await.unwrap(), []);

    store.prune_evictions(9).await.unwrap();
    assert_eq!(store.evictions(&one.id).await.unwrap().len(), 1);
    store.forget_evictions(&one.id).await.unwrap();
    assert!(store.evictions(&one.id).await.unwrap().is_empty());
    store.save_evictions(&one.id, &[eviction(5, 9)], &[]).await.unwrap();
    store.delete_policy(&one.id).await.unwrap();
    assert!(store.evictions(&one.id).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn failures_are_counted_where_the_newest_pull_failed(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let id = PolicyId::from_stored("pol-1".into());
    // Of each of the two pulls of a task.
    let ends = [
        (PullState::Failed, PullState::Failed),
        (PullState::Failed, PullState::Failed),
        (PullState::Cancelled, PullState::Succeeded),
    ];
    for (number, ends) in (0_i64..).zip(ends) {
        let mut task = Task {
            policy: Some(id.clone()),
            ..task(&format!("t{number}"), number)
        };
        let mut pulls = pulls(&task);
        store.insert_task(&task, None, &pulls).await.unwrap();
        let mut changes = Changes::default();
        for (pull, end) in pulls.iter_mut().zip([ends.0, ends.1]) {
            pull.state = end;
            pull.finished_at = 10 * (number + 1);
            pull.message = format!("in the words of {number}");
            pull.failure = (end == PullState::Failed).then_some(FailureReason::NotFound);
            changes.pull((PullState::Queued, 0), pull.clone());
        }
        task.counts.queued = 0;
        task.counts.failed = 2;
        task.state = TaskState::Failed;
        changes.task(TaskState::Pending, &task);
        store.commit(&changes).await.unwrap();
    }
    let first = |times| PastFailure {
        node: NodeName::parse("n1").unwrap(),
        image: ImageRef::parse("a:1").unwrap(),
        end: PullEnd::Failed(FailureReason::Cancelled, "its task was cancelled".into()),
        times,
        at: 30,
    };
    assert_eq!(store.failures_of(&id, 0).await.unwrap(), [first(3)]);
    assert_eq!(store.failures_of(&id, 10).await.unwrap(), [first(2)]);
    assert!(store.failures_of(&id, 30).await.unwrap().is_empty());
    let other = PolicyId::from_stored("pol-2".into());
    assert!(store.failures_of(&other, 0).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn open_pulls_are_found_by_image_and_tasks_by_policy(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let id = PolicyId::from_stored("pol-1".into());
    for number in 0..3_i64 {
        let mut task = Task {
            policy: (number != 1).then(|| id.clone()),
            ..task(&format!("t{number}"), number)
        };
        let mut pulls = pulls(&task);
        store.insert_task(&task, None, &pulls).await.unwrap();
        assert_eq!(store.task(&task.id).await.unwrap(), Some(task.clone()));
        if number == 2 {
            let mut changes = Changes::default();
            for pull in &mut pulls {
                pull.state = PullState::Cancelled;
                changes.pull((PullState::Queued, 0), pull.clone());
            }
            (task.counts.queued, task.counts.cancelled) = (0, 2);
            task.state = TaskState::Cancelled;
            changes.task(TaskState::Pending, &task);
            store.commit(&changes).await.unwrap();
        }
    }
    let a = ImageRef::parse("a:1").unwrap();
    let mut found = store.open_pulls_of(std::slice::from_ref(&a)).await.unwrap();
    found.sort_by(|one, other| one.task.cmp(&other.task));
    let shown: Vec<_> = found
        .iter()
        .map(|pull| (pull.task.as_str(), pull.policy.is_some(), &pull.image))
        .collect();
    assert_eq!(shown, [("t0", true, &a), ("t1", false, &a)]);
    assert!(store.open_pulls_of(&[]).await.unwrap().is_empty());
    assert_eq!(store.open_tasks_of(&id).await.unwrap().len(), 1);
    assert_eq!(store.ended_tasks_of_beyond(&id, 0, 9).await.unwrap()[0].as_str(), "t2");
    assert!(store.ended_tasks_of_beyond(&id, 1, 9).await.unwrap().is_empty());
}
