//! What of the kubelet's configuration decides how long a pulled image stays, and who may use it. Fields that it does not set
//! have the kubelet's defaults; what cannot be read is unknown.

use crate::credentials::duration;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Read as _},
    path::Path,
    time::Duration,
};

/// Percent of the image file system from which on the kubelet removes images, where its configuration does not say.
pub const DEFAULT_HIGH: u32 = 85;
/// Percent down to which it then removes them.
pub const DEFAULT_LOW: u32 = 80;
/// Largest configuration that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// Longest allow-list that is reported.
const MOST_ALLOWED: usize = 256;
/// Longest entry of it, in bytes.
const LONGEST_ENTRY: usize = 512;
/// The feature gate of the credential rules.
const GATE: &str = "KubeletEnsureSecretPulledImages";

/// How far the configuration is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Source {
    /// It was read.
    Read,
    /// There is no file: the kubelet may be configured elsewhere, or there is none.
    #[default]
    Absent,
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// The facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeletFacts {
    /// How far they are known.
    pub source: Source,
    /// Percent of the image file system from which on images are removed; 100 means never.
    pub high: u32,
    /// Percent down to which they are removed.
    pub low: u32,
    /// Age from which on an image that nobody uses is removed; zero means never.
    pub maximum_age: Duration,
    /// `imagePullCredentialsVerificationPolicy` as written; empty where it is not.
    pub policy: String,
    /// `preloadedImagesVerificationAllowlist`.
    pub allowlist: Vec<String>,
    /// What the feature gate of the credential rules is set to; `None` where it is not.
    pub gate: Option<bool>,
}

impl Default for KubeletFacts {
    fn default() -> Self {
        Self {
            source: Source::Absent,
            high: DEFAULT_HIGH,
            low: DEFAULT_LOW,
            maximum_age: Duration::ZERO,
            policy: String::new(),
            allowlist: Vec::new(),
            gate: None,
        }
    }
}

/// The fields that matter, of `KubeletConfiguration`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Written {
    #[serde(rename = "imageGCHighThresholdPercent")]
    high: Option<u32>,
    #[serde(rename = "imageGCLowThresholdPercent")]
    low: Option<u32>,
    #[serde(rename = "imageMaximumGCAge")]
    maximum_age: Option<String>,
    image_pull_credentials_verification_policy: Option<String>,
    preloaded_images_verification_allowlist: Option<Vec<String>>,
    feature_gates: Option<BTreeMap<String, bool>>,
}

impl KubeletFacts {
    /// Reads the file.
    #[must_use]
    pub fn read(file: &Path) -> Self {
        match text(file) {
            Ok(text) => Self::parse(&text).unwrap_or_else(Self::unreadable),
            Err(why) if why.kind() == ErrorKind::NotFound => Self::default(),
            Err(why) => Self::unreadable(why.to_string()),
        }
    }

    fn unreadable(why: String) -> Self {
        Self {
            source: Source::Unreadable(why),
            ..Self::default()
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let written: Written = serde_saphyr::from_str(text).map_err(|why| one_line(&why.to_string()))?;
        let percent = |name: &str, value: Option<u32>, default: u32| match value.unwrap_or(default) {
            value if value <= 100 => Ok(value),
            value => Err(format!("{name}: {value} is no percentage")),
        };
        let age = written.maximum_age.unwrap_or_default();
        let maximum_age = match age.as_str() {
            "" => Duration::ZERO,
            age => duration::parse(age).ok_or_else(|| format!("imageMaximumGCAge: {age:?} is no duration"))?,
        };
        let allowlist = written.preloaded_images_verification_allowlist.unwrap_or_default();
        if allowlist.len() > MOST_ALLOWED || allowlist.iter().any(|entry| entry.len() > LONGEST_ENTRY) {
            return Err(format!(
                "preloadedImagesVerificationAllowlist: more than {MOST_ALLOWED} entries, or one of more than {LONGEST_ENTRY} bytes"
            ));
        }
        Ok(Self {
            source: Source::Read,
            high: percent("imageGCHighThresholdPercent", written.high, DEFAULT_HIGH)?,
            low: percent("imageGCLowThresholdPercent", written.low, DEFAULT_LOW)?,
            maximum_age,
            policy: written.image_pull_credentials_verification_policy.unwrap_or_default(),
            allowlist,
            gate: written.feature_gates.and_then(|gates| gates.get(GATE).copied()),
        })
    }
}

fn text(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_written_counts_and_the_rest_has_the_kubelets_defaults() {
        let text = "kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\nimageGCHighThresholdPercent: 70\n\
            imageMaximumGCAge: 168h\nimagePullCredentialsVerificationPolicy: NeverVerifyAllowlistedImages\n\
            preloadedImagesVerificationAllowlist:\n- r.example/base/*\nfeatureGates:\n  KubeletEnsureSecretPulledImages: true\n\
            evictionHard:\n  imagefs.available: 15%\n";
        let facts = KubeletFacts::parse(text).unwrap();
        assert_eq!((facts.high, facts.low, facts.source), (70, DEFAULT_LOW, Source::Read));
        assert_eq!(facts.maximum_age, Duration::from_secs(168 * 3600));
        assert_eq!(
            (facts.policy.as_str(), facts.gate),
            ("NeverVerifyAllowlistedImages", Some(true))
        );
        assert_eq!(facts.allowlist, ["r.example/base/*"]);
        let json = KubeletFacts::parse(r#"{"imageGCLowThresholdPercent": 50}"#).unwrap();
        assert_eq!((json.high, json.low, json.gate), (DEFAULT_HIGH, 50, None));
    }

    #[test]
    fn an_absent_file_and_a_bad_one_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        assert_eq!(KubeletFacts::read(&file), KubeletFacts::default());
        for bad in [
            "imageGCHighThresholdPercent: 101",
            "imageMaximumGCAge: soon",
            "a: [",
            "- list",
        ] {
            std::fs::write(&file, bad).unwrap();
            let facts = KubeletFacts::read(&file);
            assert!(
                matches!(facts.source, Source::Unreadable(ref why) if !why.is_empty()),
                "{bad}: {facts:?}"
            );
            assert_eq!(facts.high, DEFAULT_HIGH);
        }
        std::fs::write(&file, "").unwrap();
        assert!(!matches!(KubeletFacts::read(&file).source, Source::Absent));
    }
}
