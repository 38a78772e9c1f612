//! Counts, node by node, what is there and what is missing. An image is there when the node has its content by digest, not by name: a
//! tag says nothing about what it once stood for.

use super::view::{DISK_FACTOR, DiskPreview, ImagePreview, LackingNode, PlatformPreview, PreviewNode, TaskPreview};
use crate::{
    domain::{
        image::{ImageRef, Platform, ResolvedImage},
        unresolved::Unresolved,
    },
    fleet::{Entry, Inventory},
};
use std::collections::HashMap;

/// Nodes that are named, at most.
const SHOWN: usize = 100;

/// What the registry said of one image.
pub(super) type Answer = Result<Vec<ResolvedImage>, Unresolved>;

/// Counts so far.
pub(super) struct Counter<'a> {
    platforms: &'a [Platform],
    answers: &'a [Answer],
    /// Images that a digest of configuration, manifest or index stands for.
    by_digest: HashMap<&'a str, Vec<usize>>,
    /// By image, then platform.
    counts: Vec<Vec<Count>>,
    preview: TaskPreview,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    nodes: u32,
    present: u32,
    unknown: u32,
    bytes_to_move: u64,
}

impl<'a> Counter<'a> {
    pub(super) fn new(platforms: &'a [Platform], answers: &'a [Answer]) -> Self {
        let mut by_digest: HashMap<&'a str, Vec<usize>> = HashMap::new();
        for (index, answer) in answers.iter().enumerate() {
            for resolved in answer.iter().flatten() {
                let digests = &resolved.digests;
                for digest in [&digests.config, &digests.manifest, &digests.target] {
                    if !digest.is_empty() {
                        by_digest.entry(digest).or_default().push(index);
                    }
                }
            }
        }
        Self {
            platforms,
            answers,
            by_digest,
            counts: vec![vec![Count::default(); platforms.len()]; answers.len()],
            preview: TaskPreview::default(),
        }
    }

    /// Counts one node.
    pub(super) fn add(&mut self, entry: &Entry) {
        let Some(platform) = self.platforms.iter().position(|known| *known == entry.node.platform) else {
            return;
        };
        self.name(entry);
        let present = entry.inventory.as_ref().map(|inventory| self.present(inventory));
        let mut missing = 0u64;
        for index in 0..self.answers.len() {
            let size = self.resolved(index, platform).map(|resolved| resolved.size_bytes);
            let is_present = present.as_ref().is_some_and(|present| present[index]) && size.is_some();
            let count = &mut self.counts[index][platform];
            count.nodes += 1;
            count.unknown += u32::from(present.is_none());
            count.present += u32::from(is_present);
            let size = size.unwrap_or(0);
            if is_present {
                self.preview.bytes_present = self.preview.bytes_present.saturating_add(size);
            } else {
                count.bytes_to_move = count.bytes_to_move.saturating_add(size);
                missing = missing.saturating_add(size);
            }
        }
        self.preview.bytes_to_move = self.preview.bytes_to_move.saturating_add(missing);
        self.look_at_disk(entry, missing);
    }

    /// The preview of all nodes that were counted.
    pub(super) fn finish(mut self, images: &[ImageRef]) -> TaskPreview {
        self.preview.pulls = self.preview.node_count.saturating_mul(images.len() as u32);
        let shown = images.iter().enumerate().map(|(index, image)| ImagePreview {
            image: image.clone(),
            problem: self.answers[index].as_ref().err().cloned(),
            platforms: (0..self.platforms.len())
                .map(|platform| self.platform(index, platform))
                .collect(),
        });
        self.preview.images = shown.collect();
        self.preview
    }

    fn platform(&self, index: usize, platform: usize) -> PlatformPreview {
        let count = self.counts[index][platform];
        PlatformPreview {
            platform: self.platforms[platform].clone(),
            resolved: self.resolved(index, platform).cloned(),
            nodes: count.nodes,
            present: count.present,
            unknown: count.unknown,
            bytes_to_move: count.bytes_to_move,
        }
    }

    fn resolved(&self, index: usize, platform: usize) -> Option<&'a ResolvedImage> {
        let found = self.answers[index].as_ref().ok()?;
        found
            .iter()
            .find(|resolved| resolved.platform == self.platforms[platform])
    }

    fn name(&mut self, entry: &Entry) {
        let not_ready = entry.not_ready();
        self.preview.node_count += 1;
        self.preview.offline_count += u32::from(not_ready.is_some());
        if self.preview.nodes.len() < SHOWN {
            self.preview.nodes.push(PreviewNode {
                name: entry.node.name.clone(),
                not_ready,
            });
        }
    }

    /// Which images the inventory holds.
    fn present(&self, inventory: &Inventory) -> Vec<bool> {
        let mut present = vec![false; self.answers.len()];
        for image in inventory.images.values() {
            let digests = image.repo_digests.iter().filter_map(|name| name.split('@').nth(1));
            for digest in digests.chain([image.id.as_str()]) {
                for index in self.by_digest.get(digest).into_iter().flatten() {
                    present[*index] = true;
                }
            }
        }
        present
    }

    fn look_at_disk(&mut self, entry: &Entry, missing: u64) {
        let disk: &mut DiskPreview = &mut self.preview.disk;
        if entry.condition.image_fs_capacity_bytes == 0 {
            disk.unknown_count += 1;
            return;
        }
        let needed_bytes = missing.saturating_mul(DISK_FACTOR);
        let available_bytes = entry.condition.image_fs_available_bytes;
        if needed_bytes <= available_bytes {
            return;
        }
        disk.lacking_count += 1;
        if disk.lacking.len() < SHOWN {
            disk.lacking.push(LackingNode {
                name: entry.node.name.clone(),
                needed_bytes,
                available_bytes,
            });
        }
    }
}
