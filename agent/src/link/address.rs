//! Which addresses may be dialled: TLS everywhere, plain text on loopback only, unless it is allowed elsewhere.

use std::net::IpAddr;
use tonic::transport::Uri;

/// Checks a coordinator's address.
///
/// # Errors
/// With what is allowed.
pub fn check(address: &str, allow_plain_text: bool) -> Result<(), &'static str> {
    let allowed = "an https:// URL with a port, or an http:// URL of a loopback address with a port";
    let uri: Uri = address.parse().map_err(|_| allowed)?;
    let is_bare = uri.path() == "/" || uri.path().is_empty();
    let host = uri.host().unwrap_or_default();
    if !is_bare || uri.port_u16().is_none() || host.is_empty() {
        return Err(allowed);
    }
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if allow_plain_text || is_loopback(host) => Ok(()),
        Some("http") => Err(
            "an https:// URL: in plain text everybody on the network could read the key; --allow-plain-text allows it",
        ),
        Some(_) | None => Err(allowed),
    }
}

/// Whether an address that may be dialled is dialled with TLS.
pub(super) fn is_tls(address: &str) -> bool {
    address.starts_with("https://")
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_on_loopback() {
        for good in [
            "http://127.0.0.1:9443",
            "http://localhost:1",
            "http://[::1]:9443/",
            "https://127.0.0.1:9443",
            "https://ips.ips-system.svc:9443",
            "https://[fd00::1]:9443",
        ] {
            assert_eq!(check(good, false), Ok(()), "{good}");
        }
        for bad in [
            "http://10.0.0.1:9443",
            "http://ips:9443",
            "127.0.0.1:9443",
            "http://127.0.0.1",
            "https://ips",
            "https://ips:1/path",
            "ftp://127.0.0.1:1",
            "",
            "x y",
        ] {
            assert!(check(bad, false).is_err(), "{bad}");
        }
        assert_eq!(check("http://10.0.0.1:9443", true), Ok(()));
        assert!(check("http://10.0.0.1", true).is_err());
    }
}
