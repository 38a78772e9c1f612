//! What is known of the cluster's workloads, for policies that follow them. In memory only, and nothing before somebody follows any.

use super::Engine;
use crate::domain::{
    policy::{Chosen, WorkloadSelection},
    tenant::Tenant,
    workload::{Workload, WorkloadKind, WorkloadName, WorkloadNews},
};
use std::{
    collections::BTreeMap,
    sync::{
        PoisonError, RwLock, RwLockWriteGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// Under which part `/readyz` warns.
const PART: &str = "workloads";

/// What calls, the keeper and the watch share.
#[derive(Debug)]
pub(super) struct WorkloadDesk {
    /// There is a cluster to watch.
    is_on: AtomicBool,
    /// Somebody follows workloads.
    wanted: watch::Sender<bool>,
    /// Raised whenever a kind was listed.
    listed: watch::Sender<u64>,
    /// Policies may want other images.
    changed: AtomicBool,
    book: RwLock<Book>,
}

#[derive(Debug, Default)]
struct Book {
    workloads: BTreeMap<WorkloadName, Workload>,
    /// How each kind is watched; a kind that is not here was never listed.
    kinds: BTreeMap<WorkloadKind, Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    listed: bool,
    away: Option<String>,
}

impl Book {
    fn is_listed(&self) -> bool {
        let listed = |kind| self.kinds.get(&kind).is_some_and(|watched| watched.listed);
        WorkloadKind::ALL.into_iter().all(listed)
    }

    /// Why it may not be as the cluster is.
    fn away(&self) -> Option<String> {
        let why = self.kinds.values().find_map(|watched| watched.away.clone());
        why.or_else(|| (!self.is_listed()).then(|| "the cluster's workloads are not listed yet".to_owned()))
    }

    /// How many of each kind are known.
    fn counts(&self) -> BTreeMap<WorkloadKind, usize> {
        let mut counts: BTreeMap<_, _> = self.kinds.keys().map(|kind| (*kind, 0)).collect();
        for name in self.workloads.keys() {
            *counts.entry(name.kind).or_default() += 1;
        }
        counts
    }

    /// Takes the news. Says whether anything is other than before.
    fn take(&mut self, news: WorkloadNews) -> bool {
        match news {
            WorkloadNews::All(kind, workloads) => {
                *self.kinds.entry(kind).or_default() = Watched {
                    listed: true,
                    away: None,
                };
                self.workloads.retain(|name, _| name.kind != kind);
                let named = workloads.into_iter().map(|workload| (workload.name.clone(), workload));
                self.workloads.extend(named);
                true
            }
            // Their status changes all the time, which says nothing here.
            WorkloadNews::Changed(workload) => {
                let name = workload.name.clone();
                let known = self.workloads.get(&name);
                let differs = known.is_none_or(|known| *known != *workload);
                if differs {
                    self.workloads.insert(name, *workload);
                }
                differs
            }
            WorkloadNews::Gone(name) => self.workloads.remove(&name).is_some(),
            WorkloadNews::Away(kind, why) => {
                let watched = self.kinds.entry(kind).or_default();
                watched.away.replace(why).is_none()
            }
            WorkloadNews::Back(kind) => self.kinds.entry(kind).or_default().away.take().is_some(),
        }
    }
}

impl WorkloadDesk {
    pub(super) fn new() -> Self {
        Self {
            is_on: AtomicBool::new(false),
            wanted: watch::Sender::new(false),
            listed: watch::Sender::new(0),
            changed: AtomicBool::new(false),
            book: RwLock::default(),
        }
    }

    /// Whether there is a cluster whose workloads can be followed.
    pub(super) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Somebody follows workloads: they are watched from now on.
    pub(super) fn want(&self) {
        self.wanted.send_if_modified(|wanted| !std::mem::replace(wanted, true));
    }

    /// Whether policies may want other images than when they were last looked at.
    pub(super) fn has_changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }

    /// They are being looked at.
    pub(super) fn take_changed(&self) {
        self.changed.store(false, Ordering::Relaxed);
    }

    /// Policies are to be looked at again; says whether nobody had said so before.
    pub(super) fn set_changed(&self) -> bool {
        !self.changed.swap(true, Ordering::Relaxed)
    }

    /// What the chosen workloads run; `None` while not all of them are known, with what is to be said of that.
    pub(super) fn choose(&self, selection: &WorkloadSelection, tenant: &Tenant) -> (Chosen, bool) {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let mut chosen = selection.choose(tenant, book.workloads.values());
        chosen.followed.away = book.away();
        (chosen, book.is_listed())
    }

    /// Waits until the workloads were listed, at most so long.
    pub(super) async fn listed(&self, limit: Duration) {
        let is_listed = |_: &u64| self.book_mut().is_listed();
        let mut listed = self.listed.subscribe();
        let _too_late = tokio::time::timeout(limit, listed.wait_for(is_listed)).await;
    }

    fn book_mut(&self) -> RwLockWriteGuard<'_, Book> {
        self.book.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// There is a cluster: policies may follow its workloads. Turns true when somebody does.
    pub fn follow_workloads(&self) -> watch::Receiver<bool> {
        let desk = &self.policies.workloads;
        desk.is_on.store(true, Ordering::Relaxed);
        desk.wanted.subscribe()
    }

    /// Takes what the cluster says of its workloads.
    pub fn workload_news(&self, news: WorkloadNews) {
        match &news {
            WorkloadNews::Away(_, why) => self.readiness.remark(PART, why.clone()),
            WorkloadNews::All(..) | WorkloadNews::Changed(_) | WorkloadNews::Gone(_) | WorkloadNews::Back(_) => {}
        }
        let desk = &self.policies.workloads;
        let is_list = matches!(news, WorkloadNews::All(..));
        let (differs, is_away, counts) = {
            let mut book = desk.book_mut();
            let differs = book.take(news);
            let is_away = book.kinds.values().any(|watched| watched.away.is_some());
            (differs, is_away, book.counts())
        };
        for (kind, count) in counts {
            self.policies.metrics.set_workloads(kind, count);
        }
        if !is_away {
            self.readiness.withdraw(PART);
        }
        if is_list {
            desk.listed.send_modify(|count| *count += 1);
        }
        // Whoever was told already looks soon.
        if differs && desk.set_changed() {
            self.policies.nudge.notify_one();
        }
    }
}
