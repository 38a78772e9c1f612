//! Who asks decides what there is. An edge gets no [`Engine`] but by naming its caller, and what it then reads, lists and changes lies in
//! that caller's realm: here, and nowhere else, the scope of a call is decided.

use super::{Engine, EngineError, audit::AuditLog, board::Board, system::SystemView};
use crate::domain::{
    Invalid,
    caller::{Caller, TenantId},
    channel::Channel,
    credential::Credential,
    delivery::Delivery,
    policy::Policy,
    schedule::Schedule,
    task::Task,
    tenant::Realm,
};
use ips_traces::Traces;

/// The engine before it is known who asks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Door(Engine);

impl From<Engine> for Door {
    fn from(engine: Engine) -> Self {
        Self(engine)
    }
}

impl Door {
    /// The engine as this caller sees it: what it makes belongs to its tenant, and there is nothing but what it may see.
    #[must_use]
    pub fn of(&self, caller: &Caller) -> Engine {
        self.0.within(Realm::of(caller), caller.tenant.clone())
    }

    /// Where edges record what was done.
    pub fn audit_log(&self) -> &AuditLog {
        self.0.audit_log()
    }

    /// How the coordinator is, remarks that name things of tenants included.
    pub async fn system(&self) -> SystemView {
        self.0.system().await
    }

    /// Where traces go.
    pub fn traces(&self) -> Traces {
        self.0.traces()
    }

    /// Versions of what changed; what a delta holds is shown by [`Engine::shows_task`] and the like.
    pub fn board(&self) -> &Board {
        self.0.board()
    }

    /// The engine of the system itself.
    #[cfg(test)]
    pub fn whole(&self) -> &Engine {
        &self.0
    }
}

/// What belongs to a tenant.
pub(super) trait Owned {
    /// Whose it is.
    fn tenant(&self) -> &TenantId;
}

macro_rules! owned {
    ($($kind:ty),*) => {
        $(impl Owned for $kind {
            fn tenant(&self) -> &TenantId {
                &self.tenant
            }
        })*
    };
}

owned!(Task, Schedule, Credential, Channel, Delivery, Policy);

impl Engine {
    /// The same engine for another realm; what is made belongs to `owner`.
    #[must_use]
    pub(super) fn within(&self, realm: Realm, owner: TenantId) -> Self {
        Self {
            realm,
            owner,
            ..self.clone()
        }
    }

    /// The same engine for the work of one tenant.
    #[must_use]
    pub(super) fn of_tenant(&self, tenant: &TenantId) -> Self {
        self.within(Realm::Of(tenant.clone()), tenant.clone())
    }

    /// The same engine for the part of its realm that belongs to one tenant; empty text leaves it as it is.
    ///
    /// # Errors
    /// Invalid where that is not in its realm.
    pub fn narrowed(&self, tenant: &str) -> Result<Self, Invalid> {
        let realm = self.realm.narrowed(tenant)?;
        Ok(self.within(realm, self.owner.clone()))
    }

    /// What was found, if it is in the realm: what is another tenant's answers exactly as what does not exist.
    pub(super) fn seen<T: Owned>(&self, found: Option<T>, kind: &'static str, id: &str) -> Result<T, EngineError> {
        let own = found.filter(|found| self.realm.holds(found.tenant()));
        own.ok_or_else(|| EngineError::NotFound {
            kind,
            id: id.to_owned(),
        })
    }
}
