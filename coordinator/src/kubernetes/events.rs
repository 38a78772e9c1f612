//! Writes Kubernetes Events: of objects as `events.k8s.io/v1` (from 1.19 on), of nodes as kubelet does. Those of the same reason and thing are one event that counts; how many are written
//! at all is capped. They are words for people: what cannot be written is not tried again.

use super::{Kubernetes, chain, node_events::NodeEvents, objects::resource};
use crate::domain::{
    Millis,
    declared::{Budget, Notice, Regarding},
};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType, Recorder};
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

/// Who tells.
pub(super) const CONTROLLER: &str = "ips-coordinator";
/// What it did, of which all of them tell.
const ACTION: &str = "Prewarm";
/// Longest answer.
const ANSWER: Duration = Duration::from_secs(10);

impl Kubernetes {
    /// Writes what is told until `stop`.
    pub async fn tell_events(&self, mut notices: mpsc::Receiver<Notice>, stop: CancellationToken) {
        let recorder = Recorder::new(self.client(), CONTROLLER.into());
        let mut of_nodes = NodeEvents::new(self.client());
        let mut budget = Budget::default();
        let mut is_failing = false;
        while let Some(Some(notice)) = stop.run_until_cancelled(notices.recv()).await {
            if !budget.take(&notice.regarding, now()) {
                tracing::debug!(
                    event.reason = notice.reason,
                    "an event was not written: there are too many"
                );
                continue;
            }
            let writing = async {
                match &notice.regarding {
                    Regarding::Node(node) => of_nodes.publish(node, &notice, now()).await,
                    object @ Regarding::Object { .. } => recorder.publish(&event(&notice), &reference(object)).await,
                }
            };
            let written = timeout(ANSWER, writing).await;
            let failed = match written {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(chain(&error)),
                Err(_elapsed) => Some("the cluster does not answer".to_owned()),
            };
            // Once, and not for each.
            if let Some(error) = failed.as_ref().filter(|_| !is_failing) {
                tracing::warn!(error, "events of the cluster are not written");
            }
            is_failing = failed.is_some();
        }
        stop.cancelled().await;
    }
}

fn now() -> Millis {
    chrono::Utc::now().timestamp_millis()
}

fn event(notice: &Notice) -> Event {
    Event {
        type_: if notice.is_warning {
            EventType::Warning
        } else {
            EventType::Normal
        },
        reason: notice.reason.to_owned(),
        note: Some(notice.note.clone()),
        action: ACTION.to_owned(),
        secondary: None,
    }
}

pub(super) fn reference(regarding: &Regarding) -> ObjectReference {
    match regarding {
        Regarding::Object {
            kind,
            namespace,
            name,
            uid,
        } => {
            let resource = resource(*kind);
            ObjectReference {
                api_version: Some(resource.api_version),
                kind: Some(resource.kind),
                namespace: Some(namespace.clone()),
                name: Some(name.clone()),
                uid: Some(uid.clone()),
                ..ObjectReference::default()
            }
        }
        // As kubelet does it, so that `kubectl describe node` of every version finds it: the name stands for the UID.
        Regarding::Node(node) => ObjectReference {
            api_version: Some("v1".into()),
            kind: Some("Node".into()),
            name: Some(node.to_string()),
            uid: Some(node.to_string()),
            ..ObjectReference::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{declared::Kind, ids::NodeName};

    #[test]
    fn a_node_stands_for_itself_by_its_name_and_an_object_by_its_uid() {
        let node = reference(&Regarding::Node(NodeName::from_stored("n1".into())));
        assert_eq!((node.uid.as_deref(), node.namespace), (Some("n1"), None));
        let task = reference(&Regarding::Object {
            kind: Kind::Task,
            namespace: "team-a".into(),
            name: "once".into(),
            uid: "u1".into(),
        });
        assert_eq!(
            (task.kind.as_deref(), task.uid.as_deref()),
            (Some("PrewarmTask"), Some("u1"))
        );
        assert_eq!(task.api_version.as_deref(), Some("ips.dev/v1alpha1"));
    }
}
