//! The Kubernetes edge, and the only kube here: which nodes and workloads there are, whose token it is, which node a pod runs on, which policies
//! and tasks objects declare, the pull secrets of those, the events on them and on nodes, and the certificate that agents are to trust. Uses only
//! what Kubernetes 1.20 has and today's still have.

mod events;
mod identity;
mod node_events;
mod nodes;
mod objects;
mod publish;
mod secrets;
mod taint;
mod watch;
mod workloads;

use crate::domain::{agent::Grant, declared::Namespaces};
use kube::{
    Client, Config,
    config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError},
};
use std::path::PathBuf;

/// How the cluster is reached, and what its word is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesSettings {
    /// Where the cluster is; without it the one that this program runs in.
    pub kubeconfig: Option<PathBuf>,
    /// Whom tokens must be for.
    pub audience: String,
    /// Service accounts of agents: namespace and name.
    pub agents: Vec<(String, String)>,
    /// Roles of callers of the API.
    pub grants: Vec<Grant>,
    /// Namespace and name of the config map that the certificate of the own authority is published in.
    pub authority: Option<(String, String)>,
    /// Whose what is declared in its namespaces is; `None` where objects are not watched.
    pub declared: Option<Namespaces>,
}

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    /// The file cannot be used.
    #[error("--kubeconfig: {path:?} cannot be used")]
    Kubeconfig {
        /// Path.
        path: PathBuf,
        /// Why.
        #[source]
        source: KubeconfigError,
    },
    /// This program does not run in a cluster.
    #[error("--kubernetes on: this is no pod with a service account, so give --kubeconfig")]
    NotInCluster(#[from] InClusterError),
    /// No client can be made of it.
    #[error("the cluster cannot be reached")]
    Client(#[source] Box<kube::Error>),
}

/// A cluster. Cheap to clone.
#[derive(Clone)]
pub struct Kubernetes {
    client: Client,
}

impl std::fmt::Debug for Kubernetes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kubernetes").finish_non_exhaustive()
    }
}

impl Kubernetes {
    /// Makes a client; nobody is asked anything yet.
    ///
    /// # Errors
    /// See [`KubernetesError`].
    pub async fn open(settings: &KubernetesSettings) -> Result<Self, KubernetesError> {
        let config = match &settings.kubeconfig {
            None => Config::incluster()?,
            Some(path) => {
                let failed = |source| KubernetesError::Kubeconfig {
                    path: path.clone(),
                    source,
                };
                let file = Kubeconfig::read_from(path).map_err(failed)?;
                Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
                    .await
                    .map_err(failed)?
            }
        };
        let client = Client::try_from(config).map_err(|error| KubernetesError::Client(Box::new(error)))?;
        Ok(Self { client })
    }

    /// The client, for whoever watches something. It limits no answer in time: watches last.
    pub fn client(&self) -> Client {
        self.client.clone()
    }
}

/// The chain of causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
