//! Pulls of one node by state.

use crate::domain::pull::PullState;

/// Pulls of one node by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally([u32; PullState::ALL.len()]);

impl Tally {
    fn index(state: PullState) -> usize {
        match state {
            PullState::Queued => 0,
            PullState::Dispatched => 1,
            PullState::Pulling => 2,
            PullState::Succeeded => 3,
            PullState::Skipped => 4,
            PullState::Failed => 5,
            PullState::Cancelled => 6,
        }
    }

    /// How many are in the state.
    pub fn get(&self, state: PullState) -> u32 {
        self.0[Self::index(state)]
    }

    /// Adds pulls in a state.
    pub fn add(&mut self, state: PullState, count: u32) {
        self.0[Self::index(state)] += count;
    }

    /// One pull goes from a state to another.
    pub fn shift(&mut self, from: PullState, to: PullState) {
        let from = &mut self.0[Self::index(from)];
        *from = from.saturating_sub(1);
        self.add(to, 1);
    }

    /// Whether all of them succeeded.
    pub fn all_succeeded(&self) -> bool {
        let total: u32 = self.0.iter().sum();
        self.get(PullState::Succeeded) == total
    }

    /// Whether one of them failed.
    pub fn any_failed(&self) -> bool {
        self.get(PullState::Failed) > 0
    }

    /// Whether one of them has not ended.
    pub fn is_open(&self) -> bool {
        self.get(PullState::Queued) > 0 || self.is_busy()
    }

    /// Whether an agent holds one of them.
    pub fn is_busy(&self) -> bool {
        self.get(PullState::Dispatched) + self.get(PullState::Pulling) > 0
    }
}
