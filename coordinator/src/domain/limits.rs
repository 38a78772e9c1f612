//! What the operator allows at one time, whatever is submitted. Adjusted over the API while pulls run, and persisted. 0 always means
//! paused: nothing starts, what runs goes on.

mod patch;

pub use patch::LimitsPatch;

use super::{Invalid, in_range, node::Labels, selector::check_labels};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pulls in the whole cluster when the operator says nothing.
pub const DEFAULT_CLUSTER_PULLS: u32 = 50;
/// Largest number of any limit.
pub const MAX_PULLS: u32 = 100_000;
/// Largest number of starts a second.
const MAX_STARTS_PER_SECOND: f64 = 10_000.0;
/// Most registries that can have limits of their own.
const MAX_REGISTRIES: usize = 1_000;
/// Label of nodes that names their zone when the operator says nothing (Kubernetes: "Well-Known Labels").
pub const DEFAULT_ZONE_LABEL: &str = "topology.kubernetes.io/zone";

/// Limits on pulls; `None` means no limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Running pulls in the whole cluster.
    pub cluster_pulls: u32,
    /// Running pulls on each node, beside what its agent allows.
    pub node_pulls: Option<u32>,
    /// Running pulls in each topology zone.
    pub zone_pulls: Option<u32>,
    /// Label of nodes that names their zone; nodes without it are in none.
    pub zone_label: String,
    /// For every registry host that is not listed.
    pub registry_default: RegistryLimit,
    /// By registry host.
    pub registries: BTreeMap<String, RegistryLimit>,
}

/// How hard one registry host may be pressed; `None` means no limit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegistryLimit {
    /// Running pulls.
    pub pulls: Option<u32>,
    /// Pulls started in a second.
    pub starts_per_second: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cluster_pulls: DEFAULT_CLUSTER_PULLS,
            node_pulls: None,
            zone_pulls: None,
            zone_label: DEFAULT_ZONE_LABEL.into(),
            registry_default: RegistryLimit::default(),
            registries: BTreeMap::new(),
        }
    }
}

impl Limits {
    /// The limits of a registry host.
    pub fn registry(&self, host: &str) -> &RegistryLimit {
        self.registries.get(host).unwrap_or(&self.registry_default)
    }

    /// The zone of a node with these labels, where zones are limited.
    pub fn zone_of<'a>(&self, labels: &'a Labels) -> Option<&'a str> {
        self.zone_pulls?;
        labels.get(self.zone_label.as_str()).map(AsRef::as_ref)
    }
}

/// What an operator asks for, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct LimitsRequest {
    /// Running pulls in the whole cluster.
    pub cluster_pulls: i64,
    /// Running pulls on each node.
    pub node_pulls: Option<i64>,
    /// Running pulls in each zone.
    pub zone_pulls: Option<i64>,
    /// Label that names a node's zone; empty means the default.
    pub zone_label: String,
    /// For every registry that is not listed.
    pub registry_default: RegistryLimitRequest,
    /// Host and its limits.
    pub registries: Vec<(String, RegistryLimitRequest)>,
}

/// What an operator asks for one registry.
#[derive(Debug, Clone, Default)]
pub struct RegistryLimitRequest {
    /// Running pulls.
    pub pulls: Option<i64>,
    /// Pulls started in a second.
    pub starts_per_second: Option<f64>,
}

impl LimitsRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check(self) -> Result<Limits, Invalid> {
        let zone_label = if self.zone_label.is_empty() {
            DEFAULT_ZONE_LABEL.to_owned()
        } else {
            self.zone_label
        };
        check_labels([(zone_label.as_str(), "")]).map_err(|invalid| Invalid::new("zoneLabel", invalid.rule))?;
        if self.registries.len() > MAX_REGISTRIES {
            let rule = format!("must be at most {MAX_REGISTRIES}, found {}", self.registries.len());
            return Err(Invalid::new("registries", rule));
        }
        let mut registries = BTreeMap::new();
        for (index, (host, limit)) in self.registries.into_iter().enumerate() {
            let field = format!("registries[{index}]");
            check_host(&format!("{field}.host"), &host)?;
            let checked = limit.check(&field)?;
            if registries.insert(host.clone(), checked).is_some() {
                return Err(Invalid::new(format!("{field}.host"), format!("{host:?} stands twice")));
            }
        }
        Ok(Limits {
            cluster_pulls: in_range("clusterPulls", self.cluster_pulls, 0..=MAX_PULLS)?,
            node_pulls: pulls("nodePulls", self.node_pulls)?,
            zone_pulls: pulls("zonePulls", self.zone_pulls)?,
            zone_label,
            registry_default: self.registry_default.check("registryDefault")?,
            registries,
        })
    }
}

impl RegistryLimitRequest {
    fn check(self, field: &str) -> Result<RegistryLimit, Invalid> {
        let in_bounds = |rate: &f64| (0.0..=MAX_STARTS_PER_SECOND).contains(rate);
        if let Some(rate) = self.starts_per_second.filter(|rate| !in_bounds(rate)) {
            let rule = format!("{rate} is out of range, allowed are 0 to {MAX_STARTS_PER_SECOND}");
            return Err(Invalid::new(format!("{field}.startsPerSecond"), rule));
        }
        Ok(RegistryLimit {
            pulls: pulls(&format!("{field}.pulls"), self.pulls)?,
            starts_per_second: self.starts_per_second,
        })
    }
}

fn pulls(field: &str, value: Option<i64>) -> Result<Option<u32>, Invalid> {
    value.map(|value| in_range(field, value, 0..=MAX_PULLS)).transpose()
}

/// A registry host as references name it: the host of a reference that has it.
fn check_host(field: &str, host: &str) -> Result<(), Invalid> {
    let parts = super::image::ImageRef::parse(&format!("{host}/x")).map(|image| image.parts());
    match parts {
        Ok(parts) if parts.registry == host => Ok(()),
        Ok(parts) if host == "index.docker.io" => Err(Invalid::new(
            field,
            format!("{host:?} must be written {:?}", parts.registry),
        )),
        Ok(_) | Err(_) => Err(Invalid::new(
            field,
            format!(
                "{host:?} must be a registry host as references name it, such as docker.io or registry.example:5000"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn request() -> LimitsRequest {
        LimitsRequest {
            cluster_pulls: 50,
            ..LimitsRequest::default()
        }
    }

    #[test]
    fn each_number_has_its_bounds_and_zero_is_one_of_them() {
        type Set = fn(&mut LimitsRequest, i64);
        let fields: [(&str, Set); 5] = [
            ("clusterPulls", |r, n| r.cluster_pulls = n),
            ("nodePulls", |r, n| r.node_pulls = Some(n)),
            ("zonePulls", |r, n| r.zone_pulls = Some(n)),
            ("registryDefault.pulls", |r, n| r.registry_default.pulls = Some(n)),
            ("registries[0].pulls", |r, n| {
                let limit = RegistryLimitRequest {
                    pulls: Some(n),
                    starts_per_second: None,
                };
                r.registries = vec![("r.example".into(), limit)];
            }),
        ];
        for (field, set) in fields {
            let check = |value| {
                let mut request = request();
                set(&mut request, value);
                request.check()
            };
            assert!(check(0).is_ok() && check(MAX_PULLS.into()).is_ok(), "{field}");
            for bad in [-1, i64::from(MAX_PULLS) + 1] {
                assert_eq!(check(bad).unwrap_err().field, field);
            }
        }
    }

    #[test]
    fn rates_are_finite_and_not_negative() {
        let check = |rate| {
            let mut request = request();
            request.registry_default.starts_per_second = Some(rate);
            request.check()
        };
        assert!(check(0.0).is_ok() && check(0.5).is_ok() && check(10_000.0).is_ok());
        for bad in [-0.1, 10_000.1, f64::NAN, f64::INFINITY] {
            assert_eq!(check(bad).unwrap_err().field, "registryDefault.startsPerSecond");
        }
    }

    #[test]
    fn hosts_are_written_as_references_have_them() {
        let check = |hosts: &[&str]| {
            let registries = hosts
                .iter()
                .map(|host| ((*host).to_owned(), RegistryLimitRequest::default()));
            LimitsRequest {
                registries: registries.collect(),
                ..request()
            }
            .check()
        };
        assert!(check(&["docker.io", "localhost:5000", "r.example"]).is_ok());
        for bad in ["", "nginx", "https://r.example", "r.example/path", "index.docker.io"] {
            assert_eq!(check(&[bad]).unwrap_err().field, "registries[0].host", "{bad:?}");
        }
        assert_eq!(check(&["a.io", "a.io"]).unwrap_err().field, "registries[1].host");
        let label = LimitsRequest {
            zone_label: "a b".into(),
            ..request()
        };
        assert_eq!(label.check().unwrap_err().field, "zoneLabel");
    }

    #[test]
    fn a_registry_without_limits_of_its_own_has_the_default_ones() {
        let mut limits = Limits::default();
        limits.registry_default.pulls = Some(3);
        limits.registries.insert("big.io".into(), RegistryLimit::default());
        assert_eq!(
            (limits.registry("x.io").pulls, limits.registry("big.io").pulls),
            (Some(3), None)
        );
    }
}
