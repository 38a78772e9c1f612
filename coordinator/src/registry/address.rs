//! Which addresses of registries may be asked. The address that is connected to is checked, not only the name: the resolver is the one
//! that the HTTP client uses, and addresses written into a URL are checked before each request.

use super::{RegistrySettings, error::ResolveError};
use crate::domain::reach::Reach;
use reqwest::Url;
use std::net::IpAddr;

/// Registries may be in private networks; on this machine only where the settings allow it.
pub(super) fn reach(settings: &RegistrySettings) -> Reach {
    Reach {
        loopback: settings.allow_loopback,
        private: true,
        ..Reach::default()
    }
}

/// Checks the parts of a URL that can be judged without a look-up: its scheme and an address in place of a name.
pub(super) fn check_url(url: &Url, settings: &RegistrySettings) -> Result<(), ResolveError> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let refused = |why: String| ResolveError::Refused {
        host: host.clone(),
        why,
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        reach(settings)
            .check(address)
            .map_err(|forbidden| refused(forbidden.to_string()))?;
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_plain(&host, url.port_or_known_default(), settings) => Ok(()),
        "http" => Err(refused("is not among the hosts that are spoken to without TLS".into())),
        other => Err(refused(format!("scheme {other:?} is not spoken"))),
    }
}

/// Whether a host is spoken to without TLS.
pub(super) fn is_plain(host: &str, port: Option<u16>, settings: &RegistrySettings) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let with_port = port.map(|port| format!("{host}:{port}"));
    let named = |entry: &str| entry.eq_ignore_ascii_case(host) || with_port.as_deref() == Some(entry);
    // Whoever names certificates for a host means TLS.
    let certified = settings
        .authorities
        .iter()
        .filter_map(|it| it.host.as_deref())
        .any(named);
    let listed = settings.plain_http_hosts.iter().any(|entry| named(entry));
    (loopback && settings.allow_loopback && !certified) || listed
}

/// Checks what a proxy will be asked to resolve. A name that only the proxy can resolve is the proxy's to judge.
pub(super) async fn check_name(url: &Url, settings: &RegistrySettings) -> Result<(), ResolveError> {
    let host = url.host_str().unwrap_or_default();
    let Ok(found) = tokio::net::lookup_host((host.trim_start_matches('[').trim_end_matches(']'), 0)).await else {
        return Ok(());
    };
    // All of them: which one the proxy takes is not ours to say.
    let reach = reach(settings);
    for address in found {
        reach.check(address.ip()).map_err(|forbidden| ResolveError::Refused {
            host: host.to_owned(),
            why: forbidden.to_string(),
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn plain_http_is_for_listed_hosts_and_allowed_loopback() {
        let settings = RegistrySettings {
            plain_http_hosts: vec!["registry.lan:5000".into(), "old.lan".into()],
            ..RegistrySettings::default()
        };
        assert!(is_plain("registry.lan", Some(5000), &settings));
        assert!(!is_plain("registry.lan", Some(5001), &settings));
        assert!(is_plain("old.lan", Some(1), &settings));
        assert!(!is_plain("localhost", Some(5000), &settings));
        let open = RegistrySettings {
            allow_loopback: true,
            ..settings
        };
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert!(is_plain(host, Some(5000), &open), "{host}");
        }
        assert!(!is_plain("example.com", Some(80), &open));
    }

    #[test]
    fn urls_are_checked_for_scheme_and_address() {
        let settings = RegistrySettings::default();
        let check = |text: &str| check_url(&text.parse().unwrap(), &settings);
        assert!(check("https://registry.example/v2/").is_ok());
        for text in [
            "http://registry.example/",
            "https://169.254.169.254/",
            "https://[fe80::1]/",
            "https://127.0.0.1/",
            "ftp://a/",
        ] {
            assert!(matches!(check(text), Err(ResolveError::Refused { .. })), "{text}");
        }
    }
}
