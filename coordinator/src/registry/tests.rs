//! The registry client against a small registry in this process that can misbehave as told.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::domain::credential::Anonymous;
use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, Response, StatusCode},
    routing::get,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// One answer of the fake registry.
#[derive(Clone, Default)]
struct Canned {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

#[derive(Clone, Default)]
struct Fake {
    answers: Arc<Mutex<HashMap<String, Canned>>>,
    /// When set, everything but the token service wants this bearer token.
    token: Option<&'static str>,
    address: Arc<Mutex<String>>,
}

impl Fake {
    async fn start(token: Option<&'static str>) -> Self {
        let fake = Self {
            token,
            ..Self::default()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        *fake.address.lock().unwrap() = listener.local_addr().unwrap().to_string();
        let router = Router::new()
            .route("/token", get(serve_token))
            .route("/v2/{*path}", get(serve))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    fn address(&self) -> String {
        self.address.lock().unwrap().clone()
    }

    /// Stores a document and returns its digest.
    fn put(&self, kind: &str, media_type: &str, document: &Value) -> String {
        let body = document.to_string().into_bytes();
        let digest = digest_of(&body);
        let answer = Canned {
            status: 200,
            headers: vec![
                ("content-type", media_type.to_owned()),
                ("docker-content-digest", digest.clone()),
            ],
            body,
        };
        self.answer(&format!("app/{kind}/{digest}"), answer);
        digest
    }

    fn tag(&self, tag: &str, digest: &str) {
        let answer = self.answers.lock().unwrap()[&format!("app/manifests/{digest}")].clone();
        self.answer(&format!("app/manifests/{tag}"), answer);
    }

    fn answer(&self, path: &str, answer: Canned) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// An image of one platform; answers its manifest's and its configuration's digest.
    fn image(&self, architecture: &str, layer_bytes: u64) -> (String, String) {
        let config = json!({"os": "linux", "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []}});
        let config_digest = self.put("blobs", "application/json", &config);
        let layer = json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest_of(b"layer"), "size": layer_bytes});
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [layer],
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest, "size": 100}});
        (self.put("manifests", MANIFEST, &manifest), config_digest)
    }

    async fn resolve(&self, suffix: &str, platforms: &[&str]) -> Result<Vec<ResolvedImage>, ResolveError> {
        let settings = RegistrySettings {
            allow_loopback: true,
            ..RegistrySettings::default()
        };
        let image = ImageRef::parse(&format!("{}/app{suffix}", self.address())).unwrap();
        let platforms: Vec<Platform> = platforms.iter().map(|architecture| linux(architecture)).collect();
        Registry::new(settings).resolve(&image, &platforms, &Anonymous).await
    }
}

fn linux(architecture: &str) -> Platform {
    Platform {
        os: "linux".into(),
        architecture: architecture.into(),
        variant: String::new(),
    }
}

fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

async fn serve(State(fake): State<Fake>, Path(path): Path<String>, headers: HeaderMap) -> Response<Body> {
    if let Some(token) = fake.token
        && headers.get("authorization").map(|value| value.as_bytes().to_vec()) != Some(format!("Bearer {token}").into())
    {
        let challenge = format!(
            r#"Bearer realm="http://{}/token",service="fake",scope="repository:app:pull""#,
            fake.address()
        );
        let refusal = Response::builder().status(401).header("www-authenticate", challenge);
        return refusal.body(Body::empty()).unwrap();
    }
    let answer = fake.answers.lock().unwrap().get(&path).cloned().unwrap_or(Canned {
        status: 404,
        ..Canned::default()
    });
    let response = answer
        .headers
        .iter()
        .fold(Response::builder().status(answer.status), |response, (name, value)| {
            response.header(*name, value)
        });
    response.body(Body::from(answer.body)).unwrap()
}

async fn serve_token(
    State(fake): State<Fake>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<String, StatusCode> {
    let asked_properly = query.get("service").map(String::as_str) == Some("fake")
        && query.get("scope").map(String::as_str) == Some("repository:app:pull");
    let token = fake.token.filter(|_| asked_properly).ok_or(StatusCode::BAD_REQUEST)?;
    Ok(json!({"token": token}).to_string())
}

#[tokio::test]
async fn a_single_manifest_is_read_with_its_configuration() {
    let fake = Fake::start(None).await;
    let (manifest, config) = fake.image("amd64", 5000);
    fake.tag("1", &manifest);
    let found = fake.resolve(":1", &["amd64", "arm64"]).await.unwrap();
    let digests = ImageDigests {
        target: manifest.clone(),
        manifest,
        config,
    };
    assert_eq!(
        found,
        [ResolvedImage {
            platform: linux("amd64"),
            digests,
            size_bytes: 5100
        }]
    );
    let refusal = fake.resolve(":1", &["arm64"]).await.unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "no variant for linux/arm64; the image has linux/amd64"
    );
}

#[tokio::test]
async fn an_index_leads_to_the_manifest_of_each_platform() {
    let fake = Fake::start(None).await;
    let ((amd, amd_config), (arm, arm_config)) = (fake.image("amd64", 1000), fake.image("arm64", 2000));
    let entry = |digest: &str, platform: Value| json!({"mediaType": MANIFEST, "digest": digest, "size": 1, "platform": platform});
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        entry(&amd, json!({"os": "linux", "architecture": "amd64"})),
        entry(&arm, json!({"os": "linux", "architecture": "arm64", "variant": "v8"})),
        entry(&digest_of(b"attestation"), json!({"os": "unknown", "architecture": "unknown"})),
    ]});
    let target = fake.put("manifests", INDEX, &index);
    fake.tag("latest", &target);
    for suffix in ["", ":latest", &format!("@{target}"), &format!(":gone@{target}")] {
        let found = fake.resolve(suffix, &["arm64", "amd64", "s390x"]).await.unwrap();
        let shown: Vec<_> = found.iter().map(|image| (&image.digests, image.size_bytes)).collect();
        let digests = |manifest: &str, config: &str| ImageDigests {
            target: target.clone(),
            manifest: manifest.into(),
            config: config.into(),
        };
        assert_eq!(
            shown,
            [(&digests(&arm, &arm_config), 2100), (&digests(&amd, &amd_config), 1100)],
            "{suffix}"
        );
    }
    let refusal = fake.resolve("", &["s390x"]).await.unwrap_err().to_string();
    assert_eq!(
        refusal,
        "no variant for linux/s390x; the image has linux/amd64, linux/arm64/v8"
    );
}

#[tokio::test]
async fn an_index_entry_without_a_platform_is_looked_into() {
    let fake = Fake::start(None).await;
    let (manifest, _config) = fake.image("riscv64", 1);
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [{"mediaType": MANIFEST, "digest": manifest, "size": 1}]});
    fake.tag("x", &fake.put("manifests", INDEX, &index));
    assert_eq!(
        fake.resolve(":x", &["riscv64"]).await.unwrap()[0].digests.manifest,
        manifest
    );
}

#[tokio::test]
async fn an_anonymous_token_is_fetched_where_the_registry_wants_one() {
    let fake = Fake::start(Some("let-me-in")).await;
    let (manifest, _config) = fake.image("amd64", 1);
    fake.tag("1", &manifest);
    assert_eq!(fake.resolve(":1", &["amd64"]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn refusals_of_the_registry_keep_their_kind() {
    let fake = Fake::start(None).await;
    let answer = |status, headers| Canned {
        status,
        headers,
        body: vec![],
    };
    let basic = vec![("www-authenticate", "Basic realm=\"x\"".to_owned())];
    fake.answer("app/manifests/secret", answer(401, basic));
    fake.answer("app/manifests/forbidden", answer(403, vec![]));
    fake.answer(
        "app/manifests/busy",
        answer(429, vec![("retry-after", "17".to_owned())]),
    );
    fake.answer("app/manifests/broken", answer(503, vec![]));
    let registry = fake.address();
    let found = |suffix: &'static str| fake.resolve(suffix, &["amd64"]);
    let expected = ResolveError::NotFound {
        registry: registry.clone(),
        name: "app nothing".into(),
    };
    assert_eq!(found(":nothing").await.unwrap_err(), expected);
    for (suffix, status) in [(":secret", 401), (":forbidden", 403)] {
        let registry = registry.clone();
        assert_eq!(
            found(suffix).await.unwrap_err(),
            ResolveError::Unauthorized {
                registry,
                login: false,
                status
            }
        );
    }
    let busy = found(":busy").await.unwrap_err();
    assert!(
        matches!(
            busy,
            ResolveError::RateLimited {
                retry_after_seconds: Some(17),
                ..
            }
        ),
        "{busy}"
    );
    assert!(busy.to_string().ends_with("it asks to wait 17 s"), "{busy}");
    assert_eq!(
        found(":broken").await.unwrap_err().to_string(),
        format!("{registry}: answered HTTP 503")
    );
}

#[tokio::test]
async fn bytes_that_are_not_what_they_are_named_are_refused() {
    let fake = Fake::start(None).await;
    let (manifest, config) = fake.image("amd64", 1);
    fake.tag("1", &manifest);
    fake.answer(
        &format!("app/blobs/{config}"),
        Canned {
            status: 200,
            headers: vec![],
            body: b"{\"os\":\"linux\",\"architecture\":\"amd64\",\"evil\":true}".to_vec(),
        },
    );
    assert!(matches!(
        fake.resolve(":1", &["amd64"]).await,
        Err(ResolveError::WrongDigest { .. })
    ));
    let lie = Canned {
        status: 200,
        headers: vec![("docker-content-digest", digest_of(b"other"))],
        body: b"{}".to_vec(),
    };
    fake.answer("app/manifests/lie", lie);
    assert!(matches!(
        fake.resolve(":lie", &["amd64"]).await,
        Err(ResolveError::WrongDigest { .. })
    ));
}

#[tokio::test]
async fn what_is_too_large_or_no_image_is_refused() {
    let fake = Fake::start(None).await;
    let document = |body: Vec<u8>| Canned {
        status: 200,
        headers: vec![],
        body,
    };
    fake.answer("app/manifests/huge", document(vec![b' '; 5 * 1024 * 1024]));
    let entry = json!({"mediaType": MANIFEST, "digest": digest_of(b"x"), "size": 1});
    let wide = json!({"schemaVersion": 2, "manifests": vec![entry; MAX_INDEX_ENTRIES + 1]});
    fake.answer("app/manifests/wide", document(wide.to_string().into_bytes()));
    for suffix in [":huge", ":wide"] {
        let refusal = fake.resolve(suffix, &["amd64"]).await.unwrap_err();
        assert!(matches!(refusal, ResolveError::TooLarge { .. }), "{suffix}: {refusal}");
    }
    for (tag, body) in [
        ("html", "<html>"),
        ("old", r#"{"schemaVersion":1,"fsLayers":[]}"#),
        ("empty", ""),
    ] {
        fake.answer(&format!("app/manifests/{tag}"), document(body.into()));
        let refusal = fake.resolve(&format!(":{tag}"), &["amd64"]).await.unwrap_err();
        assert!(matches!(refusal, ResolveError::Malformed { .. }), "{tag}: {refusal}");
    }
}

#[tokio::test]
async fn redirects_are_followed_but_not_to_forbidden_addresses_and_not_for_ever() {
    let fake = Fake::start(None).await;
    let (manifest, _config) = fake.image("amd64", 1);
    let to = |location: &str| Canned {
        status: 307,
        headers: vec![("location", location.to_owned())],
        body: vec![],
    };
    fake.answer("app/manifests/moved", to(&format!("/v2/app/manifests/{manifest}")));
    assert_eq!(fake.resolve(":moved", &["amd64"]).await.unwrap().len(), 1);
    for (tag, location) in [
        ("metadata", "http://169.254.169.254/latest/meta-data/"),
        ("mapped", "https://[::ffff:169.254.169.254]/"),
        ("plain", "http://registry.example/"),
        ("file", "file:///etc/passwd"),
    ] {
        fake.answer(&format!("app/manifests/{tag}"), to(location));
        let refusal = fake.resolve(&format!(":{tag}"), &["amd64"]).await.unwrap_err();
        assert!(matches!(refusal, ResolveError::Refused { .. }), "{tag}: {refusal}");
    }
    fake.answer("app/manifests/circle", to("/v2/app/manifests/circle"));
    let refusal = fake.resolve(":circle", &["amd64"]).await.unwrap_err().to_string();
    assert!(refusal.ends_with("more than 5 redirects"), "{refusal}");
}

#[tokio::test]
async fn a_token_service_at_a_forbidden_address_is_not_asked() {
    let fake = Fake::start(None).await;
    let challenge = "Bearer realm=\"http://169.254.169.254/token\",service=\"x\"".to_owned();
    let refusal = Canned {
        status: 401,
        headers: vec![("www-authenticate", challenge)],
        body: vec![],
    };
    fake.answer("app/manifests/1", refusal);
    assert!(matches!(
        fake.resolve(":1", &["amd64"]).await,
        Err(ResolveError::Refused { .. })
    ));
}

#[tokio::test]
async fn loopback_is_refused_unless_the_settings_allow_it_by_name_too() {
    let fake = Fake::start(None).await;
    let port = fake.address().rsplit_once(':').unwrap().1.to_owned();
    for host in ["127.0.0.1", "localhost"] {
        let settings = RegistrySettings {
            plain_http_hosts: vec![host.into()],
            ..RegistrySettings::default()
        };
        let image = ImageRef::parse(&format!("{host}:{port}/app")).unwrap();
        let refusal = Registry::new(settings)
            .resolve(&image, &[linux("amd64")], &Anonymous)
            .await
            .unwrap_err();
        assert!(matches!(refusal, ResolveError::Refused { .. }), "{host}: {refusal}");
    }
}

#[tokio::test]
async fn a_registry_that_is_away_is_a_network_error() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let settings = RegistrySettings {
        allow_loopback: true,
        ..RegistrySettings::default()
    };
    let image = ImageRef::parse(&format!("{free}/app")).unwrap();
    let refusal = Registry::new(settings)
        .resolve(&image, &[linux("amd64")], &Anonymous)
        .await
        .unwrap_err();
    assert!(matches!(refusal, ResolveError::Network { .. }), "{refusal}");
}

mod logins;
