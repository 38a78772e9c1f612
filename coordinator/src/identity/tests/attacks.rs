//! Tokens that somebody made up, and names that somebody tries.

use super::stand::{HOME, KEY, Stand, secret};
use crate::identity::IdentityError;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// Header and claims of a good token.
async fn parts(stand: &Stand) -> (Value, Value, String) {
    let token = stand.admin().await.token.expose_secret().to_owned();
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    });
    (parts.next().unwrap(), parts.next().unwrap(), token.clone())
}

fn sign(header: &Value, claims: &Value, key: &str) -> String {
    let kid = header["kid"].as_str().map(str::to_owned);
    let header = Header {
        kid,
        ..Header::new(Algorithm::HS256)
    };
    encode(&header, claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(header), part(claims))
}

#[tokio::test]
async fn no_made_up_token_is_believed() {
    let stand = Stand::start().await;
    let (header, claims, good) = parts(&stand).await;
    assert_eq!(
        stand.bearer(&sign(&header, &claims, KEY)).await.unwrap().name.as_ref(),
        "admin"
    );
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        sign(&header, &claims, KEY)
    };
    let without = |name: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        sign(&header, &claims, KEY)
    };
    let head = |changes: Value| {
        let mut header = header.clone();
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        header
    };
    let signature = good.rsplit('.').next().unwrap();
    let cases = [
        ("expired", with("exp", json!(1_000_000))),
        ("expiry as text", with("exp", json!("never"))),
        ("no expiry", without("exp")),
        ("another audience", with("aud", json!("another-api"))),
        ("no audience", without("aud")),
        ("another issuer", with("iss", json!("ips:another"))),
        ("no issuer", without("iss")),
        ("another log-in", with("sid", json!("0123456789abcdef"))),
        (
            "another key",
            sign(&header, &claims, "a key that an attacker has made up"),
        ),
        (
            "the original's public key",
            sign(&header, &claims, "ips-default-secret-change-me"),
        ),
        (
            "an unknown key's name",
            sign(&head(json!({"kid": "abcdef"})), &claims, KEY),
        ),
        ("no key's name", sign(&head(json!({"kid": null})), &claims, KEY)),
        ("alg none", unsigned(&head(json!({"alg": "none"})), &claims)),
        ("alg None", unsigned(&head(json!({"alg": "None"})), &claims)),
        ("no signature", unsigned(&header, &claims)),
        (
            "RS256 over HS256's signature",
            format!("{}{signature}", unsigned(&head(json!({"alg": "RS256"})), &claims)),
        ),
        (
            "HS384",
            format!("{}{signature}", unsigned(&head(json!({"alg": "HS384"})), &claims)),
        ),
        ("truncated", good[..good.len() - 5].to_owned()),
        ("two parts", good.rsplit_once('.').unwrap().0.to_owned()),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("a megabyte", format!("{}.{}", "a".repeat(1 << 20), good)),
        ("SQL", "' OR 1=1 --".to_owned()),
        ("an API token that nobody made", format!("ips_{}", "a".repeat(43))),
    ];
    for (name, token) in cases {
        let refused = stand.bearer(&token).await;
        assert!(
            matches!(refused, Err(IdentityError::BadToken | IdentityError::NotBearer)),
            "{name}: {refused:?}"
        );
    }
    assert!(stand.bearer(&good).await.is_ok(), "the good one is still good");
}

#[tokio::test]
async fn a_role_in_a_token_counts_for_nothing() {
    let stand = Stand::start().await;
    let ana = stand.person("ana", "viewer").await;
    let token = ana.token.expose_secret();
    let decode = |index: usize| {
        let part = URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap();
        serde_json::from_slice::<Value>(&part).unwrap()
    };
    let (header, mut claims) = (decode(0), decode(1));
    claims["role"] = json!("system-admin");
    claims["sub"] = json!("1");
    let forged = secret(&sign(&header, &claims, KEY));
    assert!(matches!(
        stand.call(&forged, "create_task").await,
        Err(IdentityError::Forbidden(_))
    ));
}

#[tokio::test]
async fn other_schemes_are_named_as_such() {
    let stand = Stand::start().await;
    for header in ["", "Basic YWRtaW46YQ==", "Bearer", "Bearer ", "token x"] {
        let refused = stand.identity.caller(Some(header)).await;
        assert!(
            matches!(refused, Err(IdentityError::NotBearer)),
            "{header:?}: {refused:?}"
        );
    }
    assert!(matches!(stand.identity.caller(None).await, Err(IdentityError::NoLogin)));
}

#[tokio::test]
async fn a_name_that_nobody_has_costs_the_same_and_answers_the_same() {
    let stand = Stand::start().await;
    let ana = stand.person("ana", "viewer").await;
    let admin = stand.caller(&stand.admin().await).await.unwrap();
    let off = crate::domain::user::UserChange {
        disabled: Some(true),
        ..Default::default()
    };
    stand.identity.update_user(&admin, ana.user.id, off).await.unwrap();
    let mut said = Vec::new();
    for name in ["admin", "ana", "nobody", "' OR 1=1 --", "admin\n2026 INFO forged"] {
        let before = stand.identity.password_work();
        said.push(stand.login(name, "a wrong password").await.unwrap_err().to_string());
        let after = stand.identity.password_work();
        assert_eq!(
            (after.argon2 - before.argon2, after.bcrypt - before.bcrypt),
            (1, 0),
            "{name}"
        );
    }
    said.dedup();
    assert_eq!(said, ["invalid username or password"]);
}

#[tokio::test]
async fn no_work_goes_into_what_cannot_be_a_password() {
    let stand = Stand::start().await;
    let before = stand.identity.password_work();
    let long = secret(&"x".repeat(10 << 20));
    for (name, password) in [("admin", &long), ("admin", &secret("")), ("", &secret("x"))] {
        let refused = stand.identity.login(HOME, name, password).await.unwrap_err();
        assert!(matches!(refused, IdentityError::Invalid(_)), "{refused}");
        assert!(refused.to_string().len() < 100);
    }
    assert_eq!(stand.identity.password_work(), before);
    for token in ["", "ipsr_", &"x".repeat(1 << 20), &format!("ipsr_{}", "a".repeat(43))] {
        assert!(matches!(
            stand.identity.refresh(&secret(token)).await,
            Err(IdentityError::BadToken)
        ));
    }
}
