//! Where the images of a policy come from beside its own: the library and the cluster's workloads.

use super::Engine;
use crate::{
    domain::{
        image::ImageRef,
        policy::{Followed, Places, Policy, PolicyState},
        tenant::Realm,
    },
    store::StoreError,
};
use std::collections::HashMap;

/// Entries of the library that are looked at for one tag.
const MOST_ENTRIES: u32 = 1000;

/// What a look at the sources brought.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// The images of the policy are others now.
    pub(super) changed: bool,
    /// Images that found no place.
    left_out: usize,
    followed: Option<Followed>,
}

impl Sources {
    /// Lets the policy show it; says whether that is anything new.
    pub(super) fn tell(self, state: &mut PolicyState) -> bool {
        let differs = state.left_out != self.left_out || state.followed != self.followed;
        state.left_out = self.left_out;
        state.followed = self.followed;
        differs
    }
}

impl Engine {
    /// Gives a policy the images that its sources stand for now.
    pub(super) async fn take_sources(&self, policy: &mut Policy) -> Result<Sources, StoreError> {
        let mut found: Vec<(ImageRef, Option<Places>)> = self.library_of(policy).await?;
        let (workloads, followed) = self.workloads_of(policy);
        found.extend(workloads);
        let (changed, left_out) = policy.set_images(found);
        Ok(Sources {
            changed,
            left_out,
            followed,
        })
    }

    async fn library_of(&self, policy: &Policy) -> Result<Vec<(ImageRef, Option<Places>)>, StoreError> {
        let tag = &policy.spec.library_tag;
        if tag.is_empty() {
            return Ok(vec![]);
        }
        let of_tenant = Realm::Of(policy.tenant.clone());
        let (mut entries, _) = self.store.library(&of_tenant, tag, MOST_ENTRIES, 0).await?;
        // Oldest first, so that a new entry takes nobody's place.
        entries.sort_by_key(|entry| entry.id);
        Ok(entries.into_iter().map(|entry| (entry.spec.image, None)).collect())
    }

    /// Images that it has already come first, so that a new workload takes nobody's place.
    fn workloads_of(&self, policy: &Policy) -> (Vec<(ImageRef, Option<Places>)>, Option<Followed>) {
        let Some(selection) = &policy.spec.workloads else {
            return (vec![], None);
        };
        self.policies.workloads.want();
        let Some(tenant) = self.shared.tenants().get(&policy.tenant) else {
            return (vec![], Some(Followed::default()));
        };
        let known = policy.images.iter().filter(|known| known.places.is_some());
        let known = known.map(|known| (known.image.clone(), known.places.clone()));
        let (chosen, is_complete) = self.policies.workloads.choose(selection, &tenant);
        if !is_complete {
            return (known.collect(), Some(chosen.followed));
        }
        let mut found: Vec<_> = chosen
            .images
            .into_iter()
            .map(|(image, places)| (image, Some(places)))
            .collect();
        let places: HashMap<ImageRef, usize> = known.enumerate().map(|(at, (image, _))| (image, at)).collect();
        found.sort_by_key(|(image, _)| places.get(image).copied().unwrap_or(usize::MAX));
        (found, Some(chosen.followed))
    }
}
