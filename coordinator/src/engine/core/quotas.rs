//! Quotas of tenants: how many more pulls each may start now, and the bytes that each fetched today. Where no tenant has a quota that holds
//! pulls back, nothing here costs anything.

use super::Core;
use crate::{
    domain::{
        Millis,
        caller::TenantId,
        rfc3339,
        tenant::{Tenant, day_of, end_of_day},
    },
    engine::work::OpenTask,
};
use std::collections::HashMap;

/// Bytes that each tenant fetched on one day.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    day: i64,
    bytes: HashMap<TenantId, u64>,
}

impl Fetched {
    fn of(&self, tenant: &TenantId, now: Millis) -> u64 {
        if self.day != day_of(now) {
            return 0;
        }
        self.bytes.get(tenant).copied().unwrap_or_default()
    }
}

impl Core {
    /// Takes over what the store has for the present day.
    pub fn set_fetched(&mut self, now: Millis, bytes: Vec<(TenantId, u64)>) {
        self.fetched = Fetched {
            day: day_of(now),
            bytes: bytes.into_iter().collect(),
        };
    }

    /// A tenant fetched bytes.
    pub(super) fn count_fetched(&mut self, now: Millis, tenant: &TenantId, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let day = day_of(now);
        if self.fetched.day != day {
            self.fetched = Fetched {
                day,
                bytes: HashMap::new(),
            };
        }
        let sum = self.fetched.bytes.entry(tenant.clone()).or_default();
        *sum = sum.saturating_add(bytes);
        self.changes.fetched(tenant, day, bytes);
    }

    /// Starts left for each tenant whose quotas hold pulls back; one that is not here has no such quota.
    pub(super) fn tenant_room(&self, now: Millis) -> HashMap<TenantId, u32> {
        let holding = self.shared.tenants().holding_pulls();
        if holding.is_empty() {
            return HashMap::new();
        }
        let room = |tenant: &Tenant| {
            if self.has_spent_bytes(now, tenant) {
                return 0;
            }
            tenant.rules.quotas.open_pulls.unwrap_or(u32::MAX)
        };
        let mut rooms: HashMap<TenantId, u32> = holding.iter().map(|it| (it.id.clone(), room(it))).collect();
        for open in self.work.tasks.values() {
            if let Some(room) = rooms.get_mut(&open.task.tenant) {
                *room = room.saturating_sub(open.task.counts.running);
            }
        }
        rooms
    }

    /// When pulls may start again that wait for another day; `None` where none can.
    pub(super) fn next_day(&self, now: Millis) -> Option<Millis> {
        let holding = self.shared.tenants().holding_pulls();
        let spent = holding.iter().any(|tenant| self.has_spent_bytes(now, tenant));
        spent.then(|| end_of_day(now))
    }

    /// Why its tenant's quotas hold a task back; `None` where they do not.
    pub(super) fn why_quotas(&self, now: Millis, open: &OpenTask) -> Option<String> {
        let holding = self.shared.tenants().holding_pulls();
        let tenant = holding.iter().find(|tenant| tenant.id == open.task.tenant)?;
        if self.has_spent_bytes(now, tenant) {
            let until = rfc3339(end_of_day(now), chrono::SecondsFormat::Secs);
            return Some(format!("the tenant's quota bytesPerDay is used up until {until}"));
        }
        let most = tenant.rules.quotas.open_pulls?;
        let of_tenant = self.work.tasks.values().filter(|it| it.task.tenant == tenant.id);
        let running: u32 = of_tenant.map(|it| it.task.counts.running).sum();
        (running >= most).then(|| format!("the tenant's quota openPulls of {most} is used up"))
    }

    fn has_spent_bytes(&self, now: Millis, tenant: &Tenant) -> bool {
        let most = tenant.rules.quotas.bytes_per_day;
        most.is_some_and(|most| self.fetched.of(&tenant.id, now) >= most)
    }
}
