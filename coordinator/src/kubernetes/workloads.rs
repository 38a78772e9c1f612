//! Watches the cluster's workloads. Of each only its name, labels, images and `nodeSelector` are kept. CronJobs are read in the version
//! that the cluster has: `batch/v1beta1` alone before Kubernetes 1.21, `batch/v1` alone from 1.25 on.

use super::{
    Kubernetes, chain,
    watch::{Tidings, watch},
};
use crate::domain::workload::{NodeLabels, Workload, WorkloadImage, WorkloadKind, WorkloadName, WorkloadNews};
use kube::{
    Api, Client,
    core::{ApiResource, GroupVersionKind, NotUsed, Object},
};
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::{mpsc, watch::Receiver};
use tokio_util::sync::CancellationToken;

/// Workloads that are listed at a time.
const PAGE: u32 = 200;
/// Pause before the versions of CronJobs are asked for again.
const AGAIN: Duration = Duration::from_secs(10);
/// Versions of CronJobs, the preferred one first.
const CRON_JOBS: [&str; 2] = ["batch/v1", "batch/v1beta1"];

/// What is read of a workload.
type Watched = Object<Spec, NotUsed>;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    template: Option<Template>,
    job_template: Option<JobTemplate>,
}

#[derive(Debug, Clone, Deserialize)]
struct JobTemplate {
    spec: Option<JobSpec>,
}

#[derive(Debug, Clone, Deserialize)]
struct JobSpec {
    template: Option<Template>,
}

#[derive(Debug, Clone, Deserialize)]
struct Template {
    spec: Option<PodSpec>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodSpec {
    #[serde(default)]
    containers: Vec<Container>,
    #[serde(default)]
    init_containers: Vec<Container>,
    #[serde(default)]
    node_selector: NodeLabels,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    image: Option<String>,
    image_pull_policy: Option<String>,
}

impl Kubernetes {
    /// Tells of the cluster's workloads from when they are `wanted` until `stop`.
    pub async fn watch_workloads(
        &self,
        mut wanted: Receiver<bool>,
        news: mpsc::Sender<WorkloadNews>,
        stop: CancellationToken,
    ) {
        let told = async {
            if wanted.wait_for(|wanted| *wanted).await.is_err() {
                return;
            }
            let watches = WorkloadKind::ALL.map(|kind| watch_kind(self.client(), kind, &news));
            futures::future::join_all(watches).await;
        };
        let _stopped = stop.run_until_cancelled(told).await;
    }
}

/// Tells of one kind, until nobody listens.
async fn watch_kind(client: Client, kind: WorkloadKind, news: &mpsc::Sender<WorkloadNews>) {
    let group_version = match kind {
        WorkloadKind::Deployment | WorkloadKind::DaemonSet | WorkloadKind::StatefulSet => "apps/v1",
        WorkloadKind::CronJob => match version_of_cron_jobs(&client, news).await {
            Some(version) => version,
            None => return,
        },
    };
    let (group, version) = group_version.split_once('/').unwrap_or(("", group_version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind.as_str()));
    let what = format!("the cluster's {}s", kind.as_str());
    let tell = |tidings: Tidings<Workload>| match tidings {
        Tidings::All(workloads) => WorkloadNews::All(kind, workloads),
        Tidings::Changed(workload) => WorkloadNews::Changed(Box::new(workload)),
        Tidings::Gone(workload) => WorkloadNews::Gone(workload.name),
        Tidings::Away(why) => WorkloadNews::Away(kind, why),
        Tidings::Back => WorkloadNews::Back(kind),
    };
    let workloads = Api::<Watched>::all_with(client, &resource);
    watch(workloads, PAGE, &what, |object| read(object, kind), tell, news).await;
}

/// The version of CronJobs that the cluster has, asked for until it says; `None` when nobody listens any more.
async fn version_of_cron_jobs(client: &Client, news: &mpsc::Sender<WorkloadNews>) -> Option<&'static str> {
    loop {
        let why = match find_cron_jobs(client).await {
            Ok(Some(version)) => return Some(version),
            Ok(None) => "the cluster has CronJobs in no version that is known here".to_owned(),
            Err(error) => format!("the cluster does not say which CronJobs it has: {}", chain(&error)),
        };
        let told = WorkloadNews::Away(WorkloadKind::CronJob, why);
        news.send(told).await.ok()?;
        tokio::time::sleep(AGAIN).await;
    }
}

async fn find_cron_jobs(client: &Client) -> Result<Option<&'static str>, kube::Error> {
    for version in CRON_JOBS {
        match client.list_api_group_resources(version).await {
            Ok(list) if list.resources.iter().any(|it| it.name == "cronjobs") => return Ok(Some(version)),
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn read(object: Watched, kind: WorkloadKind) -> Option<Workload> {
    let Object { metadata, spec, .. } = object;
    let of_job = || spec.job_template?.spec?.template;
    let pod = spec.template.or_else(of_job).and_then(|template| template.spec);
    let pod = pod.unwrap_or_default();
    let mut images: Vec<WorkloadImage> = vec![];
    for container in pod.containers.into_iter().chain(pod.init_containers) {
        let Some(image) = container.image.filter(|image| !image.is_empty()) else {
            continue;
        };
        let always = container.image_pull_policy.as_deref() == Some("Always");
        match images.iter_mut().find(|known| *known.reference == *image) {
            Some(known) => known.always |= always,
            None => images.push(WorkloadImage {
                reference: image.into(),
                always,
            }),
        }
    }
    let labels = metadata.labels.unwrap_or_default();
    Some(Workload {
        name: WorkloadName {
            namespace: metadata.namespace?.into(),
            kind,
            name: metadata.name?.into(),
        },
        labels: labels
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect(),
        node_selector: pod.node_selector,
        images,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    #[test]
    fn images_of_all_containers_are_read_once_and_always_wins() {
        let deployment: Watched = serde_json::from_value(json!({
            "metadata": {"name": "web", "namespace": "shop", "labels": {"tier": "web"}},
            "spec": {"replicas": 10_000, "template": {"spec": {
                "nodeSelector": {"pool": "gpu"},
                "containers": [{"name": "a", "image": "web:1", "imagePullPolicy": "IfNotPresent"},
                    {"name": "b", "image": "side:1", "imagePullPolicy": "Always"}],
                "initContainers": [{"name": "c", "image": "web:1", "imagePullPolicy": "Always"}, {"name": "d"}]}}},
            "status": {"replicas": 3},
        }))
        .unwrap();
        let read = read(deployment, WorkloadKind::Deployment).unwrap();
        assert_eq!(read.name.to_string(), "Deployment shop/web");
        assert_eq!(read.labels.get("tier"), Some("web"));
        assert_eq!(read.node_selector["pool"], "gpu");
        let images: Vec<_> = read.images.iter().map(|it| (&*it.reference, it.always)).collect();
        assert_eq!(images, [("web:1", true), ("side:1", true)]);
    }

    #[test]
    fn a_cron_job_has_its_template_two_floors_down_and_what_lacks_everything_has_no_images() {
        let job: Watched = serde_json::from_value(json!({
            "metadata": {"name": "nightly", "namespace": "shop"},
            "spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": {"containers": [{"image": "job:1"}]}}}}},
        }))
        .unwrap();
        assert_eq!(&*read(job, WorkloadKind::CronJob).unwrap().images[0].reference, "job:1");
        let bare: Watched =
            serde_json::from_value(json!({"metadata": {"name": "a", "namespace": "b"}, "spec": {}})).unwrap();
        assert!(read(bare, WorkloadKind::DaemonSet).unwrap().images.is_empty());
    }
}
