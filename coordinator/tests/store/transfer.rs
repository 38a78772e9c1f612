//! A database moves from one kind to another, whole or not at all.

use crate::stand::{Stand, pulls, stored, task};
use ips_coordinator::{
    domain::{caller::TenantId, outcome::FailureReason, pull::PullState, task_state::TaskState, tenant::TenantRequest},
    store::{
        Changes, Store,
        transfer::{self, TransferError},
    },
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

/// Something in the tables, with all that is hard on the way.
async fn fill(stand: &Stand) {
    let store = stand.open().await;
    let team = TenantRequest::default().check_new("team-a", 7).unwrap();
    assert!(store.insert_tenant(&team).await.unwrap());
    for number in 0..5_i64 {
        let mut task = task(&format!("task-{number}"), number);
        let mut pulls = pulls(&task);
        store
            .insert_task(&task, (number == 3).then_some("Key"), &pulls)
            .await
            .unwrap();
        let mut changes = Changes::default();
        pulls[0].state = PullState::Failed;
        pulls[0].failure = Some(FailureReason::NoSpace);
        pulls[0].message = "quotes ' \" \\, a line\n, 汉字, 🐳, {\"json\":1}".into();
        pulls[0].bytes.total = i64::MAX as u64;
        changes.pull((PullState::Queued, 0), pulls[0].clone());
        task.counts.queued = 1;
        task.counts.failed = 1;
        task.error_message = "Ü".into();
        changes.task(TaskState::Pending, &task);
        store.commit(&changes).await.unwrap();
    }
}

async fn export(stand: &Stand) -> String {
    let mut file = Vec::new();
    transfer::export(&stand.url(), &mut file).await.unwrap();
    String::from_utf8(file).unwrap()
}

/// Without what differs: the list of migrations is the same for all, the epoch grows.
fn content(file: &str) -> Vec<&str> {
    file.lines()
        .filter(|line| !line.contains("\"table\":\"meta\""))
        .collect()
}

#[rstest]
#[tokio::test]
async fn everything_arrives(
    #[values(Sqlite, Postgres, MariaDb)] from: Kind,
    #[values(Sqlite, Postgres, MariaDb)] to: Kind,
) {
    let (old, new) = (Stand::start(from).await, Stand::start(to).await);
    fill(&old).await;
    let file = export(&old).await;
    let counts = transfer::import(&new.url(), file.as_bytes()).await.unwrap();
    assert_eq!((counts["tasks"], counts["pulls"], counts["tenants"]), (5, 10, 2));
    assert_eq!(content(&export(&new).await), content(&file));
    assert_eq!(ips_coordinator::store::check(&new.url()).await.unwrap(), []);

    let (old, new) = (old.open().await, new.open().await);
    assert_eq!(
        new.uuid(),
        old.uuid(),
        "agents keep their outcomes for this very database"
    );
    assert!(new.epoch() >= old.epoch());
    assert_eq!(new.tenants().await.unwrap(), old.tenants().await.unwrap());
    let one = task("task-3", 3);
    assert_eq!(stored(&new, &one).await, stored(&old, &one).await);
    assert_eq!(
        new.task_by_request(&TenantId::default(), "Key").await.unwrap(),
        old.task_by_request(&TenantId::default(), "Key").await.unwrap()
    );
    // It goes on from there.
    let next = task("next", 9);
    new.insert_task(&next, None, &pulls(&next)).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_database_with_content_is_left_alone(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let (old, new) = (Stand::start(Sqlite).await, Stand::start(kind).await);
    fill(&old).await;
    let file = export(&old).await;
    new.open().await.insert_task(&task("mine", 1), None, &[]).await.unwrap();
    let before = export(&new).await;
    let refusal = transfer::import(&new.url(), file.as_bytes()).await.unwrap_err();
    assert!(
        matches!(&refusal, TransferError::NotEmpty { table, rows: 1 } if table == "tasks"),
        "{refusal:?}"
    );
    assert_eq!(export(&new).await, before);
}

#[rstest]
#[tokio::test]
async fn a_damaged_file_changes_nothing_and_the_line_is_named(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let (old, new) = (Stand::start(Sqlite).await, Stand::start(kind).await);
    fill(&old).await;
    drop(new.open().await);
    let (file, before) = (export(&old).await, export(&new).await);
    let lines = file.lines().collect::<Vec<_>>();
    let cut_off = lines[..lines.len() - 2].join("\n");
    let lacks_a_row = [&lines[..lines.len() - 2], &lines[lines.len() - 1..]]
        .concat()
        .join("\n");
    for (damaged, word) in [
        (String::new(), "line 1: is not"),
        ("{}".to_owned(), "line 1: is not"),
        (cut_off, "ends in the middle"),
        (lacks_a_row, "should have"),
        (
            file.replacen("\"attempt\":0", "\"attempt\":\"0\"", 1),
            "attempt is of another type",
        ),
        (file.replacen("\"attempt\":0", "\"attempts\":0", 1), "lacks attempt"),
        (
            file.replacen("\"table\":\"pulls\"", "\"table\":\"pull\"", 1),
            "table pull is not known",
        ),
        (
            file.replacen("\"migrations\":[", "\"migrations\":[0,", 1),
            "the program that wrote it",
        ),
        (file.replacen("\"version\":1", "\"version\":2", 1), "format"),
    ] {
        let refusal = transfer::import(&new.url(), damaged.as_bytes())
            .await
            .unwrap_err()
            .to_string();
        assert!(refusal.contains(word), "{word}: {refusal}");
    }
    assert_eq!(export(&new).await, before);
}

#[tokio::test]
async fn what_is_not_up_to_date_is_not_exported() {
    let stand = Stand::start(Sqlite).await;
    let absent = transfer::export(&stand.url(), &mut Vec::new()).await.unwrap_err();
    assert!(absent.to_string().contains("there is no database"), "{absent}");
    let migrations = Store::migrate(&stand.url()).await.unwrap();
    assert!(migrations.contains(&1));
    stand.execute("DELETE FROM _sqlx_migrations WHERE version > 1").await;
    let old = transfer::export(&stand.url(), &mut Vec::new()).await.unwrap_err();
    assert!(old.to_string().contains("db migrate"), "{old}");
}
