#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use crate::http::testing::{Edge, request};
use axum::body::to_bytes;
use rstest::rstest;

/// Stands for a built console.
fn built(path: &str) -> Option<EmbeddedFile> {
    let data: &'static [u8] = match path {
        "index.html" => b"<!doctype html>",
        "favicon.svg" => b"<svg/>",
        "assets/app-1a2b.js" => b"plain",
        "assets/app-1a2b.js.br" => b"brotli",
        "assets/app-1a2b.js.gz" => b"gzip",
        _ => return None,
    };
    let mut hash = [0; 32];
    hash[0] = path.len() as u8;
    Some(EmbeddedFile {
        data: Cow::Borrowed(data),
        metadata: rust_embed::Metadata::__rust_embed_new(hash, None, None),
    })
}

fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.clone(), HeaderValue::try_from(*value).unwrap()));
    pairs.collect()
}

async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

#[rstest]
#[case::root("/", "*/*", Some("<!doctype html>"))]
#[case::page("/tasks/abc", "text/html,application/xhtml+xml", Some("<!doctype html>"))]
#[case::node_with_dots("/nodes/ip-10-0-0-1.ec2.internal", "text/html", Some("<!doctype html>"))]
#[case::file("/favicon.svg", "image/*", Some("<svg/>"))]
#[case::missing_file("/logo.svg", "image/*", None)]
#[case::program("/tasks/abc", "*/*", None)]
#[tokio::test]
async fn pages_get_the_console_and_missing_files_do_not(
    #[case] path: &str,
    #[case] accept: &str,
    #[case] body: Option<&str>,
) {
    let found = serve(built, path, &headers(&[(header::ACCEPT, accept)]));
    match (found, body) {
        (Some(response), Some(body)) => {
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
            assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
            assert_eq!(text(response).await, body);
        }
        (found, body) => assert_eq!(found.is_some(), body.is_some()),
    }
}

#[rstest]
#[case("gzip, deflate, br", "brotli", Some("br"))]
#[case("gzip;q=0.5, br;q=0", "gzip", Some("gzip"))]
#[case("identity", "plain", None)]
#[tokio::test]
async fn packed_files_are_sent_to_who_takes_them(
    #[case] accepts: &str,
    #[case] body: &str,
    #[case] encoding: Option<&str>,
) {
    let request = headers(&[(header::ACCEPT_ENCODING, accepts)]);
    let response = find(built, "assets/app-1a2b.js", &request)
        .unwrap()
        .into_response(FOR_EVER, &request);
    assert_eq!(
        response
            .headers()
            .get(header::CONTENT_ENCODING)
            .map(|value| value.to_str().unwrap()),
        encoding
    );
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/javascript; charset=utf-8"
    );
    assert!(
        response.headers()[header::CACHE_CONTROL]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    assert_eq!(text(response).await, body);
}

#[test]
fn a_file_that_the_browser_has_is_not_sent_again() {
    let none = HeaderMap::new();
    let first = serve(built, "/", &none).unwrap();
    let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
    let again = serve(built, "/", &headers(&[(header::IF_NONE_MATCH, &tag)])).unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}

#[test]
fn without_a_built_console_the_root_says_how_to_build_it() {
    let response = serve(|_| None, "/", &HeaderMap::new()).unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(NOT_BUILT.contains("make build"));
}

#[rstest]
#[case("/web", "/")]
#[case("/web/", "/")]
#[case("/web/tasks/abc?tab=2", "/tasks/abc?tab=2")]
#[case("/web//evil.example/x", "/evil.example/x")]
#[tokio::test]
async fn the_old_address_leads_to_the_new_one(#[case] path: &str, #[case] location: &str) {
    let edge = Edge::start().await;
    let answer = edge.get(path).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, location));
}

#[tokio::test]
async fn missing_assets_are_not_found_even_for_browsers() {
    let edge = Edge::start().await;
    for path in [
        "/assets/missing.js",
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/Cargo.toml",
        "/api/v1/missing",
    ] {
        let request = request("GET", path)
            .header("accept", "text/html")
            .body(Body::empty())
            .unwrap();
        let answer = edge.ask(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].as_str()),
            (404, Some("Not Found")),
            "{path}"
        );
    }
}
