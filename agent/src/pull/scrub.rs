//! Makes the runtime's words safe to send, store and log: no user information or query in URLs, no login in any of the forms
//! in which programs echo one, and a bounded length.

use super::Credential;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use zeroize::Zeroizing;

/// Longest message that the protocol carries, in characters.
const LONGEST: usize = 2048;
/// What stands for something that was taken out.
const HIDDEN: &str = "…";

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

/// The text without the login: neither the password, nor `user:password` as HTTP carries it, in any usual spelling.
#[must_use]
pub fn conceal(text: &str, login: &Credential) -> String {
    if login.password.is_empty() {
        return text.to_owned();
    }
    spellings(login)
        .iter()
        .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
}

/// Everything that would give the password away, longest first, so that a part never hides before its whole.
fn spellings(login: &Credential) -> Vec<Zeroizing<String>> {
    let pair = Zeroizing::new(format!("{}:{}", login.username, login.password));
    let mut found = Vec::new();
    for plain in [&*pair, &login.password] {
        let bytes = plain.as_bytes();
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            found.push(engine.encode(bytes));
        }
        found.push(percent_encoded(plain));
        // As Go quotes a string, and as JSON does.
        let quoted = format!("{plain:?}");
        found.push(quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned());
        found.push(plain.clone());
    }
    found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    found.dedup();
    found.into_iter().map(Zeroizing::new).collect()
}

/// The text as a URL carries it.
fn percent_encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| match is_plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
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
            format!("{host}{path}?{HIDDEN}{tail}")
        }
        None => format!("{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn login(username: &str, password: &str) -> Credential {
        Credential {
            server_address: "https://r.example".into(),
            username: username.into(),
            password: password.into(),
        }
    }

    #[test]
    fn removes_user_information_and_queries() {
        let text = r#"failed: Get "https://me:hunter2@r.example/v2/a?X-Sig=abc&y=1": dial tcp; see http://r.example/x?t=1: no"#;
        let clean = scrub(text);
        assert_eq!(
            clean,
            r#"failed: Get "https://r.example/v2/a?…": dial tcp; see http://r.example/x?…: no"#
        );
    }

    #[test]
    fn a_login_vanishes_in_every_spelling() {
        let me = login("me", "p4ss/w\"rd+ü");
        let basic = STANDARD.encode("me:p4ss/w\"rd+ü");
        let text = format!(
            "a p4ss/w\"rd+ü b Authorization: Basic {basic} c {} d p4ss%2Fw%22rd%2B%C3%BC e {} f \"p4ss/w\\\"rd+ü\" g",
            basic.trim_end_matches('='),
            STANDARD.encode("p4ss/w\"rd+ü"),
        );
        assert_eq!(
            conceal(&text, &me),
            "a … b Authorization: Basic … c … d … e … f \"…\" g"
        );
        assert_eq!(conceal("nothing to hide", &login("me", "")), "nothing to hide");
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

        #[test]
        fn a_password_is_never_left(user in ".{0,8}", password in "[^…]{1,24}", text in ".{0,80}") {
            let me = login(&user, &password);
            let echo = format!("{text}{password}{text} Basic {}", STANDARD.encode(format!("{user}:{password}")));
            let clean = conceal(&echo, &me);
            prop_assert!(!clean.contains(&password), "{clean}");
            prop_assert!(!clean.contains(&STANDARD.encode(format!("{user}:{password}"))), "{clean}");
        }
    }
}
