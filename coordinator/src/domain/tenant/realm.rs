//! Whose things a call may see and change. Every read and every change of what a tenant owns takes one.

use crate::domain::{
    Invalid,
    caller::{Caller, Role, TenantId},
};

/// Whose things a call may see and change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Realm {
    /// Everybody's.
    #[default]
    All,
    /// Those of one tenant.
    Of(TenantId),
}

impl Realm {
    /// That of a caller: a system admin sees everything, everybody else the own tenant.
    pub fn of(caller: &Caller) -> Self {
        if caller.role == Role::SystemAdmin {
            Self::All
        } else {
            Self::Of(caller.tenant.clone())
        }
    }

    /// The one tenant; `None` for all.
    pub fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::All => None,
            Self::Of(tenant) => Some(tenant),
        }
    }

    /// Whether what the tenant owns is in it.
    pub fn holds(&self, tenant: &TenantId) -> bool {
        self.tenant().is_none_or(|own| own == tenant)
    }

    /// The part of it that belongs to one tenant; empty text leaves it as it is.
    ///
    /// # Errors
    /// Names the field `tenant` where it is another one than the own. Whether there is such a tenant is not said.
    pub fn narrowed(&self, tenant: &str) -> Result<Self, Invalid> {
        if tenant.is_empty() {
            return Ok(self.clone());
        }
        let wanted = TenantId::from_stored(tenant);
        if self.holds(&wanted) {
            return Ok(Self::Of(wanted));
        }
        Err(Invalid::new(
            "tenant",
            "may be another one than your own only for a system admin",
        ))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn only_a_system_admin_sees_more_than_its_tenant() {
        let own = TenantId::from_stored("team-a");
        let mut caller = Caller::system();
        caller.tenant = own.clone();
        assert_eq!(Realm::of(&caller), Realm::All);
        for role in [Role::Viewer, Role::Operator, Role::Admin] {
            caller.role = role;
            assert_eq!(Realm::of(&caller), Realm::Of(own.clone()), "{role}");
        }
        let realm = Realm::Of(own.clone());
        assert!(realm.holds(&own) && !realm.holds(&TenantId::default()));
        assert_eq!(realm.narrowed("").unwrap(), realm);
        assert_eq!(realm.narrowed("team-a").unwrap(), realm);
        let refused = |tenant| realm.narrowed(tenant).unwrap_err().to_string();
        assert_eq!(refused("default"), refused("nobody's"), "says nothing of who there is");
        assert_eq!(Realm::All.narrowed("team-a").unwrap(), realm);
    }
}
