//! What readers ask for: records from the store with live figures laid over them.

use super::{
    Engine, EngineError,
    publish::{entry_view, view_of},
    tenants::{may_use, usable},
    views::{NodeCounts, NodeDetail, NodeView, Page, PageRequest, PullFilter, PullView, Stats, TaskFilter, TaskView},
};
use crate::{
    domain::{
        Millis,
        ids::{NodeName, TaskId},
        image::ImageRef,
        node::InventoryImage,
        pin::{Pin, PinReport},
        pull::Pull,
        task::Task,
        task_state::TaskState,
        tenant::Tenant,
    },
    fleet::Entry,
    store::{PullQuery, TaskQuery},
};
use std::sync::Arc;

/// Milliseconds of 24 hours.
const DAY: Millis = 24 * 60 * 60 * 1000;
/// Running tasks of one tenant whose throughput is summed.
const MOST_RUNNING: u32 = 1000;

impl Engine {
    /// One task.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn task(&self, id: &TaskId) -> Result<TaskView, EngineError> {
        let task = self.known_task(id).await?;
        Ok(view_of(task, &self.shared))
    }

    /// The record of a task of the realm.
    pub(super) async fn known_task(&self, id: &TaskId) -> Result<Task, EngineError> {
        self.seen(self.store.task(id).await?, "task", id.as_str())
    }

    /// Tasks, newest first.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn tasks(&self, filter: &TaskFilter, page: PageRequest) -> Result<Page<TaskView>, EngineError> {
        let query = TaskQuery {
            realm: &self.realm,
            states: &filter.states,
            text: &filter.text,
            policy: filter.policy.as_ref(),
            order: filter.order,
        };
        let (tasks, total) = self.store.find_tasks(query, page.limit, page.offset).await?;
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
        let task = self.known_task(id).await?;
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
        Ok(Page {
            items: pulls.into_iter().map(|pull| self.live_pull(pull)).collect(),
            total,
        })
    }

    /// A pull with its live figures.
    pub(super) fn live_pull(&self, pull: Pull) -> PullView {
        let live = self.shared.live();
        PullView {
            live: if pull.state.is_running() {
                live.pull(&pull.id).cloned()
            } else {
                None
            },
            pull: Arc::new(pull),
        }
    }

    /// One node with its inventory; a tenant is shown the images that its patterns allow.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn node(&self, name: &NodeName) -> Result<NodeDetail, EngineError> {
        let (sight, fleet) = (self.sight(), self.shared.fleet());
        let tenant = sight.as_deref();
        let usable = |entry: &&Entry| tenant.is_none_or(|tenant| may_use(tenant, &entry.node));
        let found = fleet.get(name).filter(usable);
        let entry = found.ok_or_else(|| EngineError::NotFound {
            kind: "node",
            id: name.to_string(),
        })?;
        let images = entry.inventory.as_ref().map(|inventory| {
            let shown = |image: Arc<InventoryImage>| match tenant {
                Some(tenant) => tenant.sight_of(&image),
                None => Some(InventoryImage::clone(&image)),
            };
            let mut images: Vec<InventoryImage> = inventory.images.values().filter_map(shown).collect();
            images.sort_by(|a, b| (a.repo_tags.first(), &a.id).cmp(&(b.repo_tags.first(), &b.id)));
            images
        });
        let image_count = images.as_ref().map(|images| images.len() as u32);
        Ok(NodeDetail {
            view: NodeView {
                image_count,
                pins: entry.pins().map(|report| seen_pins(report, tenant)),
                ..entry_view(entry)
            },
            images,
        })
    }

    /// How many nodes there are; for a tenant, that it may use.
    pub fn node_counts(&self) -> NodeCounts {
        let (sight, fleet) = (self.sight(), self.shared.fleet());
        let mut counts = NodeCounts::default();
        for entry in usable(sight.as_deref(), fleet.entries()) {
            let connected = entry.session.is_some();
            counts.total += 1;
            counts.ready += u32::from(entry.not_ready().is_none());
            counts.connected += u32::from(connected);
            counts.draining += u32::from(connected && entry.condition.draining);
        }
        counts
    }

    /// The service in numbers; for a tenant, of what is its own.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn stats(&self) -> Result<Stats, EngineError> {
        let day = self.store.figures_since(&self.realm, super::now() - DAY).await?;
        Ok(Stats {
            nodes: self.node_counts(),
            tasks: self.store.task_states(&self.realm).await?,
            day,
            throughput: self.throughput().await?,
        })
    }

    /// Bytes a second that the open tasks in sight fetch.
    async fn throughput(&self) -> Result<u64, EngineError> {
        if self.realm.tenant().is_none() {
            return Ok(self.shared.live().throughput());
        }
        let running = [TaskState::Running, TaskState::Paused];
        let (tasks, _) = self.store.tasks(&self.realm, &running, MOST_RUNNING, 0).await?;
        let live = self.shared.live();
        let rates = tasks.iter().filter_map(|task| live.task(&task.id));
        Ok(rates.map(|figures| figures.throughput).sum())
    }

    /// Says what is wrong with a part that the engine does not know, although the coordinator serves; `None` when nothing is any more.
    pub fn set_remark(&self, part: &'static str, text: Option<String>) {
        match text {
            Some(text) => self.readiness.remark(part, text),
            None => self.readiness.withdraw(part),
        }
    }
}

/// The report with the images that a tenant may see; its figures are the node's.
fn seen_pins(report: Arc<PinReport>, tenant: Option<&Tenant>) -> Arc<PinReport> {
    let Some(tenant) = tenant else { return report };
    let may_see = |pin: &&Pin| ImageRef::parse(&pin.image).is_ok_and(|image| tenant.may_use(&image));
    Arc::new(PinReport {
        pins: report.pins.iter().filter(may_see).cloned().collect(),
        ..PinReport::clone(&report)
    })
}
