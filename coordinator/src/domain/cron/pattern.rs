//! The five fields together, and the walk to the next moment that they name.

use super::field::{Field, Kind};
use crate::domain::Millis;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

const MINUTE: Millis = 60_000;
const DAY: Millis = 1440 * MINUTE;
/// Longest pause between two days that any pattern names: 29 February, over a century without one.
const LONGEST_DAYS: i64 = 9 * 366;
/// Longest leap of a clock, in minutes: a zone has skipped a whole day.
const LONGEST_LEAP: i64 = 1500;

const MINUTES: Kind = kind("minute", 0, 59, &[]);
const HOURS: Kind = kind("hour", 0, 23, &[]);
const DAYS: Kind = kind("day of month", 1, 31, &[]);
const MONTHS: Kind = kind(
    "month",
    1,
    12,
    &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
);
const WEEKDAYS: Kind = Kind {
    written: 7,
    ..kind("day of week", 0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"])
};

const fn kind(name: &'static str, low: u32, high: u32, names: &'static [&'static str]) -> Kind {
    Kind {
        name,
        low,
        high,
        written: high,
        names,
    }
}

/// Five fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

impl Pattern {
    /// Reads five fields. The error is a rule that reads after the expression.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(format!(
                "must have 5 fields (minute, hour, day of month, month, day of week), found {}",
                fields.len()
            ));
        };
        Ok(Self {
            minutes: Field::parse(MINUTES, minutes)?,
            hours: Field::parse(HOURS, hours)?,
            days: Field::parse(DAYS, days)?,
            months: Field::parse(MONTHS, months)?,
            weekdays: Field::parse(WEEKDAYS, weekdays)?,
        })
    }

    /// The first moment later than `after`.
    pub(super) fn next_after(&self, zone: Tz, after: Millis) -> Option<Millis> {
        if self.hours.count() == HOURS.high + 1 {
            self.next_by_real_hours(zone, after)
        } else {
            self.next_by_wall_clock(zone, after)
        }
    }

    /// Each time of day that is named happens once on its day.
    fn next_by_wall_clock(&self, zone: Tz, after: Millis) -> Option<Millis> {
        let mut wall = local(zone, after)?;
        loop {
            wall = self.next_wall(wall)?;
            // A time in the doubled hour may have been the one before the clock went back.
            match moment(zone, wall)? {
                moment if moment > after => return Some(moment),
                _passed => {}
            }
        }
    }

    /// The named minutes of every real hour.
    fn next_by_real_hours(&self, zone: Tz, after: Millis) -> Option<Millis> {
        let end = after.checked_add(LONGEST_DAYS * DAY)?;
        let mut candidate = (after.div_euclid(MINUTE) + 1) * MINUTE;
        while candidate <= end {
            let wall = local(zone, candidate)?;
            if !self.names_day(wall.date()) {
                let tomorrow = moment(zone, wall.date().succ_opt()?.and_time(NaiveTime::MIN))?;
                candidate = tomorrow.max(candidate + MINUTE);
            } else if self.minutes.has(wall.minute()) {
                return Some(candidate);
            } else {
                candidate += MINUTE;
            }
        }
        None
    }

    fn next_wall(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let from = after.with_second(0)?.with_nanosecond(0)? + TimeDelta::minutes(1);
        let mut date = from.date();
        let mut earliest = (from.hour(), from.minute());
        for _ in 0..LONGEST_DAYS {
            if self.names_day(date)
                && let Some((hour, minute)) = self.time_from(earliest)
            {
                return date.and_hms_opt(hour, minute, 0);
            }
            date = date.succ_opt()?;
            earliest = (0, 0);
        }
        None
    }

    fn time_from(&self, (hour, minute): (u32, u32)) -> Option<(u32, u32)> {
        if self.hours.has(hour)
            && let Some(minute) = self.minutes.first_from(minute)
        {
            return Some((hour, minute));
        }
        Some((self.hours.first_from(hour + 1)?, self.minutes.first_from(0)?))
    }

    /// As cron has it: where both days are restricted, either will do.
    fn names_day(&self, date: NaiveDate) -> bool {
        let day = self.days.has(date.day());
        let weekday = self.weekdays.has(date.weekday().num_days_from_sunday());
        let is_day = if self.days.is_any || self.weekdays.is_any {
            day && weekday
        } else {
            day || weekday
        };
        is_day && self.months.has(date.month())
    }
}

fn local(zone: Tz, moment: Millis) -> Option<NaiveDateTime> {
    let utc = DateTime::<Utc>::from_timestamp_millis(moment)?;
    Some(utc.with_timezone(&zone).naive_local())
}

/// When the wall clock shows this: the first of two times, or the first moment after the leap that it is in.
fn moment(zone: Tz, wall: NaiveDateTime) -> Option<Millis> {
    let shown = |wall: NaiveDateTime| zone.from_local_datetime(&wall).earliest();
    (0..=LONGEST_LEAP)
        .find_map(|minutes| shown(wall.checked_add_signed(TimeDelta::minutes(minutes))?))
        .map(|moment| moment.timestamp_millis())
}
