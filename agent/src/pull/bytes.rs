//! Byte accounting of one pull: fetched + already there + not needed = size, and nothing ever goes backwards.
//! Pure: the sampler tells what it saw, this decides what it means.

use super::Layout;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Bytes of one image or layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByteCounts {
    /// Compressed size.
    pub total: u64,
    /// Moved over the network by this attempt.
    pub fetched: u64,
    /// In the content store before the attempt began.
    pub already_there: u64,
    /// Not moved by anyone, because the layer's snapshot existed before.
    pub not_needed: u64,
    /// Compressed size of what is unpacked.
    pub unpacked: u64,
}

impl ByteCounts {
    /// Bytes that nobody has to wait for any more.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.fetched
            .saturating_add(self.already_there)
            .saturating_add(self.not_needed)
    }

    /// The account of an image that was there before, of which only the size is known.
    #[must_use]
    pub fn present(size: u64) -> Self {
        Self {
            total: size,
            not_needed: size,
            unpacked: size,
            ..Self::default()
        }
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            total: self.total.saturating_add(other.total),
            fetched: self.fetched.saturating_add(other.fetched),
            already_there: self.already_there.saturating_add(other.already_there),
            not_needed: self.not_needed.saturating_add(other.not_needed),
            unpacked: self.unpacked.saturating_add(other.unpacked),
        }
    }
}

/// One layer as it is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerBytes {
    /// Digest of the compressed layer.
    pub digest: String,
    /// Position in the manifest, from 0.
    pub index: u32,
    /// Its bytes.
    pub bytes: ByteCounts,
    /// True once its snapshot is committed.
    pub unpacked: bool,
}

/// How a layer's bytes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    /// Nothing of it was seen, or a part.
    Missing,
    /// The blob is complete, moved by this attempt (except for what was there of it).
    Fetched,
    /// The blob was complete before.
    AlreadyThere,
    /// The snapshot was there before, and the blob is not.
    NotNeeded,
}

#[derive(Debug, Clone)]
struct LayerState {
    digest: String,
    size: u64,
    /// True when a layer below has the same digest: its bytes move only once.
    repeats: bool,
    /// Bytes of an interrupted ingest that were there when the attempt began.
    base: u64,
    /// Highest offset that was seen.
    offset: u64,
    arrival: Arrival,
    unpacked: bool,
}

impl LayerState {
    fn counts(&self) -> ByteCounts {
        let base = self.base.min(self.size);
        let mut counts = ByteCounts {
            total: self.size,
            ..ByteCounts::default()
        };
        match (self.arrival, self.repeats) {
            (Arrival::Missing, true) => {}
            (Arrival::Missing, false) => {
                counts.already_there = base;
                counts.fetched = self.offset.min(self.size) - base;
            }
            (Arrival::Fetched, false) => {
                counts.already_there = base;
                counts.fetched = self.size - base;
            }
            (Arrival::Fetched, true) | (Arrival::AlreadyThere, _) => counts.already_there = self.size,
            (Arrival::NotNeeded, _) => counts.not_needed = self.size,
        }
        if self.unpacked {
            counts.unpacked = self.size;
        }
        counts
    }
}

/// The account of one pull whose layout is known.
#[derive(Debug, Clone)]
pub struct Tracker {
    layers: Vec<LayerState>,
}

impl Tracker {
    /// Opens the account. `interrupted` holds, by digest, the offsets of ingests from before the attempt began.
    #[must_use]
    pub fn new(layout: &Layout, interrupted: &HashMap<String, u64>) -> Self {
        let mut layers: Vec<LayerState> = Vec::with_capacity(layout.layers.len());
        for (digest, size) in &layout.layers {
            let base = interrupted.get(digest).copied().unwrap_or(0).min(*size);
            layers.push(LayerState {
                repeats: layers.iter().any(|layer| &layer.digest == digest),
                digest: digest.clone(),
                size: *size,
                base,
                offset: base,
                arrival: Arrival::Missing,
                unpacked: false,
            });
        }
        Self { layers }
    }

    /// An ingest of the layer stands at `offset`.
    pub fn ingest(&mut self, digest: &str, offset: u64) {
        for layer in self
            .with_digest(digest)
            .filter(|layer| layer.arrival == Arrival::Missing)
        {
            // The runtime starts again from nothing where the registry knows no ranges or the old part was collected:
            // then nothing was there before. What was shown as done stays shown.
            if offset < layer.base {
                layer.base = 0;
            }
            layer.offset = layer.offset.max(offset.min(layer.size));
        }
    }

    /// The blob is complete; `before` tells whether it was so when the attempt began.
    pub fn blob(&mut self, digest: &str, before: bool) {
        for layer in self
            .with_digest(digest)
            .filter(|layer| layer.arrival == Arrival::Missing)
        {
            let moved = layer.offset > layer.base;
            layer.arrival = if before && !moved {
                Arrival::AlreadyThere
            } else {
                Arrival::Fetched
            };
        }
    }

    /// The snapshot after layer `index` is committed; `before` tells whether it was so when the attempt began, `blob`
    /// whether the content store has the layer's blob.
    pub fn snapshot(&mut self, index: usize, before: bool, blob: bool) {
        if let Some(layer) = self.layers.get_mut(index) {
            layer.unpacked = true;
            if layer.arrival == Arrival::Missing && !blob {
                let nothing_moved = layer.offset == layer.base;
                layer.arrival = if before && nothing_moved {
                    Arrival::NotNeeded
                } else {
                    Arrival::Fetched
                };
            }
        }
    }

    /// The runtime's call succeeded and every snapshot is committed: what was not seen arriving did arrive.
    pub fn complete(&mut self) {
        for layer in &mut self.layers {
            layer.unpacked = true;
            if layer.arrival == Arrival::Missing {
                layer.arrival = Arrival::Fetched;
            }
        }
    }

    /// Digests of layers whose blob is not known to be complete, each once.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.layers
            .iter()
            .filter(|l| l.arrival == Arrival::Missing && !l.repeats)
            .map(|l| l.digest.as_str())
    }

    /// True while bytes have to arrive.
    #[must_use]
    pub fn bytes_missing(&self) -> bool {
        self.layers.iter().any(|layer| layer.arrival == Arrival::Missing)
    }

    /// The lowest layer that is not unpacked; its snapshot is the next to appear.
    #[must_use]
    pub fn next_to_unpack(&self) -> Option<(usize, &str)> {
        self.layers
            .iter()
            .position(|l| !l.unpacked)
            .and_then(|at| Some((at, self.layers.get(at)?.digest.as_str())))
    }

    /// Compressed size of the largest layer that is not unpacked, in bytes.
    #[must_use]
    pub fn largest_packed(&self) -> u64 {
        self.layers
            .iter()
            .filter(|layer| !layer.unpacked)
            .map(|layer| layer.size)
            .max()
            .unwrap_or(0)
    }

    /// Bytes of the whole image.
    #[must_use]
    pub fn total(&self) -> ByteCounts {
        self.layers
            .iter()
            .fold(ByteCounts::default(), |sum, layer| sum.plus(&layer.counts()))
    }

    /// Every layer.
    #[must_use]
    pub fn layers(&self) -> Vec<LayerBytes> {
        let report = |(index, layer): (usize, &LayerState)| LayerBytes {
            digest: layer.digest.clone(),
            index: u32::try_from(index).unwrap_or(u32::MAX),
            bytes: layer.counts(),
            unpacked: layer.unpacked,
        };
        self.layers.iter().enumerate().map(report).collect()
    }

    fn with_digest<'a>(&'a mut self, digest: &'a str) -> impl Iterator<Item = &'a mut LayerState> {
        self.layers.iter_mut().filter(move |layer| layer.digest == digest)
    }
}

#[cfg(test)]
mod tests;
