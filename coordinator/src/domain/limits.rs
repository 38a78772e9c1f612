//! What the operator allows at one time, whatever is submitted.

/// Pulls in the whole cluster when the operator says nothing.
pub const DEFAULT_CLUSTER_PULLS: u32 = 50;

/// Limits on concurrent pulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Running pulls in the whole cluster.
    pub cluster_pulls: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cluster_pulls: DEFAULT_CLUSTER_PULLS,
        }
    }
}
