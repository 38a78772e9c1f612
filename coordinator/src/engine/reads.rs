//! What readers ask for: records from the store with live figures laid over them.

use super::{
    Engine, EngineError,
    create::candidate,
    publish::{entry_view, view_of},
    views::{NodeCounts, NodeDetail, NodeView, Page, PageRequest, PullFilter, PullView, TaskFilter, TaskView},
};
use crate::{
    domain::{
        ids::{NodeName, TaskId},
        node::InventoryImage,
        pull::Pull,
        selection::Selection,
    },
    store::PullQuery,
};
use std::sync::Arc;

impl Engine {
    /// One task.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn task(&self, id: &TaskId) -> Result<TaskView, EngineError> {
        let task = self.store.task(id).await?.ok_or_else(|| EngineError::NotFound {
            kind: "task",
            id: id.to_string(),
        })?;
        Ok(view_of(task, &self.shared))
    }

    /// Tasks, newest first.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn tasks(&self, filter: &TaskFilter, page: PageRequest) -> Result<Page<TaskView>, EngineError> {
        let (tasks, total) = self.store.tasks(&filter.states, page.limit, page.offset).await?;
        Ok(Page {
            items: tasks.into_iter().map(|task| view_of(task, &self.shared)).collect(),
            total,
        })
    }

    /// Pulls of a task by node, then position of the image.
    ///
    /// # Errors
    /// `NotFound` for an unknown task.
    pub async fn pulls(
        &self,
        id: &TaskId,
        filter: &PullFilter,
        page: PageRequest,
    ) -> Result<Page<PullView>, EngineError> {
        let task = self.task(id).await?.task;
        let query = PullQuery {
            task: id,
            node: filter.node.as_deref(),
            image: filter.image.as_deref(),
            states: &filter.states,
        };
        let total = if *filter == PullFilter::default() {
            task.counts.total()
        } else {
            self.store.count_pulls(query).await?
        };
        let pulls = self.store.pulls(query, page.limit, page.offset).await?;
        let live = self.shared.live();
        let view = |pull: Pull| PullView {
            live: if pull.state.is_running() {
                live.pull(&pull.id).cloned()
            } else {
                None
            },
            pull: Arc::new(pull),
        };
        Ok(Page {
            items: pulls.into_iter().map(view).collect(),
            total,
        })
    }

    /// Known nodes by name, without those that were deleted from the cluster.
    pub async fn nodes(&self, selection: &Selection, page: PageRequest) -> Page<NodeView> {
        let fleet = self.shared.fleet();
        let there = || fleet.entries().filter(|entry| !entry.deleted);
        let matching = || there().filter(|entry| selection.matches(candidate(entry)));
        let items = matching()
            .skip(page.offset as usize)
            .take(page.limit as usize)
            .map(entry_view)
            .collect();
        Page {
            items,
            total: matching().count() as u32,
        }
    }

    /// One node with its inventory.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn node(&self, name: &NodeName) -> Result<NodeDetail, EngineError> {
        let fleet = self.shared.fleet();
        let entry = fleet.get(name).ok_or_else(|| EngineError::NotFound {
            kind: "node",
            id: name.to_string(),
        })?;
        let images = entry.inventory.as_ref().map(|inventory| {
            let mut images: Vec<InventoryImage> = inventory.images.values().cloned().collect();
            images.sort_by(|a, b| (a.repo_tags.first(), &a.id).cmp(&(b.repo_tags.first(), &b.id)));
            images
        });
        Ok(NodeDetail {
            view: entry_view(entry),
            images,
        })
    }

    /// How many nodes there are.
    pub fn node_counts(&self) -> NodeCounts {
        let fleet = self.shared.fleet();
        let there = || fleet.entries().filter(|entry| !entry.deleted);
        NodeCounts {
            total: there().count() as u32,
            ready: there().filter(|entry| entry.not_ready().is_none()).count() as u32,
        }
    }

    /// Why the coordinator cannot serve; empty when it can.
    pub async fn not_ready(&self) -> Vec<String> {
        let mut reasons = self.readiness.reasons();
        if reasons.is_empty()
            && let Err(error) = self.store.ping().await
        {
            reasons.push(format!("database: {}", error.chain()));
        }
        reasons
    }

    /// What is wrong although the coordinator serves.
    pub fn remarks(&self) -> Vec<String> {
        self.readiness.remarks()
    }
}
