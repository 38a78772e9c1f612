//! Watches the cluster's nodes: one list when it begins (in pages) and one whenever the server has forgotten where we were, and nothing but
//! the changes in between. Of each node only what is used is kept; images and managed fields, most of its bytes, are not even parsed.

use super::{Kubernetes, chain};
use crate::domain::{
    cluster::{ClusterNews, ClusterNode, Taint},
    ids::NodeName,
    image::Platform,
};
use futures::{Stream, StreamExt as _};
use k8s_openapi::{
    api::core::v1::{Node, NodeCondition, NodeSystemInfo, Taint as KubeTaint},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api, Resource,
    runtime::{
        WatchStreamExt as _,
        utils::{Backoff, ResetTimerBackoff},
        watcher::{self, Event, watcher},
    },
};
use serde::Deserialize;
use std::{pin::pin, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

/// Nodes that are listed at a time. A node of a busy cluster has tens of kilobytes.
const PAGE: u32 = 100;
/// First pause after a watch that failed; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(800);
/// Longest pause, to which up to as much is added by chance. One client that asks so seldom is no burden, and what was changed while
/// the API server was away is seen soon.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Pauses begin anew when nothing has failed for so long.
const CALM: Duration = Duration::from_secs(120);
/// A watch that has not failed for so long stands: twice the longest wait between two tries.
const STANDS: Duration = Duration::from_secs(20);

/// What is read of a node.
#[derive(Debug, Clone, Deserialize, Resource)]
#[resource(inherit = Node)]
struct WatchedNode {
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Spec {
    #[serde(default)]
    unschedulable: bool,
    #[serde(default)]
    taints: Vec<KubeTaint>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    conditions: Vec<NodeCondition>,
    #[serde(default)]
    node_info: NodeSystemInfo,
}

/// Pauses between two tries; the next one is in it.
#[derive(Debug)]
struct Pauses(Duration);

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        Some(pause.mul_f64(1.0 + rand::random::<f64>()))
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        self.0 = FIRST_PAUSE;
    }
}

impl Kubernetes {
    /// Tells of the cluster's nodes until `stop`. An API server that is away, and a right that is missing, are told and tried again.
    pub async fn watch_nodes(&self, news: mpsc::Sender<ClusterNews>, stop: CancellationToken) {
        let config = watcher::Config::default().page_size(PAGE);
        let events = watcher(Api::<WatchedNode>::all(self.client()), config);
        let events = events.backoff(ResetTimerBackoff::new(Pauses(FIRST_PAUSE), CALM));
        let _stopped = stop.run_until_cancelled(tell(pin!(events), &news)).await;
    }
}

/// Turns what the watcher says into news, until nobody listens.
async fn tell(
    mut events: impl Stream<Item = watcher::Result<Event<WatchedNode>>> + Unpin,
    news: &mpsc::Sender<ClusterNews>,
) {
    let mut listed = Vec::new();
    let mut away = false;
    loop {
        let next = if away {
            match timeout(STANDS, events.next()).await {
                Ok(next) => next,
                Err(_no_error_since) => {
                    away = false;
                    if news.send(ClusterNews::Back).await.is_err() {
                        return;
                    }
                    continue;
                }
            }
        } else {
            events.next().await
        };
        let Some(next) = next else { return };
        let tidings = match next {
            Ok(Event::Init) => {
                listed = Vec::new();
                None
            }
            Ok(Event::InitApply(node)) => {
                listed.extend(read(node));
                None
            }
            Ok(Event::InitDone) => Some(ClusterNews::All(std::mem::take(&mut listed))),
            Ok(Event::Apply(node)) => read(node).map(|node| ClusterNews::Changed(Box::new(node))),
            Ok(Event::Delete(node)) => name(&node).map(ClusterNews::Gone),
            Err(error) => {
                let why = format!("the cluster's nodes are not watched: {}", chain(&error));
                if !away {
                    tracing::warn!("{why}");
                }
                away = true;
                Some(ClusterNews::Away(why))
            }
        };
        let Some(tidings) = tidings else { continue };
        if away && !matches!(tidings, ClusterNews::Away(_)) {
            tracing::info!("the cluster's nodes are watched again");
            away = false;
        }
        if news.send(tidings).await.is_err() {
            return;
        }
    }
}

/// A node whose name is none of Kubernetes' cannot be there; such a one is passed over.
fn name(node: &WatchedNode) -> Option<NodeName> {
    NodeName::parse(node.metadata.name.as_deref()?).ok()
}

fn read(node: WatchedNode) -> Option<ClusterNode> {
    let name = name(&node)?;
    let WatchedNode { metadata, spec, status } = node;
    let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready");
    let is_ready = ready.is_some_and(|condition| condition.status == "True");
    let message = match ready {
        Some(_) if is_ready => String::new(),
        Some(condition) => {
            let words = [condition.reason.as_deref(), condition.message.as_deref()];
            words
                .into_iter()
                .flatten()
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(": ")
        }
        None => "its kubelet has not reported yet".to_owned(),
    };
    let labels = metadata.labels.unwrap_or_default();
    let taint = |taint: KubeTaint| Taint {
        key: taint.key,
        value: taint.value.unwrap_or_default(),
        effect: taint.effect,
    };
    Some(ClusterNode {
        name,
        uid: metadata.uid.unwrap_or_default(),
        platform: platform(&status.node_info, &labels),
        labels: labels
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect(),
        ready: is_ready,
        message,
        unschedulable: spec.unschedulable,
        taints: spec.taints.into_iter().map(taint).collect(),
        kubelet_version: status.node_info.kubelet_version,
        runtime_version: status.node_info.container_runtime_version,
    })
}

/// What the kubelet has reported, or, until it has, what the labels say.
fn platform(info: &NodeSystemInfo, labels: &std::collections::BTreeMap<String, String>) -> Platform {
    let either = |reported: &str, label: &str, default: &str| match labels.get(label) {
        _ if !reported.is_empty() => reported.to_owned(),
        Some(label) => label.clone(),
        None => default.to_owned(),
    };
    Platform {
        os: either(&info.operating_system, "kubernetes.io/os", "linux"),
        architecture: either(&info.architecture, "kubernetes.io/arch", "unknown"),
        variant: String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    fn node(value: serde_json::Value) -> WatchedNode {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_read_of_a_node_is_what_is_shown() {
        let read = read(node(json!({
            "metadata": {"name": "a.example", "uid": "u", "labels": {"topology.kubernetes.io/zone": "z1", "pool": "gpu"},
                "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}]},
            "spec": {"unschedulable": true, "taints": [{"key": "gpu", "effect": "NoSchedule"}]},
            "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "no network"}],
                "images": [{"names": ["a"], "sizeBytes": 1}],
                "nodeInfo": {"machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "", "osImage": "", "kubeProxyVersion": "",
                    "containerRuntimeVersion": "containerd://1.6.20", "kubeletVersion": "v1.20.2", "operatingSystem": "linux", "architecture": "arm64"}},
        })))
        .unwrap();
        assert_eq!(
            (read.name.as_str(), read.zone(), read.platform.to_string()),
            ("a.example", "z1", "linux/arm64".into())
        );
        assert!(read.unschedulable && !read.ready);
        assert_eq!(read.message, "KubeletNotReady: no network");
        assert_eq!(
            (read.taints[0].key.as_str(), read.taints[0].effect.as_str()),
            ("gpu", "NoSchedule")
        );
        assert!(read.why_no_agent().contains("no network"));
    }

    #[test]
    fn a_node_that_has_only_a_name_is_read_too() {
        let read = read(node(
            json!({"metadata": {"name": "new", "labels": {"kubernetes.io/os": "windows"}}}),
        ))
        .unwrap();
        assert_eq!(read.message, "its kubelet has not reported yet");
        assert!(read.why_no_agent().contains("windows"), "{}", read.why_no_agent());
    }

    #[test]
    fn pauses_grow_to_ten_seconds_and_begin_anew() {
        let mut pauses = Pauses(FIRST_PAUSE);
        let first: Vec<Duration> = pauses.by_ref().take(20).collect();
        assert!(first[0] >= FIRST_PAUSE && first[0] <= 2 * FIRST_PAUSE, "{first:?}");
        assert!(first.iter().all(|pause| *pause <= 2 * LONGEST_PAUSE), "{first:?}");
        assert!(first[19] >= LONGEST_PAUSE, "{first:?}");
        pauses.reset();
        assert!(pauses.next().is_some_and(|pause| pause <= 2 * FIRST_PAUSE));
    }

    #[tokio::test]
    async fn pages_become_one_list_and_an_error_is_told_until_something_comes() {
        let event = |name: &str| node(json!({"metadata": {"name": name}}));
        let events = vec![
            Ok(Event::Init),
            Ok(Event::InitApply(event("a"))),
            Ok(Event::InitApply(event("b"))),
            Ok(Event::InitDone),
            Err(watcher::Error::NoResourceVersion),
            Ok(Event::Apply(event("c"))),
            Ok(Event::Delete(event("a"))),
        ];
        let (sender, mut news) = mpsc::channel(16);
        tell(futures::stream::iter(events), &sender).await;
        assert!(matches!(news.recv().await.unwrap(), ClusterNews::All(nodes) if nodes.len() == 2));
        assert!(matches!(news.recv().await.unwrap(), ClusterNews::Away(why) if why.contains("not watched")));
        assert!(matches!(news.recv().await.unwrap(), ClusterNews::Changed(node) if node.name.as_str() == "c"));
        assert!(matches!(news.recv().await.unwrap(), ClusterNews::Gone(name) if name.as_str() == "a"));
    }
}
