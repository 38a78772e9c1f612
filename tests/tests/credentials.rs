//! Stored logins on real registries and a real node: who gets them, what is left of them anywhere, and what happens to them when keys
//! change or are gone.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use ips_tests::cache;
use ips_tests::containerd::ContainerdVersion::V1_7;
use ips_tests::coordinator::Coordinator;
use ips_tests::folder::Folder;
use ips_tests::layout::images;
use ips_tests::registry::{Access, CANARY_PASSWORD, CANARY_USER, Registry};
use ips_tests::stand::Stand;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

/// A coordinator's database with a key beside it, in a folder that the test can look into.
struct Place {
    folder: Folder,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: Folder::new("credentials").unwrap(),
        }
    }

    fn database(&self) -> String {
        format!("sqlite:{}", self.folder.join("ips.db").display())
    }

    fn key(&self) -> std::path::PathBuf {
        self.folder.join("ips.db.key")
    }

    async fn coordinator(&self) -> Coordinator {
        Coordinator::start(&["--database", &self.database()]).await.unwrap()
    }

    /// `ips-coordinator credentials rotate` with further arguments.
    fn rotate(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(cache::program("ips-coordinator").unwrap());
        command
            .args(["credentials", "rotate", "--database", &self.database()])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

async fn save(coordinator: &Coordinator, name: &str, registry: &str, password: &str) -> i64 {
    let body = json!({"name": name, "registry": registry, "username": CANARY_USER, "password": password});
    let (status, saved) = coordinator.api().post("/api/v1/secrets", &body).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{saved}");
    saved["id"].as_i64().unwrap()
}

async fn check(coordinator: &Coordinator, id: i64) -> String {
    let path = format!("/api/v1/secrets/{id}/test");
    let (status, answer) = coordinator.api().post(&path, &json!({})).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["result"].as_str().unwrap().to_owned()
}

/// Names of files below a folder that hold one of the texts.
fn holding(folder: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, texts));
            continue;
        }
        let bytes = fs::read(&path).unwrap_or_default();
        let has = |text: &&&str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        if texts.iter().any(|text| has(&text)) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn text(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_login_warms_a_node_and_is_nowhere_to_be_found() {
    let place = Place::new();
    let registry = Registry::start(Access::Login).await.unwrap();
    let (private, open) = ("private:v1", Registry::shared().await);
    let digests = registry.client().push(images::LIBRARY, private).await.unwrap();
    let stand = Stand::start_with(&[V1_7], &["--database", &place.database()]).await;
    let coordinator = &stand.coordinator;
    let mut answers = vec![];

    let without = json!({"images": [registry.reference(private)]});
    let refused = coordinator.create_task(&without).await.unwrap();
    let task = stand.ended(&refused).await;
    assert_eq!(task["failures"][0]["reason"], "unauthorized", "{task}");

    let id = save(coordinator, "private", &registry.address(), CANARY_PASSWORD).await;
    let body = json!({"images": [registry.reference(private), open.reference("library:v1")], "secretId": id});
    let warmed = coordinator.create_task(&body).await.unwrap();
    let task = stand.ended(&warmed).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert!(
        task["resolvedImages"][0]["error"].is_null(),
        "the coordinator could look, too: {task}"
    );
    stand.nodes[0].assert_warm(&registry.reference(private), &digests).await;
    assert_eq!(check(coordinator, id).await, "ok");
    answers.push(task);

    // The same for one task alone, and refused ones.
    let inline = json!({"images": [registry.reference(private)], "registry": registry.address(),
        "username": CANARY_USER, "password": CANARY_PASSWORD});
    let (status, answer) = coordinator.api().post("/api/v1/tasks", &inline).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answers.push(stand.ended(answer["taskId"].as_str().unwrap()).await);
    for (field, value) in [
        ("username", json!("a:b")),
        ("registry", json!("no host")),
        ("images", json!([])),
    ] {
        let mut body = inline.clone();
        body[field] = value;
        let (status, answer) = coordinator.api().post("/api/v1/tasks", &body).await.unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
        answers.push(answer);
    }
    for path in ["/api/v1/secrets", "/api/v1/tasks", "/api/v1/openapi.json"] {
        answers.push(coordinator.api().get(path).await.unwrap());
    }
    // "canary:<password>" as HTTP carries it is as good as the password.
    let secrets = [CANARY_PASSWORD, "Y2FuYXJ5OmM0bmFyeS1SaWdodC93b3JkKzE="];
    for secret in secrets {
        assert!(!answers.iter().any(|answer| answer.to_string().contains(secret)));
        assert!(!coordinator.log().contains(secret), "in the coordinator's log");
        assert!(!stand.nodes[0].agent.log().contains(secret), "in the agent's log");
    }
    assert_eq!(holding(place.folder.path(), &secrets), [""; 0], "in the database");
}

#[tokio::test(flavor = "multi_thread")]
async fn trying_a_login_tells_right_from_wrong_from_away() {
    let place = Place::new();
    let mut registry = Registry::start(Access::Login).await.unwrap();
    let open = Registry::shared().await;
    let coordinator = place.coordinator().await;
    let right = save(&coordinator, "right", &registry.address(), CANARY_PASSWORD).await;
    let wrong = save(&coordinator, "wrong", &registry.address(), "c4nary-Wrong").await;
    let needless = save(&coordinator, "needless", &open.address(), CANARY_PASSWORD).await;
    let forbidden = save(&coordinator, "forbidden", "169.254.169.254", CANARY_PASSWORD).await;
    assert_eq!(check(&coordinator, right).await, "ok");
    assert_eq!(check(&coordinator, wrong).await, "unauthorized");
    assert_eq!(check(&coordinator, needless).await, "not_needed");
    assert_eq!(check(&coordinator, forbidden).await, "refused");
    registry.kill();
    assert_eq!(check(&coordinator, right).await, "unreachable");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_beside_the_coordinator_and_through_kills() {
    const COUNT: usize = 200;
    let place = Place::new();
    let registry = Registry::start(Access::Login).await.unwrap();
    let mut coordinator = place.coordinator().await;
    for n in 0..COUNT {
        save(&coordinator, &format!("c{n}"), &registry.address(), CANARY_PASSWORD).await;
    }
    let old = fs::read_to_string(place.key()).unwrap();
    // Killed in the middle, at moments that differ.
    for pause in [150, 250, 350] {
        let mut rotate = place.rotate(&["--new-key"]).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let _ended_before = rotate.start_kill();
        rotate.wait().await.unwrap();
    }
    let done = place.rotate(&[]).output().await.unwrap();
    assert!(done.status.success(), "{}", text(&done));
    assert!(text(&done).contains("0 cannot be read"), "{}", text(&done));
    // The running coordinator learned of the new keys by itself, and after the old ones are gone a new start reads everything.
    assert_eq!(check(&coordinator, 1).await, "ok");
    let keys = fs::read_to_string(place.key()).unwrap();
    assert!(
        keys.ends_with(&old) && keys.lines().count() >= 2,
        "{} keys",
        keys.lines().count()
    );
    fs::write(place.key(), keys.lines().next().unwrap()).unwrap();
    coordinator.kill();
    coordinator.restart().await.unwrap();
    let page = coordinator.api().get("/api/v1/secrets?pageSize=1000").await.unwrap();
    let secrets = page["secrets"].as_array().unwrap();
    assert_eq!(secrets.len(), COUNT);
    assert!(secrets.iter().all(|secret| secret["readable"] == true));
    assert_eq!(check(&coordinator, COUNT as i64).await, "ok");
    let again = place.rotate(&[]).output().await.unwrap();
    assert!(
        text(&again).contains("0 credentials encrypted, 200 were already"),
        "{}",
        text(&again)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_gone_makes_its_logins_unreadable_and_nothing_else() {
    let place = Place::new();
    let mut coordinator = place.coordinator().await;
    let id = save(&coordinator, "a", "a.corp", CANARY_PASSWORD).await;
    assert!(
        coordinator.log().contains("No encryption key was configured"),
        "the log says so"
    );
    coordinator.kill();
    let key = fs::read_to_string(place.key()).unwrap();
    fs::remove_file(place.key()).unwrap();
    coordinator.restart().await.unwrap();
    let shown = coordinator.api().get(&format!("/api/v1/secrets/{id}")).await.unwrap();
    assert_eq!(shown["readable"], false);
    assert!(
        shown["unreadableReason"]
            .as_str()
            .unwrap()
            .contains("is not among the configured ones")
    );
    let body = json!({"images": ["a.corp/app:1"], "secretId": id});
    let (status, refusal) = coordinator.api().post("/api/v1/tasks", &body).await.unwrap();
    // There is no node either; what is wrong with the credential is looked at when the nodes are known.
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refusal}");
    let test = format!("/api/v1/secrets/{id}/test");
    let (status, refusal) = coordinator.api().post(&test, &json!({})).await.unwrap();
    assert_eq!(status, StatusCode::CONFLICT, "{refusal}");
    let change = json!({"name": "b", "registry": "a.corp", "username": "u"});
    let (status, _) = coordinator
        .api()
        .call(Method::PUT, &format!("/api/v1/secrets/{id}"), Some(&change))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::CONFLICT, "the old password cannot be kept");
    let rotate = place.rotate(&["--new-key"]).output().await.unwrap();
    assert_eq!(rotate.status.code(), Some(1), "{}", text(&rotate));
    // The old key comes back behind the new one.
    let new = fs::read_to_string(place.key()).unwrap();
    fs::write(place.key(), format!("{new}{key}")).unwrap();
    let rotate = place.rotate(&[]).output().await.unwrap();
    assert!(rotate.status.success(), "{}", text(&rotate));
    let shown = coordinator.api().get(&format!("/api/v1/secrets/{id}")).await.unwrap();
    assert_eq!(shown["readable"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_keeps_logins_and_images_without_a_password_in_an_argument() {
    let place = Place::new();
    let registry = Registry::start(Access::Login).await.unwrap();
    let coordinator = place.coordinator().await;
    let ips = async |arguments: &[&str], input: &str| -> Output {
        let mut command = tokio::process::Command::new(cache::program("ips").unwrap());
        command
            .args(["--server", &coordinator.grpc_url()])
            .env("IPS_TOKEN", coordinator.token())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        child.wait_with_output().await.unwrap()
    };
    let address = registry.address();
    let create = [
        "credential",
        "create",
        "--name",
        "r",
        "--registry",
        &address,
        "-u",
        CANARY_USER,
    ];
    let missing = ips(&create, "").await;
    assert!(text(&missing).contains("--password-stdin"), "{}", text(&missing));
    let made = ips(
        &[&create[..], &["--password-stdin"]].concat(),
        &format!("{CANARY_PASSWORD}\n"),
    )
    .await;
    assert_eq!(text(&made), "credential/1 created\n");
    let tried = ips(&["credential", "test", "1"], "").await;
    assert!(
        tried.status.success() && text(&tried).starts_with("ok: "),
        "{}",
        text(&tried)
    );
    let wrong = place.folder.join("wrong");
    fs::write(&wrong, "no\n").unwrap();
    let wrong = wrong.display().to_string();
    let changed = ips(
        &["credential", "update", "1", "--name", "s", "--password-file", &wrong],
        "",
    )
    .await;
    assert!(changed.status.success(), "{}", text(&changed));
    let tried = ips(&["credential", "test", "1"], "").await;
    assert_eq!(
        (tried.status.code(), text(&tried).starts_with("unauthorized: ")),
        (Some(1), true)
    );
    let list: Value = serde_json::from_slice(&ips(&["credential", "ls", "-o", "json"], "").await.stdout).unwrap();
    assert_eq!((&list["total"], &list["secrets"][0]["name"]), (&json!(1), &json!("s")));
    assert_eq!(
        text(&ips(&["credential", "rm", "1"], "").await),
        "credential/1 deleted\n"
    );

    let file = "nginx:1 Web server\nredis:7 # cache\nUpper:1\n";
    let import = ips(&["library", "import", "-", "--tag", "prod"], file).await;
    assert_eq!(import.status.code(), Some(1), "one was refused");
    assert!(
        text(&import).contains("2 added, 0 existed, 1 refused"),
        "{}",
        text(&import)
    );
    assert!(ips(&["library", "tag", "1", "a", "b"], "").await.status.success());
    let list = text(&ips(&["library", "ls", "--tag", "a"], "").await);
    assert!(
        list.contains("nginx:1") && list.contains("a,b") && !list.contains("redis"),
        "{list}"
    );
    assert!(ips(&["library", "add", "nginx:1"], "").await.status.code() == Some(1));
    assert_eq!(text(&ips(&["library", "rm", "1"], "").await), "image/1 deleted\n");
}
