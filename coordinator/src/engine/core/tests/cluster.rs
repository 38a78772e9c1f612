//! What a cluster says of its nodes, and their pulls.

use super::{harness::name, *};
use crate::domain::{
    cluster::{ClusterNews, ClusterNode},
    image::Platform,
};

fn node(text: &str, labels: &[(&str, &str)]) -> ClusterNode {
    ClusterNode {
        name: name(text),
        uid: format!("uid of {text}"),
        labels: labels
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect(),
        platform: Platform {
            os: "linux".into(),
            architecture: "arm64".into(),
            variant: String::new(),
        },
        ready: true,
        message: String::new(),
        unschedulable: false,
        taints: vec![],
        kubelet_version: String::new(),
        runtime_version: String::new(),
    }
}

fn told(h: &mut Harness, news: ClusterNews) {
    h.handle(Command::Cluster(news));
}

fn changed(h: &mut Harness, node: ClusterNode) {
    told(h, ClusterNews::Changed(Box::new(node)));
}

#[test]
fn labels_are_the_clusters_now_and_after_the_agent_has_come_back() {
    let mut h = Harness::new(50);
    h.zones.insert("n1".into(), "of the agent".into());
    h.connect("n1", 2);
    changed(&mut h, node("n1", &[("pool", "gpu")]));
    let labels = |h: &Harness| h.shared.fleet().get(&name("n1")).unwrap().node.plain_labels();
    assert_eq!(labels(&h), [("pool".to_owned(), "gpu".to_owned())].into());
    h.reconnect("n1", vec![], vec![]);
    assert_eq!(labels(&h), [("pool".to_owned(), "gpu".to_owned())].into());
    changed(&mut h, node("n1", &[("pool", "cpu")]));
    assert_eq!(labels(&h)["pool"], "cpu");
}

#[test]
fn a_node_without_an_agent_is_shown_with_the_reason_and_no_target_until_its_agent_comes() {
    let mut h = Harness::new(50);
    told(&mut h, ClusterNews::All(vec![node("n1", &[])]));
    {
        let fleet = h.shared.fleet();
        let entry = fleet.get(&name("n1")).unwrap();
        assert!(!entry.is_target());
        assert!(
            entry.not_ready().unwrap().contains("no agent"),
            "{:?}",
            entry.not_ready()
        );
        assert_eq!(entry.node.platform.architecture, "arm64");
    }
    // Long after: it is not taken for lost, because it was never there.
    h.pass(LOST_MS * 2);
    h.connect("n1", 2);
    let fleet = h.shared.fleet();
    let entry = fleet.get(&name("n1")).unwrap();
    assert!(entry.is_target() && entry.not_ready().is_none());
    assert_eq!(entry.node.platform.architecture, "amd64", "the agent knows better");
    assert!(entry.node.first_seen_at > LOST_MS);
}

#[test]
fn a_deleted_node_ends_its_pulls_as_skipped_and_its_agent_is_told_to_stop() {
    let mut h = Harness::new(50);
    for each in ["n1", "n2"] {
        h.connect(each, 1);
        changed(&mut h, node(each, &[]));
    }
    h.accept("t", &["n1", "n2"], request(&["a:1", "b:1"]));
    let running = h.starts("n1").remove(0);
    told(&mut h, ClusterNews::Gone(name("n1")));
    assert_eq!(h.cancels("n1").len(), 1);
    let pull = h.pull(&running.pull);
    assert_eq!(pull.state, PullState::Skipped);
    assert!(pull.message.contains("deleted from the cluster"), "{}", pull.message);
    for _ in 0..2 {
        let start = h.starts("n2").remove(0);
        h.report("n2", &start.pull, success(start.attempt));
    }
    let task = h.ended("t");
    assert_eq!(
        (task.state, task.counts.succeeded, task.counts.skipped),
        (TaskState::Completed, 2, 2)
    );
    assert!(!h.shared.fleet().get(&name("n1")).unwrap().is_target());
    // Registered again under its name: it is one of them again.
    changed(&mut h, node("n1", &[]));
    assert!(h.shared.fleet().get(&name("n1")).unwrap().is_target());
}

#[test]
fn what_a_new_list_lacks_is_gone_and_what_no_cluster_ever_had_stays() {
    let mut h = Harness::new(50);
    h.connect("outside", 1);
    h.connect("inside", 1);
    told(
        &mut h,
        ClusterNews::All(vec![node("inside", &[]), node("stranger", &[])]),
    );
    told(&mut h, ClusterNews::All(vec![]));
    let fleet = h.shared.fleet();
    assert!(fleet.get(&name("outside")).unwrap().is_target());
    assert!(fleet.get(&name("inside")).unwrap().deleted);
    assert!(fleet.get(&name("stranger")).is_none());
}
