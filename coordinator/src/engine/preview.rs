//! What a task would do, and nothing of it done: which nodes it would be for, what its images are, what is there already, and whose disk
//! is too small.

mod count;
mod view;

use super::{Engine, EngineError};
use crate::domain::{
    ids::NodeName,
    image::Platform,
    task::{NewTask, TaskOverrides, TaskRequest},
};
use count::Counter;
use std::{collections::BTreeSet, time::Duration};
pub use view::{DISK_FACTOR, DiskPreview, ImagePreview, LackingNode, PlatformPreview, PreviewNode, TaskPreview};

/// How long registries may take, all together.
const REGISTRY_LIMIT: Duration = Duration::from_secs(20);
/// Nodes that are looked at before others may write to the fleet.
const CHUNK: usize = 200;

impl Engine {
    /// What the task would do. Each registry is asked once for each image; what it does not say in time is unknown.
    ///
    /// # Errors
    /// Invalid when no node would be chosen.
    pub async fn preview_task(&self, new: &NewTask) -> Result<TaskPreview, EngineError> {
        let (nodes, mut spec) = self.targets(&new.spec)?;
        self.name_channels(&mut spec).await?;
        let platforms = self.platforms_of(&nodes);
        let logins = self
            .logins
            .of_task(&self.owner, &spec.credentials)
            .with_own(new.login.clone());
        let answers = self
            .resolver
            .look_up(&spec.images, &platforms, &logins, REGISTRY_LIMIT)
            .await;
        let mut counter = Counter::new(&platforms, &answers);
        for chunk in nodes.chunks(CHUNK) {
            let fleet = self.shared.fleet();
            chunk
                .iter()
                .filter_map(|name| fleet.get(name))
                .for_each(|entry| counter.add(entry));
        }
        Ok(counter.finish(&spec.images))
    }

    /// What a copy of the task would do.
    ///
    /// # Errors
    /// As [`Engine::clone_task`].
    pub async fn preview_clone(
        &self,
        id: &crate::domain::ids::TaskId,
        overrides: TaskOverrides,
    ) -> Result<TaskPreview, EngineError> {
        let task = self.known_task(id).await?;
        let request = TaskRequest::of_spec(&task.spec).with(overrides)?;
        self.of_tenant(&task.tenant).preview_task(&request.check()?).await
    }

    fn platforms_of(&self, nodes: &[NodeName]) -> Vec<Platform> {
        let fleet = self.shared.fleet();
        let found: BTreeSet<Platform> = nodes
            .iter()
            .filter_map(|name| fleet.get(name))
            .map(|entry| entry.node.platform.clone())
            .collect();
        found.into_iter().collect()
    }
}
