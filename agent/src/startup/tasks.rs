//! The long tasks by name: the death of one ends the process, the end of all is waited for.

use std::{future::Future, io};
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinHandle,
};
use tracing::error;

/// The running tasks.
pub(super) struct Tasks {
    handles: Vec<(&'static str, JoinHandle<()>)>,
    report: mpsc::UnboundedSender<(&'static str, io::Result<()>)>,
    deaths: Mutex<mpsc::UnboundedReceiver<(&'static str, io::Result<()>)>>,
}

impl Default for Tasks {
    fn default() -> Self {
        let (report, deaths) = mpsc::unbounded_channel();
        Self {
            handles: Vec::new(),
            report,
            deaths: Mutex::new(deaths),
        }
    }
}

impl Tasks {
    pub(super) fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_fallible(name, async move {
            task.await;
            Ok(())
        });
    }

    pub(super) fn spawn_fallible(
        &mut self,
        name: &'static str,
        task: impl Future<Output = io::Result<()>> + Send + 'static,
    ) {
        let report = self.report.clone();
        let watched = async move {
            // A task that panics is a task that died, too.
            let result = tokio::spawn(task)
                .await
                .unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
            // Nobody listens any more when the process ends anyway.
            let _ = report.send((name, result));
        };
        self.handles.push((name, tokio::spawn(watched)));
    }

    /// Returns when a task ends although nobody asked it to.
    pub(super) async fn first_death(&self) -> anyhow::Result<()> {
        match self.deaths.lock().await.recv().await {
            Some((name, Err(error))) => Err(anyhow::anyhow!("task {name} died: {error}")),
            Some((name, Ok(()))) => Err(anyhow::anyhow!("task {name} ended before its time")),
            None => Err(anyhow::anyhow!("no task is left")),
        }
    }

    /// Waits for all.
    pub(super) async fn end(self) {
        for (name, handle) in self.handles {
            if let Err(error) = handle.await {
                error!(task = name, %error, "task did not end well");
            }
        }
    }
}
