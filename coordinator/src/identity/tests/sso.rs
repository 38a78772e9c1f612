//! Log-in at a provider: who gets in with which role, and every lie that is refused.

use super::{
    liar::{Key, Liar},
    stand::{HOME, KEY, PASSWORD, Stand, secret, settings},
};
use crate::{
    domain::{
        caller::Role,
        sso::{Return, RoleMap},
        user::UserChange,
    },
    identity::{Arrived, CameBack, Identity, IdentityError, IdentitySettings, LoggedIn, SsoSettings},
    oidc::ProviderSettings,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

const CLIENT: &str = "ips";
const CLIENT_SECRET: &str = "what only the provider and we know";

fn with_provider(url: &str) -> IdentitySettings {
    let rule = |text: &str| RoleMap::parse_rule(text).unwrap();
    IdentitySettings {
        sso: Some(SsoSettings {
            provider: ProviderSettings {
                issuer: url.to_owned(),
                client_id: CLIENT.into(),
                client_secret: Some(secret(CLIENT_SECRET)),
                scopes: vec!["openid".into(), "email".into()],
                groups_claim: "groups".into(),
                username_claim: "preferred_username".into(),
                authorities: vec![],
                redirect_url: "https://ips.example.com/auth/oidc/callback".into(),
            },
            name: "Corp".into(),
            roles: RoleMap {
                groups: vec![rule("ops=system-admin"), rule("dev=operator"), rule("all=viewer")],
                otherwise: None,
            },
            login_life_ms: 3_600_000,
            public_url: "https://ips.example.com".into(),
        }),
        ..settings()
    }
}

async fn start() -> (Stand, Liar) {
    let liar = Liar::start().await;
    (Stand::with(with_provider(&liar.url)).await, liar)
}

/// A browser that is away.
struct Trip {
    cookie: String,
    state: String,
    nonce: String,
}

fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).unwrap().1.to_owned()
}

async fn depart(identity: &Identity, back_to: Return) -> Trip {
    let sent = identity.sso_depart(back_to).await.unwrap();
    Trip {
        cookie: sent.cookie.expose_secret().to_owned(),
        state: parameter(&sent.url, "state"),
        nonce: parameter(&sent.url, "nonce"),
    }
}

impl Trip {
    fn back(&self) -> CameBack {
        CameBack {
            cookie: Some(self.cookie.clone()),
            state: self.state.clone(),
            code: secret("the provider's code"),
            issuer: None,
            refusal: None,
        }
    }

    /// What a good token says.
    fn claims(&self, liar: &Liar, subject: &str, groups: &[&str]) -> Value {
        let now = chrono::Utc::now().timestamp();
        json!({
            "iss": liar.url, "aud": CLIENT, "sub": subject, "iat": now, "exp": now + 60, "nonce": self.nonce,
            "preferred_username": subject, "groups": groups,
        })
    }
}

/// A whole log-in of somebody with these groups.
async fn log_in(stand: &Stand, liar: &Liar, subject: &str, groups: &[&str]) -> Result<LoggedIn, IdentityError> {
    let trip = depart(&stand.identity, Return::console(None)).await;
    liar.gives(&liar.key.sign(&trip.claims(liar, subject, groups)));
    let arrived = stand.identity.sso_arrive(HOME, trip.back()).await?;
    stand.identity.sso_exchange(&arrived.code, None).await
}

#[tokio::test]
async fn the_browser_is_sent_with_all_that_binds_it() {
    let (stand, liar) = start().await;
    let sent = stand.identity.sso_depart(Return::console(None)).await.unwrap();
    assert!(sent.url.starts_with(&format!("{}/auth?", liar.url)), "{}", sent.url);
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("code_challenge_method", "S256"),
        ("scope", "openid+email"),
        ("redirect_uri", "https%3A%2F%2Fips.example.com%2Fauth%2Foidc%2Fcallback"),
    ] {
        assert_eq!(parameter(&sent.url, name), value, "{}", sent.url);
    }
    for name in ["state", "nonce", "code_challenge"] {
        assert!(parameter(&sent.url, name).len() >= 22, "{name}");
    }
    let other = stand.identity.sso_depart(Return::console(None)).await.unwrap();
    assert_ne!(parameter(&sent.url, "state"), parameter(&other.url, "state"));
    assert!(!sent.url.contains(CLIENT_SECRET));
    assert_eq!(liar.asked(), 1, "its description is remembered");
}

#[tokio::test]
async fn groups_give_the_role_and_taking_them_away_takes_it_at_the_next_log_in() {
    let (stand, liar) = start().await;
    let first = log_in(&stand, &liar, "ana", &["all", "dev"]).await.unwrap();
    assert_eq!((first.user.role, first.user.is_external), (Role::Operator, true));
    assert!(stand.call(&first.token, "create_task").await.is_ok());
    let second = log_in(&stand, &liar, "ana", &["all"]).await.unwrap();
    assert_eq!((second.user.id, second.user.role), (first.user.id, Role::Viewer));
    // Older log-ins of the same person have the new role, too.
    for token in [&first.token, &second.token] {
        let refused = stand.call(token, "create_task").await.unwrap_err();
        assert!(matches!(refused, IdentityError::Forbidden(_)), "{refused}");
        assert!(stand.call(token, "list_tasks").await.is_ok());
    }
    let none = log_in(&stand, &liar, "ana", &["sales"]).await.unwrap_err();
    assert!(matches!(none, IdentityError::Forbidden(_)), "{none}");
    assert!(stand.caller(&second).await.is_err(), "no group, no log-in that goes on");
    assert!(stand.identity.refresh(&second.refresh_token).await.is_err());
    let again = log_in(&stand, &liar, "ana", &["ops"]).await.unwrap();
    assert_eq!((again.user.id, again.user.role), (first.user.id, Role::SystemAdmin));
}

#[tokio::test]
async fn whoever_is_disabled_here_does_not_get_in_from_there() {
    let (stand, liar) = start().await;
    let ana = log_in(&stand, &liar, "ana", &["dev"]).await.unwrap();
    let admin = stand.caller(&stand.admin().await).await.unwrap();
    let off = UserChange {
        disabled: Some(true),
        ..UserChange::default()
    };
    stand.identity.update_user(&admin, ana.user.id, off).await.unwrap();
    assert!(stand.caller(&ana).await.is_err());
    let refused = log_in(&stand, &liar, "ana", &["dev"]).await.unwrap_err();
    assert!(matches!(refused, IdentityError::Forbidden(_)), "{refused}");
}

/// The provider decides who is called `admin` there; that must not be who is called so here.
#[tokio::test]
async fn nobody_becomes_a_local_user_by_its_name() {
    let (stand, liar) = start().await;
    let guest = log_in(&stand, &liar, "admin", &["all"]).await.unwrap();
    assert_eq!(
        (guest.user.username.as_str(), guest.user.role),
        ("admin@127.0.0.1", Role::Viewer)
    );
    assert!(
        stand.login("admin", PASSWORD).await.is_ok(),
        "the local one is untouched"
    );
    let tries = [("admin@127.0.0.1", ""), ("admin@127.0.0.1", "x")];
    for (name, password) in tries {
        let refused = stand.login(name, password).await.unwrap_err();
        assert!(
            matches!(refused, IdentityError::WrongPassword | IdentityError::Invalid(_)),
            "{refused}"
        );
    }
    let admin = stand.caller(&stand.admin().await).await.unwrap();
    let password = UserChange {
        password: Some(secret("a password of one's own")),
        ..UserChange::default()
    };
    let refused = stand.identity.update_user(&admin, guest.user.id, password).await;
    assert!(matches!(refused, Err(IdentityError::Precondition(_))), "{refused:?}");
}

#[tokio::test]
async fn no_lie_in_a_token_is_believed() {
    let (stand, liar) = start().await;
    let stranger = Key::new("first");
    let hs = |key: &[u8], claims: &Value| {
        let header = Header {
            kid: Some("first".into()),
            ..Header::new(Algorithm::HS256)
        };
        encode(&header, claims, &EncodingKey::from_secret(key)).unwrap()
    };
    let unsigned = |claims: &Value, header: Value| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&header), part(claims))
    };
    type Make<'a> = Box<dyn Fn(&mut Value) -> String + 'a>;
    let signed = |change: fn(&mut Value)| -> Make<'_> {
        let key = &liar.key;
        Box::new(move |claims| {
            change(claims);
            key.sign(claims)
        })
    };
    let cases: Vec<(&str, Make<'_>)> = vec![
        ("another nonce", signed(|it| it["nonce"] = json!("another"))),
        (
            "no nonce",
            signed(|it| drop(it.as_object_mut().unwrap().remove("nonce"))),
        ),
        ("another issuer", signed(|it| it["iss"] = json!("https://evil.example"))),
        ("another audience", signed(|it| it["aud"] = json!("another-client"))),
        (
            "one audience more",
            signed(|it| it["aud"] = json!([CLIENT, "another-client"])),
        ),
        (
            "no audience",
            signed(|it| drop(it.as_object_mut().unwrap().remove("aud"))),
        ),
        ("expired", signed(|it| it["exp"] = json!(1_000_000))),
        (
            "no expiry",
            signed(|it| drop(it.as_object_mut().unwrap().remove("exp"))),
        ),
        (
            "no subject",
            signed(|it| drop(it.as_object_mut().unwrap().remove("sub"))),
        ),
        ("an odd subject", signed(|it| it["sub"] = json!("a\nb"))),
        ("another key", Box::new(|it| stranger.sign(it))),
        ("alg none", Box::new(|it| unsigned(it, json!({"alg": "none"})))),
        (
            "alg none with a key's name",
            Box::new(|it| unsigned(it, json!({"alg": "none", "kid": "first"}))),
        ),
        ("our own secret", Box::new(|it| hs(CLIENT_SECRET.as_bytes(), it))),
        ("its public key as a secret", Box::new(|it| hs(&liar.key.public(), it))),
        ("our key of access tokens", Box::new(|it| hs(KEY.as_bytes(), it))),
        ("truncated", Box::new(|it| liar.key.sign(it)[..80].to_owned())),
        ("no token", Box::new(|_| String::new())),
    ];
    for (name, make) in cases {
        let trip = depart(&stand.identity, Return::console(None)).await;
        liar.gives(&make(&mut trip.claims(&liar, "eve", &["ops"])));
        let refused = stand
            .identity
            .sso_arrive("198.51.100.7".parse().unwrap(), trip.back())
            .await;
        // Whoever tries too often is told so; the lie itself was refused all the same.
        let is_refused = matches!(
            refused,
            Err(IdentityError::SsoRefused(_) | IdentityError::TooManyTries { .. })
        );
        assert!(is_refused, "{name}: {refused:?}");
        stand
            .identity
            .desk()
            .unwrap()
            .tries
            .forgive("198.51.100.7".parse().unwrap(), "at the provider");
    }
    assert!(stand.store.user_by_name("eve").await.unwrap().is_none());
    assert!(
        log_in(&stand, &liar, "ana", &["dev"]).await.is_ok(),
        "the truth is believed"
    );
}

#[tokio::test]
async fn a_browser_that_did_not_leave_from_here_is_sent_away() {
    let (stand, liar) = start().await;
    let trip = depart(&stand.identity, Return::console(None)).await;
    let other = depart(&stand.identity, Return::console(None)).await;
    let access = stand.admin().await.token.expose_secret().to_owned();
    let changed = |cookie: Option<&str>, state: &str| CameBack {
        cookie: cookie.map(str::to_owned),
        state: state.to_owned(),
        ..trip.back()
    };
    let forged = format!("{}x", &trip.cookie[..trip.cookie.len() - 1]);
    let cases = [
        ("no cookie", changed(None, &trip.state)),
        ("another state", changed(Some(&trip.cookie), &other.state)),
        ("no state", changed(Some(&trip.cookie), "")),
        ("another's cookie", changed(Some(&other.cookie), &trip.state)),
        ("a forged cookie", changed(Some(&forged), &trip.state)),
        ("an access token as cookie", changed(Some(&access), &trip.state)),
        ("a long cookie", changed(Some(&"x".repeat(1 << 20)), &trip.state)),
    ];
    for (name, came) in cases {
        liar.gives(&liar.key.sign(&trip.claims(&liar, "eve", &["ops"])));
        let refused = stand.identity.sso_arrive(HOME, came).await;
        assert!(matches!(refused, Err(IdentityError::Invalid(_))), "{name}: {refused:?}");
    }
    let cookie = stand.bearer(&trip.cookie).await;
    assert!(cookie.is_err(), "the cookie is no access token");
    for (name, came) in [
        (
            "another provider",
            CameBack {
                issuer: Some("https://evil.example".into()),
                ..trip.back()
            },
        ),
        (
            "a refusal",
            CameBack {
                refusal: Some("access_denied<script>".into()),
                ..trip.back()
            },
        ),
    ] {
        let refused = stand.identity.sso_arrive(HOME, came).await;
        assert!(
            matches!(refused, Err(IdentityError::SsoRefused(_))),
            "{name}: {refused:?}"
        );
    }
    let long = CameBack {
        code: secret(&"x".repeat(1 << 20)),
        ..trip.back()
    };
    assert!(matches!(
        stand.identity.sso_arrive(HOME, long).await,
        Err(IdentityError::Invalid(_))
    ));
}

#[tokio::test]
async fn the_providers_code_works_once() {
    let (stand, liar) = start().await;
    let trip = depart(&stand.identity, Return::console(None)).await;
    liar.gives(&liar.key.sign(&trip.claims(&liar, "ana", &["dev"])));
    assert!(stand.identity.sso_arrive(HOME, trip.back()).await.is_ok());
    let replayed = stand.identity.sso_arrive(HOME, trip.back()).await;
    assert!(matches!(replayed, Err(IdentityError::SsoRefused(_))), "{replayed:?}");
}

async fn arrived(stand: &Stand, liar: &Liar, back_to: Return) -> Arrived {
    let trip = depart(&stand.identity, back_to).await;
    liar.gives(&liar.key.sign(&trip.claims(liar, "ana", &["dev"])));
    stand.identity.sso_arrive(HOME, trip.back()).await.unwrap()
}

#[tokio::test]
async fn our_code_works_once_and_a_copy_of_it_ends_the_log_in() {
    let (stand, liar) = start().await;
    let arrived = arrived(&stand, &liar, Return::console(Some("/nodes"))).await;
    assert_eq!(arrived.back_to, Return::console(Some("/nodes")));
    assert!(
        stand.identity.refresh(&arrived.code).await.is_err(),
        "it is no refresh token"
    );
    let done = stand.identity.sso_exchange(&arrived.code, None).await.unwrap();
    assert!(stand.caller(&done).await.is_ok());
    assert!(
        done.caller.expires_at > chrono::Utc::now().timestamp_millis() + 3_000_000,
        "it lives on"
    );
    let replayed = stand.identity.sso_exchange(&arrived.code, None).await;
    assert!(matches!(replayed, Err(IdentityError::BadToken)), "{replayed:?}");
    assert!(
        stand.caller(&done).await.is_err(),
        "somebody has a copy: the log-in is over"
    );
    for odd in [
        "ipsc_",
        &format!("ipsc_{}", "a".repeat(43)),
        &"x".repeat(1 << 20),
        "ipsr_x",
    ] {
        let refused = stand.identity.sso_exchange(&secret(odd), None).await;
        assert!(matches!(refused, Err(IdentityError::BadToken)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_programs_code_is_nothing_without_what_the_program_knows() {
    let (stand, liar) = start().await;
    let verifier = "what only this program knows";
    let program = || Return::program(40_000, &crate::identity::secrets::hash(verifier)).unwrap();
    let arrived = arrived(&stand, &liar, program()).await;
    for wrong in [None, Some(""), Some("a guess")] {
        let refused = stand.identity.sso_exchange(&arrived.code, wrong).await;
        assert!(
            matches!(refused, Err(IdentityError::BadToken)),
            "{wrong:?}: {refused:?}"
        );
    }
    assert!(stand.identity.sso_exchange(&arrived.code, Some(verifier)).await.is_ok());
}

#[tokio::test]
async fn a_provider_that_is_away_stops_nobody_else_and_is_asked_again() {
    let liar = Liar::start().await;
    liar.says(|says| says.is_away = true);
    let stand = Stand::with(with_provider(&liar.url)).await;
    assert!(stand.login("admin", PASSWORD).await.is_ok());
    for _ in 0..3 {
        let refused = stand.identity.sso_depart(Return::console(None)).await.unwrap_err();
        assert!(matches!(refused, IdentityError::Unavailable(_)), "{refused}");
    }
    assert_eq!(liar.asked(), 1, "one that does not answer is left alone for a while");
    liar.says(|says| says.is_away = false);
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while stand.identity.sso_depart(Return::console(None)).await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "it was never asked again");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    liar.says(|says| says.is_away = true);
    assert!(
        stand.identity.sso_depart(Return::console(None)).await.is_ok(),
        "what is known is remembered"
    );
}

#[tokio::test]
async fn a_provider_that_calls_itself_otherwise_is_refused() {
    let liar = Liar::start().await;
    liar.says(|says| says.issuer = "https://evil.example".into());
    let stand = Stand::with(with_provider(&liar.url)).await;
    let refused = stand.identity.sso_depart(Return::console(None)).await.unwrap_err();
    assert!(matches!(refused, IdentityError::Unavailable(_)), "{refused}");
}

#[tokio::test]
async fn a_provider_may_change_its_keys() {
    let (stand, mut liar) = start().await;
    assert!(log_in(&stand, &liar, "ana", &["dev"]).await.is_ok());
    liar.changes_its_key();
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    // Keys are asked for every few seconds at most.
    while log_in(&stand, &liar, "ana", &["dev"]).await.is_err() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the new key was never asked for"
        );
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        stand.identity.desk().unwrap().tries.forgive(HOME, "at the provider");
    }
}

#[tokio::test]
async fn what_the_token_does_not_say_is_asked_for() {
    let (stand, liar) = start().await;
    let trip = depart(&stand.identity, Return::console(None)).await;
    let mut claims = trip.claims(&liar, "7", &[]);
    claims.as_object_mut().unwrap().remove("preferred_username");
    let told = json!({"sub": "7", "preferred_username": "bo", "groups": ["dev"]});
    liar.says(|says| says.userinfo = told);
    liar.gives(&liar.key.sign(&claims));
    let arrived = stand.identity.sso_arrive(HOME, trip.back()).await.unwrap();
    let done = stand.identity.sso_exchange(&arrived.code, None).await.unwrap();
    assert_eq!((done.user.username.as_str(), done.user.role), ("bo", Role::Operator));

    // Of somebody else it is no answer.
    let trip = depart(&stand.identity, Return::console(None)).await;
    let mut claims = trip.claims(&liar, "8", &[]);
    claims.as_object_mut().unwrap().remove("preferred_username");
    liar.gives(&liar.key.sign(&claims));
    let refused = stand.identity.sso_arrive(HOME, trip.back()).await;
    assert!(matches!(refused, Err(IdentityError::SsoRefused(_))), "{refused:?}");
}

#[tokio::test]
async fn without_a_provider_there_is_no_such_way() {
    let stand = Stand::start().await;
    let methods = stand.identity.login_methods();
    assert!(methods.password && methods.sso.is_none());
    let refused = stand.identity.sso_depart(Return::console(None)).await.unwrap_err();
    assert!(matches!(refused, IdentityError::NotFound { .. }), "{refused}");
    let code = secret(&format!("ipsc_{}", "a".repeat(43)));
    assert!(matches!(
        stand.identity.sso_exchange(&code, None).await,
        Err(IdentityError::BadToken)
    ));
}
