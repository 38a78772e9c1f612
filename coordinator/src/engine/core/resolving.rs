//! Asks the registry once for each image of a task what it stands for, and takes the answer.

use super::{Core, Effect, dispatch::may_start};
use crate::domain::{
    Millis,
    ids::TaskId,
    image::{Platform, ResolvedImage},
    pull_secret::PullSecrets,
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
                    pull_secrets: open.task.spec.pull_secrets.clone(),
                    tenant: open.task.tenant.clone(),
                });
            }
        }
    }

    /// Has the pull secrets read that pulls need now, where they were not lately.
    pub(super) fn ask_for_secrets(&mut self, now: Millis) {
        let due: Vec<PullSecrets> = {
            let open = self.work.tasks.values().filter(|open| may_start(now, open));
            let secrets = open.filter_map(|open| open.task.spec.pull_secrets.as_ref());
            let due = secrets.filter(|secrets| !self.shared.knows_secrets(now, secrets));
            due.cloned().collect()
        };
        for secrets in due {
            if self.reading_secrets.insert(secrets.clone()) {
                self.effects.push(Effect::ReadSecrets(secrets));
            }
        }
    }

    pub(super) fn secrets_read(&mut self, secrets: &PullSecrets) {
        self.reading_secrets.remove(secrets);
        self.plan_due = true;
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
