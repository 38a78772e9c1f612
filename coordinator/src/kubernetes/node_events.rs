//! Events of nodes, written as kubelet writes its own (`core/v1`, in `default`): API servers before 1.22 take those of `events.k8s.io/v1` that have no
//! namespace in `kube-system` alone, and `kubectl describe node` looks for what has none.

use super::events::{CONTROLLER, reference};
use crate::domain::{Millis, declared::Notice, ids::NodeName};
use k8s_openapi::{
    api::core::v1::{Event, EventSource},
    apimachinery::pkg::apis::meta::v1::Time,
    jiff::Timestamp,
};
use kube::{
    Api, Client,
    api::{ObjectMeta, Patch, PatchParams, PostParams},
};
use serde_json::json;
use std::collections::HashMap;

/// Where Kubernetes keeps events of what has no namespace.
const NAMESPACE: &str = "default";
/// An event that nobody has told of for so long is another one when it comes again, as kube's recorder has it.
const LASTING_MS: Millis = 6 * 60_000;
const NOT_FOUND: u16 = 404;

/// One that was written.
#[derive(Debug)]
struct Told {
    name: String,
    count: i32,
    at: Millis,
}

/// See the module.
pub(super) struct NodeEvents {
    events: Api<Event>,
    told: HashMap<(NodeName, &'static str), Told>,
}

impl NodeEvents {
    pub(super) fn new(client: Client) -> Self {
        Self {
            events: Api::namespaced(client, NAMESPACE),
            told: HashMap::new(),
        }
    }

    /// Writes what is told of a node: one event for each reason, which counts.
    ///
    /// # Errors
    /// What the API server says.
    pub(super) async fn publish(&mut self, node: &NodeName, notice: &Notice, now: Millis) -> kube::Result<()> {
        self.told.retain(|_, told| now - told.at < LASTING_MS);
        let key = (node.clone(), notice.reason);
        if let Some(told) = self.told.get_mut(&key) {
            let more =
                json!({"count": told.count + 1, "lastTimestamp": Time(Timestamp::now()), "message": notice.note});
            let patched = self
                .events
                .patch(&told.name, &PatchParams::default(), &Patch::Merge(more))
                .await;
            match patched {
                Ok(_) => {
                    (told.count, told.at) = (told.count + 1, now);
                    return Ok(());
                }
                // It was too old, and is gone.
                Err(kube::Error::Api(status)) if status.code == NOT_FOUND => {}
                Err(error) => return Err(error),
            }
        }
        let event = first(node, notice);
        self.events.create(&PostParams::default(), &event).await?;
        let told = Told {
            name: event.metadata.name.unwrap_or_default(),
            count: 1,
            at: now,
        };
        self.told.insert(key, told);
        Ok(())
    }
}

/// Named as client-go names them.
fn first(node: &NodeName, notice: &Notice) -> Event {
    let now = Timestamp::now();
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{node}.{:x}", now.as_nanosecond())),
            namespace: Some(NAMESPACE.into()),
            ..ObjectMeta::default()
        },
        involved_object: reference(&notice.regarding),
        type_: Some(if notice.is_warning { "Warning" } else { "Normal" }.into()),
        reason: Some(notice.reason.into()),
        message: Some(notice.note.clone()),
        count: Some(1),
        first_timestamp: Some(Time(now)),
        last_timestamp: Some(Time(now)),
        source: Some(EventSource {
            component: Some(CONTROLLER.into()),
            host: None,
        }),
        ..Event::default()
    }
}
