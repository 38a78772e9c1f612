//! Nodes: agents, runtimes, disks, versions, clocks.

use super::{Finding, major_minor, some_of};
use crate::human::{bytes, duration};
use ips_proto::v1;

/// Free share of the image file system, in percent: below it the kubelet removes images, or evicts pods.
const LOW_DISK: u64 = 15;
const FULL_DISK: u64 = 5;
/// The oldest containerd that works, and the oldest that is still mended.
const OLDEST: (u32, u32) = (1, 6);
const MENDED: (u32, u32) = (1, 7);
/// Clocks that are further apart are worth a word, in milliseconds.
const CLOCK_MS: i64 = 5_000;

/// Everything about the nodes.
pub fn all(nodes: &[v1::Node], coordinator: &str) -> Vec<Finding> {
    let checks = [agents, readiness, disks, inodes, runtimes, clocks];
    let mut findings: Vec<Finding> = checks.iter().flat_map(|check| check(nodes)).collect();
    findings.extend(versions(nodes, coordinator));
    findings
}

fn named(nodes: &[v1::Node], text: impl FnMut(&v1::Node) -> Option<String>) -> Vec<String> {
    nodes.iter().filter_map(text).collect()
}

fn agents(nodes: &[v1::Node]) -> Vec<Finding> {
    const ADVICE: &str = "look at the agents of these nodes (are their pods running? what does their log say?), and at the network to the coordinator's \
                          gRPC port; remove nodes from the cluster that are gone for good";
    let away = named(nodes, |node| (!node.connected).then(|| node.name.clone()));
    if nodes.is_empty() {
        let why = "there is nothing to warm: every task is refused because its selector matches no node";
        let what = "no agent has ever said hello".to_owned();
        return vec![Finding::error(
            "nodes",
            what,
            why,
            "start an agent on each node, and give it the coordinator's address",
        )];
    }
    if away.is_empty() {
        return vec![];
    }
    let what = format!(
        "{} of {} nodes have no connected agent: {}",
        away.len(),
        nodes.len(),
        some_of(&away)
    );
    let why = "pulls for them wait, and are skipped after a quarter of an hour";
    vec![if away.len() == nodes.len() {
        Finding::error("nodes", what, why, ADVICE)
    } else {
        Finding::warning("nodes", what, why, ADVICE)
    }]
}

fn readiness(nodes: &[v1::Node]) -> Vec<Finding> {
    let not_ready = named(nodes, |node| {
        (node.connected && !node.ready).then(|| format!("{} ({})", node.name, node.reason))
    });
    if not_ready.is_empty() {
        return vec![];
    }
    vec![Finding::warning(
        "nodes",
        format!(
            "{} nodes are connected and cannot pull: {}",
            not_ready.len(),
            some_of(&not_ready)
        ),
        "pulls for them wait",
        "see why: a runtime that does not answer (is containerd running, is its socket's folder mounted?), or an agent that drains",
    )]
}

fn disks(nodes: &[v1::Node]) -> Vec<Finding> {
    let free = |node: &v1::Node| {
        let condition = node
            .condition
            .as_ref()
            .filter(|condition| condition.image_fs_capacity_bytes > 0)?;
        let (free, size) = (condition.image_fs_available_bytes, condition.image_fs_capacity_bytes);
        Some((free.saturating_mul(100) / size, free))
    };
    let shown = |node: &v1::Node, free: u64| format!("{} ({} free)", node.name, bytes(free));
    let full = named(nodes, |node| {
        free(node)
            .filter(|(share, _)| *share < FULL_DISK)
            .map(|(_, free)| shown(node, free))
    });
    let low = named(nodes, |node| {
        let low = free(node).filter(|(share, _)| (FULL_DISK..LOW_DISK).contains(share));
        low.map(|(_, free)| shown(node, free))
    });
    let advice = "remove images that nobody needs, make the disk larger, or leave these nodes out of tasks";
    let mut found = Vec::new();
    if !full.is_empty() {
        let what = format!(
            "the image file system is all but full on {} nodes: {}",
            full.len(),
            some_of(&full)
        );
        found.push(Finding::error("disks", what, "pulls fail there with no_space", advice));
    }
    if !low.is_empty() {
        let what = format!(
            "less than {LOW_DISK} % of the image file system is free on {} nodes: {}",
            low.len(),
            some_of(&low)
        );
        let why = "the kubelet removes images at this point, also those that were just warmed";
        found.push(Finding::warning("disks", what, why, advice));
    }
    found
}

fn inodes(nodes: &[v1::Node]) -> Vec<Finding> {
    let few = named(nodes, |node| {
        let condition = node
            .condition
            .as_ref()
            .filter(|condition| condition.image_fs_inodes > 0)?;
        let share = condition.image_fs_inodes_free.saturating_mul(100) / condition.image_fs_inodes;
        (share < FULL_DISK).then(|| node.name.clone())
    });
    if few.is_empty() {
        return vec![];
    }
    vec![Finding::warning(
        "disks",
        format!(
            "less than {FULL_DISK} % of the inodes are free on {} nodes: {}",
            few.len(),
            some_of(&few)
        ),
        "unpacking fails although there are bytes left",
        "remove images that nobody needs, or make the file system with more inodes",
    )]
}

fn runtimes(nodes: &[v1::Node]) -> Vec<Finding> {
    let shown = |node: &v1::Node| Some(format!("{} ({})", node.name, node.runtime_version));
    let version = |node: &v1::Node| major_minor(&node.runtime_version).filter(|_| node.runtime_name == "containerd");
    let too_old = named(nodes, |node| {
        version(node).filter(|found| *found < OLDEST).and_then(|_| shown(node))
    });
    let old = named(nodes, |node| {
        version(node)
            .filter(|found| (OLDEST..MENDED).contains(found))
            .and_then(|_| shown(node))
    });
    let mut found = Vec::new();
    if !too_old.is_empty() {
        let what = format!(
            "{} nodes run a containerd that is too old: {}",
            too_old.len(),
            some_of(&too_old)
        );
        let why = "the agent speaks CRI v1, which containerd has since 1.6";
        found.push(Finding::error(
            "runtimes",
            what,
            why,
            "update containerd to 1.7 or newer",
        ));
    }
    if !old.is_empty() {
        let what = format!("{} nodes run containerd 1.6: {}", old.len(), some_of(&old));
        let why = "it works, and its makers mend it no more";
        found.push(Finding::warning(
            "runtimes",
            what,
            why,
            "update containerd to 1.7 or newer",
        ));
    }
    found
}

fn clocks(nodes: &[v1::Node]) -> Vec<Finding> {
    let apart = |node: &v1::Node| node.clock_offset_ms.checked_abs().unwrap_or(i64::MAX);
    let wrong = named(nodes, |node| {
        let seconds = duration(u64::try_from(apart(node) / 1000).unwrap_or(0));
        (node.connected && apart(node) >= CLOCK_MS).then(|| format!("{} ({seconds})", node.name))
    });
    if wrong.is_empty() {
        return vec![];
    }
    vec![Finding::warning(
        "clocks",
        format!(
            "the clocks of {} nodes are not the coordinator's: {}",
            wrong.len(),
            some_of(&wrong)
        ),
        "times of pulls and traces do not match, and tokens of pods may be refused",
        "let the nodes follow a time server (chrony, systemd-timesyncd)",
    )]
}

fn versions(nodes: &[v1::Node], coordinator: &str) -> Option<Finding> {
    let other = named(nodes, |node| {
        let is_other = node.connected && major_minor(&node.agent_version) != major_minor(coordinator);
        is_other.then(|| format!("{} ({})", node.name, node.agent_version))
    });
    (!other.is_empty()).then(|| {
        Finding::warning(
            "versions",
            format!(
                "{} agents are of another version than the coordinator ({coordinator}): {}",
                other.len(),
                some_of(&other)
            ),
            "they work while they are one minor version apart, without what is new; further apart they are refused",
            "finish the roll-out of the agents",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;

    fn node(name: &str) -> v1::Node {
        v1::Node {
            name: name.into(),
            connected: true,
            ready: true,
            agent_version: "0.1.0".into(),
            runtime_name: "containerd".into(),
            runtime_version: "1.7.24".into(),
            condition: Some(v1::NodeCondition {
                image_fs_capacity_bytes: 100 << 30,
                image_fs_available_bytes: 50 << 30,
                image_fs_inodes: 100,
                image_fs_inodes_free: 50,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn with_free(percent: u64) -> v1::Node {
        let mut node = node("small");
        if let Some(condition) = &mut node.condition {
            condition.image_fs_available_bytes = percent << 30;
        }
        node
    }

    #[test]
    fn healthy_nodes_are_not_worth_a_word() {
        assert_eq!(all(&[node("a"), node("b")], "0.1.3"), []);
    }

    #[test]
    fn each_trouble_is_one_finding() {
        let away = v1::Node {
            connected: false,
            ready: false,
            ..node("away")
        };
        let broken = v1::Node {
            ready: false,
            reason: "no socket".into(),
            ..node("broken")
        };
        let late = v1::Node {
            clock_offset_ms: -7_000,
            ..node("late")
        };
        let older = v1::Node {
            agent_version: "0.0.9".into(),
            ..node("older")
        };
        let old = v1::Node {
            runtime_version: "1.6.20".into(),
            ..node("old")
        };
        let ancient = v1::Node {
            runtime_version: "1.5.0".into(),
            ..node("ancient")
        };
        for (sick, check, severity, word) in [
            (away.clone(), "nodes", Severity::Warning, "away"),
            (broken, "nodes", Severity::Warning, "broken (no socket)"),
            (late, "clocks", Severity::Warning, "late (7s)"),
            (older, "versions", Severity::Warning, "older (0.0.9)"),
            (old, "runtimes", Severity::Warning, "old (1.6.20)"),
            (ancient, "runtimes", Severity::Error, "ancient (1.5.0)"),
            (with_free(14), "disks", Severity::Warning, "small (14.0 GiB free)"),
            (with_free(4), "disks", Severity::Error, "small (4.0 GiB free)"),
        ] {
            let found = all(&[node("well"), sick], "0.1.0");
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!((found[0].check, found[0].severity), (check, severity));
            assert!(found[0].what.contains(word), "{}", found[0].what);
        }
        assert_eq!(all(&[away], "0.1.0")[0].severity, Severity::Error, "all of them");
        assert_eq!(all(&[], "0.1.0")[0].severity, Severity::Error);
    }
}
