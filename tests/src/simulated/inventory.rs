//! The images that a simulated node has: most are the same on all nodes, as in real clusters, a few are its own, and last comes what it pulled.

use std::sync::LazyLock;

use ips_proto::v1::{ImageDigests, Inventory, InventoryImage};

use super::image::digest;

/// Images that the whole fleet knows.
const COMMON: usize = 200;
/// Images of a node that no other node has.
const OWN: usize = 3;

/// Messages that say what the node has, as the agent splits it.
pub fn whole(node: usize, images: usize, pulled: &[InventoryImage]) -> Vec<Inventory> {
    let own = (0..images).map(|position| image(node, position));
    let all = own.chain(pulled.iter().cloned()).collect::<Vec<_>>();
    let mut parts = all
        .chunks(ips_agent::link::INVENTORY_PART)
        .map(|part| Inventory {
            generation: generation(pulled.len()),
            hash: String::new(),
            whole: false,
            images: part.to_vec(),
            removed_ids: Vec::new(),
        })
        .collect::<Vec<_>>();
    if let Some(first) = parts.first_mut() {
        first.whole = true;
    }
    if let Some(last) = parts.last_mut() {
        last.hash = hash(node, pulled.len());
    }
    parts
}

/// The message that says what came to the first `told` of the images that the node pulled.
pub fn news(node: usize, pulled: &[InventoryImage], told: usize) -> Inventory {
    Inventory {
        generation: generation(pulled.len()),
        hash: hash(node, pulled.len()),
        whole: false,
        images: pulled[told..].to_vec(),
        removed_ids: Vec::new(),
    }
}

/// Generation of the list once the node has pulled so many.
pub fn generation(pulled: usize) -> u64 {
    1 + pulled as u64
}

/// The hash that goes with it.
pub fn hash(node: usize, pulled: usize) -> String {
    digest(format!("inventory of {node} with {pulled} pulled").as_bytes())
}

/// An image as the runtime lists it after its pull.
pub fn pulled(reference: &str, digests: &ImageDigests) -> InventoryImage {
    let name = reference.rsplit_once(':').map_or(reference, |(name, _)| name);
    InventoryImage {
        id: digests.config.clone(),
        repo_tags: vec![reference.to_owned()],
        repo_digests: vec![format!("{name}@{}", digests.target)],
        size_bytes: super::image::bytes(1.0).total,
        ..InventoryImage::default()
    }
}

fn image(node: usize, position: usize) -> InventoryImage {
    if position < OWN {
        return named(&format!(
            "registry.example.com/team-{}/build-{node}-{position}",
            node % 50
        ));
    }
    // Each node has its own pick of the common images.
    COMMON_IMAGES[(node * 7 + position) % COMMON].clone()
}

static COMMON_IMAGES: LazyLock<Vec<InventoryImage>> = LazyLock::new(|| {
    let name = |number| format!("registry.example.com/platform/component-{number:03}");
    (0..COMMON).map(|number| named(&name(number))).collect()
});

fn named(name: &str) -> InventoryImage {
    InventoryImage {
        id: digest(name.as_bytes()),
        repo_tags: vec![format!("{name}:v1.27.{}", name.len())],
        repo_digests: vec![format!("{name}@{}", digest(format!("manifest of {name}").as_bytes()))],
        size_bytes: 80_000_000 + name.len() as u64,
        pinned: false,
        ..InventoryImage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn what_was_pulled_is_news_once() {
        let shown = ["h/a:1", "h/b:1"].map(|reference| pulled(reference, &super::super::image::digests(reference)));
        let news = news(3, &shown, 1);
        assert_eq!(news.images, shown[1..]);
        assert_eq!(news.images[0].repo_tags, ["h/b:1"]);
        let whole = whole(3, 10, &shown);
        assert_eq!(whole.last().map(|last| &last.hash), Some(&news.hash));
        assert_ne!(news.hash, hash(3, 1));
    }

    #[test]
    fn most_images_are_the_same_everywhere() {
        let of = |node| {
            let parts = whole(node, 150, &[]);
            assert!(parts[0].whole && parts[1..].iter().all(|part| !part.whole));
            assert_eq!(parts.last().expect("a part").hash, hash(node, 0));
            parts
                .into_iter()
                .flat_map(|part| part.images)
                .map(|image| image.id)
                .collect::<HashSet<_>>()
        };
        assert_eq!(of(1).len(), 150);
        let all = (0..400).flat_map(of).collect::<HashSet<_>>();
        assert_eq!(all.len(), 200 + 400 * OWN);
    }
}
