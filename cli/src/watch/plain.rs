//! A watch where there is no terminal: one line for each change, and now and then one for each running pull. Pure.

use super::{
    frame::{headline, said},
    model::{Change, Key, Model},
};
use crate::human::duration;
use ips_proto::v1;

/// Time between two progress lines of a pull.
const PROGRESS_MS: i64 = 5000;
/// With more running pulls than this only the task's own line is repeated: logs are read by people.
const SHOWN_PULLS: usize = 20;

/// Remembers when it began and what it said last.
#[derive(Debug, Default)]
pub struct Plain {
    began_ms: Option<i64>,
    progress_ms: i64,
}

impl Plain {
    /// A line for each change.
    pub fn changed(&mut self, model: &Model, changes: &[Change], now_ms: i64) -> Vec<String> {
        let first = self.began_ms.is_none();
        let began = *self.began_ms.get_or_insert(now_ms);
        if first {
            self.progress_ms = now_ms;
        }
        let stamp = stamp(began, now_ms);
        let lines = changes.iter().filter_map(|change| match change {
            Change::Task => Some(headline(model.task()?, now_ms)),
            Change::Pull(key) => Some(pull_line(model, key, now_ms).filter(|_| !first || !waits(model, key))?),
        });
        lines.map(|line| format!("{stamp} {line}")).collect()
    }

    /// The running pulls, if it is time.
    pub fn progress(&mut self, model: &Model, now_ms: i64) -> Vec<String> {
        let Some(began) = self.began_ms else {
            return vec![];
        };
        if now_ms - self.progress_ms < PROGRESS_MS {
            return vec![];
        }
        self.progress_ms = now_ms;
        let stamp = stamp(began, now_ms);
        let running: Vec<&v1::PullView> = model.running().collect();
        if running.len() > SHOWN_PULLS {
            return model
                .task()
                .map(|task| format!("{stamp} {}", headline(task, now_ms)))
                .into_iter()
                .collect();
        }
        let lines = running.iter().map(|pull| {
            format!(
                "{stamp} {} {} {}",
                pull.node_name,
                pull.image,
                said(model, pull, now_ms)
            )
        });
        lines.collect()
    }
}

/// Seconds since the watch began.
fn stamp(began_ms: i64, now_ms: i64) -> String {
    let seconds = u64::try_from((now_ms - began_ms) / 1000).unwrap_or(0);
    format!("[{:>6}]", duration(seconds))
}

fn pull_line(model: &Model, key: &Key, now_ms: i64) -> Option<String> {
    let pull = model.pull(key)?;
    Some(format!(
        "{} {} {}",
        pull.node_name,
        pull.image,
        said(model, pull, now_ms)
    ))
}

/// A pull that has never run is no news when the watch begins.
fn waits(model: &Model, key: &Key) -> bool {
    model
        .pull(key)
        .is_some_and(|pull| pull.state() == v1::PullState::Queued && pull.attempt == 0)
}

#[cfg(test)]
mod tests {
    use super::{
        super::model::tests::{delta, pull, pulling, task},
        *,
    };

    #[test]
    fn each_change_is_one_line_and_progress_comes_every_five_seconds() {
        let (mut model, mut plain) = (Model::default(), Plain::default());
        let mut waiting = pull("a", v1::PullState::Queued);
        waiting.attempt = 0;
        let changes = model.apply(&delta(Some(task(v1::TaskState::Pending)), vec![waiting]), 0);
        assert_eq!(plain.changed(&model, &changes, 0), ["[    0s] task/t pending  none"]);
        let fetching = pulling("a", v1::PullPhase::Fetching, 1000, 500, 0);
        let changes = model.apply(&delta(None, vec![fetching.clone()]), 1000);
        assert_eq!(
            plain.changed(&model, &changes, 1000),
            ["[    1s] a nginx:1 fetching  50 %  500 B of 1000 B  100 B/s  ETA 5s"]
        );
        let changes = model.apply(&delta(None, vec![fetching]), 2000);
        assert!(plain.changed(&model, &changes, 2000).is_empty());
        assert!(plain.progress(&model, 4999).is_empty());
        assert_eq!(plain.progress(&model, 5000).len(), 1);
        assert!(plain.progress(&model, 9000).is_empty());
    }

    #[test]
    fn with_many_pulls_only_the_task_is_repeated() {
        let (mut model, mut plain) = (Model::default(), Plain::default());
        let pulls = (0..50)
            .map(|n| pulling(&format!("n{n}"), v1::PullPhase::Fetching, 10, 5, 0))
            .collect();
        let changes = model.apply(&delta(Some(task(v1::TaskState::Running)), pulls), 0);
        assert_eq!(plain.changed(&model, &changes, 0).len(), 51);
        let shown = plain.progress(&model, 6000);
        assert_eq!(shown.len(), 1);
        assert!(shown[0].contains("task/t running"), "{}", shown[0]);
    }
}
