//! A secret that cannot be mistaken is put in wherever one can be; then everything that comes out is searched for it: log, command lines,
//! database files, an export, all answers, audit and log of deliveries; as it is, in base64, in hexadecimal digits and as in URLs.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use ips_tests::cache;
use ips_tests::coordinator::Coordinator;
use ips_tests::login;
use ips_tests::otlp::Collector;
use ips_tests::simulated::{Rule, Simulator};
use ips_tests::wait::wait_until;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

const LIMIT: Duration = Duration::from_secs(60);

/// Odd characters, so that every encoding of it differs from it.
fn canary(place: &str) -> String {
    format!("Canary>{place}?7f3a+/9c=!")
}

/// Every form in which a secret could be found.
struct Canary {
    place: String,
    forms: Vec<Vec<u8>>,
}

impl Canary {
    fn new(place: &str, secret: &str) -> Self {
        let bytes = secret.as_bytes();
        let mut forms = vec![bytes.to_vec(), url_encoded(secret, true), url_encoded(secret, false)];
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        forms.push(hex.to_uppercase().into_bytes());
        forms.push(hex.into_bytes());
        // As JSON writes it.
        forms.push(json!(secret).to_string().trim_matches('"').as_bytes().to_vec());
        // In base64 what stands before shifts it by up to two bytes; the part that is the same in each case is looked for.
        for shift in 0..3 {
            let shifted = [vec![0; shift], bytes.to_vec()].concat();
            for alphabet in ["+/", "-_"] {
                let text = base64(&shifted, alphabet.as_bytes());
                let whole = shifted.len() / 3 * 4;
                forms.push(text[4.min(whole)..whole].to_vec());
            }
        }
        Self {
            place: place.to_owned(),
            forms,
        }
    }

    /// Asserts that it is not in there.
    fn not_in(&self, what: &str, content: &[u8]) {
        for form in &self.forms {
            let found = content.windows(form.len()).position(|window| window == form.as_slice());
            if let Some(at) = found {
                let around = &content[at.saturating_sub(200)..(at + form.len() + 50).min(content.len())];
                panic!(
                    "the secret of the {} is in {what}: {}",
                    self.place,
                    String::from_utf8_lossy(around)
                );
            }
        }
    }
}

fn url_encoded(text: &str, lower: bool) -> Vec<u8> {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(byte.into());
        } else if lower {
            write!(encoded, "%{byte:02x}").unwrap();
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
    }
    encoded.into_bytes()
}

fn base64(bytes: &[u8], last: &[u8]) -> Vec<u8> {
    let mut alphabet: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').collect();
    alphabet.extend_from_slice(last);
    let mut text = Vec::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0_u8; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let [a, b, c] = group.map(u32::from);
        let bits = (a << 16) | (b << 8) | c;
        text.extend((0..4).map(|place| alphabet[(bits >> (18 - 6 * place) & 63) as usize]));
    }
    text
}

/// Everything that the API shows to the one who may see most.
const READS: [&str; 20] = [
    "/api/v1/tasks",
    "/api/v1/tasks/canary-task",
    "/api/v1/tasks/canary-task/pulls",
    "/api/v1/scheduled-tasks",
    "/api/v1/secrets",
    "/api/v1/secrets/1",
    "/api/v1/channels?limit=100",
    "/api/v1/channels/1",
    "/api/v1/channels/1/deliveries",
    "/api/v1/channels/2/deliveries",
    "/api/v1/deliveries?limit=1000",
    "/api/v1/audit?limit=1000",
    "/api/v1/library",
    "/api/v1/nodes",
    "/api/v1/limits",
    "/api/v1/stats",
    "/api/v1/system",
    "/api/v1/me",
    "/readyz",
    "/metrics",
];

async fn post(coordinator: &Coordinator, path: &str, body: &Value, answers: &mut Vec<u8>) -> (StatusCode, Value) {
    let (status, answer) = coordinator.api().post(path, body).await.unwrap();
    answers.extend_from_slice(answer.to_string().as_bytes());
    (status, answer)
}

/// Programs of this user and all others, as anybody on the machine sees them.
fn command_lines() -> Vec<u8> {
    let mut lines = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        if let Ok(line) = fs::read(entry.path().join("cmdline")) {
            lines.extend_from_slice(&line);
            lines.push(b'\n');
        }
    }
    lines
}

/// Every file of the coordinator but those that hold keys and first passwords by their purpose.
fn files(home: &Path, content: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(home).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            files(&entry.path(), content);
        } else if !name.ends_with(".key") && !["token-key", "first-password"].contains(&name.as_str()) {
            content.push((name, fs::read(entry.path()).unwrap_or_default()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_comes_out_anywhere() {
    let collector = Collector::start().await.unwrap();
    let endpoint = collector.endpoint();
    let arguments = [
        "--log",
        "trace",
        "--notify-allow",
        "127.0.0.0/8",
        "--otlp-endpoint",
        &endpoint,
    ];
    let mut coordinator = Coordinator::start(&arguments).await.unwrap();
    let agents = Simulator::start(coordinator.grpc_url(), 1, Duration::ZERO)
        .await
        .unwrap();
    agents
        .behave(vec![Rule::end("", Duration::from_millis(1), Duration::from_millis(50))])
        .await
        .unwrap();
    wait_until("the node", LIMIT, async || {
        coordinator
            .api()
            .get("/api/v1/stats")
            .await
            .is_ok_and(|stats| stats["nodes"]["ready"] == 1)
    })
    .await;
    let places = ["registry", "task", "path", "signing", "mail", "robot", "refused", "cli"];
    let mut canaries: Vec<Canary> = places.iter().map(|place| Canary::new(place, &canary(place))).collect();
    canaries.push(Canary::new("admin", login::PASSWORD));
    let mut answers = Vec::new();

    let registry = json!({"name": "r", "registry": "127.0.0.1:1", "username": "u", "password": canary("registry")});
    assert_eq!(
        post(&coordinator, "/api/v1/secrets", &registry, &mut answers).await.0,
        StatusCode::CREATED
    );
    let _unreachable = post(&coordinator, "/api/v1/secrets/1/test", &json!({}), &mut answers).await;
    // Nobody listens at port 1.
    let hook = json!({
        "name": "hook", "kind": "webhook", "secret": canary("signing"), "events": ["task.completed", "task.failed"],
        "url": format!("http://127.0.0.1:1/{}?token={}", "p", String::from_utf8(url_encoded(&canary("path"), false)).unwrap()),
    });
    assert_eq!(
        post(&coordinator, "/api/v1/channels", &hook, &mut answers).await.0,
        StatusCode::CREATED
    );
    let mail = json!({
        "name": "mail", "kind": "email", "events": ["task.completed"],
        "email": {"host": "127.0.0.1", "port": 1, "username": "u", "password": canary("mail"), "from": "a@b.example", "to": ["c@d.example"]},
    });
    assert_eq!(
        post(&coordinator, "/api/v1/channels", &mail, &mut answers).await.0,
        StatusCode::CREATED
    );
    let robot = json!({
        "name": "robot", "kind": "dingtalk", "secret": canary("signing"), "events": ["task.completed"],
        "url": format!("http://127.0.0.1:1/robot/send?access_token={}", String::from_utf8(url_encoded(&canary("robot"), true)).unwrap()),
    });
    assert_eq!(
        post(&coordinator, "/api/v1/channels", &robot, &mut answers).await.0,
        StatusCode::CREATED
    );
    for id in 1..=3 {
        let path = format!("/api/v1/channels/{id}/test");
        let (status, tried) = post(&coordinator, &path, &json!({}), &mut answers).await;
        assert_eq!(
            (status, &tried["status"]),
            (StatusCode::OK, &json!("failed")),
            "{tried}"
        );
    }
    let task = json!({
        "id": "canary-task", "images": [agents.reference("app")],
        "registry": "other.corp", "username": "u", "password": canary("task"),
    });
    assert_eq!(
        post(&coordinator, "/api/v1/tasks", &task, &mut answers).await.0,
        StatusCode::CREATED
    );
    // What breaks a rule is not repeated either.
    for (path, body) in [
        (
            "/api/v1/secrets",
            json!({"name": "", "registry": "x", "username": "u", "password": canary("refused")}),
        ),
        (
            "/api/v1/secrets",
            json!({"name": "x", "registry": "x", "username": "u", "password": [canary("refused")]}),
        ),
        (
            "/api/v1/channels",
            json!({"name": "x", "kind": "webhook", "url": canary("refused")}),
        ),
        (
            "/api/v1/channels",
            json!({"name": "x", "kind": "slack", "url": "https://h/", "secret": canary("refused")}),
        ),
        (
            "/api/v1/login",
            json!({"username": "admin", "password": canary("refused")}),
        ),
    ] {
        let (status, answer) = post(&coordinator, path, &body, &mut answers).await;
        assert!(status.is_client_error(), "{path}: {status} {answer}");
    }
    // The command line takes secrets from standard input and files.
    let mut ips = tokio::process::Command::new(cache::program("ips").unwrap())
        .args([
            "--server",
            &coordinator.grpc_url(),
            "credential",
            "create",
            "--name",
            "c",
            "--registry",
            "c.corp",
        ])
        .args(["--username", "u", "--password-stdin"])
        .env("IPS_TOKEN", coordinator.token())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = command_lines();
    let mut input = ips.stdin.take().unwrap();
    input.write_all(canary("cli").as_bytes()).await.unwrap();
    drop(input);
    let said = ips.wait_with_output().await.unwrap();
    assert!(said.status.success());
    answers.extend_from_slice(&said.stdout);

    wait_until("the task to end and be told of", LIMIT, async || {
        let log = coordinator.api().get("/api/v1/deliveries?about=canary-task").await;
        log.is_ok_and(|log| {
            let all = log["deliveries"].as_array().cloned().unwrap_or_default();
            all.len() == 3 && all.iter().all(|it| it["attempts"].as_i64() > Some(0))
        })
    })
    .await;
    wait_until("the audit to have it all", LIMIT, async || {
        let found = coordinator
            .api()
            .get("/api/v1/audit?operation=create_secret&result=ok")
            .await;
        found.is_ok_and(|found| found["total"] == 2)
    })
    .await;
    for path in READS {
        let (status, answer) = coordinator.api().call(Method::GET, path, None).await.unwrap();
        assert!(status.is_success(), "{path}: {status} {answer}");
        answers.extend_from_slice(answer.to_string().as_bytes());
    }
    let database = format!("sqlite:{}", coordinator.home().join("ips.db").display());
    let exported = tokio::process::Command::new(cache::program("ips-coordinator").unwrap())
        .args(["db", "export", "--database", &database])
        .arg(coordinator.home().join("exported.jsonl"))
        .output()
        .await
        .unwrap();
    assert!(
        exported.status.success(),
        "{}",
        String::from_utf8_lossy(&exported.stderr)
    );

    wait_until("the traces to arrive", LIMIT, async || {
        collector
            .spans()
            .iter()
            .any(|span| span.name == "POST /api/v1/channels")
    })
    .await;
    let mut everything = vec![
        ("answers".to_owned(), answers),
        ("command lines".to_owned(), [lines, command_lines()].concat()),
        ("the log".to_owned(), coordinator.log().into_bytes()),
        ("traces".to_owned(), collector.text().into_bytes()),
        ("metrics".to_owned(), coordinator.metrics().await.unwrap().into_bytes()),
    ];
    let _status = coordinator.terminate().await;
    files(coordinator.home(), &mut everything);
    // What is public is found, so what is not found is not there.
    let names: Vec<&String> = everything.iter().map(|(name, _)| name).collect();
    let of_database = everything.iter().filter(|(name, _)| name.starts_with("ips.db"));
    let database: Vec<u8> = of_database.flat_map(|(_, content)| content.clone()).collect();
    let has = |text: &[u8]| database.windows(text.len()).any(|window| window == text);
    assert!(
        has(b"canary-task") && has(b"create_secret") && has(b"127.0.0.1:1"),
        "{names:?}"
    );
    for (what, content) in &everything {
        canaries.iter().for_each(|canary| canary.not_in(what, content));
    }
}
