#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use proptest::prelude::*;

fn parts(text: &str) -> (String, String, Option<String>, Option<String>) {
    let parts = ImageRef::parse(text).unwrap().parts();
    (parts.registry, parts.repository, parts.tag, parts.digest)
}

#[test]
fn docker_hub_defaults_are_filled_in() {
    let tag = |t: &str| Some(t.to_owned());
    assert_eq!(
        parts("nginx"),
        ("docker.io".into(), "library/nginx".into(), tag("latest"), None)
    );
    assert_eq!(
        parts("bitnami/redis:7"),
        ("docker.io".into(), "bitnami/redis".into(), tag("7"), None)
    );
    assert_eq!(
        parts("index.docker.io/nginx").0,
        "index.docker.io".replace("index.", "")
    );
}

#[test]
fn a_port_without_a_tag_means_latest() {
    let expected = ("localhost:5000".into(), "app".into(), Some("latest".into()), None);
    assert_eq!(parts("localhost:5000/app"), expected);
    assert_eq!(parts("[::1]:5000/app:1").0, "[::1]:5000");
}

#[test]
fn a_digest_is_kept_with_and_without_a_tag() {
    let digest = format!("sha256:{}", "a".repeat(64));
    assert_eq!(
        parts(&format!("r.io/a@{digest}")),
        ("r.io".into(), "a".into(), None, Some(digest.clone()))
    );
    assert_eq!(parts(&format!("r.io/a:1@{digest}")).2, Some("1".into()));
    assert_eq!(
        ImageRef::parse(&format!("r.io/a@{digest}")).unwrap().as_str(),
        format!("r.io/a@{digest}")
    );
}

#[test]
fn what_breaks_a_rule_says_which() {
    for (text, word) in [
        ("", "empty"),
        ("Nginx", "lower case"),
        ("r.io/App", "lower case"),
        ("a b", "visible"),
        ("nginx:", "tag"),
        ("nginx:-x", "tag"),
        ("nginx@sha256:12", "digest"),
        ("nginx@md5:12", "digest"),
        ("r.io:99999/a", "port"),
        ("r.io/a//b", "component"),
        ("r.io/-a", "component"),
        ("-x", "component"),
        ("r.io/a___b", "component"),
        ("r..io/a", "host"),
        ("a,b", "component"),
        ("nginx\n", "visible"),
    ] {
        let rule = ImageRef::parse(text).unwrap_err();
        assert!(rule.contains(word), "{text:?}: {rule:?} should mention {word:?}");
    }
    assert!(ImageRef::parse(&format!("r.io/{}", "a".repeat(256))).is_err());
    assert!(ImageRef::parse(&format!("r.io/a:{}", "t".repeat(129))).is_err());
}

proptest! {
    #[test]
    fn parsing_never_panics_and_keeps_the_text(text in "\\PC{0,80}") {
        if let Ok(reference) = ImageRef::parse(&text) {
            prop_assert_eq!(reference.as_str(), text.as_str());
            let parts = reference.parts();
            prop_assert!(!parts.registry.is_empty() && !parts.repository.is_empty());
        }
    }

    #[test]
    fn well_formed_references_parse(
        host in proptest::option::of("(localhost|[a-z]{1,8}\\.[a-z]{2,3})(:[1-9][0-9]{0,3})?"),
        path in "[a-z0-9]{1,8}(/[a-z0-9]{1,8}([._-][a-z0-9]{1,4}){0,2}){0,3}",
        tag in proptest::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"),
        digest in proptest::option::of("sha256:[0-9a-f]{64}"),
    ) {
        let mut text = host.as_ref().map_or(String::new(), |h| format!("{h}/")) + &path;
        if let Some(tag) = &tag { text += &format!(":{tag}"); }
        if let Some(digest) = &digest { text += &format!("@{digest}"); }
        let parts = ImageRef::parse(&text).map_err(TestCaseError::fail)?.parts();
        if let Some(host) = host { prop_assert_eq!(parts.registry, host); }
        if tag.is_some() { prop_assert_eq!(&parts.tag, &tag); }
        prop_assert_eq!(&parts.digest, &digest);
    }

    /// The parser of the OCI distribution library is the peer: what it refuses for its form we must not send on as valid.
    #[test]
    fn agrees_with_the_oci_library(text in "[a-zA-Z0-9./:@_-]{1,40}") {
        let ours = ImageRef::parse(&text);
        let theirs = text.parse::<oci_spec::distribution::Reference>();
        if let (Ok(ours), Ok(theirs)) = (&ours, &theirs) {
            prop_assert_eq!(ours.parts().repository, theirs.repository());
            prop_assert_eq!(ours.parts().registry, theirs.registry());
        }
        if ours.is_ok() { prop_assert!(theirs.is_ok(), "{:?}", theirs); }
    }
}
