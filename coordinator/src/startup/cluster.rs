//! What there is only where the coordinator knows a Kubernetes cluster: its nodes, its workloads, what its objects declare.

use crate::{
    domain::declared::{Kind, Namespaces},
    engine::{
        Engine,
        declared::{Declarations, Readers},
    },
    http,
    identity::KubernetesIdentity,
    kubernetes::{Kubernetes, KubernetesSettings},
};
use anyhow::{Context, Result};
use std::sync::Arc;
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Changes of the cluster that may wait for the engine.
const NEWS: usize = 256;
/// Events that may wait to be written; further ones are dropped.
const NOTICES: usize = 256;

/// The cluster that is asked who somebody is, if one is.
pub(super) async fn open(settings: Option<&KubernetesSettings>) -> Result<Option<(Kubernetes, KubernetesIdentity)>> {
    let Some(settings) = settings else { return Ok(None) };
    let kubernetes = Kubernetes::open(settings).await.context("Kubernetes")?;
    let identity = KubernetesIdentity {
        cluster: Arc::new(kubernetes.clone()),
        audience: settings.audience.clone(),
        agents: settings.agents.clone(),
        grants: settings.grants.clone(),
    };
    Ok(Some((kubernetes, identity)))
}

/// Lets the engine know of the cluster's nodes.
pub(super) fn watch_nodes(
    parts: &mut JoinSet<Result<()>>,
    kubernetes: Kubernetes,
    engine: Engine,
    stop: CancellationToken,
) {
    let (news, mut heard) = mpsc::channel(NEWS);
    parts.spawn(async move {
        kubernetes.watch_nodes(news, stop).await;
        Ok(())
    });
    parts.spawn(async move {
        while let Some(news) = heard.recv().await {
            engine.cluster_news(news).await?;
        }
        Ok(())
    });
}

/// Keeps what objects of the cluster declare.
pub(super) fn keep_declared(
    parts: &mut JoinSet<Result<()>>,
    kubernetes: Kubernetes,
    namespaces: Namespaces,
    engine: Engine,
    stop: CancellationToken,
) {
    let (news, heard) = mpsc::channel(NEWS);
    let (notices, told) = mpsc::channel(NOTICES);
    let cluster = Arc::new(kubernetes.clone());
    let readers = Readers {
        policy: http::declared_policy,
        task: http::declared_task,
    };
    let declarations = Declarations::new(engine, cluster, namespaces, readers, notices);
    for kind in Kind::ALL {
        let (kubernetes, news, until) = (kubernetes.clone(), news.clone(), stop.clone());
        parts.spawn(async move {
            kubernetes.watch_declared(kind, news, until).await;
            Ok(())
        });
    }
    drop(news);
    let until = stop.clone();
    parts.spawn(async move {
        kubernetes.tell_events(told, until).await;
        Ok(())
    });
    parts.spawn(async move {
        declarations.run(heard, stop).await;
        Ok(())
    });
}

/// Lets the engine know of the cluster's workloads, as soon as a policy follows any.
pub(super) fn watch_workloads(
    parts: &mut JoinSet<Result<()>>,
    kubernetes: Kubernetes,
    engine: Engine,
    stop: CancellationToken,
) {
    let (news, mut heard) = mpsc::channel(NEWS);
    let wanted = engine.follow_workloads();
    parts.spawn(async move {
        kubernetes.watch_workloads(wanted, news, stop.clone()).await;
        stop.cancelled().await;
        Ok(())
    });
    parts.spawn(async move {
        while let Some(news) = heard.recv().await {
            engine.workload_news(news);
        }
        Ok(())
    });
}
