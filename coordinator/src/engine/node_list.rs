//! Lists of nodes: found, put in order and cut by the coordinator, so that nobody reads all of them to see some.

use super::{
    Engine, EngineError,
    create::candidate,
    publish::entry_view,
    tenants::{in_sight, usable},
    views::{NodeFilter, NodeView, Page, PageRequest, PullFilter, PullView},
};
use crate::{
    domain::{
        ids::NodeName,
        node_groups::{Grouping, NodeGroups, Tally},
        node_list::NodeOrder,
    },
    fleet::Entry,
    store::NodePullQuery,
};

impl Engine {
    /// Known nodes that the filter finds, counted by what they have in common; of a tenant those that its tasks may be for.
    pub async fn node_groups(&self, filter: &NodeFilter, asked: &Grouping) -> NodeGroups {
        let (sight, fleet) = (self.sight(), self.shared.fleet());
        let mut tally = Tally::new(asked);
        for entry in usable(sight.as_deref(), fleet.entries()).filter(|entry| fits(entry, filter)) {
            tally.add(&entry.node, entry_view(entry).state());
        }
        tally.finish()
    }

    /// Known nodes that the filter finds; of a tenant those that its tasks may be for.
    pub async fn nodes(&self, filter: &NodeFilter, page: PageRequest) -> Page<NodeView> {
        let (sight, fleet) = (self.sight(), self.shared.fleet());
        let tenant = sight.as_deref();
        let shown = |entry: &Entry| match tenant {
            Some(tenant) => in_sight(tenant, entry_view(entry)),
            None => entry_view(entry),
        };
        let found = usable(tenant, fleet.entries()).filter(|entry| fits(entry, filter));
        let (offset, limit) = (page.offset as usize, page.limit as usize);
        if filter.order == NodeOrder::Name {
            // They are in this order, and only the page need be looked at as a whole.
            let mut total = 0;
            let mut items = Vec::new();
            for (index, entry) in found.enumerate() {
                total = index as u32 + 1;
                if index >= offset && items.len() < limit {
                    items.push(shown(entry));
                }
            }
            return Page { items, total };
        }
        let mut views: Vec<NodeView> = found.map(shown).collect();
        let total = views.len() as u32;
        views.sort_by_cached_key(|view| rank(view, filter.order));
        Page {
            items: views.into_iter().skip(offset).take(limit).collect(),
            total,
        }
    }

    /// Pulls of one node, of the newest tasks in the realm; the newest task first.
    ///
    /// # Errors
    /// `NotFound` for a node that is not in sight; Unavailable when the store cannot be read.
    pub async fn node_pulls(
        &self,
        node: &NodeName,
        filter: &PullFilter,
        page: PageRequest,
    ) -> Result<Page<PullView>, EngineError> {
        self.node(node).await?;
        let query = NodePullQuery {
            realm: &self.realm,
            node: node.as_str(),
            image: filter.image.as_deref(),
            states: &filter.states,
        };
        let (pulls, total) = self.store.node_pulls(query, page.limit, page.offset).await?;
        Ok(Page {
            items: pulls.into_iter().map(|pull| self.live_pull(pull)).collect(),
            total,
        })
    }
}

fn fits(entry: &Entry, filter: &NodeFilter) -> bool {
    let in_state = filter.states.is_empty() || filter.states.contains(&entry_view(entry).state());
    in_state && filter.selection.matches(candidate(entry)) && has_words(entry, &filter.words)
}

/// Every word must be in the name or in one label.
fn has_words(entry: &Entry, words: &[String]) -> bool {
    words.iter().all(|word| {
        let node = &entry.node;
        let mut labels = node.labels.iter();
        node.name.as_str().contains(word.as_str())
            || labels.any(|(key, value)| format!("{key}={value}").to_lowercase().contains(word.as_str()))
    })
}

/// Smaller comes first; ties stay by name.
fn rank(view: &NodeView, order: NodeOrder) -> u64 {
    match order {
        NodeOrder::Name => 0,
        NodeOrder::State => u64::from(view.state().urgency()),
        NodeOrder::Disk => free_per_million(view),
        NodeOrder::Pulls => u64::from(u32::MAX - view.running_pulls),
        NodeOrder::Images => view.image_count.map_or(u64::MAX, u64::from),
    }
}

/// Free part of the images' disk; the largest number where it is not known.
fn free_per_million(view: &NodeView) -> u64 {
    let (free, all) = (
        view.condition.image_fs_available_bytes,
        view.condition.image_fs_capacity_bytes,
    );
    let share = u128::from(free).saturating_mul(1_000_000).checked_div(u128::from(all));
    share.map_or(u64::MAX, |share| u64::try_from(share).unwrap_or(u64::MAX))
}
