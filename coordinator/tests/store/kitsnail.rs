//! What the original IPS has in its SQLite file arrives, is told of, and arrives only once. The file is made by the original's tables, with
//! what its bugs and its lack of checks leave in them.

use crate::stand::Stand;
use ips_coordinator::{
    domain::{
        caller::Role,
        credential::CredentialId,
        ids::{ScheduleId, TaskId},
        pull::PullState,
        task_state::TaskState,
    },
    maintenance::kitsnail::{self, Choices, Report},
    store::{Original, PullQuery, Store, check},
    vault::{KeySettings, Place, Vault},
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;
use secrecy::ExposeSecret as _;
use sqlx::{Connection, Executor, SqliteConnection};
use std::path::{Path, PathBuf};

const BCRYPT: &str = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

/// The original's tables (only `users` and `registry_secrets` keep their names unique here, so that doubles can be told).
const TABLES: &str = "
CREATE TABLE tasks (id TEXT PRIMARY KEY, images JSON, batch_size INTEGER, priority INTEGER, max_retries INTEGER, retry_delay INTEGER,
    retry_strategy TEXT, webhook_url TEXT, status TEXT, progress JSON, node_statuses JSON, failed_nodes JSON, error_message TEXT,
    created_at DATETIME, started_at DATETIME, finished_at DATETIME, secret_id INTEGER, registry TEXT, username TEXT, password TEXT);
CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT UNIQUE, password TEXT, role TEXT, created_at DATETIME, updated_at DATETIME);
CREATE TABLE api_tokens (id INTEGER PRIMARY KEY, user_id INTEGER, name TEXT, token TEXT, created_at DATETIME, expires_at DATETIME);
CREATE TABLE image_library (id INTEGER PRIMARY KEY, name TEXT, image TEXT, created_at DATETIME);
CREATE TABLE registry_secrets (id INTEGER PRIMARY KEY, name TEXT, registry TEXT, username TEXT, password TEXT, created_at DATETIME,
    updated_at DATETIME);
CREATE TABLE scheduled_tasks (id TEXT PRIMARY KEY, name TEXT, description TEXT, cron_expr TEXT, enabled BOOLEAN, task_config JSON,
    overlap_policy TEXT, timeout_seconds INTEGER, last_execution_at DATETIME, next_execution_at DATETIME, created_by TEXT,
    created_at DATETIME, updated_at DATETIME);
CREATE TABLE scheduled_executions (id INTEGER PRIMARY KEY, scheduled_task_id TEXT, task_id TEXT, status TEXT, started_at DATETIME,
    finished_at DATETIME, duration_seconds REAL, error_message TEXT, triggered_at DATETIME);
";

const ROWS: &str = r#"
INSERT INTO users VALUES (1, 'admin', '{BCRYPT}', 'admin', '2026-01-02 15:04:05+00:00', '2026-01-02 15:04:05+00:00'),
    (2, 'eve', '{BCRYPT}', 'viewer', NULL, NULL), (3, 'bob', 'clear', 'viewer', NULL, NULL), (4, 'kim', '{BCRYPT}', 'boss', NULL, NULL);
INSERT INTO api_tokens VALUES (1, 1, 'ci', 'clear-token', NULL, NULL);
INSERT INTO image_library VALUES (1, 'nginx', 'nginx:1.27', '2026-01-02 15:04:05'), (2, 'again', 'nginx:1.27', NULL), (3, NULL, 'UPPER CASE', NULL),
    (4, NULL, 'redis:7', NULL);
INSERT INTO registry_secrets VALUES (7, 'hub', 'registry.example', 'robot', 'hunter2', '2026-01-02 15:04:05', NULL),
    (8, 'hub', 'other.example', 'robot', 'x', NULL, NULL), (9, 'empty', 'registry.example', 'robot', NULL, NULL, NULL);
INSERT INTO tasks (id, images, batch_size, priority, max_retries, retry_delay, retry_strategy, webhook_url, status, node_statuses, created_at,
    started_at, finished_at, registry, username, password) VALUES
    ('done', CAST('["nginx:1.27","redis:7"]' AS BLOB), 10, 5, 0, 30, 'linear', NULL, 'completed',
     CAST('{"n1":{"nginx:1.27":1,"redis:7":1},"n2":{"nginx:1.27":1,"redis:7":0}}' AS BLOB),
     '2026-01-02 15:04:05.5+00:00', '2026-01-02 15:04:06+00:00', '2026-01-02 15:05:00+00:00', 'r.example', 'u', 'clear-in-task'),
    ('half', CAST('["nginx:1.27"]' AS BLOB), 500, 99, 0, 30, 'exponential', 'http://hook', 'running', NULL, '2026-01-02 15:04:05', NULL, NULL, NULL, NULL, NULL),
    ('bad', CAST('["UPPER CASE"]' AS BLOB), 1, 5, 0, 30, 'linear', NULL, 'failed', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('null', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO scheduled_tasks VALUES
    ('nightly', 'nightly', '', '0 3 * * *', 1, CAST('{"images":["nginx:1.27"],"batchSize":5,"priority":5,"secretId":7,"nodeSelector":{"pool":"a"}}' AS BLOB),
     'queue', 60, NULL, NULL, '', '0001-01-01 00:00:00+00:00', NULL),
    ('broken', 'broken', NULL, '61 * * * *', 1, CAST('{"images":["nginx:1.27"],"batchSize":5}' AS BLOB), 'skip', 0, NULL, NULL, '', NULL, NULL),
    ('never', 'lost secret', NULL, '0 4 * * *', 0, CAST('{"images":["nginx:1.27"],"secretId":9}' AS BLOB), 'sometimes', 0, NULL, NULL, '', NULL, NULL);
INSERT INTO scheduled_executions VALUES (1, 'nightly', 'done', 'success', '2026-01-02 15:04:05', '2026-01-02 15:05:00', 55.0, NULL, '2026-01-02 15:04:05'),
    (2, 'nightly', '', 'running', '2026-01-03 15:04:05', NULL, NULL, NULL, NULL), (3, 'gone', '', 'failed', NULL, NULL, NULL, NULL, NULL);
"#;

async fn original(folder: &Path) -> PathBuf {
    let path = folder.join("original.db");
    let mut file = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", path.display()))
        .await
        .unwrap();
    file.execute(TABLES).await.unwrap();
    file.execute(sqlx::AssertSqlSafe(ROWS.replace("{BCRYPT}", BCRYPT)))
        .await
        .unwrap();
    file.close().await.unwrap();
    path
}

async fn import(file: &Path, stand: &Stand, keys: &KeySettings) -> Report {
    let choices = Choices {
        viewers_as: Role::Operator,
    };
    kitsnail::import(file, &stand.url(), keys, choices).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn what_can_be_taken_is_and_the_rest_is_named(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    let (file, stand) = (original(folder.path()).await, Stand::start(kind).await);
    let keys = KeySettings {
        generated: Some(folder.path().join("key")),
        ..KeySettings::default()
    };
    let report = import(&file, &stand, &keys).await;
    for (table, counts) in [
        ("users", (3, 0, 1)),
        ("api_tokens", (0, 0, 1)),
        ("image_library", (2, 1, 1)),
        ("registry_secrets", (1, 0, 2)),
        ("tasks", (2, 0, 2)),
        ("scheduled_tasks", (1, 0, 2)),
        ("scheduled_executions", (2, 0, 1)),
    ] {
        assert_eq!(report.counts(table), counts, "{table}\n{report}");
    }
    let text = report.to_string();
    for words in [
        "\"bob\": left out: the password is no bcrypt hash",
        "\"boss\"",
        "cronExpr",
        "credential 9 was not taken",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for secret in ["hunter2", "clear-token", "clear-in-task", BCRYPT] {
        assert!(!text.contains(secret), "{text}");
    }
    assert_eq!(check(&stand.url()).await.unwrap(), []);

    let store = stand.open().await;
    history(&store).await;
    let vault = Vault::open(keys.clone()).unwrap();
    let hub = store.all_credentials().await.unwrap().remove(0);
    let password = vault
        .unseal(Place::of_credential(hub.id, &hub.scope.to_string()), &hub.sealed)
        .unwrap();
    assert_eq!((hub.name.as_str(), password.expose_secret()), ("hub", "hunter2"));
    nightly(&store, hub.id).await;
    drop(store);

    // Again: nothing changes, and what was left out is named again.
    let export = async || {
        let mut file = Vec::new();
        ips_coordinator::store::transfer::export(&stand.url(), &mut file)
            .await
            .unwrap();
        let text = String::from_utf8(file).unwrap();
        text.lines()
            .filter(|line| !line.contains("\"table\":\"meta\""))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let before = export().await;
    assert!(before.iter().any(|line| line.contains(BCRYPT)), "hashes go on working");
    let again = import(&file, &stand, &keys).await;
    assert_eq!((again.counts("users"), again.counts("tasks")), ((0, 3, 1), (0, 2, 2)));
    assert_eq!(export().await, before);
    assert!(!before.iter().any(|line| line.contains("hunter2")), "encrypted");
}

async fn history(store: &Store) {
    let done = store.task(&TaskId::parse("done").unwrap()).await.unwrap().unwrap();
    assert_eq!((done.state, done.created_at), (TaskState::Completed, 1_767_366_245_500));
    assert_eq!((done.counts.nodes_completed, done.counts.nodes_failed), (1, 1));
    let failed = PullQuery {
        task: &done.id,
        node: Some("n2"),
        image: None,
        states: &[PullState::Failed],
    };
    assert_eq!(store.count_pulls(failed).await.unwrap(), 1);
    let half = store.task(&TaskId::parse("half").unwrap()).await.unwrap().unwrap();
    assert_eq!((half.state, half.spec.batch_size), (TaskState::Failed, None));
    assert!(half.error_message.contains("had not ended"), "{half:?}");
    assert!(store.open_tasks().await.unwrap().is_empty());
}

async fn nightly(store: &Store, credential: CredentialId) {
    let nightly = store
        .schedule(&ScheduleId::from_stored("nightly".into()))
        .await
        .unwrap()
        .unwrap();
    assert!(nightly.spec.enabled);
    assert_eq!(nightly.spec.task.credentials[0].id, credential);
    assert_eq!(nightly.spec.task.credentials[0].registry, "registry.example");
    let (executions, _) = store.executions(&nightly.id, &[], 10, 0).await.unwrap();
    assert_eq!(
        executions
            .iter()
            .map(|execution| execution.state.as_str())
            .collect::<Vec<_>>(),
        ["failed", "success"]
    );
}

#[tokio::test]
async fn what_is_no_file_of_the_original_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Original::read(&folder.path().join("absent")).await.is_err());
    let text = folder.path().join("text");
    std::fs::write(
        &text,
        "no database, but long enough to have a header of a hundred bytes, which SQLite reads first of all, always",
    )
    .unwrap();
    assert!(Original::read(&text).await.is_err());
}
