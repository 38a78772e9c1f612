//! What a node's kubelet is set to: when it removes images, and by which rules pods may use images that were pulled behind its back
//! (KEP-2535, "ensure secret pulled images"). Agents read its configuration; nothing here asks anybody.

use super::{image::ImageRef, node::InventoryImage};

/// How far the configuration is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum KubeletSource {
    /// The agent has not said.
    #[default]
    Unknown,
    /// The agent read the file.
    Read,
    /// There is no file where the agent looked.
    Absent,
    /// The file cannot be read.
    Unreadable,
}

/// What a kubelet is set to. Where its configuration was not read, the thresholds are its defaults and the rest is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct KubeletFacts {
    /// How far it is known.
    pub source: KubeletSource,
    /// Why it cannot be read; empty otherwise.
    pub message: String,
    /// Percent of the image file system from which on images are removed; 100 means never, 0 that the agent has not said.
    pub high_percent: u32,
    /// Percent down to which they are removed.
    pub low_percent: u32,
    /// Age from which on an unused image is removed; 0 means never.
    pub maximum_age_ms: u64,
    /// `imagePullCredentialsVerificationPolicy` as written; empty where it is not.
    pub policy: String,
    /// `preloadedImagesVerificationAllowlist`.
    pub allowlist: Vec<String>,
    /// What the feature gate of the rules is set to; `None` where the release decides.
    pub gate: Option<bool>,
}

impl AsRef<Self> for KubeletFacts {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// `imagePullPolicy` of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodPull {
    /// The registry is asked only where the image is missing, or where the kubelet's rules want it.
    IfNotPresent,
    /// The registry is never asked.
    Never,
    /// The registry is asked each time.
    Always,
}

/// Whether a pod can use an image that is on its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usability {
    /// The kubelet's rules are not known.
    Unknown,
    /// At once, without a registry.
    AtOnce,
    /// After the registry has confirmed the pod's credentials; no layer is fetched again.
    AfterCheck,
    /// Not at all.
    Not,
}

/// Whether a pod that names the image so can use it where it was pulled behind the kubelet. An image that this kubelet has pulled itself
/// for other pods is not preloaded to it, and may need the check that `AtOnce` spares; its records are not read.
pub fn usability(facts: &KubeletFacts, reference: &str, pull: PodPull) -> Usability {
    let is_trusted = match pull {
        PodPull::Always => return Usability::AfterCheck,
        PodPull::IfNotPresent | PodPull::Never => is_trusted(facts, reference),
    };
    match (is_trusted, pull) {
        (None, _) => Usability::Unknown,
        (Some(true), _) => Usability::AtOnce,
        (Some(false), PodPull::Never) => Usability::Not,
        (Some(false), PodPull::IfNotPresent | PodPull::Always) => Usability::AfterCheck,
    }
}

/// The same for an image of an inventory: by the least of its names, for pods may use any of them. Without a name it is unknown.
pub fn usability_on_node(facts: &KubeletFacts, image: &InventoryImage, pull: PodPull) -> Usability {
    let names = image.repo_tags.iter().chain(&image.repo_digests);
    let of_names = names.map(|name| usability(facts, name, pull));
    let rank = |usability: &Usability| match usability {
        Usability::Not => 0,
        Usability::AfterCheck => 1,
        Usability::Unknown => 2,
        Usability::AtOnce => 3,
    };
    of_names.min_by_key(rank).unwrap_or(Usability::Unknown)
}

/// Whether the kubelet lets every pod use the image; `None` where that is not known.
fn is_trusted(facts: &KubeletFacts, reference: &str) -> Option<bool> {
    match facts.source {
        KubeletSource::Read => {}
        KubeletSource::Unknown | KubeletSource::Absent | KubeletSource::Unreadable => return None,
    }
    if facts.gate == Some(false) {
        return Some(true);
    }
    match facts.policy.as_str() {
        // Without a policy the rules are off, or the default holds: both trust what was pulled behind the kubelet.
        "" | "NeverVerify" | "NeverVerifyPreloadedImages" => Some(true),
        "NeverVerifyAllowlistedImages" => is_allowed(&facts.allowlist, reference),
        "AlwaysVerify" => Some(false),
        _ => None,
    }
}

/// Whether the list has the name without tag and digest, itself or by `PREFIX/*`.
fn is_allowed(allowlist: &[String], reference: &str) -> Option<bool> {
    let parts = ImageRef::parse(reference).ok()?.parts();
    let name = format!("{}/{}", parts.registry, parts.repository);
    let matches = |entry: &String| match entry.strip_suffix('*') {
        Some(prefix) => prefix.ends_with('/') && name.starts_with(prefix),
        None => *entry == name,
    };
    Some(allowlist.iter().any(matches))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Usability::{AfterCheck, AtOnce, Not, Unknown};

    const PRIVATE: &str = "r.example/team/app:1";
    const BASE: &str = "r.example/base/os@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const HUB: &str = "nginx";

    fn facts(policy: &str, allowlist: &[&str]) -> KubeletFacts {
        KubeletFacts {
            source: KubeletSource::Read,
            policy: policy.into(),
            allowlist: allowlist.iter().map(|entry| (*entry).to_owned()).collect(),
            ..KubeletFacts::default()
        }
    }

    /// Policy, allow-list, image; then what pods with `IfNotPresent` and with `Never` can do.
    #[rustfmt::skip]
    const TABLE: [(&str, &[&str], &str, Usability, Usability); 20] = [
        ("", &[], PRIVATE, AtOnce, AtOnce),
        ("", &["r.example/other"], PRIVATE, AtOnce, AtOnce),
        ("NeverVerify", &[], PRIVATE, AtOnce, AtOnce),
        ("NeverVerify", &["r.example/other"], PRIVATE, AtOnce, AtOnce),
        ("NeverVerifyPreloadedImages", &[], PRIVATE, AtOnce, AtOnce),
        ("NeverVerifyPreloadedImages", &["r.example/other"], HUB, AtOnce, AtOnce),
        ("NeverVerifyAllowlistedImages", &[], PRIVATE, AfterCheck, Not),
        ("NeverVerifyAllowlistedImages", &["r.example/team/app"], PRIVATE, AtOnce, AtOnce),
        ("NeverVerifyAllowlistedImages", &["r.example/team/ap"], PRIVATE, AfterCheck, Not),
        ("NeverVerifyAllowlistedImages", &["r.example/team/app/x"], PRIVATE, AfterCheck, Not),
        ("NeverVerifyAllowlistedImages", &["r.example/team/*"], PRIVATE, AtOnce, AtOnce),
        ("NeverVerifyAllowlistedImages", &["r.example/tea*"], PRIVATE, AfterCheck, Not),
        ("NeverVerifyAllowlistedImages", &["r.example/*"], BASE, AtOnce, AtOnce),
        ("NeverVerifyAllowlistedImages", &["r.example/base/*", "x/y"], PRIVATE, AfterCheck, Not),
        ("NeverVerifyAllowlistedImages", &["docker.io/library/nginx"], HUB, AtOnce, AtOnce),
        ("NeverVerifyAllowlistedImages", &["nginx"], HUB, AfterCheck, Not),
        ("NeverVerifyAllowlistedImages", &["*"], PRIVATE, AfterCheck, Not),
        ("AlwaysVerify", &[], PRIVATE, AfterCheck, Not),
        ("AlwaysVerify", &["r.example/team/app"], PRIVATE, AfterCheck, Not),
        ("FromTheFuture", &[], PRIVATE, Unknown, Unknown),
    ];

    #[test]
    fn policy_by_allow_list_by_image() {
        for (policy, allowlist, image, if_not_present, never) in TABLE {
            let facts = facts(policy, allowlist);
            let row = format!("{policy} {allowlist:?} {image}");
            assert_eq!(usability(&facts, image, PodPull::IfNotPresent), if_not_present, "{row}");
            assert_eq!(usability(&facts, image, PodPull::Never), never, "{row}");
            assert_eq!(usability(&facts, image, PodPull::Always), AfterCheck, "{row}");
        }
    }

    #[test]
    fn a_gate_that_is_off_ends_the_rules_and_what_was_not_read_is_unknown() {
        let mut strict = facts("AlwaysVerify", &[]);
        strict.gate = Some(false);
        assert_eq!(usability(&strict, PRIVATE, PodPull::Never), AtOnce);
        for source in [KubeletSource::Unknown, KubeletSource::Absent, KubeletSource::Unreadable] {
            strict.source = source;
            assert_eq!(
                usability(&strict, PRIVATE, PodPull::IfNotPresent),
                Unknown,
                "{source:?}"
            );
        }
    }

    #[test]
    fn an_image_of_many_names_is_as_usable_as_the_least_of_them() {
        let facts = facts("NeverVerifyAllowlistedImages", &["r.example/base/os"]);
        let mut image = InventoryImage {
            id: "sha256:1".into(),
            repo_tags: vec!["r.example/base/os:1".into()],
            repo_digests: vec![BASE.into()],
            size_bytes: 1,
            pinned: false,
        };
        assert_eq!(usability_on_node(&facts, &image, PodPull::IfNotPresent), AtOnce);
        image.repo_tags.push(PRIVATE.into());
        assert_eq!(usability_on_node(&facts, &image, PodPull::Never), Not);
        (image.repo_tags, image.repo_digests) = (vec![], vec![]);
        assert_eq!(usability_on_node(&facts, &image, PodPull::Never), Unknown);
    }
}
