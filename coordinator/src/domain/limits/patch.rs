//! A change of some limits; the others stay. `Some(None)` takes a limit away.

use super::{Limits, LimitsRequest, RegistryLimit, RegistryLimitRequest};
use crate::domain::Invalid;

/// What an operator changes, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct LimitsPatch {
    /// Running pulls in the whole cluster.
    pub cluster_pulls: Option<i64>,
    /// Running pulls on each node.
    pub node_pulls: Option<Option<i64>>,
    /// Running pulls in each zone.
    pub zone_pulls: Option<Option<i64>>,
    /// Label that names a node's zone; empty means the default.
    pub zone_label: Option<String>,
    /// Running pulls from each registry that is not listed.
    pub default_pulls: Option<Option<i64>>,
    /// Pulls started in a second from each registry that is not listed.
    pub default_starts_per_second: Option<Option<f64>>,
    /// Hosts and their limits, which replace those that the host has.
    pub registries: Vec<(String, RegistryLimitRequest)>,
    /// Hosts that have the default limits from now on.
    pub remove_registries: Vec<String>,
}

impl LimitsRequest {
    /// The request that leads to these limits.
    pub fn of(limits: &Limits) -> Self {
        let Limits {
            cluster_pulls,
            node_pulls,
            zone_pulls,
            zone_label,
            registry_default,
            registries,
        } = limits;
        Self {
            cluster_pulls: i64::from(*cluster_pulls),
            node_pulls: node_pulls.map(i64::from),
            zone_pulls: zone_pulls.map(i64::from),
            zone_label: zone_label.clone(),
            registry_default: registry_default.into(),
            registries: registries
                .iter()
                .map(|(host, limit)| (host.clone(), limit.into()))
                .collect(),
        }
    }
}

impl From<&RegistryLimit> for RegistryLimitRequest {
    fn from(limit: &RegistryLimit) -> Self {
        Self {
            pulls: limit.pulls.map(i64::from),
            starts_per_second: limit.starts_per_second,
        }
    }
}

impl RegistryLimit {
    /// Whether nothing starts because of it.
    pub fn is_paused(&self) -> bool {
        self.pulls == Some(0) || self.starts_per_second == Some(0.0)
    }
}

impl LimitsPatch {
    /// These limits with the change.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub fn apply(self, limits: &Limits) -> Result<Limits, Invalid> {
        let mut request = LimitsRequest::of(limits);
        for (index, host) in self.remove_registries.iter().enumerate() {
            let before = request.registries.len();
            request.registries.retain(|(known, _)| known != host);
            if request.registries.len() == before {
                let rule = format!("{host:?} has no limits of its own");
                return Err(Invalid::new(format!("removeRegistries[{index}]"), rule));
            }
        }
        // Checked in the order in which they were sent, so that an error names the place.
        let mut changed = self.registries;
        let is_new = |(host, _): &(String, RegistryLimitRequest)| changed.iter().all(|(other, _)| other != host);
        let kept: Vec<_> = request.registries.into_iter().filter(is_new).collect();
        changed.extend(kept);
        LimitsRequest {
            cluster_pulls: self.cluster_pulls.unwrap_or(request.cluster_pulls),
            node_pulls: self.node_pulls.unwrap_or(request.node_pulls),
            zone_pulls: self.zone_pulls.unwrap_or(request.zone_pulls),
            zone_label: self.zone_label.unwrap_or(request.zone_label),
            registry_default: RegistryLimitRequest {
                pulls: self.default_pulls.unwrap_or(request.registry_default.pulls),
                starts_per_second: self
                    .default_starts_per_second
                    .unwrap_or(request.registry_default.starts_per_second),
            },
            registries: changed,
        }
        .check()
    }
}

impl Limits {
    /// Limits that are 0, named as the REST API names them: nothing starts because of them.
    pub fn paused(&self) -> Vec<String> {
        let zero = |name: &str, value: Option<u32>| (value == Some(0)).then(|| name.to_owned());
        let host_zero = |name: String, limit: &RegistryLimit| limit.is_paused().then_some(name);
        let whole = [
            zero("clusterPulls", Some(self.cluster_pulls)),
            zero("nodePulls", self.node_pulls),
            zero("zonePulls", self.zone_pulls),
            host_zero("registryDefault".to_owned(), &self.registry_default),
        ];
        let hosts = self.registries.iter();
        let hosts = hosts.map(|(host, limit)| host_zero(format!("registries: {host}"), limit));
        whole.into_iter().chain(hosts).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn limits() -> Limits {
        let mut limits = Limits {
            node_pulls: Some(2),
            ..Limits::default()
        };
        limits.registry_default.pulls = Some(5);
        for host in ["a.io", "b.io"] {
            limits.registries.insert(host.into(), RegistryLimit::default());
        }
        limits
    }

    #[test]
    fn what_is_not_named_stays() {
        assert_eq!(LimitsPatch::default().apply(&limits()).unwrap(), limits());
        let patch = LimitsPatch {
            cluster_pulls: Some(0),
            node_pulls: Some(None),
            zone_pulls: Some(Some(7)),
            default_starts_per_second: Some(Some(1.5)),
            registries: vec![(
                "b.io".into(),
                RegistryLimitRequest {
                    pulls: Some(0),
                    starts_per_second: None,
                },
            )],
            remove_registries: vec!["a.io".into()],
            ..LimitsPatch::default()
        };
        let changed = patch.apply(&limits()).unwrap();
        assert_eq!(
            (changed.cluster_pulls, changed.node_pulls, changed.zone_pulls),
            (0, None, Some(7))
        );
        assert_eq!(changed.registry_default.pulls, Some(5));
        assert_eq!(changed.registry_default.starts_per_second, Some(1.5));
        assert_eq!(changed.registries.keys().collect::<Vec<_>>(), ["b.io"]);
        assert_eq!(changed.paused(), ["clusterPulls", "registries: b.io"]);
        assert!(limits().paused().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_where_it_was_sent() {
        let field = |patch: LimitsPatch| patch.apply(&limits()).unwrap_err().field;
        let unknown = LimitsPatch {
            remove_registries: vec!["a.io".into(), "c.io".into()],
            ..LimitsPatch::default()
        };
        assert_eq!(field(unknown), "removeRegistries[1]");
        let bad = LimitsPatch {
            registries: vec![("no host".into(), RegistryLimitRequest::default())],
            ..LimitsPatch::default()
        };
        assert_eq!(field(bad), "registries[0].host");
    }
}
