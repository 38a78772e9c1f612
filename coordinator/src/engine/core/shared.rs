//! What edges read while the engine works.

use crate::{
    domain::{
        Millis,
        caller::TenantId,
        credential::{Login, Logins as _},
        ids::{NodeName, TaskId},
        image::ImageRef,
        limits::Limits,
        pull_secret::PullSecrets,
        task::TaskSpec,
    },
    engine::{
        hosts::HostState, live::Live, logins::LoginBook, pins::PinBook, purge::RemovalDesk, tenants::TenantBook,
        views::LimitsView,
    },
    fleet::{Fleet, messages::Order},
};
use ips_traces::Traces;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What edges read while the engine works.
#[derive(Debug, Default)]
pub struct Shared {
    fleet: RwLock<Fleet>,
    live: RwLock<Live>,
    limits: RwLock<LimitsView>,
    logins: Option<Arc<LoginBook>>,
    traces: OnceLock<Traces>,
    tenants: TenantBook,
    pins: PinBook,
    removals: RemovalDesk,
}

impl Shared {
    /// Shared state with the nodes that the store knows.
    pub fn new(fleet: Fleet) -> Self {
        Self {
            fleet: RwLock::new(fleet),
            live: RwLock::default(),
            limits: RwLock::default(),
            logins: None,
            traces: OnceLock::new(),
            tenants: TenantBook::default(),
            pins: PinBook::default(),
            removals: RemovalDesk::default(),
        }
    }

    /// The same with logins for registries.
    pub fn with_logins(self, logins: Arc<LoginBook>) -> Self {
        Self {
            logins: Some(logins),
            ..self
        }
    }

    /// The same with the tenants that the store knows.
    pub fn with_tenants(self, tenants: TenantBook) -> Self {
        Self { tenants, ..self }
    }

    /// What is to be pinned where.
    pub(in crate::engine) fn pins(&self) -> &PinBook {
        &self.pins
    }

    /// Removals that wait for an answer.
    pub(in crate::engine) fn removals(&self) -> &RemovalDesk {
        &self.removals
    }

    /// The tenants.
    pub fn tenants(&self) -> &TenantBook {
        &self.tenants
    }

    /// The login for an image of a tenant's task; `None` means anonymous.
    pub(super) fn login(&self, tenant: &TenantId, spec: &TaskSpec, image: &ImageRef) -> Result<Option<Login>, String> {
        let Some(logins) = &self.logins else { return Ok(None) };
        let parts = image.parts();
        let logins = logins.of_task(tenant, &spec.credentials);
        let logins = logins.with_secrets(spec.pull_secrets.clone());
        logins.login(&parts.registry, &parts.repository)
    }

    /// Whether these pull secrets were read lately.
    pub(super) fn knows_secrets(&self, now: Millis, secrets: &PullSecrets) -> bool {
        let logins = self.logins.as_ref();
        logins.is_none_or(|logins| logins.secrets().is_fresh(secrets, now))
    }

    /// A registry refused a pull: what its pull secrets are is read again before the next one.
    pub(super) fn secrets_refused(&self, secrets: &PullSecrets) {
        if let Some(logins) = &self.logins {
            logins.secrets().refused(secrets);
        }
    }

    /// Where traces go, if anybody said so.
    pub(in crate::engine) fn traces(&self) -> Option<&Traces> {
        self.traces.get()
    }

    /// Says where traces go, once.
    pub(in crate::engine) fn set_traces(&self, traces: Traces) {
        // The first word holds.
        let _said_before = self.traces.set(traces);
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

    /// A task is gone, and the login that it brought along.
    pub(in crate::engine) fn forget_logins(&self, task: &TaskId) {
        if let Some(logins) = &self.logins {
            logins.forget_task(task);
        }
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
