//! Tenants: kept, changed, removed; what each may is asked here by everybody who accepts, shows or starts something.

use super::{
    Engine, EngineError,
    core::Command,
    create::candidate,
    run::now,
    views::{NodeView, TaskView, TenantView},
};
use crate::{
    domain::{
        caller::TenantId,
        image::ImageRef,
        node::Node,
        tenant::{Realm, Tenant, TenantRequest, Usage, end_of_day},
    },
    fleet::Entry,
    store::TenantRemoval,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::{Mutex, MutexGuard};

/// All tenants, in memory as the store has them. The store is written first and this after it.
#[derive(Debug)]
pub struct TenantBook {
    tenants: RwLock<HashMap<TenantId, Arc<Tenant>>>,
    /// Whether a quota of anybody holds pulls back: where none does, nobody looks.
    hold_pulls: AtomicBool,
    changes: Mutex<()>,
}

impl Default for TenantBook {
    fn default() -> Self {
        Self::new(vec![Tenant::first()])
    }
}

impl TenantBook {
    /// A book with what the store has.
    pub fn new(tenants: Vec<Tenant>) -> Self {
        let tenants = tenants.into_iter().map(|it| (it.id.clone(), Arc::new(it)));
        let book = Self {
            tenants: RwLock::new(tenants.collect()),
            hold_pulls: AtomicBool::new(false),
            changes: Mutex::new(()),
        };
        book.look_at_quotas();
        book
    }

    /// One tenant.
    pub fn get(&self, id: &TenantId) -> Option<Arc<Tenant>> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(id).cloned()
    }

    /// Those with a quota that holds pulls back.
    pub fn holding_pulls(&self) -> Vec<Arc<Tenant>> {
        if !self.hold_pulls.load(Ordering::Acquire) {
            return vec![];
        }
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let holding = tenants.values().filter(|it| it.rules.quotas.hold_pulls());
        holding.cloned().collect()
    }

    fn all(&self) -> Vec<Arc<Tenant>> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = tenants.values().cloned().collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    }

    /// A tenant is new or changed.
    pub fn put(&self, tenant: Tenant) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        tenants.insert(tenant.id.clone(), Arc::new(tenant));
        drop(tenants);
        self.look_at_quotas();
    }

    fn remove(&self, id: &TenantId) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        tenants.remove(id);
        drop(tenants);
        self.look_at_quotas();
    }

    fn look_at_quotas(&self) {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let any = tenants.values().any(|it| it.rules.quotas.hold_pulls());
        self.hold_pulls.store(any, Ordering::Release);
    }

    async fn changing(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().await
    }
}

impl Engine {
    /// Tenants of the realm by id, with what they use.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn tenants(&self) -> Result<Vec<TenantView>, EngineError> {
        let mut views = Vec::new();
        for tenant in self.shared.tenants().all() {
            if self.realm.holds(&tenant.id) {
                views.push(self.tenant_view(&tenant).await?);
            }
        }
        Ok(views)
    }

    /// One tenant, with what it uses.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn tenant(&self, id: &TenantId) -> Result<TenantView, EngineError> {
        let tenant = self.known_tenant(id)?;
        self.tenant_view(&tenant).await
    }

    /// The tenant of whoever asks.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn own_tenant(&self) -> Result<TenantView, EngineError> {
        let tenant = self.owning_tenant()?;
        self.tenant_view(&tenant).await
    }

    /// Makes a tenant.
    ///
    /// # Errors
    /// Invalid for a field that breaks a rule; `AlreadyExists` for an id that is another one's, or was.
    pub async fn create_tenant(&self, id: &str, request: TenantRequest) -> Result<TenantView, EngineError> {
        let tenant = request.check_new(id, now())?;
        let _one_at_a_time = self.shared.tenants().changing().await;
        if !self.store.insert_tenant(&tenant).await? {
            return Err(EngineError::AlreadyExists {
                kind: "tenant",
                id: tenant.id.to_string(),
            });
        }
        tracing::info!(tenant.id = %tenant.id, "tenant made");
        self.tenant_changed(tenant).await
    }

    /// Changes what the request names. What was accepted before goes on; what starts, and what is accepted, follows the new rules.
    ///
    /// # Errors
    /// `NotFound`; Invalid for a field that breaks a rule.
    pub async fn update_tenant(&self, id: &TenantId, request: TenantRequest) -> Result<TenantView, EngineError> {
        let _one_at_a_time = self.shared.tenants().changing().await;
        let old = self.known_tenant(id)?;
        let new = request.check_over(old.as_ref().clone(), now())?;
        if !self.store.update_tenant(&new).await? {
            return Err(no_tenant(id));
        }
        tracing::info!(tenant.id = %id, "tenant changed");
        self.tenant_changed(new).await
    }

    /// Removes a tenant that owns nothing any more. Its id is never given again.
    ///
    /// # Errors
    /// `NotFound`; Precondition for the default tenant, and for one that still owns something; the message says what.
    pub async fn delete_tenant(&self, id: &TenantId) -> Result<(), EngineError> {
        let _one_at_a_time = self.shared.tenants().changing().await;
        self.known_tenant(id)?;
        if id.is_default() {
            return Err(EngineError::Precondition("the default tenant cannot be removed".into()));
        }
        match self.store.remove_tenant(id, now()).await? {
            TenantRemoval::Removed => {
                self.shared.tenants().remove(id);
                tracing::info!(tenant.id = %id, "tenant removed");
                Ok(())
            }
            TenantRemoval::Absent => Err(no_tenant(id)),
            TenantRemoval::NotEmpty(left) => Err(EngineError::Precondition(format!(
                "the tenant still has {}",
                left.join(", ")
            ))),
        }
    }

    async fn tenant_changed(&self, tenant: Tenant) -> Result<TenantView, EngineError> {
        self.shared.tenants().put(tenant.clone());
        self.policies.tenants_changed();
        // Pulls that waited for a quota may start. A loop that has ended starts none.
        let _stopping = self.tell(Command::TenantsChanged).await;
        self.tenant_view(&tenant).await
    }

    async fn tenant_view(&self, tenant: &Tenant) -> Result<TenantView, EngineError> {
        let now = now();
        let used = self.store.tenant_usage(&tenant.id, now).await?;
        let open_pulls = self.store.tenant_open_pulls(&tenant.id).await?;
        Ok(TenantView {
            tenant: tenant.clone(),
            usage: Usage { open_pulls, ..used },
            day_ends_at: end_of_day(now),
        })
    }

    fn known_tenant(&self, id: &TenantId) -> Result<Arc<Tenant>, EngineError> {
        let found = self.shared.tenants().get(id).filter(|_| self.realm.holds(id));
        found.ok_or_else(|| no_tenant(id))
    }

    /// The tenant that owns what is made here.
    pub(super) fn owning_tenant(&self) -> Result<Arc<Tenant>, EngineError> {
        let found = self.shared.tenants().get(&self.owner);
        found.ok_or_else(|| no_tenant(&self.owner))
    }

    /// The tenant whose sight limits what is shown; `None` where everything is.
    pub(super) fn sight(&self) -> Option<Arc<Tenant>> {
        match &self.realm {
            Realm::All => None,
            // One that is gone sees nothing: it has no callers any more.
            Realm::Of(tenant) => Some(self.shared.tenants().get(tenant).unwrap_or_else(|| Arc::new(blind()))),
        }
    }

    /// Whether a change of this task is news for whoever asks.
    pub fn shows_task(&self, view: &TaskView) -> bool {
        self.realm.holds(&view.task.tenant)
    }

    /// Whether the removal of a task of this tenant is.
    pub fn shows_tenant(&self, tenant: &TenantId) -> bool {
        self.realm.holds(tenant)
    }

    /// A change of a node as whoever asks may see it; `None` where it may not.
    pub fn shown_node(&self, view: &Arc<NodeView>) -> Option<Arc<NodeView>> {
        match self.sight() {
            None => Some(Arc::clone(view)),
            Some(tenant) if may_use(&tenant, &view.node) => Some(Arc::new(in_sight(&tenant, view.as_ref().clone()))),
            Some(_) => None,
        }
    }

    /// Whether the tenant that owns what is made here may use the image.
    pub(super) fn check_image(&self, field: &str, image: &ImageRef) -> Result<(), EngineError> {
        Ok(self.owning_tenant()?.check_image(field, image)?)
    }
}

/// Whether a tenant's tasks may be for the node.
pub(super) fn may_use(tenant: &Tenant, node: &Node) -> bool {
    tenant.may_use_node(crate::domain::selection::Candidate {
        name: &node.name,
        labels: &node.labels,
        platform: &node.platform,
    })
}

/// The nodes of the fleet that a tenant may use; all without one.
pub(super) fn usable<'a>(
    tenant: Option<&'a Tenant>,
    entries: impl Iterator<Item = &'a Entry> + 'a,
) -> impl Iterator<Item = &'a Entry> + 'a {
    let there = entries.filter(|entry| !entry.deleted);
    there.filter(move |entry| tenant.is_none_or(|tenant| tenant.may_use_node(candidate(entry))))
}

/// A node as a tenant may see it: how many images it has is said only where it may see them all.
pub(super) fn in_sight(tenant: &Tenant, view: NodeView) -> NodeView {
    NodeView {
        image_count: view.image_count.filter(|_| tenant.rules.repositories.is_empty()),
        ..view
    }
}

/// Nobody has such a label or such a repository.
fn blind() -> Tenant {
    let nothing = TenantRequest {
        node_selector: Some("none.invalid/none=none".into()),
        repositories: Some(vec!["none.invalid/none".into()]),
        ..TenantRequest::default()
    };
    nothing.check_new("none", 0).unwrap_or_else(|_| Tenant::first())
}

fn no_tenant(id: &TenantId) -> EngineError {
    EngineError::NotFound {
        kind: "tenant",
        id: id.to_string(),
    }
}
