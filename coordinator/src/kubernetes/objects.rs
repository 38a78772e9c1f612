//! Custom resources: watched in all namespaces, and written back to: their status by server-side apply, their finalizers guarded by the version that
//! was read. Of each object only what is used is kept.

use super::{
    Kubernetes, chain,
    watch::{Tidings, watch},
};
use crate::domain::declared::{Declared, DeclaredNews, DeclaredObjects, Kind, ObjectName, WriteError, Writing};
use kube::{
    Api,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, Preconditions},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

const GROUP: &str = "ips.dev";
const VERSION: &str = "v1alpha1";
/// Objects that are listed at a time.
const PAGE: u32 = 100;
/// Who owns what is written, in the words of server-side apply.
const MANAGER: &str = "ips-coordinator";
/// Longest answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The API server's answers to a write that comes too late.
const NOT_FOUND: u16 = 404;
const CONFLICT: u16 = 409;

pub(super) fn resource(kind: Kind) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(GROUP, VERSION, kind.as_str()), kind.plural())
}

impl Kubernetes {
    /// Tells of the objects of a kind until `stop`. Kinds that are not installed, an API server that is away, and a right that is
    /// missing, are told and tried again.
    pub async fn watch_declared(&self, kind: Kind, news: mpsc::Sender<DeclaredNews>, stop: CancellationToken) {
        let objects: Api<DynamicObject> = Api::all_with(self.client(), &resource(kind));
        let watched = watch(
            objects,
            PAGE,
            what(kind),
            |object| read(kind, object),
            |tidings| declared_news(kind, tidings),
            &news,
        );
        let _stopped = stop.run_until_cancelled(watched).await;
    }

    fn declared_api(&self, object: &Declared) -> Api<DynamicObject> {
        Api::namespaced_with(self.client(), &object.name.namespace, &resource(object.kind))
    }
}

impl DeclaredObjects for Kubernetes {
    fn write_status<'a>(&'a self, object: &'a Declared, status: &'a Value) -> Writing<'a> {
        Box::pin(async move {
            let resource = resource(object.kind);
            // The UID, so that nothing is said of another object that has taken the name.
            let patch = json!({"apiVersion": resource.api_version, "kind": resource.kind,
                "metadata": {"name": object.name.name, "namespace": object.name.namespace, "uid": object.uid}, "status": status});
            let params = PatchParams::apply(MANAGER).force();
            let api = self.declared_api(object);
            within(api.patch_status(&object.name.name, &params, &Patch::Apply(&patch))).await
        })
    }

    fn write_finalizers<'a>(&'a self, object: &'a Declared, finalizers: &'a [String]) -> Writing<'a> {
        Box::pin(async move {
            let patch = json!({"metadata": {"resourceVersion": object.resource_version, "finalizers": finalizers}});
            let api = self.declared_api(object);
            within(api.patch(&object.name.name, &PatchParams::default(), &Patch::Merge(&patch))).await
        })
    }

    fn delete<'a>(&'a self, object: &'a Declared) -> Writing<'a> {
        Box::pin(async move {
            let as_it_was = Preconditions {
                uid: Some(object.uid.clone()),
                resource_version: Some(object.resource_version.clone()),
            };
            let params = DeleteParams::default().preconditions(as_it_was);
            let api = self.declared_api(object);
            within(api.delete(&object.name.name, &params)).await
        })
    }
}

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Policy => "the cluster's PrewarmPolicies",
        Kind::Task => "the cluster's PrewarmTasks",
    }
}

async fn within<T>(write: impl Future<Output = kube::Result<T>>) -> Result<(), WriteError> {
    match timeout(ANSWER, write).await {
        Ok(Ok(_written)) => Ok(()),
        Ok(Err(kube::Error::Api(status))) if [NOT_FOUND, CONFLICT].contains(&status.code) => Err(WriteError::Stale),
        Ok(Err(error)) => Err(WriteError::Failed(chain(&error))),
        Err(_elapsed) => Err(WriteError::Failed("the cluster does not answer".into())),
    }
}

fn declared_news(kind: Kind, tidings: Tidings<Declared>) -> DeclaredNews {
    match tidings {
        Tidings::All(objects) => DeclaredNews::All(kind, objects),
        Tidings::Changed(object) => DeclaredNews::Changed(Box::new(object)),
        Tidings::Gone(object) => DeclaredNews::Gone(kind, object.uid),
        Tidings::Away(why) => DeclaredNews::Away(kind, why),
        Tidings::Back => DeclaredNews::Back(kind),
    }
}

/// What is used of an object; one without a name and a UID is none.
fn read(kind: Kind, object: DynamicObject) -> Option<Declared> {
    let DynamicObject { metadata, mut data, .. } = object;
    let mut part = |name: &str| data.get_mut(name).map(Value::take).unwrap_or_default();
    Some(Declared {
        kind,
        name: ObjectName {
            namespace: metadata.namespace?,
            name: metadata.name?,
        },
        uid: metadata.uid?,
        resource_version: metadata.resource_version.unwrap_or_default(),
        generation: metadata.generation.unwrap_or_default(),
        spec: part("spec"),
        status: part("status"),
        finalizers: metadata.finalizers.unwrap_or_default(),
        is_deleted: metadata.deletion_timestamp.is_some(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_object_is_read_as_the_cluster_has_it() {
        let object = json!({"apiVersion": "ips.dev/v1alpha1", "kind": "PrewarmPolicy",
            "metadata": {"namespace": "team-a", "name": "base", "uid": "u", "resourceVersion": "7", "generation": 2,
                "finalizers": ["ips.dev/policy"], "deletionTimestamp": "2026-11-24T02:00:00Z"},
            "spec": {"taskConfig": {"images": ["a"]}}});
        let read = read(Kind::Policy, serde_json::from_value(object).unwrap()).unwrap();
        assert_eq!(read.name.to_string(), "team-a/base");
        assert_eq!((read.generation, read.is_deleted, read.is_kept()), (2, true, true));
        assert_eq!(read.spec["taskConfig"]["images"][0], "a");
        assert_eq!(read.status, Value::Null);
    }

    #[test]
    fn what_has_no_uid_is_passed_over() {
        let object = json!({"metadata": {"namespace": "team-a", "name": "base"}});
        assert_eq!(read(Kind::Policy, serde_json::from_value(object).unwrap()), None);
    }
}
