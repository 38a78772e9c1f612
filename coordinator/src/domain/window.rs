//! Maintenance windows: when a task may start pulls. What runs when a window closes is finished.

use super::{Invalid, Millis};
use chrono::{DateTime, Datelike, Days, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Most windows of one task.
pub const MAX_WINDOWS: usize = 20;

/// What a client asks for, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct WindowRequest {
    /// `mon` to `sun`; empty means every day.
    pub days: Vec<String>,
    /// `HH:MM`.
    pub start: String,
    /// `HH:MM`; not after `start` means on the next day.
    pub end: String,
    /// IANA name; empty means UTC.
    pub time_zone: String,
}

/// A time of day on some days of the week, in a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Days on which it opens.
    pub days: Vec<Weekday>,
    /// When it opens.
    pub start: NaiveTime,
    /// When it closes: the same day if later than `start`, else the next.
    pub end: NaiveTime,
    /// Zone of all three.
    pub time_zone: Tz,
}

impl WindowRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// Names the field below `field`, such as `windows[0].start`.
    pub fn check(&self, field: &str) -> Result<Window, Invalid> {
        let days = self
            .days
            .iter()
            .enumerate()
            .map(|(index, day)| parse_day(&format!("{field}.days[{index}]"), day))
            .collect::<Result<Vec<_>, _>>()?;
        let zone = if self.time_zone.is_empty() {
            "UTC"
        } else {
            &self.time_zone
        };
        let time_zone = zone.parse().map_err(|_| {
            let rule = format!("{zone:?} is not a time zone of the IANA database, such as Europe/Berlin");
            Invalid::new(format!("{field}.timeZone"), rule)
        })?;
        Ok(Window {
            days,
            start: parse_time(&format!("{field}.start"), &self.start)?,
            end: parse_time(&format!("{field}.end"), &self.end)?,
            time_zone,
        })
    }
}

impl From<&Window> for WindowRequest {
    fn from(window: &Window) -> Self {
        Self {
            days: window.days.iter().map(|day| Window::day_word(*day)).collect(),
            start: window.start.format("%H:%M").to_string(),
            end: window.end.format("%H:%M").to_string(),
            time_zone: window.time_zone.name().to_owned(),
        }
    }
}

impl Window {
    /// Whether it is open at this moment.
    pub fn is_open(&self, now: Millis) -> bool {
        let Some(local) = DateTime::<Utc>::from_timestamp_millis(now).map(|utc| utc.with_timezone(&self.time_zone))
        else {
            return false;
        };
        let today = local.date_naive();
        let time = local.time();
        let opens_on = |day: Weekday| self.days.is_empty() || self.days.contains(&day);
        if self.start < self.end {
            return opens_on(today.weekday()) && (self.start..self.end).contains(&time);
        }
        let since_today = opens_on(today.weekday()) && time >= self.start;
        let since_yesterday = opens_on(today.weekday().pred()) && time < self.end;
        since_today || since_yesterday
    }

    /// When it opens next, at or after this moment; `None` for a zone's gap that never ends.
    pub fn next_opening(&self, now: Millis) -> Option<Millis> {
        let utc = DateTime::<Utc>::from_timestamp_millis(now)?;
        let today = utc.with_timezone(&self.time_zone).date_naive();
        (0..=8)
            .filter_map(|days| today.checked_add_days(Days::new(days)))
            .filter(|day| self.days.is_empty() || self.days.contains(&day.weekday()))
            .filter_map(|day| self.time_zone.from_local_datetime(&day.and_time(self.start)).earliest())
            .map(|opening| opening.timestamp_millis())
            .find(|opening| *opening >= now)
    }

    /// The day as the API writes it.
    pub fn day_word(day: Weekday) -> String {
        day.to_string().to_lowercase()
    }
}

fn parse_day(field: &str, text: &str) -> Result<Weekday, Invalid> {
    const DAYS: [Weekday; 7] = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];
    DAYS.into_iter()
        .find(|day| Window::day_word(*day) == text)
        .ok_or_else(|| {
            Invalid::new(
                field,
                format!("{text:?} must be one of mon, tue, wed, thu, fri, sat, sun"),
            )
        })
}

fn parse_time(field: &str, text: &str) -> Result<NaiveTime, Invalid> {
    NaiveTime::parse_from_str(text, "%H:%M")
        .ok()
        .filter(|_| text.len() == 5)
        .ok_or_else(|| Invalid::new(field, format!("{text:?} must be a time from 00:00 to 23:59")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn window(days: &[&str], start: &str, end: &str, zone: &str) -> Window {
        WindowRequest {
            days: days.iter().map(|day| (*day).to_owned()).collect(),
            start: start.into(),
            end: end.into(),
            time_zone: zone.into(),
        }
        .check("windows[0]")
        .unwrap()
    }

    fn at(text: &str) -> Millis {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    #[test]
    fn a_night_window_belongs_to_the_day_on_which_it_opens() {
        // 2026-11-27 is a Friday.
        let friday_night = window(&["fri"], "22:00", "06:00", "UTC");
        for (moment, open) in [
            ("2026-11-27T21:59:59Z", false),
            ("2026-11-27T22:00:00Z", true),
            ("2026-11-28T05:59:59Z", true),
            ("2026-11-28T06:00:00Z", false),
            ("2026-11-28T23:00:00Z", false),
            ("2026-11-27T05:00:00Z", false),
        ] {
            assert_eq!(friday_night.is_open(at(moment)), open, "{moment}");
        }
    }

    #[test]
    fn a_window_is_in_its_own_zone_summer_and_winter() {
        let morning = window(&[], "02:00", "04:00", "Europe/Berlin");
        assert!(morning.is_open(at("2026-07-01T00:30:00Z")));
        assert!(!morning.is_open(at("2026-12-01T00:30:00Z")));
        assert!(morning.is_open(at("2026-12-01T01:30:00Z")));
    }

    #[test]
    fn the_next_opening_is_found_over_the_week_and_over_a_clock_change() {
        let monday = window(&["mon"], "02:30", "04:00", "Europe/Berlin");
        assert_eq!(
            monday.next_opening(at("2026-11-24T12:00:00Z")),
            Some(at("2026-11-30T01:30:00Z"))
        );
        // On 2026-03-29 there is no 02:30 in Berlin; the day after there is.
        let daily = window(&[], "02:30", "04:00", "Europe/Berlin");
        assert_eq!(
            daily.next_opening(at("2026-03-28T12:00:00Z")),
            Some(at("2026-03-30T00:30:00Z"))
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let field = |request: WindowRequest| request.check("windows[2]").unwrap_err().field;
        let good = WindowRequest {
            days: vec![],
            start: "01:00".into(),
            end: "02:00".into(),
            time_zone: String::new(),
        };
        assert_eq!(
            field(WindowRequest {
                start: "24:00".into(),
                ..good.clone()
            }),
            "windows[2].start"
        );
        assert_eq!(
            field(WindowRequest {
                end: "1:00".into(),
                ..good.clone()
            }),
            "windows[2].end"
        );
        assert_eq!(
            field(WindowRequest {
                days: vec!["Monday".into()],
                ..good.clone()
            }),
            "windows[2].days[0]"
        );
        assert_eq!(
            field(WindowRequest {
                time_zone: "Mars/Base".into(),
                ..good
            }),
            "windows[2].timeZone"
        );
    }
}
