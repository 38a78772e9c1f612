//! What is to be pinned on which node, and by whose wish. In memory: tasks are read again at the start, policies say it again.

use super::{Engine, EngineError, core::Command};
use crate::domain::{
    ids::{NodeName, PolicyId},
    image::ImageRef,
    pin::PinOwner,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{PoisonError, RwLock},
};

/// One image on one node.
pub type PinnedPlace = (NodeName, ImageRef);

/// Every wish.
#[derive(Debug, Default)]
pub struct PinBook(RwLock<Wishes>);

#[derive(Debug, Default)]
struct Wishes {
    /// By node and reference, how many want it.
    by_node: HashMap<NodeName, BTreeMap<String, usize>>,
    by_owner: HashMap<PinOwner, BTreeSet<(NodeName, String)>>,
    /// Not all wishes are known yet.
    is_partial: bool,
}

impl PinBook {
    /// From now on the owner wants exactly these. Returns the nodes where that changes what is wanted.
    pub(in crate::engine) fn set(
        &self,
        owner: &PinOwner,
        places: impl IntoIterator<Item = PinnedPlace>,
    ) -> BTreeSet<NodeName> {
        let mut wishes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = wishes.by_owner.get(owner).into_iter().flatten();
        let mut by_node: BTreeMap<NodeName, BTreeSet<String>> =
            known.map(|(node, _)| (node.clone(), BTreeSet::new())).collect();
        for (node, image) in places {
            by_node.entry(node).or_default().insert(image.as_str().to_owned());
        }
        by_node.retain(|node, images| wishes.set_on(owner, node, images));
        by_node.into_keys().collect()
    }

    /// From now on the owner wants exactly these on this node. Says whether that changes what is wanted there.
    pub(in crate::engine) fn set_on(&self, owner: &PinOwner, node: &NodeName, images: &[ImageRef]) -> bool {
        let mut wishes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let images = images.iter().map(|image| image.as_str().to_owned()).collect();
        wishes.set_on(owner, node, &images)
    }

    /// Policies have not said yet what they want: until they have, no node is told to let anything go.
    pub(in crate::engine) fn wait_for_policies(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).is_partial = true;
    }

    /// Every policy has said what it wants. Says whether that was waited for.
    pub(in crate::engine) fn policies_have_spoken(&self) -> bool {
        std::mem::take(&mut self.0.write().unwrap_or_else(PoisonError::into_inner).is_partial)
    }

    /// Whether some wishes are not known yet.
    pub(in crate::engine) fn is_partial(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_partial
    }

    /// What is wanted on a node.
    pub fn on(&self, node: &NodeName) -> Vec<String> {
        let wishes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let images = wishes.by_node.get(node);
        images
            .map(|images| images.keys().cloned().collect())
            .unwrap_or_default()
    }
}

impl Wishes {
    /// See [`PinBook::set_on`].
    fn set_on(&mut self, owner: &PinOwner, node: &NodeName, new: &BTreeSet<String>) -> bool {
        let places = self.by_owner.entry(owner.clone()).or_default();
        let from = (node.clone(), String::new());
        let known = places.range(from..).take_while(|(name, _)| name == node);
        let old: BTreeSet<String> = known.map(|(_, image)| image.clone()).collect();
        for image in old.difference(new) {
            places.remove(&(node.clone(), image.clone()));
        }
        places.extend(new.difference(&old).map(|image| (node.clone(), image.clone())));
        if places.is_empty() {
            self.by_owner.remove(owner);
        }
        let mut changed = false;
        for image in old.difference(new) {
            changed |= self.drop_one(node, image);
        }
        for image in new.difference(&old) {
            changed |= self.add_one(node, image);
        }
        changed
    }

    /// One owner more. Says whether it is the first.
    fn add_one(&mut self, node: &NodeName, image: &str) -> bool {
        let images = self.by_node.entry(node.clone()).or_default();
        let count = images.entry(image.to_owned()).or_default();
        *count += 1;
        *count == 1
    }

    /// One owner less. Says whether nobody is left.
    fn drop_one(&mut self, node: &NodeName, image: &str) -> bool {
        let Some(images) = self.by_node.get_mut(node) else {
            return false;
        };
        let left = images.get_mut(image).map(|count| {
            *count -= 1;
            *count
        });
        if left != Some(0) {
            return false;
        }
        images.remove(image);
        if images.is_empty() {
            self.by_node.remove(node);
        }
        true
    }
}

impl Engine {
    /// What is to be pinned on a node, by every owner's wish together.
    pub fn desired_pins(&self, node: &NodeName) -> Vec<String> {
        self.shared.pins().on(node)
    }

    /// From now on the owner wants exactly these pinned; nothing means that it lets go. Nodes that are connected are told.
    ///
    /// # Errors
    /// Unavailable when the coordinator is stopping.
    pub async fn set_pins(&self, owner: PinOwner, places: Vec<PinnedPlace>) -> Result<(), EngineError> {
        self.tell(Command::SetPins { owner, places }).await
    }

    /// On each of these nodes the policy wants exactly these pinned from now on.
    ///
    /// # Errors
    /// Unavailable when the coordinator is stopping.
    pub(super) async fn set_policy_pins(
        &self,
        policy: PolicyId,
        places: Vec<(NodeName, Vec<ImageRef>)>,
    ) -> Result<(), EngineError> {
        self.tell(Command::SetPolicyPins { policy, places }).await
    }

    /// Every policy has said what it wants pinned.
    ///
    /// # Errors
    /// Unavailable when the coordinator is stopping.
    pub(super) async fn policies_have_spoken(&self) -> Result<(), EngineError> {
        self.tell(Command::PoliciesHaveSpoken).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::ids::TaskId;

    fn node(name: &str) -> NodeName {
        NodeName::parse(name).unwrap()
    }

    fn places(texts: &[(&str, &str)]) -> Vec<PinnedPlace> {
        let place = |(name, image): &(&str, &str)| (node(name), ImageRef::parse(image).unwrap());
        texts.iter().map(place).collect()
    }

    fn task(id: &str) -> PinOwner {
        PinOwner::Task(TaskId::parse(id).unwrap())
    }

    #[test]
    fn an_image_is_wanted_as_long_as_anybody_wants_it() {
        let book = PinBook::default();
        let changed = book.set(&task("t1"), places(&[("n1", "a:1"), ("n2", "a:1")]));
        assert_eq!(changed.len(), 2);
        let policy = PinOwner::Policy(PolicyId::from_stored("p".into()));
        let changed = book.set(&policy, places(&[("n1", "a:1"), ("n1", "b:1")]));
        assert_eq!(changed, [node("n1")].into());
        assert_eq!(book.on(&node("n1")), ["a:1", "b:1"]);
        assert_eq!(
            book.set(&task("t1"), vec![]),
            [node("n2")].into(),
            "the policy still wants it on n1"
        );
        assert_eq!(
            (book.on(&node("n1")), book.on(&node("n2"))),
            (vec!["a:1".into(), "b:1".into()], vec![])
        );
        assert_eq!(book.set(&policy, places(&[("n1", "b:1")])), [node("n1")].into());
        assert_eq!(book.on(&node("n1")), ["b:1"]);
        assert!(book.set(&policy, places(&[("n1", "b:1")])).is_empty(), "nothing new");
        let image = |text: &str| ImageRef::parse(text).unwrap();
        assert!(book.set_on(&policy, &node("n1"), &[image("a:1"), image("b:1")]));
        assert!(book.set_on(&policy, &node("n2"), &[image("b:1")]));
        assert!(!book.set_on(&policy, &node("n2"), &[image("b:1")]), "nothing new");
        assert!(book.set_on(&policy, &node("n1"), &[]));
        assert_eq!(
            (book.on(&node("n1")), book.on(&node("n2"))),
            (vec![], vec!["b:1".into()])
        );
        book.set(&policy, vec![]);
        assert!(book.0.read().unwrap().by_node.is_empty());
    }
}
