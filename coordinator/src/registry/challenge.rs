//! Reads `WWW-Authenticate` headers: where a registry hands out tokens, or whether it wants the login itself.

/// A bearer challenge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Challenge {
    /// URL of the token service.
    pub(super) realm: String,
    /// Which registry the token is for.
    pub(super) service: Option<String>,
    /// What the token allows.
    pub(super) scope: Option<String>,
}

/// Whether the header asks for the login itself.
pub(super) fn is_basic(header: &str) -> bool {
    let scheme = header.trim().split([' ', ',']).next().unwrap_or("");
    scheme.eq_ignore_ascii_case("basic")
}

/// The bearer challenge in a header; `None` when there is none (for example with `Basic`, which needs a credential).
pub(super) fn parse(header: &str) -> Option<Challenge> {
    let (scheme, rest) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut challenge = Challenge::default();
    let mut rest = rest.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let (value, after) = value(after)?;
        match key.trim().to_ascii_lowercase().as_str() {
            "realm" => challenge.realm = value,
            "service" => challenge.service = Some(value),
            "scope" => challenge.scope = Some(value),
            _unknown => {}
        }
        rest = after.trim_start().trim_start_matches(',').trim_start();
    }
    (!challenge.realm.is_empty()).then_some(challenge)
}

/// A quoted string or a token, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        return Some((text[..end].trim().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            plain => value.push(plain),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_challenge_is_read_with_commas_inside_quotes() {
        let header =
            r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push""#;
        let expected = Challenge {
            realm: "https://auth.example/token".into(),
            service: Some("registry.example".into()),
            scope: Some("repository:a/b:pull,push".into()),
        };
        assert_eq!(parse(header).unwrap(), expected);
        assert_eq!(
            parse("bearer realm=https://a/t, error=\"x\\\"y\"").unwrap().realm,
            "https://a/t"
        );
    }

    #[test]
    fn what_is_no_bearer_challenge_is_none() {
        for header in [
            "",
            "Basic realm=\"x\"",
            "Bearer",
            "Bearer ",
            "Bearer service=\"x\"",
            "Bearer realm=\"open",
        ] {
            assert_eq!(parse(header), None, "{header:?}");
        }
    }

    #[test]
    fn basic_is_told_from_others() {
        assert!(is_basic("Basic realm=\"x\"") && is_basic("basic"));
        assert!(!is_basic("Bearer realm=\"Basic\"") && !is_basic("") && !is_basic("Basically x"));
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(header in ".{0,200}", tail in ".{0,200}") {
            let _either_is_fine = (parse(&header), parse(&format!("Bearer realm={tail}")));
        }
    }
}
