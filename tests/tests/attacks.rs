//! Attacks on a running coordinator from outside: oversized and odd input at every port, forged lines of the log, floods from behind a proxy.
//! It answers with a clear refusal, or cuts off, and serves everybody else as before.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::process::Command;
use std::time::Duration;

use ips_proto::v1::auth_service_client::AuthServiceClient;
use ips_proto::v1::{LoginRequest, RefreshRequest, WhoAmIRequest};
use ips_tests::cache;
use ips_tests::coordinator::Coordinator;
use ips_tests::http::{Api, client};
use ips_tests::login::{ADMIN, PASSWORD};
use ips_tests::wait::wait_until;
use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::{Code, Request};

const LIMIT: Duration = Duration::from_secs(60);
const TEN_MEGABYTES: usize = 10 << 20;

async fn still_serves(coordinator: &Coordinator) {
    coordinator.api().get("/api/v1/me").await.expect("it serves as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_and_tokens_of_megabytes_are_refused_at_both_doors() {
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let long = "x".repeat(TEN_MEGABYTES);
    let api = Api::new(coordinator.url());
    for (path, body) in [
        ("/api/v1/login", json!({"username": ADMIN, "password": long})),
        ("/api/v1/login", json!({"username": long, "password": PASSWORD})),
        ("/api/v1/refresh", json!({"refreshToken": long})),
        ("/api/v1/auth/oidc/token", json!({"code": long})),
    ] {
        let (status, _) = api.post(path, &body).await.unwrap();
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    // Just below the largest body: no work goes into it.
    let (status, answer) = api
        .post(
            "/api/v1/login",
            &json!({"username": ADMIN, "password": "x".repeat(1_000_000)}),
        )
        .await
        .unwrap();
    assert_eq!(
        (status, &answer["field"]),
        (StatusCode::BAD_REQUEST, &json!("password")),
        "{answer:#}"
    );
    assert!(answer.to_string().len() < 1000, "it does not repeat it");

    let token = format!("Bearer {}", "x".repeat(1 << 20));
    let refused = client()
        .get(api.url("/api/v1/me"))
        .header("authorization", token)
        .send()
        .await;
    assert!(
        refused.is_err() || refused.is_ok_and(|answer| answer.status() == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    );

    let mut auth = AuthServiceClient::new(
        tonic::transport::Channel::from_shared(coordinator.grpc_url())
            .unwrap()
            .connect()
            .await
            .unwrap(),
    );
    let login = LoginRequest {
        username: ADMIN.into(),
        password: long.clone(),
    };
    let refused = auth.login(login).await.unwrap_err();
    assert!(
        matches!(refused.code(), Code::OutOfRange | Code::ResourceExhausted),
        "{refused}"
    );
    let refused = auth.refresh(RefreshRequest { refresh_token: long }).await.unwrap_err();
    assert!(
        matches!(refused.code(), Code::OutOfRange | Code::ResourceExhausted),
        "{refused}"
    );
    let mut request = Request::new(WhoAmIRequest {});
    let token = format!("Bearer {}", "x".repeat(1 << 20));
    request.metadata_mut().insert("authorization", token.parse().unwrap());
    assert!(auth.who_am_i(request).await.is_err(), "a header of a megabyte");
    still_serves(&coordinator).await;
}

/// Whatever somebody sends, each line of the log is one that we wrote, and no record of the audit has a second line.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_sent_forges_a_line_of_the_log_or_of_the_audit() {
    let coordinator = Coordinator::start(&["--log", "debug"]).await.unwrap();
    let forged = "\n2026-01-01T00:00:00Z  INFO forged: everything is fine\u{1b}[31m";
    let api = coordinator.api();
    for name in [format!("admin{forged}"), format!("{forged}admin")] {
        let body = json!({"username": name, "password": "wrong"});
        let (status, _) = Api::new(coordinator.url()).post("/api/v1/login", &body).await.unwrap();
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let (status, _) = api
            .post(
                "/api/v1/users",
                &json!({"username": name, "password": "long enough", "role": "viewer"}),
            )
            .await
            .unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
    for path in [
        "tasks/a%0A2026-01-01%20INFO%20forged",
        "nodes/a%0D%0Aforged%1B%5B31m",
        "secrets/%00forged",
    ] {
        let (status, _) = api
            .call(reqwest::Method::DELETE, &format!("/api/v1/{path}"), None)
            .await
            .unwrap();
        assert!(status.is_client_error() || status.is_success(), "{path}: {status}");
    }
    // What HTTP itself forbids in a header never gets as far as us.
    let raw = "GET /api/v1/me HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\rforged\r\nUser-Agent: b\x0bforged\r\n\r\n";
    let mut stream = TcpStream::connect(coordinator.url().trim_start_matches("http://"))
        .await
        .unwrap();
    stream.write_all(raw.as_bytes()).await.unwrap();
    let mut answer = [0; 64];
    let length = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");

    wait_until("the refusals to be recorded", LIMIT, async || {
        let audit = api.get("/api/v1/audit?operation=login").await.unwrap();
        audit["total"].as_u64().is_some_and(|total| total >= 2)
    })
    .await;
    let audit = api.get("/api/v1/audit?limit=1000").await.unwrap().to_string();
    assert!(!audit.contains("\\n") && !audit.contains("\\u001b"), "{audit}");
    for line in coordinator.log().lines() {
        assert!(!line.starts_with("2026-01-01"), "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
    still_serves(&coordinator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dawdles_or_babbles_is_cut_off_and_nobody_else_waits() {
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let address = coordinator.url().trim_start_matches("http://").to_owned();
    let mut slow = vec![];
    for _ in 0..200 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream
            .write_all(b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nX: ")
            .await
            .unwrap();
        slow.push(stream);
    }
    still_serves(&coordinator).await;
    // A body that never ends has the time of its request.
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head =
        "POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = tokio::time::timeout(LIMIT, stream.read(&mut answer))
        .await
        .expect("an end")
        .unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503"), "{answer}");
    for stream in &mut slow {
        let mut rest = vec![];
        let ended = tokio::time::timeout(LIMIT, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "a connection that says nothing more is closed");
    }
    still_serves(&coordinator).await;
}

/// Behind a proxy everybody comes from its address; what it says of them counts only where it was named.
#[tokio::test(flavor = "multi_thread")]
async fn a_guesser_behind_a_proxy_is_slowed_down_and_its_neighbour_is_not() {
    let coordinator = Coordinator::start(&["--trusted-proxies", "127.0.0.0/8"]).await.unwrap();
    let attempt = async |from: &str, password: &str| {
        let request = client().post(format!("{}/api/v1/login", coordinator.url()));
        let request = request.header("x-forwarded-for", from);
        let answer = request
            .json(&json!({"username": ADMIN, "password": password}))
            .send()
            .await
            .unwrap();
        let wait = answer.headers().get("retry-after").cloned();
        (answer.status(), wait)
    };
    let evil = "10.9.9.9, 203.0.113.66";
    let mut refused = 0;
    for _ in 0..8 {
        let (status, wait) = attempt(evil, "a guess").await;
        if status == StatusCode::TOO_MANY_REQUESTS {
            refused += 1;
            assert!(wait.is_some(), "it is told how long to wait");
        }
    }
    assert!(refused >= 2, "{refused} of 8 tries were refused");
    assert_eq!(attempt(evil, PASSWORD).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        attempt("203.0.113.7", PASSWORD).await.0,
        StatusCode::OK,
        "the admin is not locked out"
    );
    wait_until("the audit to name the client", LIMIT, async || {
        let audit = coordinator.api().get("/api/v1/audit?operation=login").await.unwrap();
        let sources: Vec<_> = audit["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["source"].clone())
            .collect();
        sources.contains(&json!("203.0.113.66")) && sources.contains(&json!("203.0.113.7"))
    })
    .await;

    let direct = Coordinator::start(&[]).await.unwrap();
    for number in 0..8 {
        let request = client().post(format!("{}/api/v1/login", direct.url()));
        let request = request.header("x-forwarded-for", format!("203.0.113.{number}"));
        let answer = request
            .json(&json!({"username": ADMIN, "password": "a guess"}))
            .send()
            .await
            .unwrap();
        let expected = if number < 5 {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::TOO_MANY_REQUESTS
        };
        assert_eq!(
            answer.status(),
            expected,
            "an address that anybody can write does not help: {number}"
        );
    }
}

/// Nobody can log in any more: whoever runs the machine sets a password in the database, beside the coordinator that serves.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_password_is_set_anew_by_whoever_runs_the_machine() {
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let database = format!("sqlite:{}", coordinator.home().join("ips.db").display());
    let run = |arguments: &[&str]| {
        let mut command = Command::new(cache::program("ips-coordinator").unwrap());
        let output = command
            .args(["user", "reset-password"])
            .args(arguments)
            .args(["--database", &database])
            .output();
        let output = output.unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    };
    let (done, said) = run(&[ADMIN]);
    assert!(done, "{said}");
    let made = said
        .lines()
        .find_map(|line| line.strip_prefix("the new password is "))
        .unwrap()
        .to_owned();
    let body = json!({"username": ADMIN, "password": made});
    let (status, answer) = Api::new(coordinator.url()).post("/api/v1/login", &body).await.unwrap();
    assert_eq!(
        (status, &answer["user"]["mustChangePassword"]),
        (StatusCode::OK, &json!(true)),
        "{answer:#}"
    );
    wait_until("the old log-in to end", LIMIT, async || {
        coordinator.api().get("/api/v1/me").await.is_err()
    })
    .await;
    assert!(!coordinator.log().contains(&made));

    let file = coordinator.home().join("new-password");
    std::fs::write(&file, "chosen by the owner\n").unwrap();
    let (done, said) = run(&[ADMIN, "--password-file", file.to_str().unwrap()]);
    assert!(done && !said.contains("chosen by the owner"), "{said}");
    for (arguments, word) in [
        (vec!["nobody"], "does not exist"),
        (vec![ADMIN, "--password-file", "/nowhere"], "/nowhere"),
    ] {
        let (done, said) = run(&arguments);
        assert!(!done && said.contains(word), "{said}");
    }
}
