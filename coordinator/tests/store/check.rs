//! A sound database is found sound, a damaged one is not, and the finding says where.

use crate::stand::{Stand, pulls, task};
use ips_coordinator::store::check;
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

async fn findings(stand: &Stand) -> String {
    let findings = check(&stand.url()).await.unwrap();
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[rstest]
#[tokio::test]
async fn each_damage_is_found_and_named(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    for id in ["one", "two", "three"] {
        let task = task(id, 1);
        store.insert_task(&task, None, &pulls(&task)).await.unwrap();
    }
    assert_eq!(findings(&stand).await, "");
    stand
        .execute("UPDATE pulls SET state = 'failed' WHERE id = 'one/n1/0'")
        .await;
    stand
        .execute("UPDATE pulls SET digests = '[' WHERE id = 'two/n1/1'")
        .await;
    stand.execute("UPDATE tasks SET spec = '{}' WHERE id = 'three'").await;
    let all = findings(&stand).await;
    assert!(
        all.contains("task one: it counts queued 2, but 1 pulls are; failed 0, but 1 pulls are"),
        "{all}"
    );
    assert!(all.contains("pull two/n1/1: stored pulls.digests is damaged"), "{all}");
    assert!(all.contains("task three: stored tasks.spec is damaged"), "{all}");
    assert_eq!(all.lines().count(), 3, "{all}");
}

#[tokio::test]
async fn a_reference_into_nothing_is_found() {
    let stand = Stand::start(Sqlite).await;
    let store = stand.open().await;
    let task = task("one", 1);
    store.insert_task(&task, None, &pulls(&task)).await.unwrap();
    stand.execute("PRAGMA foreign_keys = OFF; DELETE FROM tasks").await;
    assert_eq!(
        findings(&stand).await,
        "pulls: 2 rows refer by task_id to tasks that are not there"
    );
}

#[rstest]
#[tokio::test]
async fn a_schema_that_lags_behind_is_found(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    if kind != Sqlite {
        assert!(findings(&stand).await.contains("db migrate"), "an empty database");
    }
    drop(stand.open().await);
    stand.execute("DELETE FROM _sqlx_migrations WHERE version = 5").await;
    assert!(findings(&stand).await.contains("migrations [5] have not run"));
}
