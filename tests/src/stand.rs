//! The usual stand of a test: a coordinator and some nodes, each a containerd with an agent. Tests that need it otherwise
//! put the parts together themselves.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::agent::{Agent, AgentOptions};
use crate::containerd::{Containerd, ContainerdOptions, ContainerdVersion};
use crate::coordinator::Coordinator;
use crate::registry::Digests;
use crate::wait::{wait_for, wait_until};

/// Longer than any task of the tests takes on a busy machine.
pub const TASK_LIMIT: Duration = Duration::from_secs(180);

/// One node.
#[derive(Debug)]
pub struct Node {
    /// Stops before its runtime does.
    pub agent: Agent,
    /// The runtime.
    pub containerd: Containerd,
}

impl Node {
    /// Starts a node that joins the coordinator; it has the label `pool=test` and `node=<name>`.
    pub async fn start(name: &str, coordinator: &Coordinator, version: ContainerdVersion) -> Result<Self> {
        Self::start_with(name, coordinator, version, ContainerdOptions::default(), &[]).await
    }

    /// The same with options for containerd and further arguments for the agent.
    pub async fn start_with(
        name: &str,
        coordinator: &Coordinator,
        version: ContainerdVersion,
        options: ContainerdOptions,
        arguments: &[&str],
    ) -> Result<Self> {
        let containerd = Containerd::start(version, options).await?;
        let mut options = AgentOptions::new(name, coordinator.grpc_url(), &containerd);
        options.labels = vec!["pool=test".to_owned(), format!("node={name}")];
        options.arguments = arguments.iter().map(ToString::to_string).collect();
        Ok(Self {
            agent: Agent::start(options).await?,
            containerd,
        })
    }

    /// Asserts that the image is warm as IPS promises it, by asking containerd and nobody else.
    pub async fn assert_warm(&self, reference: &str, digests: &Digests) {
        let truth = self.containerd.truth().await;
        let image = truth.image_status(reference).await.expect("CRI answers");
        let image = image.unwrap_or_else(|| panic!("{reference} is not on {}", self.agent.node()));
        assert_eq!(image.id, digests.config);
        assert!(
            image
                .repo_digests
                .iter()
                .any(|digest| digest.ends_with(&digests.target)),
            "{image:?}"
        );
        assert!(
            truth
                .snapshot_committed(digests.top_snapshot())
                .await
                .expect("an answer"),
            "{reference} is not unpacked"
        );
    }

    /// Asserts that nothing answers for the reference.
    pub async fn assert_absent(&self, reference: &str) {
        let image = self
            .containerd
            .truth()
            .await
            .image_status(reference)
            .await
            .expect("CRI answers");
        assert_eq!(image, None, "{reference} is on {}", self.agent.node());
    }
}

/// See the module.
#[derive(Debug)]
pub struct Stand {
    /// The nodes, `node-1` first.
    pub nodes: Vec<Node>,
    /// The coordinator.
    pub coordinator: Coordinator,
}

impl Stand {
    /// One node of each version given, named `node-1`, `node-2`, …, all ready.
    pub async fn start(versions: &[ContainerdVersion]) -> Self {
        Self::start_with(versions, &[]).await
    }

    /// The same with further arguments for the coordinator.
    pub async fn start_with(versions: &[ContainerdVersion], arguments: &[&str]) -> Self {
        let coordinator = Coordinator::start(arguments).await.expect("the coordinator");
        let start = async |(index, version): (usize, &ContainerdVersion)| {
            Node::start(&format!("node-{}", index + 1), &coordinator, *version)
                .await
                .expect("a node")
        };
        let nodes = futures::future::join_all(versions.iter().enumerate().map(start)).await;
        let stand = Self { nodes, coordinator };
        stand.ready().await;
        stand
    }

    /// Waits until every node is connected and its runtime answers.
    pub async fn ready(&self) {
        wait_until("all nodes to be ready", Duration::from_secs(30), async || {
            let stats = self.coordinator.api().get("/api/v1/stats").await.unwrap_or_default();
            stats["nodes"]["ready"] == self.nodes.len()
        })
        .await;
    }

    /// Creates a task with these images on all nodes.
    pub async fn order(&self, images: &[&str]) -> String {
        self.order_with(json!({"images": images})).await
    }

    /// Creates a task from a whole body.
    pub async fn order_with(&self, body: Value) -> String {
        self.coordinator.create_task(&body).await.expect("the task is accepted")
    }

    /// Waits until the task has ended, and gives it back.
    pub async fn ended(&self, id: &str) -> Value {
        wait_for(&format!("the end of task {id}"), TASK_LIMIT, async || {
            let task = self.coordinator.task(id).await.ok()?;
            matches!(task["status"].as_str(), Some("completed" | "failed" | "cancelled")).then_some(task)
        })
        .await
    }

    /// Waits until the task has failed.
    pub async fn failed(&self, id: &str) -> Value {
        let task = self.ended(id).await;
        assert_eq!(task["status"], "failed", "{task:#}");
        task
    }

    /// Waits until the task has ended and completed without a failure.
    pub async fn completed(&self, id: &str) -> Value {
        let task = self.ended(id).await;
        assert_eq!(
            task["status"],
            "completed",
            "{task:#}\npulls: {:#?}",
            self.coordinator.pulls(id).await
        );
        assert_eq!(task["progress"]["failedPulls"], 0, "{task:#}");
        task
    }

    /// The pull of a task on a node (of its only image there).
    pub async fn pull(&self, id: &str, node: &str) -> Value {
        let pulls = self.coordinator.pulls(id).await.expect("the pulls");
        pulls
            .into_iter()
            .find(|pull| pull["nodeName"] == node)
            .expect("a pull on the node")
    }

    /// Waits until a pull of the task on the node is as the test says.
    pub async fn pull_is(&self, what: &str, id: &str, node: &str, mut test: impl FnMut(&Value) -> bool) -> Value {
        wait_for(what, TASK_LIMIT, async || {
            let pulls = self.coordinator.pulls(id).await.ok()?;
            pulls.into_iter().find(|pull| pull["nodeName"] == node && test(pull))
        })
        .await
    }
}
