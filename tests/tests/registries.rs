//! The coordinator's own way to registries: certificates of an authority of one's own, a proxy on the way out, mirrors. Real processes
//! and a real registry; what the coordinator finds out shows in a preview.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::coordinator::Coordinator;
use ips_tests::folder::Folder;
use ips_tests::forward_proxy::{Asked, ForwardProxy};
use ips_tests::registry::{Access, Registry};
use ips_tests::simulated::Simulator;
use ips_tests::tls::{Authority, TlsFront};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// A name that only the proxy and the mirrors know.
const NAME: &str = "registry.ips.invalid";
/// `user:canary` in base64.
const PROXY_LOGIN: &str = "dXNlcjpjYW5hcnk=";
const LIMIT: Duration = Duration::from_secs(30);

/// What a coordinator with these settings finds out about an image that one node is to have.
async fn look(settings: &[&str], reference: &str) -> Value {
    let coordinator = Coordinator::start(settings).await.unwrap();
    let node = Simulator::start(coordinator.grpc_url(), 1, Duration::ZERO)
        .await
        .unwrap();
    node.until("the session", LIMIT, |figures| figures.open == 1)
        .await
        .unwrap();
    let image = ask(&coordinator, reference).await;
    assert!(!coordinator.log().contains("canary"), "{}", coordinator.log());
    image
}

async fn ask(coordinator: &Coordinator, reference: &str) -> Value {
    let body = json!({"images": [reference]});
    let (status, preview) = coordinator.api().post("/api/v1/tasks/preview", &body).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{preview}");
    preview["images"][0].clone()
}

fn assert_resolved(image: &Value, digest: &str) {
    assert_eq!(image["verdict"], "resolved", "{image:#}");
    assert_eq!(image["platforms"][0]["digests"]["target"], digest, "{image:#}");
}

fn assert_unknown(image: &Value, word: &str) {
    assert_eq!(image["verdict"], "unknown", "{image:#}");
    let error = image["error"].as_str().unwrap().to_lowercase();
    assert!(error.contains(word), "{image:#}");
}

/// A registry with `small:v1`, and the digest of that.
async fn registry() -> (Registry, String) {
    let registry = Registry::start(Access::Open).await.unwrap();
    let digests = registry.client().push("small", "small:v1").await.unwrap();
    (registry, digests.target)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_our_own_authority_is_trusted_where_it_is_named_and_nowhere_else() {
    let (registry, digest) = registry().await;
    let folder = Folder::new("ca").unwrap();
    let (ours, theirs) = (folder.join("ours.pem"), folder.join("theirs.pem"));
    let authority = Authority::new().unwrap();
    authority.save(&ours).unwrap();
    Authority::new().unwrap().save(&theirs).unwrap();
    let front = TlsFront::start(registry.address(), &authority, &["127.0.0.1"])
        .await
        .unwrap();
    let reference = format!("{}/small:v1", front.address());

    let for_host = |file: &std::path::Path| format!("{}={}", front.address(), file.display());
    let image = look(&["--registry-ca", &for_host(&ours)], &reference).await;
    assert_resolved(&image, &digest);
    let image = look(&["--registry-ca", &for_host(&theirs)], &reference).await;
    assert_unknown(&image, "certificate");
    let elsewhere = format!("127.0.0.1:1={},{}", ours.display(), for_host(&theirs));
    let image = look(&["--registry-ca", &elsewhere], &reference).await;
    assert_unknown(&image, "certificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_the_way_to_every_registry_but_its_exceptions() {
    let (registry, digest) = registry().await;
    let folder = Folder::new("proxy").unwrap();
    let ca = folder.join("ca.pem").display().to_string();
    let authority = Authority::new().unwrap();
    authority.save(ca.as_ref()).unwrap();
    let front = TlsFront::start(registry.address(), &authority, &[NAME]).await.unwrap();
    let proxy = ForwardProxy::start(&[(NAME, front.address())], PROXY_LOGIN)
        .await
        .unwrap();
    let url = format!("http://user:canary@{}", proxy.address());
    let reference = format!("{NAME}/small:v1");

    let through = ["--registry-proxy", &url, "--registry-ca", &ca];
    assert_resolved(&look(&through, &reference).await, &digest);
    let asked = proxy.asked();
    let tunnel = Asked {
        method: "CONNECT".to_owned(),
        target: format!("{NAME}:443"),
        served: true,
    };
    assert!(
        !asked.is_empty() && asked.iter().all(|asked| *asked == tunnel),
        "{asked:?}"
    );

    // The proxy's name for it stands in no table of this machine.
    let past = [&through[..], &["--registry-no-proxy", "lan,.ips.invalid"]].concat();
    assert_unknown(&look(&past, &reference).await, NAME);
    assert_eq!(proxy.asked().len(), asked.len(), "the exception goes past the proxy");

    // No certificate is trusted that nobody named.
    let image = look(&["--registry-proxy", &url], &reference).await;
    assert_unknown(&image, "certificate");

    let wrong = format!("http://user:wrong@{}", proxy.address());
    let image = look(&["--registry-proxy", &wrong, "--registry-ca", &ca], &reference).await;
    assert_unknown(&image, "proxy");
    assert!(proxy.asked().last().is_some_and(|asked| !asked.served));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_without_tls_is_reached_through_the_proxy_too() {
    let (registry, digest) = registry().await;
    let proxy = ForwardProxy::start(&[(NAME, registry.address())], PROXY_LOGIN)
        .await
        .unwrap();
    let url = format!("http://user:canary@{}", proxy.address());
    let settings = ["--registry-proxy", &url, "--registry-plain-http", NAME];
    assert_resolved(&look(&settings, &format!("{NAME}/small:v1")).await, &digest);
    let asked = proxy.asked();
    let plain = |asked: &Asked| asked.served && asked.target.starts_with(&format!("http://{NAME}/v2/"));
    assert!(!asked.is_empty() && asked.iter().all(plain), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mirrors_answer_in_their_order_for_a_registry_that_is_away() {
    let (mut registry, digest) = registry().await;
    let docker = registry.client().push("multi", "hub/library/nginx:1").await.unwrap();
    let at = registry.address();
    // The first one is not there.
    let mirrors = format!("{NAME}=127.0.0.1:1,{NAME}={at},docker.io={at}/hub");
    let coordinator = Coordinator::start(&["--registry-mirror", &mirrors]).await.unwrap();
    let node = Simulator::start(coordinator.grpc_url(), 1, Duration::ZERO)
        .await
        .unwrap();
    node.until("the session", LIMIT, |figures| figures.open == 1)
        .await
        .unwrap();
    assert_resolved(&ask(&coordinator, &format!("{NAME}/small:v1")).await, &digest);
    assert_resolved(&ask(&coordinator, "nginx:1").await, &docker.target);
    registry.kill();
    assert_unknown(&ask(&coordinator, &format!("{NAME}/small:v1")).await, NAME);
}
