//! Registries: those that are left alone, those that nothing may be pulled from, and logins that they refuse.

use super::{Finding, some_of};
use crate::human::{between, now_ms};
use ips_proto::v1;

const CHECK: &str = "registries";

/// What the limits say.
pub fn limits(status: &v1::LimitsStatus) -> Vec<Finding> {
    let mut found = Vec::new();
    if !status.paused.is_empty() {
        let what = format!("limits are 0: {}", status.paused.join(", "));
        let advice = "if nobody meant to pause it, set them with `ips limits set`";
        found.push(Finding::warning(
            "limits",
            what,
            "nothing starts because of them",
            advice,
        ));
    }
    let now = now_ms();
    let left_alone = status.registries.iter().filter(|host| host.backing_off_until_ms > now);
    let left_alone: Vec<String> = left_alone
        .map(|host| format!("{} (for {})", host.host, between(now, host.backing_off_until_ms)))
        .collect();
    if !left_alone.is_empty() {
        let what = format!(
            "{} registries turn pulls away: {}",
            left_alone.len(),
            some_of(&left_alone)
        );
        let why = "they answered 429 or 5xx: pulls from them wait, and fail when it goes on";
        let advice = "use a login with a larger quota, a mirror or a cache; or press them less with `ips limits set --registry HOST=N,RATE/s`";
        found.push(Finding::warning(CHECK, what, why, advice));
    }
    let held = status.registries.iter().filter(|host| host.backing_off_until_ms <= now);
    let held = held.filter_map(|host| {
        host.adaptive_limit
            .map(|limit| format!("{} ({limit} at a time)", host.host))
    });
    let held: Vec<String> = held.collect();
    if !held.is_empty() {
        let what = format!(
            "{} registries bear less than is asked of them: {}",
            held.len(),
            some_of(&held)
        );
        let why = "they turned pulls away a while ago; the limit grows again with each round that they bear";
        found.push(Finding::warning(
            CHECK,
            what,
            why,
            "nothing, if it passes; else a mirror or a cache",
        ));
    }
    found
}

/// What became of a saved login at its registry.
pub fn login(credential: &v1::Credential, tried: &v1::TestCredentialResponse) -> Option<Finding> {
    let v1::Credential { name, registry, .. } = credential;
    let what = format!("credential {name} at {registry}: {}", tried.message);
    match tried.result() {
        v1::LoginResult::Ok | v1::LoginResult::NotNeeded => None,
        v1::LoginResult::Unauthorized => Some(Finding::error(
            CHECK,
            what,
            "every pull that uses it fails as unauthorized",
            "save the right password with `ips credential update`",
        )),
        v1::LoginResult::Unspecified
        | v1::LoginResult::Unreachable
        | v1::LoginResult::Tls
        | v1::LoginResult::RateLimited
        | v1::LoginResult::Refused => Some(Finding::warning(
            CHECK,
            what,
            "it could not be proved, and the coordinator cannot resolve images there; nodes may still reach it",
            "check the name of the registry, the network from the coordinator, its proxy and certificate authority",
        )),
    }
}

/// A credential that nobody can read.
pub fn unreadable(credentials: &[v1::Credential]) -> Option<Finding> {
    let lost: Vec<String> = credentials
        .iter()
        .filter(|credential| !credential.readable)
        .map(|credential| format!("{} ({})", credential.name, credential.unreadable_reason))
        .collect();
    (!lost.is_empty()).then(|| {
        Finding::error(
            "keys",
            format!("{} credentials cannot be read: {}", lost.len(), some_of(&lost)),
            "what names them is refused",
            "bring back the encryption keys of old, or save the passwords again",
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::doctor::Severity;

    #[test]
    fn hosts_that_turn_pulls_away_are_told() {
        let host = |host: &str, until, adaptive_limit| v1::RegistryState {
            host: host.into(),
            backing_off_until_ms: until,
            adaptive_limit,
            ..Default::default()
        };
        let status = v1::LimitsStatus {
            paused: vec!["clusterPulls".into()],
            registries: vec![
                host("a.io", now_ms() + 90_500, Some(2)),
                host("b.io", 0, Some(3)),
                host("c.io", 0, None),
            ],
            ..Default::default()
        };
        let found: Vec<String> = limits(&status).into_iter().map(|finding| finding.what).collect();
        assert!(found[0].contains("clusterPulls"), "{found:?}");
        assert!(
            found[1].contains("a.io (for 1m") && !found[1].contains("b.io"),
            "{found:?}"
        );
        assert!(found[2].contains("b.io (3 at a time)") && found.len() == 3, "{found:?}");
        assert_eq!(limits(&v1::LimitsStatus::default()), []);
    }

    #[test]
    fn a_refused_login_is_an_error_and_an_unproved_one_is_not() {
        let severity = |result: v1::LoginResult| {
            let tried = v1::TestCredentialResponse {
                result: result.into(),
                message: "m".into(),
            };
            login(&v1::Credential::default(), &tried).map(|finding| finding.severity)
        };
        assert_eq!(severity(v1::LoginResult::Ok), None);
        assert_eq!(severity(v1::LoginResult::Unauthorized), Some(Severity::Error));
        assert_eq!(severity(v1::LoginResult::Unspecified), Some(Severity::Warning));
        let lost = v1::Credential {
            name: "c".into(),
            ..Default::default()
        };
        assert!(unreadable(&[lost]).unwrap().what.contains("c ("));
    }
}
