//! Purges: orders the removal of images from nodes and waits for what the agents say. The agents decide: they alone see who uses what.
//! Nothing is kept of a purge but its line in the audit; what is on a node is its inventory's to tell.

use super::{Engine, EngineError, create::chosen, run::now, tenants::usable};
use crate::{
    domain::{
        Invalid,
        ids::{NodeName, PolicyId},
        image::ImageRef,
        pin::RemovalResult,
        policy::PolicyState,
        purge::{MAX_ORDERS, Purge, PurgedImages},
        selection::Selection,
    },
    fleet::messages::Order,
    store::PullQuery,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// Longest wait for the answers of all nodes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of one image on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeItem {
    /// Node.
    pub node: NodeName,
    /// Image.
    pub image: ImageRef,
    /// What became of it.
    pub result: RemovalResult,
    /// For people; empty when there is nothing to say.
    pub message: String,
}

/// What became of a purge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeOutcome {
    /// Nothing was removed, only asked.
    pub dry_run: bool,
    /// Every image on every node, by node, then in the order in which they were named.
    pub items: Vec<PurgeItem>,
}

type Answer = (usize, RemovalResult, String);

/// Orders that wait for an answer.
#[derive(Debug, Default)]
pub struct RemovalDesk(Mutex<HashMap<String, Waiting>>);

#[derive(Debug)]
struct Waiting {
    node: NodeName,
    item: usize,
    answers: mpsc::UnboundedSender<Answer>,
}

impl RemovalDesk {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An agent has answered; what nobody waits for, or another node was asked, is passed over.
    pub(in crate::engine) fn answered(&self, node: &NodeName, order: &str, result: RemovalResult, message: String) {
        let mut waiting = self.lock();
        if waiting.get(order).is_some_and(|waiting| waiting.node == *node)
            && let Some(waiting) = waiting.remove(order)
        {
            // Whoever asked may have gone.
            let _gone = waiting.answers.send((waiting.item, result, message));
        }
    }
}

impl Engine {
    /// Removes images from nodes where nobody needs them, and says of each what became of it.
    ///
    /// # Errors
    /// `NotFound` for an unknown task or policy; a precondition for a policy that is not paused; Invalid where no node matches, for an image that the tenant may not use, and for more than
    /// [`MAX_ORDERS`] images times nodes.
    pub async fn purge(&self, purge: Purge) -> Result<PurgeOutcome, EngineError> {
        let mut items = self.purged(&purge).await?;
        items.iter_mut().for_each(|item| self.spare_what_is_kept(item));
        let (answers, mut heard) = mpsc::unbounded_channel();
        let orders = self.order_removals(&mut items, purge.dry_run, answers);
        let (end, mut open) = (Instant::now() + PATIENCE, orders.len());
        while open > 0
            && let Ok(Some((item, result, message))) = tokio::time::timeout_at(end, heard.recv()).await
        {
            open -= 1;
            if let Some(item) = items.get_mut(item) {
                (item.result, item.message) = (result, message);
            }
        }
        let mut waiting = self.shared.removals().lock();
        orders.iter().for_each(|order| drop(waiting.remove(order)));
        Ok(PurgeOutcome {
            dry_run: purge.dry_run,
            items,
        })
    }

    /// Every image on every node, as if nobody had answered.
    async fn purged(&self, purge: &Purge) -> Result<Vec<PurgeItem>, EngineError> {
        let places = match &purge.images {
            PurgedImages::Named(images) => {
                let tenant = self.owning_tenant()?;
                tenant.check_images(images)?;
                let sight = self.sight();
                let nodes = chosen(
                    &purge.selection,
                    usable(sight.as_deref(), self.shared.fleet().entries()),
                )?;
                bounded(nodes.len().saturating_mul(images.len()))?;
                let of = |node: &NodeName| {
                    images
                        .iter()
                        .map(|image| (node.clone(), image.clone()))
                        .collect::<Vec<_>>()
                };
                nodes.iter().flat_map(of).collect()
            }
            PurgedImages::OfTask(id) => {
                let task = self.known_task(id).await?;
                bounded(task.counts.total() as usize)?;
                let query = PullQuery {
                    task: id,
                    node: None,
                    image: None,
                    states: &[],
                };
                let pulls = self.store.pulls(query, u32::MAX, 0).await?;
                let known: BTreeSet<NodeName> = self.chosen_of_known(&purge.selection);
                let places = pulls.into_iter().map(|pull| (pull.node, pull.image));
                places.filter(|(node, _)| known.contains(node)).collect::<Vec<_>>()
            }
            PurgedImages::OfPolicy(id) => self.places_of_policy(id, &purge.selection).await?,
        };
        let item = |(node, image): (NodeName, ImageRef)| PurgeItem {
            node,
            image,
            result: RemovalResult::Unanswered,
            message: String::new(),
        };
        Ok(places.into_iter().map(item).collect())
    }

    /// The images of a paused policy on the nodes that it chooses.
    async fn places_of_policy(
        &self,
        id: &PolicyId,
        selection: &Selection,
    ) -> Result<Vec<(NodeName, ImageRef)>, EngineError> {
        let policy = self.policy(id).await?.policy;
        if policy.paused.is_none() {
            let rule = "it keeps its images on its nodes, and would bring them back: pause it first";
            return Err(EngineError::Precondition(format!("policy {id}: {rule}")));
        }
        let chosen = self.chosen_of_known(selection);
        let nodes: Vec<NodeName> = {
            let book = self.policies.book();
            let members = book.policies.get(id).into_iter().flat_map(PolicyState::nodes);
            members.filter(|node| chosen.contains(*node)).cloned().collect()
        };
        bounded(nodes.len().saturating_mul(policy.images.len()))?;
        let of = |node: &NodeName| {
            let images = policy.images.iter();
            images
                .map(|known| (node.clone(), known.image.clone()))
                .collect::<Vec<_>>()
        };
        Ok(nodes.iter().flat_map(of).collect())
    }

    /// What a policy would only bring back stays.
    fn spare_what_is_kept(&self, item: &mut PurgeItem) {
        let book = self.policies.book();
        let keeper = book
            .policies
            .values()
            .find(|state| state.keeps(&item.node, &item.image));
        if let Some(state) = keeper {
            item.result = RemovalResult::Wanted;
            item.message = if self.realm.holds(&state.policy.tenant) {
                format!("policy {} keeps it there", state.policy.spec.name)
            } else {
                "a policy keeps it there".into()
            };
        }
    }

    /// Policies that are paused are not to take it for a removal by somebody else.
    fn forewarn_policies(&self, item: &PurgeItem) {
        let mut book = self.policies.book_mut();
        let states = book.policies.values_mut();
        states.for_each(|state| state.removed_on_purpose(&item.node, &item.image, now()));
    }

    fn chosen_of_known(&self, selection: &Selection) -> BTreeSet<NodeName> {
        let (sight, fleet) = (self.sight(), self.shared.fleet());
        let entries = usable(sight.as_deref(), fleet.entries());
        let matching = entries.filter(|entry| selection.matches(super::create::candidate(entry)));
        matching.map(|entry| entry.node.name.clone()).collect()
    }

    /// Sends the orders; what cannot be sent has its result at once. Returns the ids of those that were.
    fn order_removals(
        &self,
        items: &mut [PurgeItem],
        dry_run: bool,
        answers: mpsc::UnboundedSender<Answer>,
    ) -> Vec<String> {
        let mut orders = Vec::new();
        let open = items.iter_mut().enumerate();
        for (at, item) in open.filter(|(_, item)| item.result == RemovalResult::Unanswered) {
            let abilities = {
                let fleet = self.shared.fleet();
                let connected = fleet.get(&item.node).filter(|entry| entry.session.is_some());
                connected.map(|entry| entry.abilities)
            };
            match abilities {
                None => item.result = RemovalResult::Offline,
                Some(abilities) if !abilities.removal => {
                    item.result = RemovalResult::Failed;
                    item.message = "the agent is too old to remove images".into();
                }
                Some(_) => {
                    if !dry_run {
                        self.forewarn_policies(item);
                    }
                    let id = uuid::Uuid::new_v4().simple().to_string();
                    let waiting = Waiting {
                        node: item.node.clone(),
                        item: at,
                        answers: answers.clone(),
                    };
                    self.shared.removals().lock().insert(id.clone(), waiting);
                    let order = Order::RemoveImage {
                        order: id.clone(),
                        reference: item.image.clone(),
                        dry_run,
                    };
                    if self.shared.send(&item.node, order) {
                        orders.push(id);
                    } else {
                        self.shared.removals().lock().remove(&id);
                        item.result = RemovalResult::Offline;
                    }
                }
            }
        }
        orders
    }
}

fn bounded(orders: usize) -> Result<(), Invalid> {
    if orders > MAX_ORDERS {
        let rule = format!("would be {orders} images on nodes, allowed are {MAX_ORDERS}; name fewer nodes or images");
        return Err(Invalid::new("images", rule));
    }
    Ok(())
}
