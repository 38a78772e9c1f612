//! Decides from facts whether an image is warm: promise 1 of the design. The worker gathers the facts, this judges them.

use super::{Digests, ImageConfig, Platform, reference::digest_of};

/// What the runtime says about one reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Image id: the digest of the configuration.
    pub id: String,
    /// Repo digests without their repository.
    pub repo_digests: Vec<String>,
    /// The configuration; `None` when the content store does not have it.
    pub config: Option<ImageConfig>,
    /// True when the snapshot of the whole layer chain is committed.
    pub unpacked: bool,
    /// Compressed size in bytes, as the runtime reports it.
    pub size: u64,
}

/// What the facts mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Warm. `verified` tells whether a target digest was known and matched.
    Warm {
        /// True when a digest was compared.
        verified: bool,
    },
    /// The runtime does not know the reference.
    Missing,
    /// The image's configuration is not in the content store, so nothing can be said about it.
    NoConfiguration,
    /// The image is for another platform.
    WrongPlatform {
        /// The image's platform.
        found: Platform,
    },
    /// Fetched, but not unpacked.
    NotUnpacked,
    /// The node has another image than expected under this reference.
    OtherDigest {
        /// What was expected.
        expected: String,
        /// What the node shows.
        found: String,
    },
}

/// The digest that must be shown: the order's, or else the one in the reference.
#[must_use]
pub fn expected_target<'a>(reference: &'a str, expected: &'a Digests) -> Option<&'a str> {
    expected.target.as_deref().or_else(|| digest_of(reference))
}

/// Judges the facts about `reference`.
#[must_use]
pub fn judge(facts: Option<&Facts>, reference: &str, expected: &Digests, node: &Platform) -> Verdict {
    let Some(facts) = facts else { return Verdict::Missing };
    let Some(config) = &facts.config else {
        return Verdict::NoConfiguration;
    };
    if !node.fits(&config.platform) {
        return Verdict::WrongPlatform {
            found: config.platform.clone(),
        };
    }
    if let Some(target) = expected_target(reference, expected)
        && !shows(facts, target, expected.config.as_deref())
    {
        return Verdict::OtherDigest {
            expected: target.to_owned(),
            found: facts.repo_digests.join(", "),
        };
    }
    if !facts.unpacked {
        return Verdict::NotUnpacked;
    }
    Verdict::Warm {
        verified: expected_target(reference, expected).is_some(),
    }
}

/// True when the runtime shows the target as repo digest, or the image is the expected configuration.
fn shows(facts: &Facts, target: &str, config: Option<&str>) -> bool {
    facts.repo_digests.iter().any(|digest| digest == target) || facts.id == target || config == Some(facts.id.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn node() -> Platform {
        Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        }
    }

    fn facts() -> Facts {
        Facts {
            id: "sha256:config".into(),
            repo_digests: vec!["sha256:index".into()],
            config: Some(ImageConfig {
                platform: node(),
                diff_ids: vec!["sha256:d".into()],
            }),
            unpacked: true,
            size: 1,
        }
    }

    fn target(digest: &str) -> Digests {
        Digests {
            target: Some(digest.into()),
            ..Digests::default()
        }
    }

    #[test]
    fn warm_without_a_target_is_not_verified() {
        let verdict = judge(Some(&facts()), "app:1", &Digests::default(), &node());
        assert_eq!(verdict, Verdict::Warm { verified: false });
    }

    #[test]
    fn warm_by_repo_digest_by_id_and_by_configuration() {
        for expected in [
            target("sha256:index"),
            target("sha256:config"),
            Digests {
                config: Some("sha256:config".into()),
                ..target("sha256:other-index")
            },
        ] {
            assert_eq!(
                judge(Some(&facts()), "app:1", &expected, &node()),
                Verdict::Warm { verified: true }
            );
        }
    }

    #[test]
    fn a_reference_by_digest_is_compared_without_an_order_digest() {
        let verdict = judge(Some(&facts()), "app@sha256:index", &Digests::default(), &node());
        assert_eq!(verdict, Verdict::Warm { verified: true });
        let other = judge(Some(&facts()), "app@sha256:else", &Digests::default(), &node());
        assert!(matches!(other, Verdict::OtherDigest { .. }));
    }

    #[test]
    fn everything_that_is_not_warm() {
        let none = Digests::default();
        assert_eq!(judge(None, "app", &none, &node()), Verdict::Missing);
        let unfetched = Facts {
            config: None,
            ..facts()
        };
        assert_eq!(judge(Some(&unfetched), "app", &none, &node()), Verdict::NoConfiguration);
        let packed = Facts {
            unpacked: false,
            ..facts()
        };
        assert_eq!(judge(Some(&packed), "app", &none, &node()), Verdict::NotUnpacked);
        let mut foreign = facts();
        foreign.config.as_mut().unwrap().platform.architecture = "arm64".into();
        assert!(matches!(
            judge(Some(&foreign), "app", &none, &node()),
            Verdict::WrongPlatform { .. }
        ));
        let moved = judge(Some(&facts()), "app", &target("sha256:new"), &node());
        assert_eq!(
            moved,
            Verdict::OtherDigest {
                expected: "sha256:new".into(),
                found: "sha256:index".into()
            }
        );
    }
}
