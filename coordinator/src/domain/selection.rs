//! Which nodes a task is for: labels, names, platform and number, all of them conditions that a node must meet at once.

mod expression;
mod order;
mod syntax;

pub use expression::{Expression, ExpressionRequest, Operator};
pub use order::chosen_first;

use super::{Invalid, ids::NodeName, image::Platform, node::Labels, selector::NodeSelector, share::Share};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most expressions of one selection, those of `labelSelector` counted.
pub const MAX_EXPRESSIONS: usize = 50;
/// Most names in `nodeNames` and in `excludeNodes`.
pub const MAX_NAMES: usize = 10_000;

/// What a client asks for, not checked yet; empty and `None` mean no condition.
#[derive(Debug, Clone, Default)]
pub struct SelectionRequest {
    /// Labels that a node must have.
    pub node_selector: BTreeMap<String, String>,
    /// Expressions in Kubernetes' syntax, such as `pool in (gpu,cpu),!spot`.
    pub label_selector: Option<String>,
    /// Expressions one by one.
    pub node_expressions: Vec<ExpressionRequest>,
    /// Only these nodes.
    pub node_names: Vec<String>,
    /// Not these nodes.
    pub exclude_nodes: Vec<String>,
    /// So many of the nodes that match, as number or percentage.
    pub max_nodes: Option<String>,
    /// Only nodes of this platform, such as `linux/amd64`.
    pub platform: Option<String>,
}

/// The conditions, checked. A node is chosen when it meets all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Labels that a node must have.
    pub node_selector: NodeSelector,
    /// Further conditions on labels; those of `labelSelector` and of `nodeExpressions`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node_expressions: Vec<Expression>,
    /// Only these; empty means all.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub node_names: BTreeSet<NodeName>,
    /// Not these. A name that no node has excludes nothing.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub exclude_nodes: BTreeSet<NodeName>,
    /// So many of the nodes that match; which ones, [`chosen_first`] says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_nodes: Option<Share>,
    /// Only nodes of this platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<PlatformFilter>,
}

/// A platform that nodes must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlatformFilter(Platform);

/// What a selection needs to know of a node.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Name.
    pub name: &'a NodeName,
    /// Labels.
    pub labels: &'a Labels,
    /// Platform.
    pub platform: &'a Platform,
}

impl SelectionRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check(self) -> Result<Selection, Invalid> {
        let node_selector = NodeSelector::new(self.node_selector)?;
        let text = self.label_selector.unwrap_or_default();
        let mut node_expressions = syntax::parse("labelSelector", &text)?;
        for (index, expression) in self.node_expressions.into_iter().enumerate() {
            node_expressions.push(expression.check(&format!("nodeExpressions[{index}]"))?);
        }
        if node_expressions.len() > MAX_EXPRESSIONS {
            let rule = format!("must be at most {MAX_EXPRESSIONS}, found {}", node_expressions.len());
            return Err(Invalid::new("nodeExpressions", rule));
        }
        Ok(Selection {
            node_selector,
            node_expressions,
            node_names: names("nodeNames", &self.node_names)?,
            exclude_nodes: names("excludeNodes", &self.exclude_nodes)?,
            max_nodes: self.max_nodes.map(|text| Share::parse("maxNodes", &text)).transpose()?,
            platform: self.platform.map(|text| PlatformFilter::parse(&text)).transpose()?,
        })
    }
}

impl Selection {
    /// Conditions on labels alone, in Kubernetes' syntax; `field` names the text in errors. Empty text selects every node.
    ///
    /// # Errors
    /// Names the field and the rule.
    pub fn parse_labels(field: &str, text: &str) -> Result<Self, Invalid> {
        let node_expressions = syntax::parse(field, text)?;
        if node_expressions.len() > MAX_EXPRESSIONS {
            let rule = format!("must be at most {MAX_EXPRESSIONS}, found {}", node_expressions.len());
            return Err(Invalid::new(field, rule));
        }
        Ok(Self {
            node_expressions,
            ..Self::default()
        })
    }

    /// Whether a node meets every condition but the number.
    pub fn matches(&self, node: Candidate<'_>) -> bool {
        (self.node_names.is_empty() || self.node_names.contains(node.name))
            && !self.exclude_nodes.contains(node.name)
            && self.platform.as_ref().is_none_or(|wanted| wanted.fits(node.platform))
            && self.node_selector.matches(node.labels)
            && self.node_expressions.iter().all(|wanted| wanted.matches(node.labels))
    }

    /// The nodes that are chosen among all that are known, by name.
    ///
    /// # Errors
    /// Names `nodeNames` with a name that no node has, or `nodeSelector` when nothing matches.
    pub fn choose<'a>(&self, known: &[Candidate<'a>]) -> Result<Vec<&'a NodeName>, Invalid> {
        let names: BTreeSet<&NodeName> = known.iter().map(|node| node.name).collect();
        if let Some(unknown) = self.node_names.iter().find(|name| !names.contains(name)) {
            return Err(Invalid::new(
                "nodeNames",
                format!("{:?} is not a known node", unknown.as_str()),
            ));
        }
        let mut chosen: Vec<&NodeName> = known
            .iter()
            .filter(|node| self.matches(**node))
            .map(|node| node.name)
            .collect();
        if chosen.is_empty() {
            let rule = format!("matches none of {} nodes", known.len());
            return Err(Invalid::new("nodeSelector", rule));
        }
        if let Some(share) = self.max_nodes {
            let wanted = share.of(chosen.len() as u32) as usize;
            chosen = chosen_first(chosen).into_iter().take(wanted).collect();
        }
        chosen.sort_unstable();
        Ok(chosen)
    }

    /// The conditions on labels in Kubernetes' syntax, without those of `node_selector`; empty for none.
    pub fn label_selector(&self) -> String {
        let parts: Vec<String> = self.node_expressions.iter().map(ToString::to_string).collect();
        parts.join(",")
    }
}

impl PlatformFilter {
    /// Reads `os/architecture` or `os/architecture/variant`; without a variant every variant fits.
    ///
    /// # Errors
    /// Names `platform` and the rule.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = text.split('/').collect();
        let word = |text: &&str| {
            (1..=32).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if !(2..=3).contains(&parts.len()) || !parts.iter().all(word) {
            let rule = format!("{text:?} must be os/architecture or os/architecture/variant, such as linux/amd64");
            return Err(Invalid::new("platform", rule));
        }
        let part = |index: usize| parts.get(index).copied().unwrap_or_default().to_owned();
        Ok(Self(Platform {
            os: part(0),
            architecture: part(1),
            variant: part(2),
        }))
    }

    fn fits(&self, node: &Platform) -> bool {
        let wanted = &self.0;
        wanted.os == node.os
            && wanted.architecture == node.architecture
            && (wanted.variant.is_empty() || wanted.variant == node.variant)
    }
}

impl std::fmt::Display for PlatformFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

fn names(field: &str, texts: &[String]) -> Result<BTreeSet<NodeName>, Invalid> {
    if texts.len() > MAX_NAMES {
        let rule = format!("must be at most {MAX_NAMES}, found {}", texts.len());
        return Err(Invalid::new(field, rule));
    }
    let mut names = BTreeSet::new();
    for (index, text) in texts.iter().enumerate() {
        let at = format!("{field}[{index}]");
        let name = NodeName::parse(text).map_err(|invalid| Invalid::new(&at, format!("{text:?} {}", invalid.rule)))?;
        if !names.insert(name) {
            return Err(Invalid::new(at, format!("{text:?} stands twice")));
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
