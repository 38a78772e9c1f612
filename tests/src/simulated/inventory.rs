//! The images that a simulated node has: most are the same on all nodes, as in real clusters, and a few are its own.

use std::sync::LazyLock;

use ips_proto::v1::{Inventory, InventoryImage};

use super::image::digest;

/// Images that the whole fleet knows.
const COMMON: usize = 200;
/// Images of a node that no other node has.
const OWN: usize = 3;

/// Messages that say what the node has, as the agent splits it.
pub fn whole(node: usize, images: usize) -> Vec<Inventory> {
    let all = (0..images).map(|position| image(node, position)).collect::<Vec<_>>();
    let mut parts = all
        .chunks(ips_agent::link::INVENTORY_PART)
        .map(|part| Inventory {
            generation: 1,
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
        last.hash = hash(node);
    }
    parts
}

/// The hash that goes with it.
pub fn hash(node: usize) -> String {
    digest(format!("inventory of {node}").as_bytes())
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
    fn most_images_are_the_same_everywhere() {
        let of = |node| {
            let parts = whole(node, 150);
            assert!(parts[0].whole && parts[1..].iter().all(|part| !part.whole));
            assert_eq!(parts.last().expect("a part").hash, hash(node));
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
