//! Who gets a login, and who does not: registries that want one in either way, token services at home and abroad, redirects, mirrors.

use super::*;
use crate::domain::credential::{Login, LoginResult};
use axum::http::Uri;
use std::time::{Duration, Instant};

/// A server that notes who shows it what.
#[derive(Clone, Default)]
struct Door {
    address: Arc<Mutex<String>>,
    /// Authorization headers by path.
    seen: Arc<Mutex<Vec<(String, String)>>>,
    /// What it wants to be shown, and how it says so.
    challenge: Arc<Mutex<String>>,
    wants: Arc<Mutex<String>>,
    redirect: Arc<Mutex<Option<String>>>,
    token: Arc<Mutex<String>>,
    /// Answers 429 with this `Retry-After` so many times.
    busy: Arc<Mutex<(u32, &'static str)>>,
}

/// Of nobody.
const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----\n\
    MIIBgzCCASmgAwIBAgIUOhj4dM/PdPbYol0uhvSFXTAEBH8wCgYIKoZIzj0EAwIw\n\
    FjEUMBIGA1UEAwwLaXBzIHRlc3QgQ0EwIBcNMjYxMTI0MTkyMzUwWhgPMjEyNjEw\n\
    MzExOTIzNTBaMBYxFDASBgNVBAMMC2lwcyB0ZXN0IENBMFkwEwYHKoZIzj0CAQYI\n\
    KoZIzj0DAQcDQgAETjre6uzmRYQeA7T33lOIkGImKjHQZywpAWFakxp0BD/5bBrr\n\
    JZYQ6ZsO0SiKGkci8LIBE1DvanJJpxa3qJ3eTaNTMFEwHQYDVR0OBBYEFLtPwIrW\n\
    ieJVsQR+LwhvMynVkOv2MB8GA1UdIwQYMBaAFLtPwIrWieJVsQR+LwhvMynVkOv2\n\
    MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgH4gJ54urLYVvln5a\n\
    rSZ3ssxeRdeLdAxD80NwHLnsw3ACIQCP3qn6SyBP3o0mcvXtHm3eG246q3NA09BF\n\
    zuP569LiyQ==\n\
    -----END CERTIFICATE-----\n";
const BASIC: &str = "Basic dXNlcjpjYW5hcnk=";

impl Door {
    async fn start() -> Self {
        let door = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        *door.address.lock().unwrap() = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback(answer).with_state(door.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        door
    }

    fn host(&self) -> String {
        self.address.lock().unwrap().clone()
    }

    /// Wants the login itself.
    async fn basic() -> Self {
        let door = Self::start().await;
        *door.challenge.lock().unwrap() = "Basic realm=\"x\"".into();
        *door.wants.lock().unwrap() = BASIC.into();
        door
    }

    /// Wants a token of the service at `realm`.
    async fn bearer(realm: Option<&str>) -> Self {
        let door = Self::start().await;
        let own = format!("http://{}/token", door.host());
        *door.challenge.lock().unwrap() = format!("Bearer realm=\"{}\",service=\"s\"", realm.unwrap_or(&own));
        *door.wants.lock().unwrap() = "Bearer let-me-in".into();
        *door.token.lock().unwrap() = "let-me-in".into();
        door
    }

    fn saw(&self, what: &str) -> bool {
        self.seen.lock().unwrap().iter().any(|(_, shown)| shown.contains(what))
    }
}

fn image() -> (String, Vec<u8>, Vec<u8>) {
    let config = json!({"os": "linux", "architecture": "amd64"}).to_string().into_bytes();
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(&config), "size": 1}});
    (digest_of(&config), manifest.to_string().into_bytes(), config)
}

async fn answer(State(door): State<Door>, headers: HeaderMap, uri: Uri) -> Response<Body> {
    let shown = headers.get("authorization").map_or("", |value| value.to_str().unwrap());
    let path = uri.path().to_owned();
    door.seen.lock().unwrap().push((path.clone(), shown.to_owned()));
    let reply = |status: u16| Response::builder().status(status);
    {
        let mut busy = door.busy.lock().unwrap();
        if busy.0 > 0 {
            busy.0 -= 1;
            let reply = reply(429).header("retry-after", busy.1);
            return reply.body(Body::empty()).unwrap();
        }
    }
    if path == "/token" {
        let fits = shown == BASIC || shown.is_empty();
        let token = door.token.lock().unwrap().clone();
        let body = if fits {
            json!({"token": token}).to_string()
        } else {
            String::new()
        };
        return reply(if fits { 200 } else { 401 }).body(Body::from(body)).unwrap();
    }
    if let Some(location) = door.redirect.lock().unwrap().clone() {
        return reply(307).header("location", location).body(Body::empty()).unwrap();
    }
    let wants = door.wants.lock().unwrap().clone();
    if !wants.is_empty() && shown != wants {
        let challenge = door.challenge.lock().unwrap().clone();
        return reply(401)
            .header("www-authenticate", challenge)
            .body(Body::empty())
            .unwrap();
    }
    let (config_digest, manifest, config) = image();
    let body = if path.ends_with(&config_digest) {
        config
    } else if path.contains("/manifests/") {
        manifest
    } else {
        vec![]
    };
    reply(200).body(Body::from(body)).unwrap()
}

/// Logins for some hosts.
struct For(Vec<String>);

impl Logins for For {
    fn login(&self, registry: &str, _repository: &str) -> Result<Option<Login>, String> {
        let known = self.0.iter().any(|host| host == registry);
        Ok(known.then(|| Login::new(registry, "user".into(), "canary".into())))
    }
}

fn registry(change: impl FnOnce(&mut RegistrySettings)) -> Registry {
    let mut settings = RegistrySettings {
        allow_loopback: true,
        ..RegistrySettings::default()
    };
    change(&mut settings);
    Registry::new(settings)
}

async fn resolve(registry: &Registry, host: &str, logins: &[&Door]) -> Result<(), ResolveError> {
    let logins = For(logins.iter().map(|door| door.host()).collect());
    let image = ImageRef::parse(&format!("{host}/team/app:1")).unwrap();
    let found = registry.resolve(&image, &[linux("amd64")], &logins).await?;
    assert_eq!(found.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_login_opens_a_registry_that_wants_it_itself_or_a_token_of_its_own_service() {
    for door in [Door::basic().await, Door::bearer(None).await] {
        let registry = registry(|_| {});
        let refused = resolve(&registry, &door.host(), &[]).await;
        if !door.saw("Bearer") {
            assert!(matches!(refused, Err(ResolveError::Unauthorized { login: false, .. })));
        }
        resolve(&registry, &door.host(), &[&door]).await.unwrap();
        assert!(door.saw(BASIC));
        *door.wants.lock().unwrap() = "Basic other".into();
        let error = resolve(&registry, &door.host(), &[&door]).await.unwrap_err();
        assert!(
            matches!(error, ResolveError::Unauthorized { login: true, .. }),
            "{error}"
        );
        assert!(!error.to_string().contains("canary"));
    }
}

#[tokio::test]
async fn a_token_service_elsewhere_gets_the_login_only_where_a_setting_says_so() {
    let service = Door::start().await;
    *service.token.lock().unwrap() = "for-strangers".into();
    let door = Door::bearer(Some(&format!("http://{}/token", service.host()))).await;
    let error = resolve(&registry(|_| {}), &door.host(), &[&door]).await.unwrap_err();
    assert!(!service.saw("Basic") && !door.saw("Basic"));
    let hint = format!("--registry-token-host {}={}", door.host(), service.host());
    assert!(error.to_string().contains(&hint), "{error}");
    // What it gives to strangers is used, as without a login.
    *door.wants.lock().unwrap() = "Bearer for-strangers".into();
    resolve(&registry(|_| {}), &door.host(), &[&door]).await.unwrap();
    assert!(!service.saw("Basic"));
    let allowed = registry(|settings| settings.token_hosts = vec![(door.host(), service.host())]);
    resolve(&allowed, &door.host(), &[&door]).await.unwrap();
    assert!(service.saw(BASIC) && !door.saw("Basic"));
}

#[tokio::test]
async fn a_redirect_takes_no_login_along() {
    let (door, other) = (Door::basic().await, Door::start().await);
    let registry = registry(|_| {});
    resolve(&registry, &door.host(), &[&door]).await.unwrap();
    *door.redirect.lock().unwrap() = Some(format!("http://{}/v2/team/app/manifests/1", other.host()));
    let _any = resolve(&registry, &door.host(), &[&door]).await;
    assert!(!other.seen.lock().unwrap().is_empty() && !other.saw("Basic"));
}

#[tokio::test]
async fn mirrors_are_asked_first_and_never_shown_the_registrys_login() {
    let (origin, mirror) = (Door::basic().await, Door::basic().await);
    let mirrored = || {
        registry(|settings| {
            let text = format!("{}={}/proxy", origin.host(), mirror.host());
            settings.mirrors = vec![Mirror::read(&text).unwrap()];
        })
    };
    resolve(&mirrored(), &origin.host(), &[&origin]).await.unwrap();
    assert!(!mirror.saw("Basic"), "the mirror refused and was shown nothing");
    assert!(origin.saw(BASIC));
    origin.seen.lock().unwrap().clear();
    resolve(&mirrored(), &origin.host(), &[&origin, &mirror]).await.unwrap();
    assert!(mirror.saw(BASIC), "it has a login of its own");
    assert!(origin.seen.lock().unwrap().is_empty(), "and was enough");
    let paths = mirror.seen.lock().unwrap().clone();
    assert!(
        paths.iter().all(|(path, _)| path.starts_with("/v2/proxy/team/app/")),
        "{paths:?}"
    );
}

#[tokio::test]
async fn a_pause_that_is_asked_for_is_kept_for_everybody() {
    let door = Door::start().await;
    let registry = registry(|_| {});
    *door.busy.lock().unwrap() = (1, "1");
    let begun = Instant::now();
    resolve(&registry, &door.host(), &[]).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "a short one is waited for");
    *door.busy.lock().unwrap() = (1, "30");
    let error = resolve(&registry, &door.host(), &[]).await.unwrap_err();
    assert!(matches!(
        error,
        ResolveError::RateLimited {
            retry_after_seconds: Some(30),
            ..
        }
    ));
    let asked = door.seen.lock().unwrap().len();
    let error = resolve(&registry, &door.host(), &[]).await.unwrap_err();
    assert!(matches!(error, ResolveError::RateLimited { .. }), "{error}");
    assert_eq!(door.seen.lock().unwrap().len(), asked, "nobody is asked in a long one");
}

#[tokio::test]
async fn a_login_that_is_tried_is_told_how_it_ended() {
    let check = async |door: &Door| {
        let login = Login::new(&door.host(), "user".into(), "canary".into());
        let check = registry(|_| {}).check_login(&door.host(), login).await;
        assert!(!check.message.contains("canary"), "{}", check.message);
        check.result
    };
    let (basic, bearer, open) = (Door::basic().await, Door::bearer(None).await, Door::start().await);
    assert_eq!(check(&basic).await, LoginResult::Ok);
    assert_eq!(check(&bearer).await, LoginResult::Ok);
    assert_eq!(check(&open).await, LoginResult::NotNeeded);
    *basic.wants.lock().unwrap() = "Basic other".into();
    assert_eq!(check(&basic).await, LoginResult::Unauthorized);
    *basic.busy.lock().unwrap() = (9, "60");
    assert_eq!(check(&basic).await, LoginResult::RateLimited);
    let elsewhere = Door::bearer(Some(&format!("http://{}/token", open.host()))).await;
    assert_eq!(check(&elsewhere).await, LoginResult::Refused);
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr();
    let free = free.unwrap().to_string();
    let login = || Login::new("x", "user".into(), "canary".into());
    let away = registry(|_| {}).check_login(&free, login()).await;
    assert_eq!(away.result, LoginResult::Unreachable, "{}", away.message);
    let strict = registry(|settings| settings.allow_loopback = false);
    assert_eq!(strict.check_login(&free, login()).await.result, LoginResult::Refused);
    // Plain HTTP where certificates say that TLS is expected.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, AUTHORITY).unwrap();
    let authority = Authority::read(&format!("{}={}", open.host(), path.display())).unwrap();
    let tls = registry(|settings| settings.authorities = vec![authority]);
    let tls = tls.check_login(&open.host(), login()).await;
    assert_eq!(tls.result, LoginResult::Tls, "{}", tls.message);
}
