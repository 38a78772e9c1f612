//! Images that a policy takes from workloads: which workloads it follows, what those run, and on which nodes their pods may be.

use crate::domain::{
    Invalid,
    caller::TenantId,
    ids::is_dns_subdomain,
    image::ImageRef,
    node::Labels,
    selection::Selection,
    tenant::Tenant,
    workload::{NodeLabels, Workload, WorkloadKind},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

/// Most namespaces that one policy names.
pub const MAX_NAMESPACES: usize = 50;
/// Different `nodeSelector`s of one image that are told apart; with more of them it is wanted on every node of the policy.
pub const MAX_PLACES: usize = 20;
/// Longest name of a namespace (an RFC 1123 label).
const MAX_NAMESPACE: usize = 63;
/// Workloads that a sentence names.
const NAMED: usize = 3;

/// What a client asks for, not checked yet. All of it empty means that no workload is followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkloadRequest {
    /// Only in these namespaces.
    pub namespaces: Vec<String>,
    /// Only these kinds.
    pub kinds: Vec<String>,
    /// Only those with these labels, in Kubernetes' syntax.
    pub selector: String,
}

/// Which workloads a policy follows; a workload must meet every condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkloadSelection {
    /// Namespaces; empty for all that the tenant may follow.
    pub namespaces: BTreeSet<String>,
    /// Kinds; empty for all.
    pub kinds: BTreeSet<WorkloadKind>,
    /// Conditions on the labels of the workload.
    pub labels: Selection,
}

impl WorkloadRequest {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.selector.trim().is_empty() && self.namespaces.is_empty() && self.kinds.is_empty()
    }

    /// Leaves only the workloads of this namespace: whoever may declare a policy in one need not see what runs in others.
    ///
    /// # Errors
    /// Names `workloads.namespaces` where another one is asked for.
    pub fn confine(&mut self, namespace: &str) -> Result<(), Invalid> {
        if let Some(other) = self.namespaces.iter().find(|name| *name != namespace) {
            let rule = format!(
                "{other:?} is another namespace: what is declared in {namespace} follows workloads of {namespace} alone"
            );
            return Err(Invalid::new("workloads.namespaces", rule));
        }
        self.namespaces = vec![namespace.to_owned()];
        Ok(())
    }

    /// Checks every field; `None` where nothing is asked for.
    ///
    /// # Errors
    /// Names the field below `workloads` and the rule.
    pub fn check(self) -> Result<Option<WorkloadSelection>, Invalid> {
        let below = |field: &str| format!("workloads.{field}");
        if self.is_empty() {
            return Ok(None);
        }
        let selector = self.selector.trim();
        if self.namespaces.len() > MAX_NAMESPACES {
            let rule = format!("must be at most {MAX_NAMESPACES}, found {}", self.namespaces.len());
            return Err(Invalid::new(below("namespaces"), rule));
        }
        for (index, name) in self.namespaces.iter().enumerate() {
            if !is_namespace(name) {
                let rule = format!("{name:?} is no name of a namespace");
                return Err(Invalid::new(below(&format!("namespaces[{index}]")), rule));
            }
        }
        let kind = |(index, word): (usize, &String)| {
            let known = WorkloadKind::ALL.map(WorkloadKind::as_str).join(", ");
            WorkloadKind::parse(word).ok_or_else(|| {
                let rule = format!("{word:?} is unknown, known are {known}");
                Invalid::new(below(&format!("kinds[{index}]")), rule)
            })
        };
        Ok(Some(WorkloadSelection {
            kinds: self.kinds.iter().enumerate().map(kind).collect::<Result<_, _>>()?,
            labels: Selection::parse_labels(&below("selector"), selector)?,
            namespaces: self.namespaces.into_iter().collect(),
        }))
    }
}

fn is_namespace(name: &str) -> bool {
    name.len() <= MAX_NAMESPACE && !name.contains('.') && is_dns_subdomain(name)
}

/// Whether the tenant may follow what runs in the namespace: the first one everything, every other one only the namespace of its own name.
fn may_follow(tenant: &TenantId, namespace: &str) -> bool {
    tenant.is_default() || tenant.as_str() == namespace
}

impl WorkloadSelection {
    /// Checks that the tenant may follow every namespace that is named.
    ///
    /// # Errors
    /// Names `workloads.namespaces` and the one namespace that it may.
    pub fn check_tenant(&self, tenant: &TenantId) -> Result<(), Invalid> {
        match self.namespaces.iter().find(|name| !may_follow(tenant, name)) {
            None => Ok(()),
            Some(name) => {
                let rule = format!("{name:?} is not the tenant's: it may follow the namespace {tenant} alone");
                Err(Invalid::new("workloads.namespaces", rule))
            }
        }
    }

    /// Whether a policy of this tenant follows the workload.
    pub fn follows(&self, tenant: &TenantId, workload: &Workload) -> bool {
        let name = &workload.name;
        may_follow(tenant, &name.namespace)
            && (self.namespaces.is_empty() || self.namespaces.contains(&*name.namespace))
            && (self.kinds.is_empty() || self.kinds.contains(&name.kind))
            && (self.labels.node_expressions.iter()).all(|wanted| wanted.matches(&workload.labels))
    }

    /// What those of the workloads run that are followed.
    pub fn choose<'a>(&self, tenant: &Tenant, workloads: impl Iterator<Item = &'a Workload>) -> Chosen {
        let mut chosen = Chosen::default();
        let mut at: HashMap<ImageRef, usize> = HashMap::new();
        for workload in workloads.filter(|workload| self.follows(&tenant.id, workload)) {
            let followed = &mut chosen.followed;
            followed.workloads += 1;
            if workload.images.iter().any(|image| image.always) {
                followed.always.add(|| workload.name.to_string());
            }
            for image in &workload.images {
                let usable = ImageRef::parse(&image.reference)
                    .ok()
                    .filter(|image| tenant.may_use(image));
                let Some(usable) = usable else {
                    followed
                        .refused
                        .add(|| format!("{:?} of {}", image.reference, workload.name));
                    continue;
                };
                let index = *at.entry(usable.clone()).or_insert_with(|| {
                    chosen.images.push((usable, Places::default()));
                    chosen.images.len() - 1
                });
                chosen.images[index].1.add(&workload.node_selector);
            }
        }
        chosen.followed.images = chosen.images.len();
        chosen
    }
}

/// Where the pods may be that use an image: on nodes with all labels of any of these; nowhere where there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Places(Vec<NodeLabels>);

impl Places {
    /// One more `nodeSelector`.
    pub fn add(&mut self, labels: &NodeLabels) {
        if self.is_everywhere() || self.0.contains(labels) {
            return;
        }
        if labels.is_empty() || self.0.len() >= MAX_PLACES {
            self.0 = vec![NodeLabels::new()];
        } else {
            self.0.push(labels.clone());
        }
    }

    /// Whether a node with these labels is one.
    pub fn have(&self, labels: &Labels) -> bool {
        let fits = |place: &NodeLabels| place.iter().all(|(key, value)| labels.get(key) == Some(value));
        self.0.iter().any(fits)
    }

    /// Whether every node is.
    pub fn is_everywhere(&self) -> bool {
        self.0.first().is_some_and(NodeLabels::is_empty)
    }

    /// The selectors, as they came.
    pub fn iter(&self) -> impl Iterator<Item = &NodeLabels> {
        self.0.iter()
    }
}

/// What followed workloads run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Images, in the order of the workloads.
    pub images: Vec<(ImageRef, Places)>,
    /// What is to be said of them.
    pub followed: Followed,
}

/// What is to be said of the workloads that a policy follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Followed {
    /// How many there are.
    pub workloads: usize,
    /// Different images of theirs that can be kept warm.
    pub images: usize,
    /// Workloads with an image whose `imagePullPolicy` is `Always`.
    pub always: Named,
    /// Images that are no reference, or that the tenant may not use.
    pub refused: Named,
    /// Why it is not known what they are now; `None` where it is.
    pub away: Option<String>,
}

/// How many there are of something, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    first: Vec<String>,
    count: usize,
}

impl Named {
    /// One more.
    fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(name());
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        match self.count - self.first.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
