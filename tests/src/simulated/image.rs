//! Invented images: their digests follow from their repository, so that every part of the simulation agrees about them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex};

use ips_proto::v1::{ByteCounts, ImageDigests, LayerProgress};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Layers of an invented image.
const LAYERS: u32 = 6;
/// Compressed size of each layer, in bytes.
const LAYER_BYTES: u64 = 50 << 20;

/// `sha256:…` of some bytes.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold("sha256:".to_owned(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("text takes all");
            text
        })
}

/// The configuration, as JSON.
pub fn config(repository: &str) -> String {
    json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []},
        "config": {"Labels": {"repository": repository}}})
    .to_string()
}

/// The manifest, as JSON.
pub fn manifest(repository: &str) -> String {
    let config = config(repository);
    let layers = (0..LAYERS)
        .map(|index| {
            json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": LAYER_BYTES,
                "digest": layer(repository, index)})
        })
        .collect::<Vec<_>>();
    json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": config.len(),
            "digest": digest(config.as_bytes())},
        "layers": layers})
    .to_string()
}

/// Digests of the layers, computed once.
fn layers_of(repository: &str) -> Arc<Vec<String>> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Vec<String>>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().expect("no holder panics");
    if let Some(layers) = known.get(repository) {
        return Arc::clone(layers);
    }
    let layers = Arc::new((0..LAYERS).map(|index| layer(repository, index)).collect::<Vec<_>>());
    known.insert(repository.to_owned(), Arc::clone(&layers));
    layers
}

fn layer(repository: &str, index: u32) -> String {
    digest(format!("{repository} layer {index}").as_bytes())
}

/// What a node's runtime would show of a reference.
pub fn digests(reference: &str) -> ImageDigests {
    let manifest = manifest(repository(reference));
    let target = digest(manifest.as_bytes());
    ImageDigests {
        manifest: target.clone(),
        target,
        config: digest(config(repository(reference)).as_bytes()),
    }
}

/// `a/b` of `host:1/a/b:tag`.
fn repository(reference: &str) -> &str {
    let path = reference.split_once('/').map_or(reference, |(_, path)| path);
    path.rsplit_once(':').map_or(path, |(repository, _)| repository)
}

/// Bytes of the whole image when this much of it (0 to 1) is done.
pub fn bytes(done: f64) -> ByteCounts {
    counts(u64::from(LAYERS) * LAYER_BYTES, done)
}

/// Layers that moved between two moments; all of them at first.
pub fn layers(reference: &str, before: Option<f64>, done: f64) -> Vec<LayerProgress> {
    let part = |index: u32, done: f64| (done * f64::from(LAYERS) - f64::from(index)).clamp(0.0, 1.0);
    let known = layers_of(repository(reference));
    (0..LAYERS)
        .filter(|index| before.is_none_or(|before| part(*index, before) != part(*index, done)))
        .map(|index| LayerProgress {
            digest: known[index as usize].clone(),
            index,
            bytes: Some(counts(LAYER_BYTES, part(index, done))),
            unpacked: part(index, done) >= 1.0,
        })
        .collect()
}

fn counts(total: u64, done: f64) -> ByteCounts {
    let fetched = (total as f64 * done) as u64;
    ByteCounts {
        total,
        fetched,
        already_there: 0,
        not_needed: 0,
        unpacked: fetched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_and_the_nodes_agree() {
        assert_eq!(repository("127.0.0.1:5000/a/b:v1"), "a/b");
        let shown = digests("127.0.0.1:5000/a/b:v1");
        assert_eq!(shown.target, digest(manifest("a/b").as_bytes()));
    }

    #[test]
    fn only_layers_that_moved_are_reported() {
        assert_eq!(layers("h/a:1", None, 0.0).len(), 6);
        let moved = layers("h/a:1", Some(0.0), 0.25);
        assert_eq!(moved.iter().map(|layer| layer.index).collect::<Vec<_>>(), [0, 1]);
        assert!(moved[0].unpacked && !moved[1].unpacked);
        assert!(layers("h/a:1", Some(1.0), 1.0).is_empty());
    }
}
