//! Cookies of a log-in elsewhere: short-lived, read by no script, sent by no other site's forms. Over TLS their names begin with `__Host-`, which
//! no other host and no plain page can set.

use axum::http::{HeaderMap, HeaderValue, header};

/// A cookie by its purpose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cookie {
    /// Over TLS alone.
    secure: bool,
    purpose: &'static str,
}

impl Cookie {
    /// What must be remembered while the browser is at the provider.
    pub(super) fn of_trip(secure: bool) -> Self {
        let purpose = "ips-oidc";
        Self { secure, purpose }
    }

    /// What the browser changes for tokens.
    pub(super) fn of_code(secure: bool) -> Self {
        let purpose = "ips-oidc-code";
        Self { secure, purpose }
    }

    fn name(self) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}{}", self.purpose)
    }

    /// Its value, if there is exactly one that is not empty.
    pub(super) fn read(self, headers: &HeaderMap) -> Option<String> {
        let name = self.name();
        let lines = headers.get_all(header::COOKIE).iter();
        let pairs = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        let mut own = pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(known, _)| *known == name);
        match (own.next(), own.next()) {
            (Some((_, value)), None) if !value.is_empty() => Some(value.to_owned()),
            (Some(_) | None, _) => None,
        }
    }

    /// The header that sets it for so many seconds; for none it is removed.
    pub(super) fn set(self, value: &str, seconds: i64) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!(
            "{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}",
            self.name()
        );
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let lines = lines
            .iter()
            .map(|line| (header::COOKIE, HeaderValue::from_static(line)));
        lines.collect()
    }

    #[test]
    fn a_cookie_is_read_when_there_is_one() {
        let plain = Cookie::of_trip(false);
        assert_eq!(plain.read(&headers(&["a=b; ips-oidc=x.y.z"])).as_deref(), Some("x.y.z"));
        for none in [
            vec![],
            vec!["ips-oidc="],
            vec!["ips-oidc=a; ips-oidc=b"],
            vec!["ips-oidc=a", "ips-oidc=b"],
            vec!["ips-oidc-code=a"],
        ] {
            assert_eq!(plain.read(&headers(&none)), None, "{none:?}");
        }
        let secure = Cookie::of_trip(true);
        assert_eq!(
            secure.read(&headers(&["ips-oidc=planted"])),
            None,
            "a plain page may have set it"
        );
        let set = secure.set("v", 600).unwrap();
        let text = set.to_str().unwrap();
        for word in [
            "__Host-ips-oidc=v",
            "Path=/",
            "HttpOnly",
            "SameSite=Lax",
            "Secure",
            "Max-Age=600",
        ] {
            assert!(text.contains(word), "{text}");
        }
        assert!(!format!("{set:?}").contains("ips-oidc"), "it is not printed");
        assert!(plain.set("v\n", 1).is_none());
    }
}
