//! Which addresses may be asked. The address that is connected to is checked, not only the name: the resolver below
//! is the one that the HTTP client uses, and addresses written into a URL are checked before each request.

use super::{RegistrySettings, error::ResolveError};
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Addresses of metadata services outside the link-local ranges: AWS over IPv6, Alibaba Cloud, Azure, Oracle Cloud.
const METADATA: [IpAddr; 4] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
];

/// The rule that an address breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address} {rule}")]
pub(super) struct Forbidden {
    address: IpAddr,
    rule: &'static str,
}

/// Checks one address.
pub(super) fn check(address: IpAddr, allow_loopback: bool) -> Result<(), Forbidden> {
    let forbidden = |rule| Err(Forbidden { address, rule });
    let plain = unwrapped(address);
    if METADATA.contains(&plain) || is_link_local(plain) {
        return forbidden("is a link-local or metadata address, which is never asked");
    }
    // 0.0.0.0/8 and :: reach this machine as well.
    if plain.is_loopback() || is_this_machine(plain) {
        return if allow_loopback && plain.is_loopback() {
            Ok(())
        } else {
            forbidden("is an address of this machine, which is asked only where the settings allow it")
        };
    }
    if plain.is_multicast() || plain == IpAddr::V4(Ipv4Addr::BROADCAST) {
        return forbidden("is not the address of one machine");
    }
    Ok(())
}

/// An IPv4 address that hides in an IPv6 one (mapped, compatible, NAT64, 6to4) is judged as what it is.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let segments = v6.segments();
    let tail = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => tail(high, low),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => tail(high, low),
        [0x2002, high, low, ..] => tail(high, low),
        _other => address,
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

fn is_this_machine(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets()[0] == 0,
        IpAddr::V6(v6) => v6.is_unspecified(),
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
        check(address, settings.allow_loopback).map_err(|forbidden| refused(forbidden.to_string()))?;
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

/// The resolver of the HTTP client: answers only with addresses that may be asked.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver {
    pub(super) allow_loopback: bool,
    /// The proxy's name, which the operator chose.
    pub(super) exempt: Option<String>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let exempt = self.exempt.as_deref() == Some(name.as_str());
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            if exempt {
                return Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs);
            }
            Ok(Box::new(allowed(found, allow_loopback)?.into_iter()) as Addrs)
        })
    }
}

/// The addresses that may be asked; an error when there are only others.
fn allowed(found: impl Iterator<Item = SocketAddr>, allow_loopback: bool) -> Result<Vec<SocketAddr>, Forbidden> {
    let mut allowed = vec![];
    let mut refusal = None;
    for address in found {
        match check(address.ip(), allow_loopback) {
            Ok(()) => allowed.push(address),
            Err(forbidden) => refusal = Some(forbidden),
        }
    }
    match refusal {
        Some(forbidden) if allowed.is_empty() => Err(forbidden),
        Some(_) | None => Ok(allowed),
    }
}

/// Checks what a proxy will be asked to resolve. A name that only the proxy can resolve is the proxy's to judge.
pub(super) async fn check_name(url: &Url, settings: &RegistrySettings) -> Result<(), ResolveError> {
    let host = url.host_str().unwrap_or_default();
    let Ok(found) = tokio::net::lookup_host((host.trim_start_matches('[').trim_end_matches(']'), 0)).await else {
        return Ok(());
    };
    // All of them: which one the proxy takes is not ours to say.
    for address in found {
        check(address.ip(), settings.allow_loopback).map_err(|forbidden| ResolveError::Refused {
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
    fn metadata_and_link_local_addresses_are_refused_in_every_disguise() {
        for text in [
            "169.254.169.254",
            "169.254.0.1",
            "fe80::1",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "168.63.129.16",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(check(text.parse().unwrap(), true).is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_needs_the_setting_and_private_networks_do_not() {
        for text in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(check(text.parse().unwrap(), false).is_err(), "{text}");
            assert!(check(text.parse().unwrap(), true).is_ok(), "{text}");
        }
        for text in [
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "fd00::1",
            "1.1.1.1",
            "2606:4700::1111",
        ] {
            assert!(check(text.parse().unwrap(), false).is_ok(), "{text}");
        }
    }

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
