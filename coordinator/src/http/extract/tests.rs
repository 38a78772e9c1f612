#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::{
    body::{read, require_json},
    refusal::in_json_words,
    *,
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, header},
};

#[test]
fn parsers_words_become_ours() {
    for (text, ours) in [
        (
            "invalid type: string \"x\", expected i64 at line 1 column 9",
            "invalid type: string \"x\", expected an integer",
        ),
        (
            "invalid type: integer `1`, expected a sequence",
            "invalid type: integer `1`, expected an array",
        ),
        ("duplicate field `id` at line 3 column 4", "duplicate field `id`"),
    ] {
        assert_eq!(in_json_words(text), ours);
    }
}

#[test]
fn json_types_are_told_from_others() {
    let sent = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::try_from(text).unwrap());
        require_json(&headers).is_ok()
    };
    for good in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/merge-patch+json",
    ] {
        assert!(sent(good), "{good}");
    }
    for bad in [
        "text/json",
        "application/jsonp",
        "text/plain;application/json",
        "x/y+json",
    ] {
        assert!(!sent(bad), "{bad}");
    }
    assert!(require_json(&HeaderMap::new()).is_err());
}

#[tokio::test]
async fn a_body_that_breaks_off_or_never_ends_is_refused() {
    let broken = futures::stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))]);
    assert!(read(Body::from_stream(broken)).await.is_err());
    let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; BODY_LIMIT])));
    assert!(read(Body::from_stream(endless)).await.is_err());
}
