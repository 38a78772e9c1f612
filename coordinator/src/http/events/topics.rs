//! Topics: what a stream is about.

use crate::{
    domain::{ids::TaskId, pull::Pull},
    http::error::ApiError,
};
use std::collections::BTreeSet;

/// Tasks that one stream may watch one by one.
const MAX_TASK_TOPICS: usize = 20;

/// The topics of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Topics {
    /// `tasks`.
    pub(super) tasks: bool,
    /// `nodes`.
    pub(super) nodes: bool,
    /// `changes`.
    pub(super) changes: bool,
    /// `task:{id}`.
    pub(super) single: BTreeSet<TaskId>,
}

impl Topics {
    /// Reads a comma list.
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut topics = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            topics.add(word)?;
        }
        if topics == Self::default() {
            return Err(ApiError::invalid(
                "topics",
                "must name at least one of tasks, nodes, changes, task:{id}",
            ));
        }
        if topics.single.len() > MAX_TASK_TOPICS {
            let rule = format!("may name at most {MAX_TASK_TOPICS} single tasks; watch tasks instead");
            return Err(ApiError::invalid("topics", rule));
        }
        Ok(topics)
    }

    fn add(&mut self, word: &str) -> Result<(), ApiError> {
        match word.split_once(':') {
            None if word == "tasks" => self.tasks = true,
            None if word == "nodes" => self.nodes = true,
            None if word == "changes" => self.changes = true,
            Some(("task", id)) => {
                let id = TaskId::parse(id).map_err(|_| ApiError::no_task(id))?;
                self.single.insert(id);
            }
            None | Some(_) => {
                let rule = format!("{word:?} is unknown, known are tasks, nodes, changes, task:{{id}}");
                return Err(ApiError::invalid("topics", rule));
            }
        }
        Ok(())
    }

    /// Whether changes of this task are shown.
    pub(super) fn show_task(&self, id: &TaskId) -> bool {
        self.tasks || self.single.contains(id)
    }

    /// Whether changes of this pull are shown.
    pub(super) fn show_pull(&self, pull: &Pull) -> bool {
        self.single.contains(&pull.task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_topics_are_refused() {
        for bad in ["", ",", "task", "pods", "tasks,x", "task:", "task:UP", "node:a"] {
            assert!(Topics::parse(bad).is_err(), "{bad:?}");
        }
        let good = Topics::parse(" tasks,task:a,task:b,task:a").unwrap_or_default();
        assert!(good.tasks && !good.nodes && good.single.len() == 2);
        let many: Vec<_> = (0..=MAX_TASK_TOPICS).map(|n| format!("task:t{n}")).collect();
        assert!(Topics::parse(&many.join(",")).is_err());
    }
}
