//! What edges read while the engine works.

use crate::{
    domain::{ids::NodeName, limits::Limits},
    engine::{hosts::HostState, live::Live, views::LimitsView},
    fleet::{Fleet, messages::Order},
};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What edges read while the engine works.
#[derive(Debug, Default)]
pub struct Shared {
    fleet: RwLock<Fleet>,
    live: RwLock<Live>,
    limits: RwLock<LimitsView>,
}

impl Shared {
    /// Shared state with the nodes that the store knows.
    pub fn new(fleet: Fleet) -> Self {
        Self {
            fleet: RwLock::new(fleet),
            live: RwLock::default(),
            limits: RwLock::default(),
        }
    }

    /// The limits in force and how the registries bear them.
    pub fn limits(&self) -> LimitsView {
        self.limits.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_limits(&self, limits: &Limits) {
        self.limits.write().unwrap_or_else(PoisonError::into_inner).limits = limits.clone();
    }

    pub(super) fn set_hosts(&self, hosts: Vec<HostState>) {
        self.limits.write().unwrap_or_else(PoisonError::into_inner).registries = hosts;
    }

    /// The fleet, to read.
    pub fn fleet(&self) -> RwLockReadGuard<'_, Fleet> {
        self.fleet.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The live figures, to read.
    pub fn live(&self) -> RwLockReadGuard<'_, Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends an order to a node; says whether its session took it.
    pub(in crate::engine) fn send(&self, node: &NodeName, order: Order) -> bool {
        self.fleet_mut().get_mut(node).is_some_and(|entry| entry.send(order))
    }

    pub(super) fn fleet_mut(&self) -> RwLockWriteGuard<'_, Fleet> {
        self.fleet.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::engine) fn live_mut(&self) -> RwLockWriteGuard<'_, Live> {
        self.live.write().unwrap_or_else(PoisonError::into_inner)
    }
}
