//! What `ips doctor` finds: each finding says what, why it matters and what to do. The checks are pure: what the coordinator said goes in,
//! findings come out.

pub mod history;
pub mod nodes;
pub mod reach;
pub mod registries;
pub mod system;

use serde::Serialize;

/// Names that a finding lists; the rest is counted.
const NAMED: usize = 5;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Work fails or will not be done.
    Error,
    /// Work goes on, worse than it could, or not for long.
    Warning,
    /// Something could not be checked.
    Note,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// Which check found it.
    pub check: &'static str,
    /// What is found.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub advice: String,
}

impl Finding {
    /// Work fails.
    pub fn error(check: &'static str, what: String, why: &str, advice: &str) -> Self {
        Self::new(Severity::Error, check, what, why, advice)
    }

    /// Work goes on.
    pub fn warning(check: &'static str, what: String, why: &str, advice: &str) -> Self {
        Self::new(Severity::Warning, check, what, why, advice)
    }

    /// It was not checked.
    pub fn note(check: &'static str, what: String, advice: &str) -> Self {
        Self::new(Severity::Note, check, what, "what was not checked may be wrong", advice)
    }

    fn new(severity: Severity, check: &'static str, what: String, why: &str, advice: &str) -> Self {
        Self {
            severity,
            check,
            what,
            why: why.to_owned(),
            advice: advice.to_owned(),
        }
    }
}

/// Some names and how many more.
pub fn some_of(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Major and minor of a version.
pub fn major_minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (0..7).map(|n| format!("n{n}")).collect();
        assert_eq!(some_of(&names), "n0, n1, n2, n3, n4 and 2 more");
        assert_eq!(some_of(&names[..1]), "n0");
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(major_minor("v1.7.24"), Some((1, 7)));
        assert_eq!(major_minor("2.1.0-rc.1"), Some((2, 1)));
        assert_eq!(major_minor("unknown"), None);
    }
}
