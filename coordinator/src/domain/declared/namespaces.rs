//! Whose tenant a namespace is.

use crate::domain::{caller::TenantId, tenant};
use std::collections::BTreeMap;

/// Stands for every namespace that has no tenant otherwise.
const OTHERS: &str = "*";

/// Tenants of namespaces: those that are named, then the tenant of the namespace's own name where there is one, then that of all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Namespaces {
    named: BTreeMap<String, TenantId>,
    others: Option<TenantId>,
}

impl Namespaces {
    /// Reads entries of the form `NAMESPACE=TENANT`; `*` is every namespace that has no tenant otherwise.
    ///
    /// # Errors
    /// The entry, and the rule that it breaks.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, (String, String)> {
        let mut read = Self::default();
        for entry in entries {
            let wrong = |rule: &str| (entry.to_owned(), rule.to_owned());
            let (namespace, tenant) = entry
                .trim()
                .split_once('=')
                .ok_or_else(|| wrong("must be NAMESPACE=TENANT"))?;
            let tenant = tenant::check_id("the tenant", tenant).map_err(|invalid| wrong(&invalid.to_string()))?;
            let known = if namespace == OTHERS {
                read.others.replace(tenant)
            } else {
                // Both have the same form.
                tenant::check_id("the namespace", namespace).map_err(|invalid| wrong(&invalid.to_string()))?;
                read.named.insert(namespace.to_owned(), tenant)
            };
            if known.is_some() {
                return Err(wrong("names a namespace that stands there already"));
            }
        }
        Ok(read)
    }

    /// The tenant of a namespace; `None` where it has none.
    pub fn tenant_of(&self, namespace: &str, is_tenant: impl Fn(&TenantId) -> bool) -> Option<TenantId> {
        if let Some(tenant) = self.named.get(namespace) {
            return Some(tenant.clone()).filter(|tenant| is_tenant(tenant));
        }
        let own = Some(TenantId::from_stored(namespace)).filter(|tenant| is_tenant(tenant));
        own.or_else(|| self.others.clone().filter(|tenant| is_tenant(tenant)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn tenant(namespaces: &[&str], namespace: &str) -> Option<String> {
        let read = Namespaces::parse(namespaces.iter().copied()).unwrap();
        let known = ["default", "team-a", "ml"];
        let found = read.tenant_of(namespace, |tenant| known.contains(&tenant.as_str()));
        found.map(Into::into)
    }

    #[test]
    fn a_named_namespace_comes_before_its_own_name_and_that_before_all_others() {
        assert_eq!(tenant(&[], "team-a").as_deref(), Some("team-a"));
        assert_eq!(tenant(&[], "team-b"), None);
        assert_eq!(tenant(&[], "default").as_deref(), Some("default"), "it is always there");
        assert_eq!(tenant(&["team-a=ml"], "team-a").as_deref(), Some("ml"));
        assert_eq!(
            tenant(&["team-a=gone", "*=default"], "team-a"),
            None,
            "not somebody else's by chance"
        );
        assert_eq!(tenant(&["*=default"], "team-a").as_deref(), Some("team-a"));
        assert_eq!(tenant(&["*=default"], "team-b").as_deref(), Some("default"));
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for wrong in ["team-a", "=ml", "team-a=", "Team=ml", "team-a=a b", "*"] {
            assert_eq!(Namespaces::parse([wrong]).unwrap_err().0, wrong);
        }
        assert!(Namespaces::parse(["a=ml", "a=default"]).is_err());
        assert!(Namespaces::parse(["*=ml", "*=default"]).is_err());
    }
}
