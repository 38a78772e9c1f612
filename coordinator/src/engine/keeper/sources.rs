//! Images of policies that come from the library or from workloads: taken over as those change.

use super::Keeper;
use crate::{
    domain::{
        Millis,
        policy::{Policy, PolicySpec},
    },
    engine::EngineError,
};
use std::{sync::atomic::Ordering, time::Instant};

/// Shortest time between two looks at workloads.
const WORKLOADS_MS: Millis = 1000;
/// A look at workloads is followed by so many times its length without one.
const REST: Millis = 10;

impl Keeper {
    /// Policies want what their sources stand for now. Says when workloads are looked at again, where they have changed since.
    pub(super) async fn take_source_changes(&mut self, now: Millis) -> Result<Option<Millis>, EngineError> {
        let desk = &self.engine.policies;
        if desk.library_changed.swap(false, Ordering::Relaxed) {
            let taken = self.take_sources(|spec| !spec.library_tag.is_empty()).await;
            taken.inspect_err(|_| self.engine.policies.library_changed.store(true, Ordering::Relaxed))?;
        }
        if !self.engine.policies.workloads.has_changed() {
            return Ok(None);
        }
        // A clock that was set back holds nothing up.
        let rest = self.workloads_rest_until - now;
        if (1..=self.longest_rest).contains(&rest) {
            return Ok(Some(self.workloads_rest_until));
        }
        let began = Instant::now();
        self.engine.policies.workloads.take_changed();
        let taken = self.take_sources(|spec| spec.workloads.is_some()).await;
        if taken.is_err() {
            self.engine.policies.workloads.set_changed();
        }
        taken?;
        let took = Millis::try_from(began.elapsed().as_millis()).unwrap_or(Millis::MAX);
        self.longest_rest = took.saturating_mul(REST).max(WORKLOADS_MS);
        self.workloads_rest_until = now + self.longest_rest;
        Ok(None)
    }

    async fn take_sources(&mut self, concerns: impl Fn(&PolicySpec) -> bool) -> Result<(), EngineError> {
        let concerned: Vec<Policy> = {
            let book = self.engine.policies.book();
            let policies = book.policies.values().map(|state| &state.policy);
            policies.filter(|policy| concerns(&policy.spec)).cloned().collect()
        };
        for mut policy in concerned {
            let sources = self.engine.take_sources(&mut policy).await?;
            let changed = sources.changed;
            if changed {
                self.engine.store.update_policy(&policy, &[]).await?;
                policy.revision += 1;
            }
            let mut book = self.engine.policies.book_mut();
            let id = policy.id.clone();
            let Some(state) = book.policies.get_mut(&id) else {
                continue;
            };
            self.has_news |= sources.tell(state) || changed;
            if changed {
                state.replace(policy);
                book.fresh.insert(id);
                book.count_wanted();
            }
        }
        Ok(())
    }
}
