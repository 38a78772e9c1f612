//! Nodes counted by what they have in common: a label, a version, a state. Pure.

use super::{Invalid, ids::NodeName, node::Node, node_list::NodeState, selector::check_key};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt,
};

/// Starts the word that names a label.
const LABEL: &str = "label:";

/// What nodes are grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupBy {
    /// Keys of labels; a node is in the group of each key that it has.
    LabelKeys,
    /// The value of this label.
    Label(String),
    /// Version of the agent.
    AgentVersion,
    /// Name and version of the runtime.
    Runtime,
    /// Platform.
    Platform,
    /// How it is, in one word.
    State,
}

impl GroupBy {
    /// Those that are one word.
    const WORDS: [Self; 5] = [
        Self::LabelKeys,
        Self::AgentVersion,
        Self::Runtime,
        Self::Platform,
        Self::State,
    ];

    /// Reads the word.
    ///
    /// # Errors
    /// Names `by` and what is known, or what is wrong with the key of the label.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if let Some(key) = text.strip_prefix(LABEL) {
            check_key(key).map_err(|rule| Invalid::new("by", rule))?;
            return Ok(Self::Label(key.to_owned()));
        }
        let found = Self::WORDS.into_iter().find(|known| known.to_string() == text);
        found.ok_or_else(|| {
            let known = Self::WORDS.map(|known| known.to_string()).join(", ");
            Invalid::new("by", format!("{text:?} is unknown, known are {known} and {LABEL}KEY"))
        })
    }
}

impl fmt::Display for GroupBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LabelKeys => f.write_str("label_keys"),
            Self::Label(key) => write!(f, "{LABEL}{key}"),
            Self::AgentVersion => f.write_str("agent_version"),
            Self::Runtime => f.write_str("runtime"),
            Self::Platform => f.write_str("platform"),
            Self::State => f.write_str("state"),
        }
    }
}

/// Nodes that have one thing in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeGroup {
    /// What they have in common; `None` for those that lack it.
    pub value: Option<String>,
    /// How many they are.
    pub nodes: u32,
    /// Different values of the label; 0 unless keys of labels are asked for.
    pub values: u32,
    /// Their names in the order of the list; empty unless they are asked for.
    pub names: Vec<NodeName>,
}

/// Groups of nodes, the largest first and then by value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeGroups {
    /// The largest ones, as many as are asked for.
    pub groups: Vec<NodeGroup>,
    /// How many there are in all.
    pub group_count: u32,
    /// How many nodes were found.
    pub total: u32,
}

/// Which groups are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// By what.
    pub by: GroupBy,
    /// At most so many of them.
    pub limit: u32,
    /// With the names of the nodes.
    pub with_names: bool,
}

/// Counts node after node.
#[derive(Debug)]
pub struct Tally<'a> {
    asked: &'a Grouping,
    total: u32,
    groups: HashMap<Option<Cow<'a, str>>, Members<'a>>,
}

#[derive(Debug, Default)]
struct Members<'a> {
    nodes: u32,
    values: HashSet<&'a str>,
    names: Vec<&'a NodeName>,
}

impl<'a> Tally<'a> {
    /// Nothing is counted yet.
    pub fn new(asked: &'a Grouping) -> Self {
        Self {
            asked,
            total: 0,
            groups: HashMap::new(),
        }
    }

    /// Counts a node, which is in this state.
    pub fn add(&mut self, node: &'a Node, state: NodeState) {
        self.total += 1;
        let known = |text: &'a str| (!text.is_empty()).then_some(Cow::Borrowed(text));
        match &self.asked.by {
            GroupBy::LabelKeys => {
                for (key, value) in node.labels.iter() {
                    self.member(Some(key.into()), node).values.insert(value);
                }
            }
            GroupBy::Label(key) => {
                self.member(node.labels.get(key).map(Into::into), node);
            }
            GroupBy::AgentVersion => {
                self.member(known(&node.agent_version), node);
            }
            GroupBy::Runtime => {
                let name = format!("{} {}", node.runtime_name, node.runtime_version);
                let name = (!node.runtime_name.is_empty()).then_some(name.into());
                self.member(name, node);
            }
            GroupBy::Platform => {
                let name = (!node.platform.os.is_empty()).then(|| node.platform.to_string().into());
                self.member(name, node);
            }
            GroupBy::State => {
                self.member(known(state.as_str()), node);
            }
        }
    }

    fn member(&mut self, value: Option<Cow<'a, str>>, node: &'a Node) -> &mut Members<'a> {
        let members = self.groups.entry(value).or_default();
        members.nodes += 1;
        if self.asked.with_names {
            members.names.push(&node.name);
        }
        members
    }

    /// The groups of what was counted.
    pub fn finish(self) -> NodeGroups {
        let group_count = self.groups.len() as u32;
        let mut groups: Vec<_> = self.groups.into_iter().collect();
        groups.sort_unstable_by(|(a, left), (b, right)| right.nodes.cmp(&left.nodes).then_with(|| a.cmp(b)));
        groups.truncate(self.asked.limit as usize);
        let group = |(value, members): (Option<Cow<'_, str>>, Members<'_>)| NodeGroup {
            value: value.map(Cow::into_owned),
            nodes: members.nodes,
            values: members.values.len() as u32,
            names: members.names.into_iter().cloned().collect(),
        };
        NodeGroups {
            groups: groups.into_iter().map(group).collect(),
            group_count,
            total: self.total,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn words_are_read_back_and_others_refused() {
        for by in GroupBy::WORDS.into_iter().chain([GroupBy::Label("pool".into())]) {
            assert_eq!(GroupBy::parse(&by.to_string()).unwrap(), by);
        }
        for wrong in ["", "label", "label:", "label:-pool", "label:a/b/c", "State"] {
            assert_eq!(GroupBy::parse(wrong).unwrap_err().field, "by", "{wrong}");
        }
    }
}
