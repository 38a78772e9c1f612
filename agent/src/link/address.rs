//! Which addresses may be dialled: until identity and TLS exist, only loopback without encryption.

use std::net::IpAddr;
use tonic::transport::Uri;

/// Checks a coordinator's address.
///
/// # Errors
/// With what is allowed.
pub fn check(address: &str) -> Result<(), &'static str> {
    let allowed = "an http:// URL of a loopback address with a port, until TLS is available";
    let uri: Uri = address.parse().map_err(|_| allowed)?;
    let is_plain = uri.scheme_str() == Some("http");
    let is_bare = uri.path() == "/" || uri.path().is_empty();
    let host = uri.host().unwrap_or_default();
    (is_plain && is_bare && uri.port_u16().is_some() && is_loopback(host))
        .then_some(())
        .ok_or(allowed)
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_loopback_urls_with_a_port() {
        for good in ["http://127.0.0.1:9443", "http://localhost:1", "http://[::1]:9443/"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "http://10.0.0.1:9443",
            "https://127.0.0.1:9443",
            "127.0.0.1:9443",
            "http://127.0.0.1",
            "",
            "x y",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
