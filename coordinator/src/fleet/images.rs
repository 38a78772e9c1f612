//! Images of inventories, shared by the whole fleet: ten thousand nodes mostly have the same few hundred images, so each is kept
//! once and nodes hold references to it.

use crate::domain::node::InventoryImage;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// Images that nobody has any more are looked for when the pool has grown by so many.
const SWEEP_AFTER: usize = 4096;

/// Every image of every inventory, once.
#[derive(Debug, Default)]
pub struct ImagePool {
    inside: Mutex<Pool>,
}

#[derive(Debug, Default)]
struct Pool {
    known: HashSet<Arc<InventoryImage>>,
    /// Size at which unused images are removed.
    sweep_at: usize,
}

impl ImagePool {
    /// The shared copies of these images.
    pub fn share(&self, images: impl IntoIterator<Item = InventoryImage>) -> Vec<Arc<InventoryImage>> {
        let mut pool = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = images.into_iter().map(|image| pool.share(image)).collect();
        if pool.known.len() > pool.sweep_at {
            pool.known.retain(|image| Arc::strong_count(image) > 1);
            pool.sweep_at = pool.known.len() + SWEEP_AFTER;
        }
        shared
    }
}

impl Pool {
    fn share(&mut self, mut image: InventoryImage) -> Arc<InventoryImage> {
        if let Some(known) = self.known.get(&image) {
            return Arc::clone(known);
        }
        image.id.shrink_to_fit();
        for list in [&mut image.repo_tags, &mut image.repo_digests] {
            list.shrink_to_fit();
            list.iter_mut().for_each(String::shrink_to_fit);
        }
        let image = Arc::new(image);
        self.known.insert(Arc::clone(&image));
        image
    }
}

/// The images of one node by id.
#[derive(Debug, Default)]
pub struct Images(Vec<Arc<InventoryImage>>);

impl Images {
    /// Adds an image, or replaces the one with its id.
    pub fn insert(&mut self, image: Arc<InventoryImage>) {
        match self.place(&image.id) {
            Ok(place) => self.0[place] = image,
            Err(place) => self.0.insert(place, image),
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

    fn image(id: &str, tag: &str) -> InventoryImage {
        InventoryImage {
            id: id.into(),
            repo_tags: vec![tag.into()],
            repo_digests: vec![],
            size_bytes: 1,
            pinned: false,
        }
    }

    #[test]
    fn equal_images_of_two_nodes_are_one_and_go_when_both_are_gone() {
        let pool = ImagePool::default();
        let (first, second) = (pool.share([image("a", "x:1")]), pool.share([image("a", "x:1")]));
        assert!(Arc::ptr_eq(&first[0], &second[0]));
        let other = pool.share([image("a", "x:2")]);
        assert!(!Arc::ptr_eq(&first[0], &other[0]), "another record is another image");
        drop((first, second));
        pool.share((0..=SWEEP_AFTER).map(|n| image(&n.to_string(), "y:1")));
        pool.share([image("b", "x:1")]);
        let left = pool.inside.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(!left.known.contains(&image("a", "x:1")) && left.known.contains(&image("a", "x:2")));
    }

    #[test]
    fn a_nodes_images_are_kept_by_id() {
        let pool = ImagePool::default();
        let mut images = Images::default();
        for shared in pool.share([image("b", "1"), image("a", "1"), image("b", "2")]) {
            images.insert(shared);
        }
        let shown: Vec<_> = images
            .values()
            .map(|image| (image.id.as_str(), &image.repo_tags[0]))
            .collect();
        assert_eq!(shown, [("a", &"1".to_owned()), ("b", &"2".to_owned())]);
        images.remove("a");
        images.remove("x");
        assert_eq!(images.len(), 1);
    }
}
