//! Logging in at a real provider with a browser that follows its redirects: who gets in, who does not, and what is nowhere to be found.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::process::Stdio;
use std::time::Duration;

use ips_tests::cache;
use ips_tests::coordinator::{Coordinator, OWN_URL};
use ips_tests::http::Api;
use ips_tests::provider::{Browser, CLIENT_ID, Landing, Provider, parameter, with_parameter};
use ips_tests::wait::wait_until;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

const LIMIT: Duration = Duration::from_secs(60);

/// A coordinator whose provider does not run yet.
async fn coordinator(provider: &Provider, issuer: &str) -> Coordinator {
    let secret = provider.secret_file().unwrap();
    Coordinator::start(&[
        "--oidc-issuer",
        issuer,
        "--oidc-client-id",
        CLIENT_ID,
        "--oidc-client-secret-file",
        secret.to_str().unwrap(),
        "--oidc-scopes",
        "openid,profile,groups",
        "--oidc-role",
        "ops=system-admin;dev=operator;all=viewer",
        "--public-url",
        OWN_URL,
    ])
    .await
    .unwrap()
}

/// A coordinator with a provider that runs; `None` where there is no Node.js.
async fn stand(claims_in_token: bool) -> Option<(Coordinator, Provider)> {
    let mut provider = Provider::prepare().unwrap()?;
    provider
        .people(&[("ana", &["dev", "all"]), ("bo", &["sales"])])
        .unwrap();
    let coordinator = coordinator(&provider, &provider.issuer()).await;
    provider.start(&callback(&coordinator), claims_in_token).await.unwrap();
    Some((coordinator, provider))
}

fn callback(coordinator: &Coordinator) -> String {
    format!("{}/auth/oidc/callback", coordinator.url())
}

fn begin(coordinator: &Coordinator) -> String {
    format!("{}/auth/oidc/login?next=/nodes", coordinator.url())
}

/// Fetches the tokens as the console does.
async fn tokens(coordinator: &Coordinator, browser: &mut Browser) -> (StatusCode, Value) {
    let url = format!("{}/api/v1/auth/oidc/token", coordinator.url());
    browser.post(&url, &json!({})).await.unwrap()
}

/// Logs in and gives back the answer with the tokens.
async fn log_in(coordinator: &Coordinator, person: &str) -> Value {
    let mut browser = Browser::of(person);
    let landing = browser.go(&begin(coordinator)).await.unwrap();
    assert_eq!(landing.url.path(), "/login", "{}", landing.body);
    let (status, body) = tokens(coordinator, &mut browser).await;
    assert_eq!(status, StatusCode::OK, "{body:#}");
    body
}

fn as_caller(coordinator: &Coordinator, tokens: &Value) -> Api {
    Api::with_token(coordinator.url(), tokens["token"].as_str().unwrap())
}

async fn may_order(api: &Api) -> bool {
    let (status, body) = api.post("/api/v1/tasks", &json!({})).await.unwrap();
    assert!(
        matches!(status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN),
        "{status} {body:#}"
    );
    status == StatusCode::BAD_REQUEST
}

#[tokio::test(flavor = "multi_thread")]
async fn people_log_in_at_the_provider_and_nothing_secret_is_in_an_address_or_a_log() {
    let Some((coordinator, provider)) = stand(true).await else {
        return;
    };
    let methods = Api::new(coordinator.url()).get("/api/v1/auth/methods").await.unwrap();
    assert_eq!(methods["password"], true);
    assert_eq!(
        methods["oidc"]["loginUrl"],
        format!("{}/auth/oidc/login", coordinator.url())
    );

    let mut browser = Browser::of("ana");
    let landing = browser.go(&begin(&coordinator)).await.unwrap();
    assert_eq!(landing.url.path(), "/login", "{}", landing.body);
    assert_eq!(parameter(&landing.url, "next").unwrap(), "/nodes");
    let ours: Vec<&String> = browser
        .cookies_set()
        .iter()
        .filter(|set| set.starts_with("ips-oidc"))
        .collect();
    assert_eq!(ours.len(), 3, "set, spent, and the code: {ours:?}");
    for set in ours {
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
    }
    let (status, body) = tokens(&coordinator, &mut browser).await;
    assert_eq!(status, StatusCode::OK, "{body:#}");
    assert_eq!(
        (&body["user"]["username"], &body["user"]["role"]),
        (&json!("ana"), &json!("operator"))
    );
    assert_eq!(body["user"]["external"], true);
    let (again, _) = tokens(&coordinator, &mut browser).await;
    assert_eq!(again, StatusCode::BAD_REQUEST, "the cookie was spent and removed");

    let api = as_caller(&coordinator, &body);
    assert!(may_order(&api).await);
    let log = coordinator.log();
    for secret in [&body["token"], &body["refreshToken"]] {
        let secret = secret.as_str().unwrap();
        assert!(!log.contains(secret));
        for address in browser.history() {
            assert!(!address.as_str().contains(secret), "{address}");
        }
    }
    let codes = browser.history().iter().filter_map(|url| parameter(url, "code").ok());
    for code in codes {
        assert!(!log.contains(&code), "the provider's code is in the log");
    }
    let secret = std::fs::read_to_string(provider.secret_file().unwrap()).unwrap();
    assert!(!log.contains(&secret));
    wait_until("the audit to tell of it", LIMIT, async || {
        let found = coordinator
            .api()
            .get("/api/v1/audit?operation=oidc_callback")
            .await
            .unwrap();
        let records = found["records"].as_array().cloned().unwrap_or_default();
        records.iter().any(|it| it["subject"] == "ana" && it["result"] == "ok")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_asked_for_where_the_token_does_not_tell_them() {
    let Some((coordinator, _provider)) = stand(false).await else {
        return;
    };
    let body = log_in(&coordinator, "ana").await;
    assert_eq!(
        (&body["user"]["username"], &body["user"]["role"]),
        (&json!("ana"), &json!("operator"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_loses_groups_is_demoted_at_the_next_log_in_and_whoever_is_disabled_stays_out() {
    let Some((coordinator, provider)) = stand(true).await else {
        return;
    };
    let first = log_in(&coordinator, "ana").await;
    assert!(may_order(&as_caller(&coordinator, &first)).await);
    provider.people(&[("ana", &["all"])]).unwrap();
    let second = log_in(&coordinator, "ana").await;
    assert_eq!(second["user"]["role"], "viewer");
    for tokens in [&first, &second] {
        assert!(!may_order(&as_caller(&coordinator, tokens)).await);
    }

    let id = second["user"]["id"].as_i64().unwrap();
    let path = format!("/api/v1/users/{id}");
    let off = json!({"disabled": true});
    let (status, body) = coordinator.api().call(Method::PUT, &path, Some(&off)).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{body:#}");
    let landing = Browser::of("ana").go(&begin(&coordinator)).await.unwrap();
    assert_eq!(landing.status, StatusCode::FORBIDDEN, "{}", landing.body);
    assert!(landing.body.contains("disabled"), "{}", landing.body);

    provider.people(&[("bo", &["sales"])]).unwrap();
    let landing = Browser::of("bo").go(&begin(&coordinator)).await.unwrap();
    assert_eq!(landing.status, StatusCode::FORBIDDEN, "{}", landing.body);
    let users = coordinator.api().get("/api/v1/users").await.unwrap();
    assert!(!users.to_string().contains("\"bo\""), "{users:#}");
}

/// The browser at the moment before it comes back.
async fn about_to_return(coordinator: &Coordinator, person: &str) -> (Browser, Landing) {
    let mut browser = Browser::of(person);
    let back = callback(coordinator);
    let stopped = browser
        .go_until(&begin(coordinator), |url| url.as_str().starts_with(&back))
        .await;
    (browser, stopped.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_belong_together_is_refused() {
    let Some((coordinator, _provider)) = stand(true).await else {
        return;
    };

    let (mut browser, stopped) = about_to_return(&coordinator, "ana").await;
    let changed = with_parameter(&stopped.url, "state", "another");
    let landing = browser.clone().go(changed.as_str()).await.unwrap();
    assert_eq!(
        landing.status,
        StatusCode::BAD_REQUEST,
        "another state: {}",
        landing.body
    );
    let changed = with_parameter(&stopped.url, "iss", "https://evil.example");
    let landing = browser.clone().go(changed.as_str()).await.unwrap();
    assert_eq!(
        landing.status,
        StatusCode::UNAUTHORIZED,
        "another issuer: {}",
        landing.body
    );
    // Somebody sends a victim the address of a log-in that is not the victim's.
    let landing = Browser::of("victim").go(stopped.url.as_str()).await.unwrap();
    assert_eq!(landing.status, StatusCode::BAD_REQUEST, "no cookie: {}", landing.body);
    assert!(landing.body.contains("begin it again"), "{}", landing.body);
    // What was refused spent nothing; the browser itself gets in, once.
    let before = browser.clone();
    let landing = browser.go(stopped.url.as_str()).await.unwrap();
    assert_eq!(landing.url.path(), "/login", "{}", landing.body);
    let replayed = before.clone().go(stopped.url.as_str()).await.unwrap();
    assert_eq!(
        replayed.status,
        StatusCode::UNAUTHORIZED,
        "a replayed code: {}",
        replayed.body
    );

    // Another nonce goes to the provider than the one that we remember.
    let mut browser = Browser::of("ana");
    let away = browser
        .go_until(&begin(&coordinator), |url| url.path() == "/auth")
        .await
        .unwrap();
    let changed = with_parameter(&away.url, "nonce", "another");
    let landing = browser.go(changed.as_str()).await.unwrap();
    assert_eq!(
        landing.status,
        StatusCode::UNAUTHORIZED,
        "another nonce: {}",
        landing.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_or_another_one_stops_nothing_else() {
    let Some(mut provider) = Provider::prepare().unwrap() else {
        return;
    };
    provider.people(&[("ana", &["dev"])]).unwrap();
    let coordinator = coordinator(&provider, &provider.issuer()).await;
    let (status, body) = coordinator.readiness().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{body:#}");
    let landing = Browser::of("ana").go(&begin(&coordinator)).await.unwrap();
    assert_eq!(landing.status, StatusCode::SERVICE_UNAVAILABLE, "{}", landing.body);
    provider.start(&callback(&coordinator), true).await.unwrap();
    wait_until("the provider to be asked again", LIMIT, async || {
        let landing = Browser::of("ana").go(&begin(&coordinator)).await.unwrap();
        landing.url.path() == "/login"
    })
    .await;

    let other = format!("{}/", provider.issuer());
    let misled = self::coordinator(&provider, &other).await;
    let landing = Browser::of("ana").go(&begin(&misled)).await.unwrap();
    assert_eq!(
        landing.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "it calls itself otherwise: {}",
        landing.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_logs_in_by_a_browser() {
    let Some((coordinator, _provider)) = stand(true).await else {
        return;
    };
    let file = coordinator.home().join("logins.json");
    let ips = |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(cache::program("ips").unwrap());
        command
            .args([
                "--server",
                &coordinator.grpc_url(),
                "--token-file",
                file.to_str().unwrap(),
            ])
            .args(arguments)
            .env_remove("IPS_TOKEN")
            .kill_on_drop(true);
        command
    };
    let mut command = ips(&["login", "--oidc"]);
    let mut login = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(login.stderr.take().unwrap()).lines();
    let url = loop {
        let line = said.next_line().await.unwrap().expect("an address");
        if let Some(url) = line.trim().strip_prefix("http") {
            break format!("http{url}");
        }
    };
    let mut browser = Browser::of("ana");
    let landing = browser.go(&url).await.unwrap();
    assert_eq!(landing.status, StatusCode::OK, "{}", landing.body);
    assert!(landing.body.contains("close this page"), "{}", landing.body);
    let output = login.wait_with_output().await.unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("logged in as ana (operator)"));
    let output = ips(&["whoami"]).output().await.unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("ana"), "{output:?}");
    // The code alone is nothing: it is another program's.
    let code = parameter(&landing.url, "code").unwrap();
    let (status, _) = Api::new(coordinator.url())
        .post("/api/v1/auth/oidc/token", &json!({"code": code}))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let output = ips(&["whoami"]).output().await.unwrap();
    assert!(output.status.success(), "and a guess at it ends nothing: {output:?}");
}
