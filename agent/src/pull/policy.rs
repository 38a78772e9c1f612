//! What a pull policy means for an image that may be on the node already. Kubernetes' words, with one difference: a digest that
//! the task resolved binds under both policies, because all nodes are to get the same image.
//!
//! | on the node | expected digest | `IfNotPresent` | `Always` |
//! |---|---|---|---|
//! | warm | known, the same | left alone, verified | left alone, verified |
//! | warm | known, another | pulled | pulled |
//! | warm | unknown | left alone, "digest not verified against the registry" | pulled; the registry says what is new |
//! | not warm | any | pulled | pulled |
//!
//! What a pull that was made comes to, under either policy (the worker's verdict):
//!
//! | after the pull the runtime has | the end |
//! |---|---|
//! | the expected digest, or none was expected | success; the note says when the registry served what was here before |
//! | another digest than the expected one | failed: the tag moved since the task resolved it |

use super::{Policy, verdict::Verdict};

/// What to do about one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is warm, and that is enough.
    LeaveAlone {
        /// True when its digest was compared with an expected one.
        verified: bool,
    },
    /// The runtime is asked to pull it.
    Pull,
}

/// The table above.
#[must_use]
pub fn step(policy: Policy, verdict: &Verdict) -> Step {
    match (verdict, policy) {
        (Verdict::Warm { verified: true }, _) => Step::LeaveAlone { verified: true },
        (Verdict::Warm { verified: false }, Policy::IfNotPresent) => Step::LeaveAlone { verified: false },
        (Verdict::Warm { verified: false }, Policy::Always)
        | (
            Verdict::Missing
            | Verdict::NoConfiguration
            | Verdict::WrongPlatform { .. }
            | Verdict::NotUnpacked
            | Verdict::OtherDigest { .. },
            _,
        ) => Step::Pull,
    }
}

/// The remark about a warm image that was left alone.
#[must_use]
pub fn note_of_present(verified: bool) -> &'static str {
    if verified {
        ""
    } else {
        "digest not verified against the registry"
    }
}

/// The remark about a pull that succeeded: what the reference stood for before it, and what it stands for now.
#[must_use]
pub fn note_of_pulled(before: Option<&str>, now: Option<&str>) -> String {
    match (before, now) {
        (Some(before), Some(now)) if before == now => "the registry serves the digest that was here already".into(),
        (Some(before), Some(_)) => format!("replaces {before}"),
        (None, _) | (Some(_), None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::{Digests, ImageConfig, Platform, verdict::Facts, verdict::judge};

    fn node() -> Platform {
        Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        }
    }

    /// What is on the node under the reference.
    fn facts(warm: bool) -> Facts {
        Facts {
            id: "sha256:config".into(),
            repo_digests: vec!["sha256:index".into()],
            config: Some(ImageConfig {
                platform: node(),
                diff_ids: vec![],
            }),
            unpacked: warm,
            size: 1,
        }
    }

    #[test]
    fn every_row_of_the_table() {
        let verified = Step::LeaveAlone { verified: true };
        let unverified = Step::LeaveAlone { verified: false };
        let (same, another, unknown) = (Some("sha256:index"), Some("sha256:new"), None);
        for (warm, expected, if_not_present, always) in [
            (Some(true), same, verified, verified),
            (Some(true), another, Step::Pull, Step::Pull),
            (Some(true), unknown, unverified, Step::Pull),
            (Some(false), same, Step::Pull, Step::Pull),
            (Some(false), another, Step::Pull, Step::Pull),
            (Some(false), unknown, Step::Pull, Step::Pull),
            (None, same, Step::Pull, Step::Pull),
            (None, unknown, Step::Pull, Step::Pull),
        ] {
            let digests = Digests {
                target: expected.map(str::to_owned),
                ..Digests::default()
            };
            let verdict = judge(warm.map(facts).as_ref(), "app:1", &digests, &node());
            assert_eq!(step(Policy::IfNotPresent, &verdict), if_not_present, "{verdict:?}");
            assert_eq!(step(Policy::Always, &verdict), always, "{verdict:?}");
        }
    }

    #[test]
    fn a_reference_by_digest_is_never_pulled_twice() {
        let verdict = judge(Some(&facts(true)), "app@sha256:index", &Digests::default(), &node());
        assert_eq!(step(Policy::Always, &verdict), Step::LeaveAlone { verified: true });
    }

    #[test]
    fn what_a_pull_found_is_said() {
        assert_eq!(note_of_pulled(None, Some("a")), "");
        assert!(note_of_pulled(Some("a"), Some("a")).contains("here already"));
        assert_eq!(note_of_pulled(Some("a"), Some("b")), "replaces a");
        assert_eq!(note_of_present(true), "");
    }
}
