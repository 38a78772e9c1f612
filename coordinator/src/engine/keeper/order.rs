//! Orders what the planner says: one task for all that came up within a moment.

use super::{COLLECT_MS, Keeper, Summary};
use crate::{
    domain::{
        Millis,
        ids::PolicyId,
        policy::{Flight, Order, Policy},
    },
    engine::EngineError,
};

impl Keeper {
    /// Plans for each policy and orders what has been collected for long enough.
    pub(super) async fn order(&mut self, now: Millis) -> Result<Summary, EngineError> {
        let mut summary = Summary::default();
        let mut sooner = |at: Millis| summary.wake_at = Some(summary.wake_at.map_or(at, |known: Millis| known.min(at)));
        let ids: Vec<PolicyId> = self.engine.policies.book().policies.keys().cloned().collect();
        self.collecting.retain(|id, _| ids.contains(id));
        let (mut tasks, mut pulls) = (0, 0);
        for id in ids {
            let (policy, plan) = {
                let book = self.engine.policies.book();
                let Some(state) = book.policies.get(&id) else { continue };
                state.policy.next_follow().into_iter().for_each(&mut sooner);
                let plan = {
                    let _measured = self.engine.policies.metrics.policy_looks();
                    state.plan(&book.flights, now)
                };
                // Records are copied only where there is something to do.
                if plan.orders.is_empty() {
                    plan.wake_at.into_iter().for_each(&mut sooner);
                    drop(book);
                    self.collecting.remove(&id);
                    continue;
                }
                (state.to_order(), plan)
            };
            let since = *self.collecting.entry(id.clone()).or_insert(now);
            if (0..COLLECT_MS).contains(&(now - since)) {
                sooner(since + COLLECT_MS);
                continue;
            }
            self.collecting.remove(&id);
            let count = plan.pulls();
            if self.make_task(&policy, &plan.orders, now).await? {
                tasks += 1;
                pulls += count;
            }
            // Whatever is left or was refused has a time of its own.
            sooner(now + COLLECT_MS);
        }
        summary.tasks = tasks;
        summary.pulls = pulls;
        Ok(summary)
    }

    /// Makes one task. One that cannot be made is the policy's condition, and tried again later.
    ///
    /// # Errors
    /// Unavailable.
    async fn make_task(&mut self, policy: &Policy, orders: &[Order], now: Millis) -> Result<bool, EngineError> {
        let made = self
            .engine
            .of_tenant(&policy.tenant)
            .create_policy_task(policy, orders)
            .await;
        let mut book = self.engine.policies.book_mut();
        let refused = |book: &mut crate::engine::policies::Book, why: Option<String>| {
            if let Some(state) = book.policies.get_mut(&policy.id) {
                state.refused = why.map(|why| (why, now));
            }
        };
        match made {
            Ok((view, pulls)) => {
                self.tasks.insert(view.task.id.clone(), policy.id.clone());
                for pull in &pulls {
                    let flight = Flight {
                        pull: pull.id.clone(),
                        task: pull.task.clone(),
                        policy: Some(policy.id.clone()),
                        running: false,
                    };
                    book.flights.put(&pull.node, &pull.image, flight);
                }
                refused(&mut book, None);
                self.engine.policies.metrics.policy_ordered(pulls.len());
                Ok(true)
            }
            Err(error @ EngineError::Unavailable(_)) => Err(error),
            Err(
                error @ (EngineError::Invalid(_)
                | EngineError::NotFound { .. }
                | EngineError::AlreadyExists { .. }
                | EngineError::Precondition(_)
                | EngineError::OverQuota { .. }
                | EngineError::Internal(_)),
            ) => {
                tracing::warn!(policy.id = %policy.id, %error, "what a policy lacks cannot be ordered");
                refused(&mut book, Some(error.to_string()));
                Ok(false)
            }
        }
    }
}
