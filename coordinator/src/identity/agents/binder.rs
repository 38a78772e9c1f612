//! Binds keys to nodes, many in one transaction: thousands of agents may start at once.

use super::AgentError;
use crate::{domain::agent::NodeKey, store::Store};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Keys that may wait, and those of one transaction.
const QUEUE: usize = 4_096;
const BATCH: usize = 500;
/// How long keys gather.
const GATHER: Duration = Duration::from_millis(10);

type Reply = oneshot::Sender<Result<bool, AgentError>>;

/// See the module.
#[derive(Debug)]
pub(super) struct Binder {
    sender: mpsc::Sender<(NodeKey, Reply)>,
}

impl Binder {
    /// Starts one; it ends when this is dropped.
    pub(super) fn start(store: Store) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(run(store, receiver));
        Self { sender }
    }

    /// Binds a key; false when the node has another one, or the key another node.
    pub(super) async fn bind(&self, key: NodeKey) -> Result<bool, AgentError> {
        let gone = || AgentError::Unavailable("the coordinator is stopping".into());
        let (reply, answer) = oneshot::channel();
        self.sender.send((key, reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn run(store: Store, mut receiver: mpsc::Receiver<(NodeKey, Reply)>) {
    let mut batch = Vec::new();
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        tokio::time::sleep(GATHER).await;
        while batch.len() < BATCH
            && let Ok(more) = receiver.try_recv()
        {
            batch.push(more);
        }
        let (keys, replies): (Vec<NodeKey>, Vec<Reply>) = batch.drain(..).unzip();
        match store.bind_keys(&keys).await {
            Ok(bound) => {
                for (reply, bound) in replies.into_iter().zip(bound) {
                    // Fails when the agent has hung up; its key is bound all the same.
                    let _gone = reply.send(Ok(bound));
                }
            }
            Err(error) => {
                tracing::warn!(error = %error.chain(), keys = keys.len(), "Keys of agents could not be bound");
                for reply in replies {
                    let _gone = reply.send(Err(AgentError::Unavailable(error.chain())));
                }
            }
        }
    }
}
