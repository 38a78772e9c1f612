//! Asks the registry once for each image of a task what it stands for, and takes the answer.

use super::{Core, Effect};
use crate::domain::{
    ids::TaskId,
    image::{Platform, ResolvedImage},
};
use std::collections::HashSet;

impl Core {
    pub(super) fn ask_registry(&mut self, id: &TaskId) {
        let Some(open) = self.work.tasks.get_mut(id) else {
            return;
        };
        if !open.task.state.is_open() {
            return;
        }
        let fleet = self.shared.fleet();
        let targets = open.tallies.keys().filter_map(|node| fleet.get(node));
        let platforms: HashSet<Platform> = targets.map(|entry| entry.node.platform.clone()).collect();
        for (index, image) in open.task.spec.images.iter().enumerate() {
            let known = open
                .task
                .images
                .get(index)
                .is_some_and(|known| !known.resolved.is_empty() || !known.error.is_empty());
            let image_index = index as u32;
            if !known && open.resolving.insert(image_index) {
                self.effects.push(Effect::Resolve {
                    task: id.clone(),
                    image_index,
                    image: image.clone(),
                    platforms: platforms.iter().cloned().collect(),
                    credentials: open.task.spec.credentials.clone(),
                    tenant: open.task.tenant.clone(),
                });
            }
        }
    }

    pub(super) fn resolved(&mut self, id: &TaskId, image_index: u32, result: Result<Vec<ResolvedImage>, String>) {
        let Some(open) = self.work.tasks.get_mut(id) else {
            return;
        };
        open.resolving.remove(&image_index);
        self.plan_due = true;
        let Some(image) = open.task.images.get_mut(image_index as usize) else {
            return;
        };
        match result {
            Ok(resolved) => image.resolved = resolved,
            Err(error) => image.error = error,
        }
        let state = open.task.state;
        self.task_changed(id, state, false);
    }
}
