//! The order in which a task's nodes have their turn: the canary first, then strict batches or everyone.

use crate::domain::ids::NodeName;
use std::collections::{BTreeSet, HashSet};

/// Stages of one task. The next begins when all pulls on the nodes of the present one have ended.
#[derive(Debug, Default)]
pub struct Stages {
    stages: Vec<BTreeSet<NodeName>>,
    current: usize,
    /// Nodes of the present stage with an open pull.
    open: HashSet<NodeName>,
}

impl Stages {
    /// Stages of these targets: canary nodes first if there are any, then batches of `strict` nodes. Without either there is one stage
    /// for all, which costs nothing.
    pub fn new(
        targets: &BTreeSet<NodeName>,
        canary: &[NodeName],
        strict: Option<u32>,
        is_open: impl Fn(&NodeName) -> bool,
    ) -> Self {
        if canary.is_empty() && strict.is_none() {
            return Self::default();
        }
        let first: BTreeSet<NodeName> = canary.iter().filter(|node| targets.contains(*node)).cloned().collect();
        let order: Vec<&NodeName> = first.iter().chain(targets.difference(&first)).collect();
        let size = strict.map_or(order.len(), |size| size as usize).max(1);
        let batches = order.chunks(size).map(|batch| batch.iter().copied().cloned().collect());
        let mut stages = Self {
            stages: std::iter::once(first.clone())
                .filter(|first| !first.is_empty())
                .chain(batches)
                .collect(),
            ..Self::default()
        };
        stages.seek(&is_open);
        stages
    }

    /// The nodes whose turn it is; `None` for all.
    pub fn current(&self) -> Option<&BTreeSet<NodeName>> {
        self.stages.get(self.current)
    }

    /// A node has no open pull any more.
    pub fn node_ended(&mut self, node: &NodeName, is_open: impl Fn(&NodeName) -> bool) {
        if self.open.remove(node) && self.open.is_empty() {
            self.seek(&is_open);
        }
    }

    /// Goes to the first stage with an open node.
    fn seek(&mut self, is_open: &impl Fn(&NodeName) -> bool) {
        let open_of = |stage: &BTreeSet<NodeName>| {
            stage
                .iter()
                .filter(|node| is_open(node))
                .cloned()
                .collect::<HashSet<_>>()
        };
        let found = self
            .stages
            .iter()
            .map(open_of)
            .enumerate()
            .find(|(_, open)| !open.is_empty());
        (self.current, self.open) = found.unwrap_or((self.stages.len(), HashSet::new()));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn names(count: usize) -> BTreeSet<NodeName> {
        (0..count).map(|n| NodeName::parse(&format!("n{n}")).unwrap()).collect()
    }

    fn turn(stages: &Stages) -> Vec<&str> {
        stages.current().into_iter().flatten().map(NodeName::as_str).collect()
    }

    #[test]
    fn the_canary_goes_first_and_strict_batches_follow_one_by_one() {
        let targets = names(5);
        let canary = [NodeName::parse("n3").unwrap()];
        let mut open: HashSet<NodeName> = targets.iter().cloned().collect();
        let mut stages = Stages::new(&targets, &canary, Some(2), |node| open.contains(node));
        let mut turns = vec![];
        while let Some(stage) = stages.current() {
            turns.push(turn(&stages).join(" "));
            let node = stage.iter().find(|node| open.contains(*node)).unwrap().clone();
            open.remove(&node);
            stages.node_ended(&node, |node| open.contains(node));
        }
        assert_eq!(turns, ["n3", "n0 n3", "n1 n2", "n1 n2", "n4"]);
    }

    #[test]
    fn without_canary_and_strict_batches_everyone_may_start() {
        let targets = names(3);
        assert!(Stages::new(&targets, &[], None, |_| true).current().is_none());
    }
}
