//! Which trace a piece of work belongs to, and which span it hangs under.

use std::fmt;

/// The place of a span in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace; never 0.
    pub trace: u128,
    /// The span; 0 where there is none yet, so that the next one is the first of the trace.
    pub span: u64,
    /// Somebody wants to see it.
    pub sampled: bool,
}

impl TraceContext {
    /// Reads a header `traceparent` of W3C's Trace Context. Versions that are not known yet are read by the rules of the first one, as it
    /// demands; what is malformed is as good as none.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text).filter(|context| context.span != 0)
    }

    /// Reads what [`fmt::Display`] wrote, also where there was no span yet.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::read(text)
    }

    fn read(text: &str) -> Option<Self> {
        // One byte is one character here, or it is refused.
        if text.len() < 55 || !text.is_ascii() {
            return None;
        }
        let (version, rest) = (text.get(..2)?, text.get(55..)?);
        let longer = version != "00" && rest.starts_with('-');
        let dashes = [2, 35, 52]
            .iter()
            .all(|place| text.as_bytes().get(*place) == Some(&b'-'));
        hex(version)?;
        if version == "ff" || !dashes || !(rest.is_empty() || longer) {
            return None;
        }
        let trace = hex(text.get(3..35)?)?;
        Some(Self {
            trace: (trace != 0).then_some(trace)?,
            span: u64::try_from(hex(text.get(36..52)?)?).ok()?,
            sampled: hex(text.get(53..55)?)? & 1 == 1,
        })
    }

    /// A trace that begins here.
    pub fn new(sampled: bool) -> Self {
        Self {
            trace: rand::random::<u128>().max(1),
            span: 0,
            sampled,
        }
    }

    /// A span below this one that is about a thing: the same thing always makes the same span.
    #[must_use]
    pub fn child(&self, about: &[&str]) -> Self {
        Self {
            span: span_id(about),
            ..*self
        }
    }

    /// A span below this one that is about nothing that happens twice.
    #[must_use]
    pub fn random_child(&self) -> Self {
        Self {
            span: rand::random::<u64>().max(1),
            ..*self
        }
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace,
            self.span,
            u8::from(self.sampled)
        )
    }
}

/// Lower-case hexadecimal digits as a number.
fn hex(text: &str) -> Option<u128> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.bytes().all(is_hex).then(|| u128::from_str_radix(text, 16).ok())?
}

/// FNV-1a with a final mix, for ids that must be the same in every version of the program; never 0.
fn span_id(about: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in about {
        // The end of a part is a byte that no text has.
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash.max(1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_header_is_read_and_written() {
        let context = TraceContext::parse(GOOD).unwrap();
        assert!(context.sampled && context.span == 0x00f0_67aa_0ba9_02b7);
        assert_eq!(context.to_string(), GOOD);
        assert!(!TraceContext::parse(&GOOD.replace("-01", "-00")).unwrap().sampled);
        // A later version may say more.
        assert!(TraceContext::parse(&format!("cc{}-what-comes", &GOOD[2..])).is_some());
    }

    #[test]
    fn nonsense_is_as_good_as_none() {
        let long = "x".repeat(1 << 20);
        for bad in [
            "",
            "00",
            &long,
            &GOOD.to_uppercase(),
            &GOOD.replace("00-4", "ff-4"),
            &GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &GOOD.replace('b', "g"),
            &GOOD.replace('-', "_"),
            &format!("{GOOD}-more"),
            &format!("{GOOD}\u{e9}"),
            &format!("+{}", &GOOD[1..]),
        ] {
            assert_eq!(TraceContext::parse(bad), None, "{bad:.80}");
        }
    }

    #[test]
    fn the_same_thing_is_the_same_span() {
        let root = TraceContext::new(true);
        assert_eq!(root.child(&["p", "1"]), root.child(&["p", "1"]));
        assert_ne!(root.child(&["p", "1"]).span, root.child(&["p1"]).span);
        assert_ne!(root.child(&["p", "1"]).span, root.child(&["p", "2"]).span);
        assert_eq!(root.child(&["p"]).trace, root.trace);
        assert_eq!(TraceContext::from_stored(&root.to_string()), Some(root));
        assert_eq!(TraceContext::parse(&root.to_string()), None, "it names no span");
    }
}
