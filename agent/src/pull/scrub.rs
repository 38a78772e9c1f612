//! Makes the runtime's words safe to send, store and log: no user information or query in URLs, and a bounded length.

/// Longest message that the protocol carries, in characters.
const LONGEST: usize = 2048;

/// The text without URL user information and query strings (both may hold tokens), cut to 2,048 characters.
#[must_use]
pub fn scrub(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || c == '"' || c == '\'')
            .unwrap_or(after.len());
        let (url, tail) = after.split_at(end);
        clean.push_str(&without_secrets(url));
        rest = tail;
    }
    clean.push_str(rest);
    clean.chars().take(LONGEST).collect()
}

/// One URL after its scheme, as `host/path`.
fn without_secrets(url: &str) -> String {
    let authority_end = url.find(['/', '?', '#']).unwrap_or(url.len());
    let (authority, path) = url.split_at(authority_end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match path.split_once('?') {
        // A colon after the query belongs to the sentence ("…?token=x: 404"), not to the URL.
        Some((path, query)) => {
            let tail = if query.ends_with(':') { ":" } else { "" };
            format!("{host}{path}?…{tail}")
        }
        None => format!("{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn removes_user_information_and_queries() {
        let text = r#"failed: Get "https://me:hunter2@r.example/v2/a?X-Sig=abc&y=1": dial tcp; see http://r.example/x?t=1: no"#;
        let clean = scrub(text);
        assert_eq!(
            clean,
            r#"failed: Get "https://r.example/v2/a?…": dial tcp; see http://r.example/x?…: no"#
        );
    }

    proptest! {
        #[test]
        fn never_panics_and_is_bounded(text in ".{0,3000}") {
            prop_assert!(scrub(&text).chars().count() <= LONGEST);
        }

        #[test]
        fn passwords_in_urls_vanish(user in "[a-z]{1,8}", host in "[a-z]{1,8}") {
            let clean = scrub(&format!("x https://{user}:s3cr3t@{host}/p y"));
            prop_assert!(!clean.contains("s3cr3t"));
        }
    }
}
