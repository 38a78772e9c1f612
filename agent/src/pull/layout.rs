//! What an image consists of: reads index, manifest and configuration as JSON, and derives chain ids from diff ids.
//! Tolerant: it takes the few fields that the agent needs and ignores the rest.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Manifests, indexes and configurations larger than this are not read, in bytes.
pub const LARGEST_DOCUMENT: u64 = 4 << 20;

/// Os and architecture in the words of the OCI image specification.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Platform {
    /// GOOS.
    #[serde(default)]
    pub os: String,
    /// GOARCH.
    #[serde(default)]
    pub architecture: String,
    /// CPU variant; empty means none.
    #[serde(default)]
    pub variant: String,
}

impl Platform {
    /// The platform that this program was built for.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let (architecture, variant) = match std::env::consts::ARCH {
            "x86_64" => ("amd64", ""),
            "aarch64" => ("arm64", "v8"),
            "arm" => ("arm", "v7"),
            "x86" => ("386", ""),
            other => (other, ""),
        };
        Self {
            os: std::env::consts::OS.into(),
            architecture: architecture.into(),
            variant: variant.into(),
        }
    }

    /// True when an image for `image` runs on this node. Variants are not compared: images often leave them out.
    #[must_use]
    pub fn fits(&self, image: &Self) -> bool {
        self.os == image.os && self.architecture == image.architecture
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)
    }
}

/// A blob that a manifest or index names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Descriptor {
    /// Digest of the blob.
    pub digest: String,
    /// Its size in bytes.
    #[serde(default)]
    pub size: u64,
    /// Platform; only in an index.
    pub platform: Option<Platform>,
}

/// The content of an image on one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Digest of the manifest.
    pub manifest: String,
    /// Digest of the configuration.
    pub config: String,
    /// Layers, base first: digest and compressed size.
    pub layers: Vec<(String, u64)>,
}

impl Layout {
    /// Compressed size of all layers in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.layers.iter().fold(0, |sum, (_, size)| sum.saturating_add(*size))
    }
}

/// An index or manifest, whichever a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// Names one manifest for each platform.
    Index(Vec<Descriptor>),
    /// Names one configuration and its layers.
    Manifest(Layout),
}

#[derive(Deserialize)]
struct RawDocument {
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

/// Reads an index or a manifest; `None` when the bytes are neither.
#[must_use]
pub fn parse_document(digest: &str, bytes: &[u8]) -> Option<Document> {
    let raw: RawDocument = serde_json::from_slice(bytes).ok()?;
    match (raw.manifests, raw.config, raw.layers) {
        (Some(manifests), None, None) => Some(Document::Index(manifests)),
        (None, Some(config), Some(layers)) => Some(Document::Manifest(Layout {
            manifest: digest.to_owned(),
            config: config.digest,
            layers: layers.into_iter().map(|layer| (layer.digest, layer.size)).collect(),
        })),
        _ => None,
    }
}

/// The manifest of an index that fits `platform`, best variant first.
#[must_use]
pub fn choose<'a>(index: &'a [Descriptor], platform: &Platform) -> Option<&'a Descriptor> {
    let fitting = || {
        index
            .iter()
            .filter(|entry| entry.platform.as_ref().is_some_and(|p| platform.fits(p)))
    };
    let same_variant = |entry: &&Descriptor| entry.platform.as_ref().is_some_and(|p| p.variant == platform.variant);
    fitting().find(same_variant).or_else(|| fitting().next())
}

/// What the agent needs of an image configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageConfig {
    /// Platform that the image was built for.
    pub platform: Platform,
    /// Digests of the uncompressed layers, base first.
    pub diff_ids: Vec<String>,
}

#[derive(Deserialize)]
struct RawConfig {
    #[serde(flatten)]
    platform: Platform,
    rootfs: Option<RawRootfs>,
}

#[derive(Deserialize)]
struct RawRootfs {
    #[serde(default)]
    diff_ids: Vec<String>,
}

/// Reads an image configuration; `None` when the bytes are none.
#[must_use]
pub fn parse_config(bytes: &[u8]) -> Option<ImageConfig> {
    let raw: RawConfig = serde_json::from_slice(bytes).ok()?;
    let diff_ids = raw.rootfs?.diff_ids;
    Some(ImageConfig {
        platform: raw.platform,
        diff_ids,
    })
}

/// The chain id after each layer: the names under which snapshots of unpacked layers are committed.
#[must_use]
pub fn chain_ids(diff_ids: &[String]) -> Vec<String> {
    let mut chain: Vec<String> = Vec::with_capacity(diff_ids.len());
    for diff in diff_ids {
        let next = match chain.last() {
            None => diff.clone(),
            Some(parent) => sha256(format!("{parent} {diff}").as_bytes()),
        };
        chain.push(next);
    }
    chain
}

/// The OCI digest of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::from("sha256:"), |mut text, byte| {
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
            text
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn platform(architecture: &str, variant: &str) -> Platform {
        Platform {
            os: "linux".into(),
            architecture: architecture.into(),
            variant: variant.into(),
        }
    }

    #[test]
    fn digest_of_nothing_is_the_known_one() {
        assert_eq!(
            sha256(b""),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn chain_ids_fold_from_the_base() {
        let diffs = ["sha256:a".to_owned(), "sha256:b".to_owned(), "sha256:c".to_owned()];
        let chain = chain_ids(&diffs);
        assert_eq!(chain[0], "sha256:a");
        assert_eq!(chain[1], sha256(b"sha256:a sha256:b"));
        assert_eq!(chain[2], sha256(format!("{} sha256:c", chain[1]).as_bytes()));
    }

    #[test]
    fn a_manifest_and_an_index_are_told_apart() {
        let manifest =
            br#"{"schemaVersion":2,"config":{"digest":"sha256:c","size":2},"layers":[{"digest":"sha256:l","size":7}]}"#;
        let Some(Document::Manifest(layout)) = parse_document("sha256:m", manifest) else {
            panic!("manifest")
        };
        assert_eq!((layout.config.as_str(), layout.size()), ("sha256:c", 7));
        let index = br#"{"manifests":[{"digest":"sha256:x","size":1,"platform":{"os":"linux","architecture":"arm64"}},
            {"digest":"sha256:y","size":1,"platform":{"os":"linux","architecture":"amd64"}},{"digest":"sha256:z","size":1}]}"#;
        let Some(Document::Index(entries)) = parse_document("sha256:i", index) else {
            panic!("index")
        };
        assert_eq!(choose(&entries, &platform("amd64", "")).unwrap().digest, "sha256:y");
        assert_eq!(choose(&entries, &platform("s390x", "")), None);
    }

    #[test]
    fn the_configuration_gives_platform_and_layers() {
        let config = br#"{"architecture":"arm64","os":"linux","variant":"v8","rootfs":{"type":"layers","diff_ids":["sha256:d"]}}"#;
        let parsed = parse_config(config).unwrap();
        assert!(!platform("amd64", "").fits(&parsed.platform));
        assert_eq!(parsed.diff_ids, ["sha256:d"]);
        assert_eq!(parse_config(br#"{"architecture":"amd64"}"#), None);
    }

    proptest! {
        #[test]
        fn parsers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse_document("sha256:m", &bytes);
            let _ = parse_config(&bytes);
        }
    }
}
