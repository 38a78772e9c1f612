#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;

fn request() -> ScheduleRequest {
    ScheduleRequest {
        name: Some("nightly".into()),
        cron_expr: Some("0 2 * * *".into()),
        task: Some(TaskRequest {
            images: vec!["nginx:1".into()],
            ..TaskRequest::default()
        }),
        ..ScheduleRequest::default()
    }
}

fn refused(change: impl FnOnce(&mut ScheduleRequest)) -> String {
    let mut request = request();
    change(&mut request);
    request.check().unwrap_err().field
}

fn accepted(change: impl FnOnce(&mut ScheduleRequest)) -> ScheduleSpec {
    let mut request = request();
    change(&mut request);
    request.check().unwrap()
}

#[test]
fn defaults_are_those_of_the_contract_and_false_stays_false() {
    let spec = accepted(|_| {});
    assert!(spec.enabled && spec.description.is_empty());
    assert_eq!(
        (spec.overlap, spec.missed_runs, spec.timeout_seconds),
        (OverlapPolicy::Skip, MissedRuns::Skip, 0)
    );
    assert_eq!(spec.timetable.zone(), chrono_tz::Tz::UTC);
    assert!(!accepted(|r| r.enabled = Some(false)).enabled);
}

#[test]
fn what_lacks_or_breaks_a_rule_is_named() {
    assert_eq!(refused(|r| r.name = None), "name");
    assert_eq!(refused(|r| r.name = Some("  ".into())), "name");
    assert_eq!(refused(|r| r.cron_expr = None), "cronExpr");
    assert_eq!(refused(|r| r.cron_expr = Some("0 0 30 2 *".into())), "cronExpr");
    assert_eq!(refused(|r| r.time_zone = Some("Mars/Base".into())), "timeZone");
    assert_eq!(refused(|r| r.task = None), "taskConfig");
    let task = |change: fn(&mut TaskRequest)| refused(|r| change(r.task.as_mut().unwrap()));
    assert_eq!(task(|t| t.images.clear()), "taskConfig.images");
    assert_eq!(
        task(|t| t.images = (0..51).map(|n| format!("a:{n}")).collect()),
        "taskConfig.images"
    );
    assert_eq!(task(|t| t.batch_size = Some(0)), "taskConfig.batchSize");
    assert_eq!(task(|t| t.id = Some("mine".into())), "taskConfig.id");
    assert_eq!(task(|t| t.request_id = Some("mine".into())), "taskConfig.requestId");
}

#[test]
fn texts_and_the_time_out_have_bounds() {
    let letters = |count| "ü".repeat(count);
    for good in [1, 254, 255] {
        assert_eq!(accepted(|r| r.name = Some(letters(good))).name, letters(good));
    }
    assert_eq!(refused(|r| r.name = Some(letters(0))), "name");
    assert_eq!(refused(|r| r.name = Some(letters(256))), "name");
    for good in [0, 3999, 4000] {
        accepted(|r| r.description = Some(letters(good)));
    }
    assert_eq!(refused(|r| r.description = Some(letters(4001))), "description");
    for good in [0, 1, 2_591_999, 2_592_000] {
        assert_eq!(
            i64::from(accepted(|r| r.timeout_seconds = Some(good)).timeout_seconds),
            good
        );
    }
    for bad in [-1, 2_592_001, i64::MAX, i64::MIN] {
        assert_eq!(refused(|r| r.timeout_seconds = Some(bad)), "timeoutSeconds");
    }
}

#[test]
fn a_change_touches_what_it_names() {
    let old = accepted(|r| {
        r.time_zone = Some("Asia/Tokyo".into());
        r.timeout_seconds = Some(60);
    });
    let same = ScheduleRequest::default().check_over(&old).unwrap();
    assert_eq!(same, old);
    let change = |request: ScheduleRequest| request.check_over(&old).unwrap();
    let new = change(ScheduleRequest {
        cron_expr: Some("@hourly".into()),
        enabled: Some(false),
        ..ScheduleRequest::default()
    });
    assert_eq!(new.timetable.to_string(), "@hourly (Asia/Tokyo)");
    assert_eq!(
        (new.enabled, new.timeout_seconds, new.name.as_str()),
        (false, 60, "nightly")
    );
    let zone = change(ScheduleRequest {
        time_zone: Some(String::new()),
        ..ScheduleRequest::default()
    });
    assert_eq!(zone.timetable.to_string(), "0 2 * * * (UTC)");
    let prefixed = change(ScheduleRequest {
        cron_expr: Some("CRON_TZ=Europe/Paris @daily".into()),
        ..ScheduleRequest::default()
    });
    assert_eq!(prefixed.timetable.to_string(), "@daily (Europe/Paris)");
    let refused = ScheduleRequest {
        cron_expr: Some("nonsense".into()),
        ..ScheduleRequest::default()
    };
    assert_eq!(refused.check_over(&old).unwrap_err().field, "cronExpr");
}

fn schedule(expression: &str, missed_runs: MissedRuns, now: Millis) -> Schedule {
    let spec = accepted(|r| {
        r.cron_expr = Some(expression.into());
        r.missed_runs = Some(missed_runs);
    });
    Schedule::new(ScheduleId::from_stored("s".into()), spec, now)
}

#[test]
fn what_is_due_depends_on_how_late_it_is() {
    let hourly = |missed| schedule("0 * * * *", missed, 10 * MINUTE);
    let due = |missed, now| hourly(missed).due(now, MINUTE);
    assert_eq!(due(MissedRuns::Skip, HOUR - 1), None);
    assert_eq!(
        due(MissedRuns::Skip, HOUR),
        Some(Due::Run {
            at: HOUR,
            passed_over: 0
        })
    );
    assert_eq!(
        due(MissedRuns::Skip, HOUR + MINUTE),
        Some(Due::Run {
            at: HOUR,
            passed_over: 0
        })
    );
    let missed = Some(Due::Missed { last: HOUR, count: 1 });
    assert_eq!(due(MissedRuns::Skip, HOUR + MINUTE + 1), missed);
    let late = Some(Due::Run {
        at: 5 * HOUR,
        passed_over: 4,
    });
    assert_eq!(due(MissedRuns::RunOnce, 5 * HOUR + 30 * MINUTE), late);
    assert_eq!(due(MissedRuns::Skip, 5 * HOUR), late);
    let mut off = hourly(MissedRuns::RunOnce);
    off.spec.enabled = false;
    assert_eq!(
        (off.due(9 * HOUR, 0), off.next_due(), off.upcoming(0, 5)),
        (None, None, vec![])
    );
}

#[test]
fn a_year_of_missed_minutes_is_counted_quickly() {
    let minutes = schedule("* * * * *", MissedRuns::RunOnce, 0);
    let year = 365 * 24 * HOUR;
    let due = Due::Run {
        at: year,
        passed_over: 1000,
    };
    assert_eq!(minutes.due(year, 0), Some(due));
}

#[test]
fn switching_on_and_a_new_timetable_begin_now() {
    let mut hourly = schedule("0 * * * *", MissedRuns::RunOnce, 0);
    let mut spec = hourly.spec.clone();
    spec.description = "words".into();
    hourly.change(spec.clone(), 3 * HOUR);
    assert_eq!(hourly.cursor, 0, "words change nothing about what is due");
    spec.enabled = false;
    hourly.change(spec.clone(), 3 * HOUR);
    spec.enabled = true;
    hourly.change(spec.clone(), 7 * HOUR + 1);
    assert_eq!(hourly.due(7 * HOUR + 2, 0), None);
    spec.timetable = Timetable::parse("@every 2h", None).unwrap();
    hourly.change(spec, 9 * HOUR);
    assert_eq!(hourly.upcoming(9 * HOUR, 2), [11 * HOUR, 13 * HOUR]);
}

/// What happens to a schedule in the property below.
#[derive(Debug, Clone)]
enum Step {
    /// Time passes, and the trigger looks.
    Look(Millis),
    /// Nobody looks for a while (the process is dead), then one that starts does.
    Sleep(Millis),
    /// The clock is set back or ahead, then the trigger looks.
    Jump(Millis),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..90 * MINUTE).prop_map(Step::Look),
        2 => (1..30 * HOUR).prop_map(Step::Sleep),
        1 => (-50 * HOUR..50 * HOUR).prop_map(Step::Jump),
    ];
    proptest::collection::vec(step, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn no_due_time_is_run_twice_and_none_is_lost_but_by_policy(
        expression in proptest::sample::select(vec!["* * * * *", "0 * * * *", "30 2 * * *", "*/20 1-5 * * 1-5", "@every 7m", "@every 3h"]),
        run_once in any::<bool>(), steps in steps()) {
        let missed = if run_once { MissedRuns::RunOnce } else { MissedRuns::Skip };
        let start = 20_000 * 24 * HOUR;
        let mut schedule = schedule(expression, missed, start);
        let mut now = start;
        // The store: one row for each slot. A row says whether the due time was run.
        let mut rows: BTreeMap<Millis, bool> = BTreeMap::new();
        let mut has_jumped = false;
        for step in steps {
            match step {
                Step::Look(span) | Step::Sleep(span) => now += span,
                Step::Jump(span) => {
                    now = (now + span).max(start);
                    has_jumped = true;
                }
            }
            if let Some(cursor) = schedule.rewound(now) {
                schedule.cursor = cursor;
            }
            let before = schedule.cursor;
            let Some(due) = schedule.due(now, MINUTE) else {
                let next = schedule.next_due().unwrap();
                prop_assert!(next > now, "nothing is due, so the next one is in the future");
                continue;
            };
            prop_assert!(due.until() > before && due.until() <= now);
            match due {
                Due::Run { at, passed_over } => {
                    let is_new = rows.insert(at, true).is_none();
                    prop_assert!(is_new || has_jumped, "{at} ran twice");
                    if passed_over > 0 {
                        prop_assert!(schedule.spec.timetable.next_after(schedule.anchor, before) < Some(at));
                    }
                }
                Due::Missed { last, .. } => {
                    prop_assert!(!run_once && now - last > MINUTE, "left out only by policy");
                }
            }
            schedule.cursor = due.until();
            prop_assert_eq!(schedule.due(now, MINUTE), None, "dealt with once");
        }
        for due in rows.keys() {
            prop_assert_eq!(schedule.spec.timetable.next_after(schedule.anchor, due - 1), Some(*due), "only due times ran");
        }
    }
}
