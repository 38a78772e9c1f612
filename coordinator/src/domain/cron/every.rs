//! `@every`: a pause as Go's `time.ParseDuration` reads it, in whole seconds, at least one, as robfig/cron rounds it.

use crate::domain::Millis;

/// Units in nanoseconds; longer names first, so that `ms` is not read as `m`.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a pause in milliseconds. The error is a rule that reads after the expression.
pub(super) fn parse(text: &str) -> Result<Millis, String> {
    let refusal = || "must have a duration of numbers and h, m, s or ms, such as @every 1h30m".to_owned();
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() || rest.starts_with('-') {
        return Err(refusal());
    }
    let mut nanoseconds: i128 = 0;
    while !rest.is_empty() {
        let (part, behind) = component(rest).ok_or_else(refusal)?;
        nanoseconds = nanoseconds.checked_add(part).ok_or_else(refusal)?;
        rest = behind;
    }
    match i64::try_from(nanoseconds) {
        Ok(0) => Err("must have a duration longer than 0".to_owned()),
        Ok(nanoseconds) => Ok((nanoseconds / 1_000_000_000).max(1) * 1000),
        Err(_too_long) => Err("has a duration over 292 years".to_owned()),
    }
}

/// One number with its unit, in nanoseconds, and what follows.
fn component(text: &str) -> Option<(i128, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, rest) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || number.len() > 30 {
        return None;
    }
    let (name, unit) = UNITS.into_iter().find(|(name, _)| rest.starts_with(name))?;
    let digits = |digits: &str| {
        if digits.is_empty() {
            Some(0)
        } else {
            digits.parse::<i128>().ok()
        }
    };
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let whole = digits(whole)?.checked_mul(unit)?;
    let part = digits(fraction)?.checked_mul(unit)?.checked_div(scale)?;
    Some((whole.checked_add(part)?, &rest[name.len()..]))
}

/// The next point of the grid through `anchor`, which begins with a whole second.
pub(super) fn next_after(pause: Millis, anchor: Millis, after: Millis) -> Option<Millis> {
    let anchor = anchor - anchor.rem_euclid(1000);
    let passed = after.checked_sub(anchor)?.div_euclid(pause);
    anchor.checked_add(passed.checked_add(1)?.checked_mul(pause)?)
}
