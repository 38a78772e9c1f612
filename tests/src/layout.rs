//! The images that `tests/setup/images.sh` has built: reads an OCI layout, changes nothing.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::cache;

/// Media type of an index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of a manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The images by what they are for; `images.sh` says what is in them.
pub mod images {
    /// One layer of more than 50 MB.
    pub const BASE: &str = "base";
    /// `BASE` and a small layer.
    pub const BASE_V2: &str = "base-v2";
    /// One layer of more than 50 MB in few files: quick to unpack, for tests of what happens in mid-layer.
    pub const LIBRARY: &str = "library";
    /// Several layers, more than 300 MB and 20,000 files.
    pub const TOOLCHAIN: &str = "toolchain";
    /// A megabyte.
    pub const SMALL: &str = "small";
    /// An index of three platforms.
    pub const MULTI: &str = "multi";
    /// A manifest for another architecture, without an index.
    pub const FOREIGN: &str = "foreign";
    /// Every one of them.
    pub const ALL: [&str; 7] = [BASE, BASE_V2, LIBRARY, TOOLCHAIN, SMALL, MULTI, FOREIGN];
}

/// A reference to a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    pub media_type: String,
    /// `sha256:` and 64 digits.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    /// Only in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The name, in the layout's own index.
    #[serde(default)]
    pub annotations: std::collections::BTreeMap<String, String>,
}

/// What a manifest runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// As Go spells it: `amd64`, `arm64`, `arm`.
    pub architecture: String,
}

/// An index, of a layout or of an image.
#[derive(Debug, Clone, Deserialize)]
pub struct Index {
    /// What it lists.
    pub manifests: Vec<Descriptor>,
}

/// A manifest.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    /// The configuration blob.
    pub config: Descriptor,
    /// The layers, lowest first.
    pub layers: Vec<Descriptor>,
}

/// The layout in the cache.
#[derive(Debug, Clone)]
pub struct Layout {
    folder: PathBuf,
}

impl Layout {
    /// Opens it; an error names the script that builds it.
    pub fn open() -> Result<Self> {
        Ok(Self {
            folder: cache::images()?,
        })
    }

    /// The descriptor of an image by its name.
    pub fn image(&self, name: &str) -> Result<Descriptor> {
        let index: Index = serde_json::from_slice(&fs::read(self.folder.join("index.json"))?)?;
        let named = |entry: &Descriptor| {
            entry
                .annotations
                .get("org.opencontainers.image.ref.name")
                .is_some_and(|own| own == name)
        };
        index
            .manifests
            .into_iter()
            .find(named)
            .with_context(|| format!("no image {name} in {}", self.folder.display()))
    }

    /// Where a blob is.
    pub fn blob(&self, digest: &str) -> PathBuf {
        self.folder.join("blobs").join(digest.replace(':', "/"))
    }

    /// The bytes of a blob: for manifests, not for layers.
    pub fn read(&self, digest: &str) -> Result<Vec<u8>> {
        let path = self.blob(digest);
        fs::read(&path).with_context(|| format!("reading {}", path.display()))
    }

    /// The manifests of an image: itself, or those of its index.
    pub fn manifests(&self, image: &Descriptor) -> Result<Vec<Descriptor>> {
        if image.media_type != INDEX {
            return Ok(vec![image.clone()]);
        }
        Ok(serde_json::from_slice::<Index>(&self.read(&image.digest)?)?.manifests)
    }
}

/// This machine's architecture as images spell it.
pub fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
