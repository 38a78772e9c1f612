//! The engine: one loop owns what is open and decides; everyone else asks through [`Engine`]. Edges call one function each and
//! never query.

pub mod board;
pub mod error;
pub mod views;

use crate::domain::{
    ids::{NodeName, TaskId},
    selector::NodeSelector,
    task::NewTask,
};
use board::Board;
use error::EngineError;
use std::sync::Arc;
use views::{NodeCounts, NodeDetail, NodeView, Page, PageRequest, PullFilter, PullView, TaskFilter, TaskView};

/// The door to the engine for REST, gRPC and the console. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Engine {
    board: Arc<Board>,
}

#[expect(
    clippy::unused_async,
    unused_variables,
    reason = "the loop behind it arrives with the next commit"
)]
impl Engine {
    /// Accepts a task: when this returns, the task and its pulls are durable. A repeated `request_id` answers with the first task.
    ///
    /// # Errors
    /// Invalid when the selector matches no node, `AlreadyExists` for a taken id, Unavailable when the store cannot write.
    pub async fn create_task(&self, new: NewTask) -> Result<TaskView, EngineError> {
        Err(EngineError::Unavailable("not built yet".into()))
    }

    /// Cancels a task that has not ended.
    ///
    /// # Errors
    /// `NotFound`; Precondition when it has ended.
    pub async fn cancel_task(&self, id: &TaskId) -> Result<TaskView, EngineError> {
        Err(EngineError::Unavailable("not built yet".into()))
    }

    /// Removes the record of a task that has ended.
    ///
    /// # Errors
    /// `NotFound`; Precondition while it is open.
    pub async fn delete_task(&self, id: &TaskId) -> Result<(), EngineError> {
        Err(EngineError::Unavailable("not built yet".into()))
    }

    /// One task.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn task(&self, id: &TaskId) -> Result<TaskView, EngineError> {
        Err(EngineError::Unavailable("not built yet".into()))
    }

    /// Tasks, newest first.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn tasks(&self, filter: &TaskFilter, page: PageRequest) -> Result<Page<TaskView>, EngineError> {
        Err(EngineError::Unavailable("not built yet".into()))
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
        Err(EngineError::Unavailable("not built yet".into()))
    }

    /// Known nodes by name.
    pub async fn nodes(&self, selector: &NodeSelector, page: PageRequest) -> Page<NodeView> {
        Page {
            items: vec![],
            total: 0,
        }
    }

    /// One node with its inventory.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn node(&self, name: &NodeName) -> Result<NodeDetail, EngineError> {
        Err(EngineError::Unavailable("not built yet".into()))
    }

    /// How many nodes there are.
    pub fn node_counts(&self) -> NodeCounts {
        NodeCounts::default()
    }

    /// Why the coordinator cannot serve; empty when it can.
    pub async fn not_ready(&self) -> Vec<String> {
        vec![]
    }

    /// What changed, for watchers: take `board().version()`, read what you show, then follow from that version.
    pub fn board(&self) -> &Board {
        &self.board
    }
}
