//! The operator's limits, set while pulls run. What runs goes on; what starts next follows the new limits.

use super::{Core, Effect};
use crate::{
    domain::{Millis, limits::Limits},
    engine::views::LimitsView,
};
use tokio::sync::oneshot;

impl Core {
    /// Takes over limits that the store has.
    pub fn set_limits(&mut self, now: Millis, limits: Limits) {
        self.limits = limits;
        self.hosts.set_limits(now, &self.limits);
        self.slots.touch_all(&self.shared.fleet());
        self.shared.set_limits(&self.limits);
        self.shared.set_hosts(self.hosts.states(now, &self.limits));
        self.plan_due = true;
    }

    pub(super) fn change_limits(&mut self, now: Millis, limits: Limits, reply: oneshot::Sender<LimitsView>) {
        tracing::info!(?limits, "limits set");
        self.changes.limits(now, &limits);
        self.set_limits(now, limits);
        self.effects.push(Effect::ReplyLimits(reply));
    }
}
