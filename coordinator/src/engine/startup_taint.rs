//! Takes the start-up taint off nodes that are warm: compares once a second what the cluster says of nodes with what policies say of them.

use super::{Engine, policies::Book, run::now};
use crate::{
    domain::{
        ids::NodeName,
        startup_taint::{Due, StartupTaint, TaintError, Tainted, Untaint, Wish},
    },
    fleet::Entry,
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Under which part `/readyz` warns.
const PART: &str = "startup-taint";

/// See the module.
pub struct TaintRemover {
    engine: Engine,
    cluster: Arc<dyn Untaint>,
    settings: StartupTaint,
    tainted: Tainted,
}

impl std::fmt::Debug for TaintRemover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaintRemover").finish_non_exhaustive()
    }
}

impl TaintRemover {
    /// Takes this taint off nodes of this cluster.
    pub fn new(engine: Engine, cluster: Arc<dyn Untaint>, settings: StartupTaint) -> Self {
        Self {
            engine,
            cluster,
            settings,
            tainted: Tainted::default(),
        }
    }

    /// Works until cancelled.
    pub async fn run(mut self, cancel: CancellationToken) {
        let working = async {
            loop {
                self.activate().await;
                tokio::time::sleep(PAUSE).await;
            }
        };
        let _stopped = cancel.run_until_cancelled(working).await;
    }

    /// Looks once.
    async fn activate(&mut self) {
        for (node, taints, release) in self.due() {
            match self.cluster.untaint(&node, &taints, &self.settings.key).await {
                Ok(()) => {
                    let taint = &self.settings.key;
                    tracing::info!(%node, taint, reason = release.as_str(), "the start-up taint was taken off");
                    self.engine.policies.metrics.untainted(release);
                    self.engine.readiness.withdraw(PART);
                }
                Err(TaintError::Stale) => tracing::debug!(%node, "the node has changed, its taint is looked at again"),
                Err(error @ TaintError::Failed(_)) => {
                    let text = format!("the start-up taint was not taken off {node}: {error}");
                    tracing::warn!("{text}");
                    self.engine.readiness.remark(PART, text);
                    self.tainted.failed(now());
                    return;
                }
            }
        }
    }

    /// Nodes whose taint is to be taken off now.
    fn due(&mut self) -> Vec<Due> {
        let Self {
            engine,
            settings,
            tainted,
            ..
        } = self;
        let book = engine.policies.book();
        // Nobody knows what is wanted before every policy was read.
        if !book.loaded {
            return vec![];
        }
        let fleet = engine.shared.fleet();
        let nodes = fleet.entries().filter(|entry| !entry.deleted);
        let nodes = nodes.filter_map(|entry| entry.cluster.as_deref());
        let wish = |name: &NodeName| fleet.get(name).map_or(Wish::None, |entry| wish(engine, &book, entry));
        let due = tainted.look(nodes, settings, wish, now());
        engine.policies.metrics.set_tainted(tainted.count());
        due
    }
}

/// What policies that order anything say of the node as it is now.
fn wish(engine: &Engine, book: &Book, entry: &Entry) -> Wish {
    let active = book.policies.values().filter(|state| state.policy.paused.is_none());
    let choosing = active.filter(|state| engine.chooses(&state.policy, entry));
    choosing.fold(Wish::None, |wish, state| match wish {
        Wish::Open => Wish::Open,
        Wish::None | Wish::Fulfilled if state.is_fulfilled_on(&entry.node.name) => Wish::Fulfilled,
        Wish::None | Wish::Fulfilled => Wish::Open,
    })
}
