#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use proptest::prelude::*;
use rstest::rstest;

fn table(expression: &str, zone: &str) -> Timetable {
    Timetable::parse(expression, Some(zone)).unwrap()
}

fn at(text: &str) -> Millis {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
}

/// Due times in the zone's own clock.
fn due(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let zone_of = table(expression, zone).zone();
    let shown = |due: Millis| {
        let local = Utc.timestamp_millis_opt(due).unwrap().with_timezone(&zone_of);
        local.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    table(expression, zone)
        .upcoming(at(after), at(after), count)
        .into_iter()
        .map(shown)
        .collect()
}

#[rstest]
#[case::minute("* * * * *", "2026-11-24T10:00:01Z", &["2026-11-24T10:01:00Z", "2026-11-24T10:02:00Z"])]
#[case::at_the_minute("* * * * *", "2026-11-24T10:00:00Z", &["2026-11-24T10:01:00Z"])]
#[case::steps("*/20 9-11,14 * * *", "2026-11-24T11:30:00Z", &["2026-11-24T11:40:00Z", "2026-11-24T14:00:00Z"])]
#[case::open_steps("5/25 0 * * *", "2026-11-24T00:00:00Z", &["2026-11-24T00:05:00Z", "2026-11-24T00:30:00Z", "2026-11-24T00:55:00Z"])]
#[case::names("0 6 * Dec mon-WED", "2026-11-24T00:00:00Z", &["2026-12-01T06:00:00Z", "2026-12-02T06:00:00Z", "2026-12-07T06:00:00Z"])]
#[case::sunday_is_seven("0 0 * * 7", "2026-11-24T00:00:00Z", &["2026-11-29T00:00:00Z"])]
#[case::weekend("0 0 * * 6-7", "2026-11-24T00:00:00Z", &["2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"])]
#[case::either_day("0 0 13 * fri", "2026-11-01T00:00:00Z", &["2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z"])]
#[case::both_days("0 0 */2 * ?", "2026-11-28T00:00:00Z", &["2026-11-29T00:00:00Z", "2026-12-01T00:00:00Z"])]
#[case::last_of_month("0 0 31 * *", "2026-11-01T00:00:00Z", &["2026-12-31T00:00:00Z", "2027-01-31T00:00:00Z", "2027-03-31T00:00:00Z"])]
#[case::leap_day("0 0 29 2 *", "2096-03-01T00:00:00Z", &["2104-02-29T00:00:00Z"])]
#[case::yearly("@yearly", "2026-11-24T00:00:00Z", &["2027-01-01T00:00:00Z"])]
#[case::annually("@annually", "2026-11-24T00:00:00Z", &["2027-01-01T00:00:00Z"])]
#[case::monthly("@monthly", "2026-11-24T00:00:00Z", &["2026-12-01T00:00:00Z"])]
#[case::weekly("@weekly", "2026-11-24T00:00:00Z", &["2026-11-29T00:00:00Z"])]
#[case::daily("@daily", "2026-11-24T00:00:00Z", &["2026-11-25T00:00:00Z"])]
#[case::midnight("@midnight", "2026-11-24T00:00:00Z", &["2026-11-25T00:00:00Z"])]
#[case::hourly("@hourly", "2026-11-24T00:00:00Z", &["2026-11-24T01:00:00Z"])]
#[case::every("@every 1h30m", "2026-11-24T00:00:00Z", &["2026-11-24T01:30:00Z", "2026-11-24T03:00:00Z"])]
#[case::every_in_seconds("@every 90.9s", "2026-11-24T00:00:00Z", &["2026-11-24T00:01:30Z"])]
#[case::every_is_at_least_a_second("@every 1ms", "2026-11-24T00:00:00Z", &["2026-11-24T00:00:01Z"])]
fn expressions_are_read_as_cron_has_them(#[case] expression: &str, #[case] after: &str, #[case] expected: &[&str]) {
    assert_eq!(due(expression, "UTC", after, expected.len()), expected);
}

/// Berlin leaps from 02:00 to 03:00 on 2026-03-29; Lord Howe leaps half an hour on 2026-10-04; Cairo leaps at midnight of 2026-04-24.
#[rstest]
#[case::the_first_moment_after("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
    &["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"])]
#[case::once_for_all_in_the_leap("*/15 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
    &["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"])]
#[case::one_of_a_list("0 2,14 * * *", "Europe/Berlin", "2026-03-28T14:00:00Z",
    &["2026-03-29T03:00:00+02:00", "2026-03-29T14:00:00+02:00"])]
#[case::no_second_run_at_the_edge("30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
    &["2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"])]
#[case::every_real_hour("0 * * * *", "Europe/Berlin", "2026-03-28T23:30:00Z",
    &["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"])]
#[case::every_real_half_hour("30 * * * *", "Europe/Berlin", "2026-03-28T23:45:00Z",
    &["2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"])]
#[case::half_an_hour("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
    &["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"])]
#[case::midnight("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z",
    &["2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"])]
fn a_time_in_the_leap_is_due_once_right_after_it(
    #[case] expression: &str,
    #[case] zone: &str,
    #[case] after: &str,
    #[case] expected: &[&str],
) {
    assert_eq!(due(expression, zone, after, expected.len()), expected);
}

/// Berlin passes 02:00 to 03:00 twice on 2026-10-25; Beirut passes 23:00 to 24:00 of 2026-10-24 twice.
#[rstest]
#[case::the_first_time("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
    &["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"])]
#[case::begun_in_the_first_hour("*/30 1-3 * * *", "Europe/Berlin", "2026-10-25T00:10:00Z",
    &["2026-10-25T02:30:00+02:00", "2026-10-25T03:00:00+01:00"])]
#[case::begun_in_the_second_hour("*/30 1-3 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z",
    &["2026-10-25T03:00:00+01:00", "2026-10-25T03:30:00+01:00"])]
#[case::every_real_hour("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z",
    &["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"])]
#[case::every_real_hour_of_one_day("0 */1 25 10 *", "Europe/Berlin", "2026-10-25T00:30:00Z",
    &["2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"])]
#[case::over_midnight("30 * 24 10 *", "Asia/Beirut", "2026-10-24T19:40:00Z",
    &["2026-10-24T23:30:00+03:00", "2026-10-24T23:30:00+02:00", "2027-10-24T00:30:00+03:00"])]
#[case::daily_before_midnight("30 23 * * *", "Asia/Beirut", "2026-10-24T19:40:00Z",
    &["2026-10-24T23:30:00+03:00", "2026-10-25T23:30:00+02:00"])]
fn a_time_that_is_passed_twice_is_due_once_and_hourly_ones_every_real_hour(
    #[case] expression: &str,
    #[case] zone: &str,
    #[case] after: &str,
    #[case] expected: &[&str],
) {
    assert_eq!(due(expression, zone, after, expected.len()), expected);
}

#[rstest]
#[case("", "must not be empty")]
#[case("* * * *", "5 fields (minute, hour, day of month, month, day of week), found 4")]
#[case("0 * * * * *", "found 6")]
#[case("60 * * * *", "the minute \"60\", allowed are 0 to 59")]
#[case("* 24 * * *", "the hour \"24\", allowed are 0 to 23")]
#[case("* * 0 * *", "the day of month \"0\", allowed are 1 to 31")]
#[case("* * * 13 *", "the month \"13\", allowed are 1 to 12")]
#[case("* * * * 8", "the day of week \"8\", allowed are 0 to 7")]
#[case("* * * foo *", "the month \"foo\"")]
#[case("5-1 * * * *", "ends before it begins")]
#[case("*/0 * * * *", "the step \"0\"")]
#[case("1,,2 * * * *", "the minute \"\"")]
#[case("-1 * * * *", "the minute \"\"")]
#[case("+1 * * * *", "the minute \"+1\"")]
#[case("0 0 L * *", "the day of month \"L\"")]
#[case("0 0 30 2 *", "never due")]
#[case("0 0 31 2,4,6,9,11 *", "never due")]
#[case("@reboot", "is unknown, known are @yearly")]
#[case("@every", "is unknown, known are @yearly")]
#[case("@every soon", "must have a duration")]
#[case("@every -1h", "must have a duration")]
#[case("@every 0s", "longer than 0")]
#[case("@every 1", "must have a duration")]
#[case("@every 1.5.5h", "must have a duration")]
#[case("@every 9999999h", "over 292 years")]
fn what_is_no_timetable_is_refused_by_name(#[case] expression: &str, #[case] rule: &str) {
    let invalid = Timetable::parse(expression, None).unwrap_err();
    assert_eq!(invalid.field, "cronExpr");
    assert!(invalid.rule.contains(rule), "{invalid}");
}

#[test]
fn an_expression_has_at_most_255_characters() {
    let long = |length: usize| format!("0{} * * * *", " ".repeat(length - 9));
    for good in [254, 255] {
        assert!(Timetable::parse(&long(good), None).is_ok(), "{good}");
    }
    assert!(
        Timetable::parse(&long(256), None)
            .unwrap_err()
            .rule
            .contains("at most 255")
    );
}

#[test]
fn the_zone_is_named_beside_or_before_the_expression() {
    assert_eq!(Timetable::parse("@daily", None).unwrap().zone(), Tz::UTC);
    assert_eq!(Timetable::parse("@daily", Some("")).unwrap().zone(), Tz::UTC);
    for prefix in ["CRON_TZ", "TZ"] {
        let table = Timetable::parse(&format!(" {prefix}=Asia/Tokyo  0 6 * * ?"), None).unwrap();
        assert_eq!((table.zone(), table.expression()), (Tz::Asia__Tokyo, "0 6 * * ?"));
    }
    assert!(Timetable::parse("TZ=Asia/Tokyo @daily", Some("Asia/Tokyo")).is_ok());
    let field = |expression, zone| Timetable::parse(expression, zone).unwrap_err().field;
    assert_eq!(field("TZ=Asia/Tokyo @daily", Some("UTC")), "timeZone");
    assert_eq!(field("@daily", Some("Mars/Base")), "timeZone");
    assert_eq!(field("TZ=Mars/Base @daily", None), "cronExpr");
    assert_eq!(field("TZ=UTC", None), "cronExpr");
}

/// A field as another library reads it, too: no steps on single numbers, at most one part that means any.
fn field(low: u32, high: u32) -> impl Strategy<Value = String> {
    let number = low..=high;
    prop_oneof![
        3 => Just("*".to_owned()),
        2 => (2_u32..15).prop_map(|step| format!("*/{step}")),
        3 => number.clone().prop_map(|number| number.to_string()),
        2 => (number.clone(), number.clone()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        2 => (number.clone(), number).prop_map(|(a, b)| format!("{a},{b}")),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    (field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6))
        .prop_map(|(minute, hour, day, month, weekday)| format!("{minute} {hour} {day} {month} {weekday}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn without_clock_changes_another_library_says_the_same(text in expression(), after in 1_500_000_000_i64..2_500_000_000) {
        // Without a day that ever comes there is nothing to compare.
        let Ok(table) = Timetable::parse(&text, None) else { return Ok(()) };
        let other: croner::Cron = text.parse().unwrap();
        let start = Utc.timestamp_opt(after, 0).unwrap();
        let expected = other.find_next_occurrence(&start, false).unwrap();
        prop_assert_eq!(table.next_after(0, after * 1000), Some(expected.timestamp_millis()), "{}", text);
    }

    #[test]
    fn due_times_grow_and_the_latest_one_is_found_again(
        text in expression(), zone in proptest::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe"]),
        after in 1_700_000_000_000_i64..1_800_000_000_000, span in 0_i64..40 * 86_400_000) {
        let Ok(table) = Timetable::parse(&text, Some(zone)) else { return Ok(()) };
        let mut last = None;
        let mut from = after;
        for _ in 0..200 {
            let Some(due) = table.next_after(0, from).filter(|due| *due <= after + span) else { break };
            prop_assert!(due > from);
            last = Some(due);
            from = due;
        }
        let until = last.map_or(after + span, |last| last.max(after + 1));
        prop_assert_eq!(table.latest(0, after, until), last);
    }

    #[test]
    fn parsing_never_panics(text in "(@every )?[0-9a-z*/,?@ .-]{0,20}") {
        let _ = Timetable::parse(&text, None);
    }
}
