//! Policies as their readers see them: the record beside what the book knows of its nodes.

use crate::{
    domain::{
        Millis,
        ids::{NodeName, PolicyId},
        image::ImageRef,
        policy::{CellState, Policy, PolicyState},
    },
    engine::{
        Engine, EngineError,
        run::now,
        views::{Page, PageRequest, PolicyCoverage, PolicyView},
    },
};

/// Which cells of a policy to list; empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoverageFilter {
    /// On this node.
    pub node: Option<NodeName>,
    /// Of this image.
    pub image: Option<String>,
    /// In one of these states.
    pub states: Vec<CellState>,
}

impl CoverageFilter {
    fn lets_through(&self, node: &NodeName, image: &ImageRef, state: CellState) -> bool {
        self.node.as_ref().is_none_or(|wanted| wanted == node)
            && self.image.as_ref().is_none_or(|wanted| wanted == image.as_str())
            && (self.states.is_empty() || self.states.contains(&state))
    }
}

impl Engine {
    /// One policy.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn policy(&self, id: &PolicyId) -> Result<PolicyView, EngineError> {
        let policy = self.known_policy(id).await?;
        Ok(self.policy_view(policy))
    }

    /// Policies, newest first.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn policies(&self, page: PageRequest) -> Result<Page<PolicyView>, EngineError> {
        let (policies, total) = self.store.policies(&self.realm, page.limit, page.offset).await?;
        Ok(Page {
            items: policies.into_iter().map(|policy| self.policy_view(policy)).collect(),
            total,
        })
    }

    /// How far a policy is true: each image over all nodes, and the cells that the filter lets through, by node.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn policy_coverage(
        &self,
        id: &PolicyId,
        filter: &CoverageFilter,
        page: PageRequest,
    ) -> Result<PolicyCoverage, EngineError> {
        let policy = self.known_policy(id).await?;
        let now = now();
        let book = self.policies.book();
        let Some(state) = book.policies.get(id) else {
            return Ok(PolicyCoverage {
                view: PolicyView::unseen(policy),
                images: vec![],
                rows: vec![],
                total: 0,
            });
        };
        let wanted = |node: &NodeName, image: &ImageRef, cell| filter.lets_through(node, image, cell);
        let part = (page.offset as usize, page.limit as usize);
        let (rows, total) = state.rows(&book.flights, now, wanted, part);
        Ok(PolicyCoverage {
            view: view(state, now),
            images: state.images(now),
            rows,
            total,
        })
    }

    fn policy_view(&self, policy: Policy) -> PolicyView {
        match self.policies.book().policies.get(&policy.id) {
            Some(state) => view(state, now()),
            None => PolicyView::unseen(policy),
        }
    }
}

/// A policy as its readers see it.
pub(in crate::engine) fn view(state: &PolicyState, now: Millis) -> PolicyView {
    PolicyView {
        policy: state.policy.clone(),
        nodes: state.node_count() as u32,
        counts: state.counts(now),
        conditions: state.conditions(now),
    }
}
