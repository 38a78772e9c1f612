//! The routes of the log-in at a provider, where the provider does not answer; with one that does they are tested in the test bed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::{
    domain::{caller::Role, sso::RoleMap},
    http::testing::{Edge, FIRST_PASSWORD, request},
    identity::{IdentitySettings, SsoSettings},
    oidc::ProviderSettings,
};
use axum::{body::Body, http::header};
use serde_json::json;

/// Nobody listens at the provider's address.
async fn edge(public_url: &str) -> Edge {
    Edge::with_settings(IdentitySettings {
        first_password: Some(FIRST_PASSWORD.into()),
        sso: Some(SsoSettings {
            provider: ProviderSettings {
                issuer: "http://127.0.0.1:9".into(),
                client_id: "ips".into(),
                client_secret: None,
                scopes: vec![],
                groups_claim: "groups".into(),
                username_claim: "preferred_username".into(),
                authorities: vec![],
                redirect_url: format!("{public_url}/auth/oidc/callback"),
            },
            name: "Corp".into(),
            roles: RoleMap {
                groups: vec![],
                otherwise: Some(Role::Viewer),
            },
            login_life_ms: 3_600_000,
            public_url: public_url.into(),
        }),
        ..IdentitySettings::default()
    })
    .await
}

#[tokio::test]
async fn a_log_in_page_learns_what_to_show() {
    let off = Edge::start().await;
    assert_eq!(off.get("/api/v1/auth/methods").await.json(), json!({"password": false}));
    let plain = Edge::at_first_start().await;
    assert_eq!(
        plain.get("/api/v1/auth/methods").await.json(),
        json!({"password": true})
    );
    let both = edge("https://ips.corp").await;
    assert_eq!(
        both.get("/api/v1/auth/methods").await.json(),
        json!({"password": true, "oidc": {"name": "Corp", "loginUrl": "https://ips.corp/auth/oidc/login"}})
    );
}

#[tokio::test]
async fn refusals_are_pages_that_carry_nothing_that_was_sent() {
    let edge = edge("https://ips.corp").await;
    for (path, status) in [
        ("/auth/oidc/login", 503),
        ("/auth/oidc/login?port=80&challenge=x", 400),
        ("/auth/oidc/login?port=%3Cscript%3E&challenge=%3Cscript%3E", 400),
        ("/auth/oidc/callback", 400),
        ("/auth/oidc/callback?code=a&state=%3Cscript%3E", 400),
        ("/auth/oidc/callback?error=%3Cscript%3E&state=b", 400),
    ] {
        let answer = edge.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'"),
            "{path}"
        );
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(!answer.text().contains("<script"), "{path}: {}", answer.text());
    }
    let none = Edge::at_first_start().await;
    assert_eq!(none.get("/auth/oidc/login").await.status, 404);
    assert_eq!(none.get("/auth/oidc/callback?code=a&state=b").await.status, 404);
}

#[tokio::test]
async fn a_code_that_is_none_gives_no_tokens_and_a_foreign_page_cannot_ask() {
    let edge = edge("https://ips.corp").await;
    let ask = async |site: &str, cookie: &str, body: &str| {
        let request = request("POST", "/api/v1/auth/oidc/token")
            .header(header::CONTENT_TYPE, "application/json")
            .header("sec-fetch-site", site)
            .header(header::COOKIE, cookie);
        edge.ask(request.body(Body::from(body.to_owned())).unwrap()).await
    };
    let made_up = format!("__Host-ips-oidc-code=ipsc_{}", "a".repeat(43));
    assert_eq!(ask("same-origin", "", "{}").await.status, 400);
    assert_eq!(ask("same-origin", &made_up, "{}").await.status, 401);
    assert_eq!(ask("cross-site", &made_up, "{}").await.status, 403);
    let planted = made_up.trim_start_matches("__Host-");
    assert_eq!(
        ask("same-origin", planted, "{}").await.status,
        400,
        "a plain page may have set it"
    );
    assert_eq!(ask("same-origin", "", r#"{"code": 7}"#).await.status, 400);
    let unknown = ask("same-origin", "", r#"{"code": "a", "extra": 1}"#).await;
    assert_eq!(
        (unknown.status.as_u16(), &unknown.json()["field"]),
        (400, &json!("extra"))
    );
}
