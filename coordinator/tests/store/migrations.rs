//! The schema after interruptions and beside other versions.

use crate::stand::{Stand, task};
use ips_coordinator::store::StoreError;
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

#[rstest]
#[tokio::test]
async fn many_at_once_make_one_schema(#[values(Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let opened = futures::future::join_all((0..4).map(|_| stand.try_open())).await;
    let mut epochs = opened
        .into_iter()
        .map(|store| store.unwrap().epoch())
        .collect::<Vec<_>>();
    epochs.sort_unstable();
    assert_eq!(epochs, [1, 2, 3, 4]);
}

#[rstest]
#[tokio::test]
async fn a_program_that_is_too_old_is_told_and_changes_nothing(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let epoch = stand.open().await.epoch();
    stand.execute("UPDATE meta SET oldest_program = '99.0.0'").await;
    let refusal = stand.try_open().await.unwrap_err();
    assert!(matches!(refusal, StoreError::TooOld { .. }), "{refusal:?}");
    stand.execute("UPDATE meta SET oldest_program = '0.1.0'").await;
    assert_eq!(stand.open().await.epoch(), epoch + 1);
}

#[rstest]
#[tokio::test]
async fn a_schema_of_a_later_program_is_served(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    drop(stand.open().await);
    stand
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'later', TRUE, 'x', 0)",
        )
        .await;
    let store = stand.open().await;
    store.insert_task(&task("one", 1), None, &[]).await.unwrap();
}

/// MySQL has no transaction around a migration: every state that a kill can leave must be one that a start gets over.
#[tokio::test]
async fn a_migration_that_was_cut_off_is_finished_on_mysql() {
    for damage in [
        "UPDATE _sqlx_migrations SET success = FALSE",
        "UPDATE _sqlx_migrations SET success = FALSE; DROP TABLE pulls",
        "UPDATE _sqlx_migrations SET success = FALSE; DROP TABLE pulls; DROP TABLE nodes; ALTER TABLE meta DROP COLUMN last_step",
        "UPDATE _sqlx_migrations SET success = FALSE; DROP TABLE pulls; DROP TABLE task_credentials; DROP TABLE credentials; DROP TABLE tasks; DROP TABLE nodes; DROP TABLE meta",
    ] {
        let stand = Stand::start(MariaDb).await;
        drop(stand.open().await);
        for statement in damage.split("; ") {
            stand.execute(statement).await;
        }
        let store = stand
            .try_open()
            .await
            .unwrap_or_else(|error| panic!("{damage}: {}", error.chain()));
        let task = task("one", 1);
        let pulls = crate::stand::pulls(&task);
        store.insert_task(&task, None, &pulls).await.unwrap();
        assert_eq!(crate::stand::stored(&store, &task).await, pulls);
    }
}
