//! Timetables: a cron expression of five fields or a descriptor, in a time zone. Reads what robfig/cron of the original reads,
//! and says when it is due next, right across clock changes.
//!
//! A time of day that the clock leaps over is due once, at the first moment after the leap; one that the clock passes twice is due
//! once, the first time. An hour field that names every hour counts real hours instead: nothing is added and nothing left out.

mod every;
mod field;
mod pattern;

use super::{Invalid, Millis};
use chrono_tz::Tz;
use pattern::Pattern;
use std::fmt;

/// Longest expression, in characters.
pub const MAX_CRON_LENGTH: usize = 255;

const FIELD: &str = "cronExpr";

/// When a schedule is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    expression: String,
    zone: Tz,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// Times of the wall clock.
    Wall(Pattern),
    /// Always so many milliseconds after the last, whole seconds.
    Every(Millis),
}

impl Timetable {
    /// Reads an expression and the name of its zone; no zone means UTC. `CRON_TZ=zone` or `TZ=zone` before the expression names the
    /// zone too.
    ///
    /// # Errors
    /// Names `cronExpr` or `timeZone` and the rule; an expression that is never due is refused.
    pub fn parse(expression: &str, zone: Option<&str>) -> Result<Self, Invalid> {
        let (prefix, expression) = split_zone(expression.trim())?;
        let named = zone.filter(|zone| !zone.is_empty()).map(parse_zone).transpose()?;
        if let (Some(prefix), Some(named)) = (prefix, named)
            && prefix != named
        {
            let rule = format!("{named} contradicts {prefix}, which cronExpr names");
            return Err(Invalid::new("timeZone", rule));
        }
        let timetable = Self {
            expression: expression.to_owned(),
            zone: prefix.or(named).unwrap_or(Tz::UTC),
            rule: parse_rule(expression)?,
        };
        match timetable.next_after(0, 0) {
            Some(_) => Ok(timetable),
            None => Err(refuse(
                expression,
                "is never due: no month that it names has such a day",
            )),
        }
    }

    /// The expression, without the zone.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The zone.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// When it is due next, later than `after`. `anchor` is when the timetable came into force: `@every` counts from there.
    pub fn next_after(&self, anchor: Millis, after: Millis) -> Option<Millis> {
        match &self.rule {
            Rule::Wall(pattern) => pattern.next_after(self.zone, after),
            Rule::Every(pause) => every::next_after(*pause, anchor, after),
        }
    }

    /// The last time it was due, later than `after` and not later than `until`.
    pub fn latest(&self, anchor: Millis, after: Millis, until: Millis) -> Option<Millis> {
        let next = |from: Millis| self.next_after(anchor, from).filter(|due| *due <= until);
        let mut window = 60_000;
        let mut due = loop {
            let from = until.saturating_sub(window).max(after);
            match next(from) {
                Some(due) => break due,
                None if from == after => return None,
                None => window = window.saturating_mul(2),
            }
        };
        while let Some(later) = next(due) {
            due = later;
        }
        Some(due)
    }

    /// The next `count` times, the first one later than `after`.
    pub fn upcoming(&self, anchor: Millis, after: Millis, count: usize) -> Vec<Millis> {
        let first = self.next_after(anchor, after);
        std::iter::successors(first, |due| self.next_after(anchor, *due))
            .take(count)
            .collect()
    }
}

impl fmt::Display for Timetable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.expression, self.zone)
    }
}

fn split_zone(text: &str) -> Result<(Option<Tz>, &str), Invalid> {
    let Some(rest) = text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ=")) else {
        return Ok((None, text));
    };
    let (zone, expression) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let zone = parse_zone(zone).map_err(|invalid| Invalid::new(FIELD, invalid.rule))?;
    Ok((Some(zone), expression.trim()))
}

fn parse_zone(name: &str) -> Result<Tz, Invalid> {
    name.parse().map_err(|_unknown| {
        let rule = format!("{name:?} is not a time zone of the IANA database, such as Europe/Berlin");
        Invalid::new("timeZone", rule)
    })
}

fn parse_rule(text: &str) -> Result<Rule, Invalid> {
    if text.is_empty() {
        return Err(Invalid::new(FIELD, "must not be empty"));
    }
    if text.chars().count() > MAX_CRON_LENGTH {
        return Err(Invalid::new(
            FIELD,
            format!("must be at most {MAX_CRON_LENGTH} characters"),
        ));
    }
    if let Some(pause) = text.strip_prefix("@every ") {
        return every::parse(pause.trim())
            .map(Rule::Every)
            .map_err(|rule| refuse(text, &rule));
    }
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        unknown if unknown.starts_with('@') => {
            let known = "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @every 1h30m";
            return Err(refuse(text, &format!("is unknown, known are {known}")));
        }
        fields => fields,
    };
    Pattern::parse(fields)
        .map(Rule::Wall)
        .map_err(|rule| refuse(text, &rule))
}

fn refuse(expression: &str, rule: &str) -> Invalid {
    let shown: String = expression.chars().take(MAX_CRON_LENGTH).collect();
    Invalid::new(FIELD, format!("{shown:?} {rule}"))
}

#[cfg(test)]
mod tests;
