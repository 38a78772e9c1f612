//! The coordinator's parts, its version and its clock.

use super::{Finding, major_minor};
use crate::human::duration;
use ips_proto::v1;

/// Clocks that are further apart are worth a word, and those that are further apart still make log-ins and schedules go wrong.
const CLOCK_WARNING_MS: i64 = 5_000;
const CLOCK_ERROR_MS: i64 = 60_000;

/// Every part.
pub fn parts(system: &v1::SystemStatus) -> Vec<Finding> {
    let told = system.parts.iter().filter(|part| !part.ok || !part.message.is_empty());
    told.map(|part| {
        let what = format!("{}: {}", part.name, part.message);
        let (why, advice) = words(&part.name);
        if part.ok {
            Finding::warning("parts", what, why, advice)
        } else {
            Finding::error("parts", what, why, advice)
        }
    })
    .collect()
}

fn words(part: &str) -> (&'static str, &'static str) {
    match part {
        "database" => (
            "nothing is accepted and no outcome is recorded while the database is away",
            "check that the database runs, that its disk has room, and the URL and password in IPS_DATABASE_URL",
        ),
        "migrations" => (
            "the program does not find the tables that it works with",
            "restart the coordinator: it brings the schema up to date at its start",
        ),
        "engine" => (
            "pulls are neither started nor ended",
            "look at the coordinator's log and processor time, and restart it; nothing that was accepted is lost",
        ),
        "keys" => (
            "what needs those credentials or channels fails",
            "bring back the encryption keys of old (IPS_KEY_FILE), or save the passwords again",
        ),
        "audit" => (
            "records of who did what were lost or wait",
            "check the database; the coordinator's log has the records that were lost",
        ),
        "outbox" => (
            "nobody is told of what happens; it is made up for when the database is back",
            "check the database",
        ),
        "schedules" => (
            "scheduled tasks do not start",
            "look at the scheduled task that is named; remove it and make it again if it cannot be read",
        ),
        "kubernetes" => (
            "nodes that join or go, and changed labels and taints, are not seen; agents without a ticket are not let in",
            "check that the API server answers; rights that are missing come back with kubectl apply -k deploy/",
        ),
        _later => ("the coordinator says so", "look at the coordinator's log"),
    }
}

/// This program and the coordinator.
pub fn version(own: &str, system: &v1::SystemStatus) -> Option<Finding> {
    let (mine, theirs) = (major_minor(own)?, major_minor(&system.version)?);
    (mine != theirs).then(|| {
        Finding::warning(
            "versions",
            format!("this program is {own}, the coordinator {}", system.version),
            "commands may miss fields, or be unknown to the other side",
            "use the ips of the coordinator's version; it is in the coordinator's image",
        )
    })
}

/// The coordinator's clock and this machine's, which was looked at before and after the question.
pub fn clock(asked_ms: i64, answered_ms: i64, system: &v1::SystemStatus) -> Option<Finding> {
    // The truth lies between the two moments.
    let apart = match system.time_ms {
        time if time < asked_ms => asked_ms - time,
        time if time > answered_ms => time - answered_ms,
        _between => return None,
    };
    let seconds = duration(u64::try_from(apart / 1000).unwrap_or(0));
    let what = format!("the coordinator's clock and this machine's are {seconds} apart");
    let why = "log-ins end too early or too late, scheduled tasks run at other times than people expect, and times in logs do not match";
    let advice = "let both machines follow a time server (chrony, systemd-timesyncd)";
    match apart {
        CLOCK_ERROR_MS.. => Some(Finding::error("clocks", what, why, advice)),
        CLOCK_WARNING_MS.. => Some(Finding::warning("clocks", what, why, advice)),
        _close => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::doctor::Severity;

    fn at(time_ms: i64) -> v1::SystemStatus {
        v1::SystemStatus {
            time_ms,
            version: "1.4.2".into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_slow_answer_is_no_wrong_clock() {
        assert_eq!(clock(1_000_000, 1_030_000, &at(1_020_000)), None);
        assert_eq!(clock(1_000_000, 1_000_100, &at(1_004_000)), None);
        assert_eq!(
            clock(1_000_000, 1_000_100, &at(990_000)).unwrap().severity,
            Severity::Warning
        );
        assert_eq!(clock(1_000_000, 1_000_100, &at(0)).unwrap().severity, Severity::Error);
    }

    #[test]
    fn only_other_minors_are_told() {
        assert_eq!(version("1.4.9", &at(0)), None);
        assert!(version("1.3.0", &at(0)).is_some());
    }

    #[test]
    fn parts_that_do_not_work_are_errors() {
        let part = |name: &str, ok, message: &str| v1::SystemPart {
            name: name.into(),
            ok,
            message: message.into(),
        };
        let system = v1::SystemStatus {
            parts: vec![
                part("database", false, "disk full"),
                part("keys", true, "1 credential"),
                part("audit", true, ""),
            ],
            ..at(0)
        };
        let found = parts(&system);
        let severities: Vec<_> = found.iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Error, Severity::Warning]);
        assert_eq!(found[0].what, "database: disk full");
    }
}
