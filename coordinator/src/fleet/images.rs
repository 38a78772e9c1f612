//! The images of one node, shared with the nodes that have the same ones.

use crate::domain::node::InventoryImage;
use std::sync::Arc;

/// Images that are kept of one node; more than any runtime bears.
const MOST: usize = 20_000;

/// Images by id.
#[derive(Debug, Default)]
pub struct Images(Vec<Arc<InventoryImage>>);

impl Images {
    /// Adds an image, or replaces the one with its id.
    pub fn insert(&mut self, image: Arc<InventoryImage>) {
        match self.place(&image.id) {
            Ok(place) => self.0[place] = image,
            Err(place) if self.0.len() < MOST => self.0.insert(place, image),
            Err(_) => {}
        }
    }

    /// Removes the image with this id, if there is one.
    pub fn remove(&mut self, id: &str) {
        if let Ok(place) = self.place(id) {
            self.0.remove(place);
        }
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Gives back memory that is not needed.
    pub fn settle(&mut self) {
        self.0.shrink_to_fit();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The images by id.
    pub fn values(&self) -> impl Iterator<Item = &InventoryImage> {
        self.0.iter().map(Arc::as_ref)
    }

    fn place(&self, id: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|known| known.id.as_str().cmp(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_replaces_the_one_of_its_id() {
        let image = |id: &str, tag: &str| {
            Arc::new(InventoryImage {
                id: id.into(),
                repo_tags: vec![tag.into()],
                repo_digests: vec![],
                size_bytes: 1,
                pinned: false,
            })
        };
        let mut images = Images::default();
        for (id, tag) in [("b", "1"), ("a", "1"), ("b", "2")] {
            images.insert(image(id, tag));
        }
        let shown: Vec<_> = images
            .values()
            .map(|image| (image.id.as_str(), image.repo_tags[0].as_str()))
            .collect();
        assert_eq!(shown, [("a", "1"), ("b", "2")]);
        images.remove("a");
        images.remove("x");
        assert_eq!(images.len(), 1);
    }
}
