//! What went wrong lately: deliveries that nobody took, scheduled tasks whose last run failed.

use super::{Finding, some_of};
use crate::words;
use ips_proto::v1;
use std::collections::BTreeMap;

/// Attempts after which a delivery that still waits is worth a word.
const MANY: u32 = 3;

/// Deliveries that were given up since then, and those that are tried again and again.
pub fn deliveries(all: &[v1::Delivery], since_ms: i64) -> Vec<Finding> {
    let mut failed: BTreeMap<i64, (usize, String)> = BTreeMap::new();
    let mut waiting: BTreeMap<i64, (usize, String)> = BTreeMap::new();
    // Newest first: the message that is kept is that of the newest.
    for delivery in all {
        let group = match delivery.state() {
            v1::DeliveryState::Failed if delivery.finished_at_ms >= since_ms => &mut failed,
            v1::DeliveryState::Queued if delivery.attempts >= MANY => &mut waiting,
            v1::DeliveryState::Unspecified
            | v1::DeliveryState::Queued
            | v1::DeliveryState::Delivered
            | v1::DeliveryState::Failed => continue,
        };
        let entry = group
            .entry(delivery.channel_id)
            .or_insert_with(|| (0, delivery.message.clone()));
        entry.0 += 1;
    }
    let advice = "try the channel with `ips channel test`, mend its address or secret, then replay the deliveries (`ips channel replay`)";
    let told = |(channel, (count, message)): (i64, (usize, String)), state: &str| {
        let to = match channel {
            0 => "addresses that tasks give".to_owned(),
            channel => format!("channel {channel}"),
        };
        format!("{count} deliveries to {to} {state}: {message}")
    };
    let failed = failed.into_iter().map(|it| {
        let why = "people and programs were not told of what happened";
        Finding::warning("deliveries", told(it, "were given up"), why, advice)
    });
    let waiting = waiting.into_iter().map(|it| {
        let why = "people and programs are told late; after a day it is given up";
        Finding::warning("deliveries", told(it, "are tried again and again"), why, advice)
    });
    failed.chain(waiting).collect()
}

/// Scheduled tasks and their last runs that have ended.
pub fn schedules(all: &[(v1::Schedule, Option<v1::Execution>)], since_ms: i64) -> Vec<Finding> {
    let enabled = || all.iter().filter(|(schedule, _)| schedule.enabled);
    let mut found = Vec::new();
    for (schedule, last) in enabled() {
        let Some(last) = last.as_ref().filter(|last| last.finished_at_ms >= since_ms) else {
            continue;
        };
        let is_bad = matches!(last.state(), v1::ExecutionState::Failed | v1::ExecutionState::Timeout);
        if is_bad {
            let state = words::execution_state(last.state);
            let (id, name, message) = (&schedule.schedule_id, &schedule.name, &last.error_message);
            found.push(Finding::warning(
                "schedules",
                format!("the last run of {name} ({id}) ended as {state}: {message}"),
                "its images are not warm where they should be",
                "look at its task (`ips schedule executions`, `ips task pulls`), mend the cause, then `ips schedule trigger`",
            ));
        }
    }
    let never = enabled().filter(|(schedule, _)| schedule.next_executions_ms.is_empty());
    let never: Vec<String> = never.map(|(schedule, _)| schedule.name.clone()).collect();
    if !never.is_empty() {
        let what = format!(
            "{} scheduled tasks are enabled and never due again: {}",
            never.len(),
            some_of(&never)
        );
        let advice = "correct their timetable, or disable them";
        found.push(Finding::warning("schedules", what, "they will not run", advice));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_deliveries_are_told_once_for_each_receiver() {
        let delivery = |channel_id, state: v1::DeliveryState, attempts, message: &str| v1::Delivery {
            channel_id,
            state: state.into(),
            attempts,
            message: message.into(),
            finished_at_ms: 100,
            ..Default::default()
        };
        use v1::DeliveryState as S;
        let all = [
            delivery(3, S::Failed, 9, "newest"),
            delivery(3, S::Failed, 9, "older"),
            delivery(0, S::Queued, 3, "refused"),
            delivery(4, S::Queued, 1, "just begun"),
            delivery(5, S::Delivered, 1, ""),
        ];
        let found: Vec<String> = deliveries(&all, 100).into_iter().map(|finding| finding.what).collect();
        assert_eq!(
            found,
            [
                "2 deliveries to channel 3 were given up: newest",
                "1 deliveries to addresses that tasks give are tried again and again: refused",
            ]
        );
        assert_eq!(deliveries(&all, 101).len(), 1, "what was long ago is over");
    }

    #[test]
    fn a_schedule_whose_last_run_failed_is_told() {
        let schedule = |name: &str, enabled| v1::Schedule {
            name: name.into(),
            enabled,
            next_executions_ms: vec![1],
            ..Default::default()
        };
        let run = |state: v1::ExecutionState| {
            Some(v1::Execution {
                state: state.into(),
                finished_at_ms: 100,
                error_message: "no such image".into(),
                ..Default::default()
            })
        };
        use v1::ExecutionState as S;
        let all = [
            (schedule("bad", true), run(S::Failed)),
            (schedule("off", false), run(S::Failed)),
            (schedule("good", true), run(S::Success)),
            (schedule("new", true), None),
        ];
        let found = schedules(&all, 0);
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("bad") && found[0].what.contains("no such image"));
        assert_eq!(schedules(&all, 101), []);
    }
}
