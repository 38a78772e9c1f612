//! The images of one node. Each node has a hundred or more, mostly the same as the others: what an image is stands once in a catalogue, and
//! a node has numbers of four bytes.

use crate::domain::node::InventoryImage;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Images that are kept of one node; more than any runtime bears.
const MOST: usize = 20_000;

/// Images of all nodes, each once for as long as a node has it.
#[derive(Debug, Default)]
pub struct Catalogue(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    slots: Vec<Slot>,
    numbers: HashMap<Arc<InventoryImage>, u32>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot {
    /// None while the slot is free.
    image: Option<Arc<InventoryImage>>,
    /// Nodes that have it.
    holders: u32,
}

impl Catalogue {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn get(&self, number: u32) -> Option<&Arc<InventoryImage>> {
        self.slots.get(number as usize)?.image.as_ref()
    }

    /// The number of an image, for one more holder.
    fn take(&mut self, image: Arc<InventoryImage>) -> u32 {
        if let Some(&number) = self.numbers.get(&image) {
            self.slots[number as usize].holders += 1;
            return number;
        }
        let slot = Slot {
            image: Some(Arc::clone(&image)),
            holders: 1,
        };
        let number = match self.free.pop() {
            Some(number) => {
                self.slots[number as usize] = slot;
                number
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        self.numbers.insert(image, number);
        number
    }

    /// One holder less.
    fn give_back(&mut self, number: u32) {
        let slot = &mut self.slots[number as usize];
        slot.holders -= 1;
        if slot.holders == 0
            && let Some(image) = slot.image.take()
        {
            self.numbers.remove(&image);
            self.free.push(number);
        }
    }

    /// Where an image with this id is among these numbers, or would be.
    fn place(&self, numbers: &[u32], id: &str) -> Result<usize, usize> {
        numbers.binary_search_by(|number| self.get(*number).map_or("", |image| image.id.as_str()).cmp(id))
    }
}

/// Images by id.
#[derive(Debug, Default)]
pub struct Images {
    catalogue: Arc<Catalogue>,
    numbers: Vec<u32>,
}

impl Images {
    /// None yet, of those in a catalogue.
    pub fn of(catalogue: Arc<Catalogue>) -> Self {
        let numbers = Vec::new();
        Self { catalogue, numbers }
    }

    /// Adds images; each replaces the one with its id.
    pub fn insert(&mut self, images: impl IntoIterator<Item = Arc<InventoryImage>>) {
        let mut known = self.catalogue.lock();
        for image in images {
            match known.place(&self.numbers, &image.id) {
                Ok(place) => {
                    let fresh = known.take(image);
                    known.give_back(std::mem::replace(&mut self.numbers[place], fresh));
                }
                Err(place) if self.numbers.len() < MOST => self.numbers.insert(place, known.take(image)),
                Err(_) => {}
            }
        }
    }

    /// Removes the image with this id, if there is one.
    pub fn remove(&mut self, id: &str) {
        let mut known = self.catalogue.lock();
        if let Ok(place) = known.place(&self.numbers, id) {
            known.give_back(self.numbers.remove(place));
        }
    }

    /// Removes all.
    pub fn clear(&mut self) {
        let mut known = self.catalogue.lock();
        self.numbers.drain(..).for_each(|number| known.give_back(number));
    }

    /// Gives back memory that is not needed.
    pub fn settle(&mut self) {
        self.numbers.shrink_to_fit();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The images by id.
    pub fn values(&self) -> impl Iterator<Item = Arc<InventoryImage>> {
        let known = self.catalogue.lock();
        let found: Vec<_> = self
            .numbers
            .iter()
            .filter_map(|number| known.get(*number).cloned())
            .collect();
        found.into_iter()
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, tag: &str) -> Arc<InventoryImage> {
        Arc::new(InventoryImage {
            id: id.into(),
            repo_tags: vec![tag.into()],
            repo_digests: vec![],
            size_bytes: 1,
            pinned: false,
        })
    }

    /// How many images are known, and how many numbers are free.
    fn sizes(catalogue: &Catalogue) -> (usize, usize) {
        let known = catalogue.lock();
        (known.numbers.len(), known.free.len())
    }

    #[test]
    fn what_nodes_have_in_common_is_known_once_and_for_as_long_as_one_has_it() {
        let catalogue = Arc::new(Catalogue::default());
        let [mut first, mut second] = [(); 2].map(|()| Images::of(Arc::clone(&catalogue)));
        first.insert([image("a", "1"), image("b", "1")]);
        second.insert([image("a", "1"), image("a", "2")]);
        assert_eq!(sizes(&catalogue), (3, 0));
        drop(second);
        assert_eq!(sizes(&catalogue), (2, 1));
        first.insert([image("c", "1")]);
        assert_eq!(catalogue.lock().slots.len(), 3, "a free number is used again");
        assert_eq!(first.values().map(|image| image.id.clone()).collect::<String>(), "abc");
        drop(first);
        assert!(catalogue.lock().numbers.is_empty());
    }

    #[test]
    fn an_image_replaces_the_one_of_its_id() {
        let mut images = Images::default();
        images.insert([("b", "1"), ("a", "1"), ("b", "2")].map(|(id, tag)| image(id, tag)));
        let shown: Vec<_> = images
            .values()
            .map(|image| format!("{}:{}", image.id, image.repo_tags[0]))
            .collect();
        assert_eq!(shown, ["a:1", "b:2"]);
        images.remove("a");
        images.remove("x");
        assert_eq!(images.len(), 1);
    }
}
