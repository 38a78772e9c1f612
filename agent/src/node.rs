//! What the node is and has: its runtime, its disk, its images. Watches; never changes anything.

pub mod condition;
pub mod inventory;

pub use condition::{Condition, NodeState};
pub use inventory::Inventory;
