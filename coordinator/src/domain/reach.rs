//! Which addresses this program may connect to when somebody else names them: registries in image references, receivers of notifications.
//! The rule alone; whoever connects asks it about the very address that is connected to.

use super::Invalid;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Addresses of metadata services outside the link-local ranges: AWS over IPv6, Alibaba Cloud, Azure, Oracle Cloud.
const METADATA: [IpAddr; 4] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
];

/// Networks of single sites, as addresses and lengths of prefixes: private ones, shared ones (carrier NAT, which some clusters give to
/// pods), those for benchmarks and those reserved (which some clusters use as well).
const PRIVATE: [(IpAddr, u8); 9] = [
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
    (IpAddr::V4(Ipv4Addr::new(192, 0, 0, 0)), 24),
    (IpAddr::V4(Ipv4Addr::new(198, 18, 0, 0)), 15),
    (IpAddr::V4(Ipv4Addr::new(240, 0, 0, 0)), 4),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    (IpAddr::V6(Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0)), 10),
];

/// The rule that an address breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address} {rule}")]
pub struct Forbidden {
    address: IpAddr,
    rule: &'static str,
}

/// What may be reached beside the open network. Link-local and metadata addresses never may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// This machine.
    pub loopback: bool,
    /// Networks of single sites, those of clusters included.
    pub private: bool,
    /// Networks that may be reached whatever the two above say.
    pub allowed: Vec<Network>,
    /// Networks that may not, whatever else is said.
    pub denied: Vec<Network>,
}

impl Reach {
    /// Checks one address.
    ///
    /// # Errors
    /// The rule that it breaks, in words that read after the address.
    pub fn check(&self, address: IpAddr) -> Result<(), Forbidden> {
        let forbidden = |rule| Err(Forbidden { address, rule });
        let plain = unwrapped(address);
        if METADATA.contains(&plain) || is_link_local(plain) {
            return forbidden("is a link-local or metadata address, which is never asked");
        }
        if plain.is_multicast() || plain == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return forbidden("is not the address of one machine");
        }
        if self.denied.iter().any(|network| network.contains(plain)) {
            return forbidden("is in a network that the settings refuse");
        }
        // 0.0.0.0/8 and :: reach this machine as well.
        if is_this_machine(plain) {
            return forbidden("is an address of this machine, which is asked only where the settings allow it");
        }
        if self.allowed.iter().any(|network| network.contains(plain)) {
            return Ok(());
        }
        if plain.is_loopback() && !self.loopback {
            return forbidden("is an address of this machine, which is asked only where the settings allow it");
        }
        let is_private = |(base, prefix): &(IpAddr, u8)| within(*base, *prefix, plain);
        if PRIVATE.iter().any(is_private) && !self.private {
            return forbidden("is a private or cluster address, which is asked only where the settings allow it");
        }
        Ok(())
    }
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

/// A range of addresses, written as `ADDRESS[/PREFIX]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `ADDRESS` or `ADDRESS/PREFIX`.
    ///
    /// # Errors
    /// Names the field `network` when it is neither.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let refusal = || {
            let rule = format!("{text:?} is no network, write ADDRESS or ADDRESS/PREFIX, for example 10.20.0.0/16");
            Invalid::new("network", rule)
        };
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let base: IpAddr = address.parse().map_err(|_no_address| refusal())?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) => digits.parse().map_err(|_no_number| refusal())?,
            None => longest,
        };
        if prefix > longest {
            return Err(refusal());
        }
        Ok(Self { base, prefix })
    }

    /// Whether the address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        within(self.base, self.prefix, address)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

fn within(base: IpAddr, prefix: u8, address: IpAddr) -> bool {
    // Bits from the left, in the upper part of 128.
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)) << 96,
        IpAddr::V6(v6) => u128::from(v6),
    };
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
    base.is_ipv4() == address.is_ipv4() && (bits(base) ^ bits(address)) & mask == 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn everything() -> Reach {
        Reach {
            loopback: true,
            private: true,
            allowed: vec![Network::parse("0.0.0.0/0").unwrap(), Network::parse("::/0").unwrap()],
            denied: vec![],
        }
    }

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
            assert!(everything().check(text.parse().unwrap()).is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_and_private_networks_need_their_setting() {
        let nothing = Reach::default();
        let loopback = Reach {
            loopback: true,
            ..Reach::default()
        };
        for text in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(nothing.check(text.parse().unwrap()).is_err(), "{text}");
            assert!(loopback.check(text.parse().unwrap()).is_ok(), "{text}");
        }
        let private = Reach {
            private: true,
            ..Reach::default()
        };
        for text in [
            "10.0.0.1",
            "192.168.1.1",
            "172.31.255.255",
            "100.64.0.1",
            "198.19.0.1",
            "250.0.0.1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(nothing.check(text.parse().unwrap()).is_err(), "{text}");
            assert!(private.check(text.parse().unwrap()).is_ok(), "{text}");
        }
        for text in ["1.1.1.1", "172.32.0.1", "2606:4700::1111"] {
            assert!(nothing.check(text.parse().unwrap()).is_ok(), "{text}");
        }
    }

    #[test]
    fn networks_are_allowed_and_denied_one_by_one() {
        let reach = Reach {
            allowed: vec![
                Network::parse("10.20.0.0/16").unwrap(),
                Network::parse("127.0.0.1").unwrap(),
            ],
            denied: vec![
                Network::parse("10.20.7.0/24").unwrap(),
                Network::parse("203.0.113.0/24").unwrap(),
            ],
            ..Reach::default()
        };
        for (text, fine) in [
            ("10.20.1.1", true),
            ("10.21.1.1", false),
            ("10.20.7.1", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("203.0.113.9", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(reach.check(text.parse().unwrap()).is_ok(), fine, "{text}");
        }
        for bad in ["", "x", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/-1"] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}
