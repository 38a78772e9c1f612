//! The layers of running attempts. Fifty thousand attempts may run: what the layers are is kept once for all attempts at an image, and of
//! each attempt only how far it is.

use crate::domain::counts::ByteCounts;
use std::sync::Arc;

/// Most layers that are kept of one attempt; an image cannot have more by the overlay file system's own limit.
const MOST: usize = 512;

/// One layer of a running attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerProgress {
    /// Digest of the compressed layer.
    pub digest: Arc<str>,
    /// Position in the manifest, from 0.
    pub index: u32,
    /// Bytes. All of them count as unpacked once the snapshot is committed, and none before.
    pub bytes: ByteCounts,
    /// Its snapshot is committed.
    pub unpacked: bool,
}

/// What a layer is, for all attempts at an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LayerShape {
    digest: Arc<str>,
    index: u32,
    /// Size in bytes; 0 while unknown.
    total: u64,
}

/// How far a layer is in one attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct LayerCounts {
    fetched: u64,
    already_there: u64,
    not_needed: u64,
    unpacked: bool,
}

/// All layers of a running attempt, by their position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layers {
    shapes: Arc<[LayerShape]>,
    /// As many as there are shapes.
    counts: Box<[LayerCounts]>,
}

impl Layers {
    /// Takes what is new of some layers; figures never go back. `share` gives the one copy of what the layers are.
    pub fn update(
        &mut self,
        news: impl IntoIterator<Item = LayerProgress>,
        share: impl FnOnce(Vec<LayerShape>) -> Arc<[LayerShape]>,
    ) {
        let mut others = Vec::new();
        for layer in news {
            match self.shapes.binary_search_by_key(&layer.index, |shape| shape.index) {
                Ok(found) if self.shapes[found].total >= layer.bytes.total => self.counts[found].raise(&layer),
                Ok(_) | Err(_) => others.push(layer),
            }
        }
        if !others.is_empty() {
            self.reshape(others, share);
        }
    }

    /// Takes layers that were not known, or not how large they are.
    fn reshape(&mut self, news: Vec<LayerProgress>, share: impl FnOnce(Vec<LayerShape>) -> Arc<[LayerShape]>) {
        let mut shapes = self.shapes.to_vec();
        let mut counts = self.counts.to_vec();
        for layer in news {
            match shapes.binary_search_by_key(&layer.index, |shape| shape.index) {
                Ok(found) => {
                    shapes[found].total = shapes[found].total.max(layer.bytes.total);
                    counts[found].raise(&layer);
                }
                Err(place) if shapes.len() < MOST => {
                    let mut fresh = LayerCounts::default();
                    fresh.raise(&layer);
                    counts.insert(place, fresh);
                    let LayerProgress { digest, index, .. } = layer;
                    let total = layer.bytes.total;
                    shapes.insert(place, LayerShape { digest, index, total });
                }
                Err(_) => {}
            }
        }
        self.shapes = share(shapes);
        self.counts = counts.into_boxed_slice();
    }

    /// The layers, by their position.
    pub fn iter(&self) -> impl Iterator<Item = LayerProgress> {
        self.shapes
            .iter()
            .zip(&self.counts)
            .map(|(shape, counts)| LayerProgress {
                digest: Arc::clone(&shape.digest),
                index: shape.index,
                bytes: ByteCounts {
                    total: shape.total,
                    fetched: counts.fetched,
                    already_there: counts.already_there,
                    not_needed: counts.not_needed,
                    unpacked: if counts.unpacked { shape.total } else { 0 },
                },
                unpacked: counts.unpacked,
            })
    }
}

impl FromIterator<LayerProgress> for Layers {
    fn from_iter<T: IntoIterator<Item = LayerProgress>>(layers: T) -> Self {
        let mut found = Self::default();
        found.update(layers, Arc::from);
        found
    }
}

impl LayerCounts {
    fn raise(&mut self, layer: &LayerProgress) {
        self.fetched = self.fetched.max(layer.bytes.fetched);
        self.already_there = self.already_there.max(layer.bytes.already_there);
        self.not_needed = self.not_needed.max(layer.bytes.not_needed);
        self.unpacked |= layer.unpacked;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(index: u32, total: u64, fetched: u64, unpacked: bool) -> LayerProgress {
        LayerProgress {
            digest: format!("sha256:{index}").into(),
            index,
            bytes: ByteCounts {
                total,
                fetched,
                unpacked: if unpacked { total } else { 0 },
                ..ByteCounts::default()
            },
            unpacked,
        }
    }

    fn shown(layers: &Layers) -> Vec<(u32, u64, u64, bool)> {
        let shown = |layer: LayerProgress| (layer.index, layer.bytes.total, layer.bytes.fetched, layer.unpacked);
        layers.iter().map(shown).collect()
    }

    #[test]
    fn layers_are_told_as_they_were_reported() {
        let reported = vec![layer(0, 10, 10, true), layer(1, 20, 5, false)];
        let layers = Layers::from_iter(reported.clone());
        assert_eq!(layers.iter().collect::<Vec<_>>(), reported);
    }

    #[test]
    fn what_they_are_is_kept_until_something_else_is_known_of_it() {
        let mut layers = Layers::from_iter([layer(2, 30, 0, false), layer(0, 0, 0, false)]);
        let shapes = Arc::clone(&layers.shapes);
        layers.update([layer(2, 30, 7, true), layer(2, 30, 3, false)], Arc::from);
        assert!(Arc::ptr_eq(&shapes, &layers.shapes));
        assert_eq!(shown(&layers), [(0, 0, 0, false), (2, 30, 7, true)]);
        layers.update([layer(0, 9, 1, false), layer(1, 5, 5, false)], Arc::from);
        assert_eq!(shown(&layers), [(0, 9, 1, false), (1, 5, 5, false), (2, 30, 7, true)]);
    }

    #[test]
    fn an_agent_cannot_make_them_many() {
        let layers = Layers::from_iter((0..2000).map(|index| layer(index, 1, 1, false)));
        assert_eq!(layers.iter().count(), MOST);
    }
}
