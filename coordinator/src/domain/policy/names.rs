//! What runtimes call the images of a policy.

use super::Policy;
use crate::domain::{image::ImageRef, node::InventoryImage};
use std::{collections::HashMap, sync::Arc};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Positions of the images that a name stands for.
    positions: HashMap<String, Vec<u32>>,
    /// Repository of each image.
    repositories: Vec<String>,
}

impl Names {
    /// Of the images that the policy wants.
    pub(super) fn of(policy: &Policy) -> Self {
        let mut names = Self::default();
        for (index, known) in policy.images.iter().enumerate() {
            let (repository, name) = full_name(&known.image);
            names.positions.entry(name).or_default().push(index as u32);
            names.repositories.push(repository);
        }
        names
    }

    /// Positions of those that are the same image.
    pub(super) fn positions(&self, image: &ImageRef) -> &[u32] {
        self.positions.get(&full_name(image).1).map_or(&[], Vec::as_slice)
    }

    /// Repository of the image at the position.
    pub(super) fn repository(&self, index: usize) -> Option<&str> {
        self.repositories.get(index).map(String::as_str)
    }

    /// Which of the wanted images, of which there are so many, a node has.
    pub(super) fn find(&self, images: &[Arc<InventoryImage>], count: usize) -> Vec<Option<Arc<InventoryImage>>> {
        let mut found = vec![None; count];
        for image in images {
            for name in image.repo_tags.iter().chain(&image.repo_digests) {
                for at in self.positions.get(name.as_str()).into_iter().flatten() {
                    if let Some(place) = found.get_mut(*at as usize) {
                        *place = Some(Arc::clone(image));
                    }
                }
            }
        }
        found
    }
}

/// Repository and reference as runtimes write them.
fn full_name(image: &ImageRef) -> (String, String) {
    let parts = image.parts();
    let repository = format!("{}/{}", parts.registry, parts.repository);
    let name = match (&parts.digest, &parts.tag) {
        (Some(digest), _) => format!("{repository}@{digest}"),
        (None, tag) => format!("{repository}:{}", tag.as_deref().unwrap_or("latest")),
    };
    (repository, name)
}
