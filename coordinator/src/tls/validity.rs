//! From when to when a certificate holds: the one thing that is read of certificates here, from their DER, without trusting a byte.

use crate::domain::Millis;
use chrono::NaiveDateTime;

/// Tags of DER.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// First and last moment; `None` for what is no certificate.
pub(super) fn validity(certificate: &[u8]) -> Option<(Millis, Millis)> {
    let (_, body, _) = element(certificate).filter(|it| it.0 == SEQUENCE)?;
    let (_, signed, _) = element(body).filter(|it| it.0 == SEQUENCE)?;
    let (tag, _, rest) = element(signed)?;
    // Version is there or not; then number, algorithm and issuer.
    let mut rest = if tag == VERSION { element(rest)?.2 } else { rest };
    for _ in 0..2 {
        rest = element(rest)?.2;
    }
    let (_, times, _) = element(rest).filter(|it| it.0 == SEQUENCE)?;
    let (tag, first, rest) = element(times)?;
    let first = moment(tag, first)?;
    let (tag, last, _) = element(rest)?;
    Some((first, moment(tag, last)?))
}

/// Tag, content and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            let length = digits.iter().fold(0, |sum, digit| (sum << 8) | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn moment(tag: u8, text: &[u8]) -> Option<Millis> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let long = match tag {
        // Years of two digits begin in 1950.
        UTC_TIME => {
            let century = if text.get(..2)?.parse::<u32>().ok()? >= 50 {
                "19"
            } else {
                "20"
            };
            format!("{century}{text}")
        }
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = NaiveDateTime::parse_from_str(&long, "%Y%m%d%H%M%S").ok()?;
    Some(time.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    #[test]
    fn both_ends_are_read_in_either_form() {
        let mut params = CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
        // Times before 2050 have years of two digits.
        params.not_before = date_time_ymd(2024, 2, 29);
        params.not_after = date_time_ymd(2051, 1, 1);
        let der = params
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap()
            .der()
            .to_vec();
        let at = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis();
        assert_eq!(
            validity(&der),
            Some((at("2024-02-29T00:00:00Z"), at("2051-01-01T00:00:00Z")))
        );
        for cut in 0..der.len().min(300) {
            // Only that nothing panics.
            let _none = validity(&der[..cut]);
        }
        assert_eq!(validity(b"no certificate"), None);
    }
}
