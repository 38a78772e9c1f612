//! Which address a request came from when a proxy stands in between. What a proxy says is believed only of proxies that the operator named:
//! anybody else could write any address into a header.

use super::reach::Network;
use std::net::{IpAddr, SocketAddr};

/// Longest chain of proxies that is followed.
const LONGEST: usize = 32;

/// The client's address. `forwarded` are the values of the headers `Forwarded`, `x_forwarded_for` those of `X-Forwarded-For`, each in
/// the order in which they stand in the request; the former wins where there are both. The chain is read from its end, which the proxy
/// next to us wrote, to the first address that is no proxy of ours.
pub fn client<'a>(
    peer: IpAddr,
    trusted: &[Network],
    forwarded: impl Iterator<Item = &'a str>,
    x_forwarded_for: impl Iterator<Item = &'a str>,
) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address.to_canonical()));
    if trusted.is_empty() || !is_trusted(peer) {
        return peer;
    }
    let standard: Vec<Option<IpAddr>> = forwarded.flat_map(|line| line.split(',')).map(for_of).collect();
    let chain: Vec<Option<IpAddr>> = if standard.is_empty() {
        x_forwarded_for.flat_map(|line| line.split(',')).map(address).collect()
    } else {
        standard
    };
    let mut nearest = peer;
    for hop in chain.into_iter().rev().take(LONGEST) {
        // What cannot be read was not written by a proxy that we can believe, nor was anything before it.
        let Some(hop) = hop else { return nearest };
        nearest = hop;
        if !is_trusted(hop) {
            return hop;
        }
    }
    nearest
}

/// The `for` of one element of `Forwarded`.
fn for_of(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    address(named.next()?.1.trim().trim_matches('"'))
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address.ip().to_canonical());
    }
    let bare = text.strip_prefix('[')?.strip_suffix(']')?;
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| Network::parse(text).unwrap()).collect()
    }

    fn found(peer: &str, trusted: &[&str], forwarded: &[&str], x: &[&str]) -> String {
        let peer = peer.parse().unwrap();
        client(peer, &networks(trusted), forwarded.iter().copied(), x.iter().copied()).to_string()
    }

    #[test]
    fn nobody_is_believed_who_was_not_named() {
        let lie = ["203.0.113.7"];
        assert_eq!(found("192.0.2.1", &[], &[], &lie), "192.0.2.1");
        assert_eq!(
            found("192.0.2.1", &["10.0.0.0/8"], &["for=203.0.113.7"], &lie),
            "192.0.2.1"
        );
    }

    #[test]
    fn a_chain_is_read_from_its_end_to_the_first_stranger() {
        let ours = ["10.0.0.0/8", "fd00::/8"];
        for (forwarded, x, client) in [
            (vec![], vec!["203.0.113.7"], "203.0.113.7"),
            (vec![], vec!["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
            (vec![], vec!["6.6.6.6", "203.0.113.7, 10.1.1.1"], "203.0.113.7"),
            (vec![], vec!["203.0.113.7:4711"], "203.0.113.7"),
            (vec![], vec!["::ffff:203.0.113.7"], "203.0.113.7"),
            (
                vec!["for=6.6.6.6, for=\"[2001:db8::7]:80\";proto=https"],
                vec!["1.1.1.1"],
                "2001:db8::7",
            ),
            (vec!["By=10.0.0.2;For=203.0.113.7"], vec![], "203.0.113.7"),
            (vec!["for=[2001:db8::7]"], vec![], "2001:db8::7"),
            // Only proxies: the farthest of them.
            (vec![], vec!["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
            // A proxy that says nothing, or nonsense.
            (vec![], vec![], "10.0.0.9"),
            (vec![], vec!["6.6.6.6, unknown"], "10.0.0.9"),
            (vec![], vec!["203.0.113.7, evil, 10.1.1.1"], "10.1.1.1"),
            (vec!["for=_hidden"], vec!["6.6.6.6"], "10.0.0.9"),
        ] {
            assert_eq!(found("10.0.0.9", &ours, &forwarded, &x), client, "{forwarded:?} {x:?}");
        }
        let endless = ["10.1.1.1"; 1000];
        assert_eq!(found("10.0.0.9", &ours, &[], &endless), "10.1.1.1");
    }
}
