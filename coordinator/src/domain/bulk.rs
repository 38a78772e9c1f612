//! One action on many tasks, named by id or found by state.

use super::{Invalid, ids::TaskId, task_state::TaskState};

/// Most tasks of one call.
pub const MAX_TASKS: usize = 1_000;

/// What is done to each task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkAction {
    /// End it.
    Cancel,
    /// Try its failed pulls again.
    Retry,
    /// Remove its record.
    Delete,
    /// Hold its pulls back.
    Pause,
    /// Let it go on.
    Resume,
}

impl BulkAction {
    /// Every action.
    pub const ALL: [Self; 5] = [Self::Cancel, Self::Retry, Self::Delete, Self::Pause, Self::Resume];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Delete => "delete",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }

    /// States of the tasks that it is meant for when nobody names states.
    pub fn default_states(self) -> &'static [TaskState] {
        match self {
            Self::Cancel => &[TaskState::Pending, TaskState::Running, TaskState::Paused],
            Self::Retry => &[TaskState::Failed],
            Self::Delete => &[TaskState::Completed, TaskState::Failed, TaskState::Cancelled],
            Self::Pause => &[TaskState::Pending, TaskState::Running],
            Self::Resume => &[TaskState::Paused],
        }
    }
}

/// What a client asks for, not checked yet.
#[derive(Debug, Clone)]
pub struct BulkRequest {
    /// What is done.
    pub action: BulkAction,
    /// To these tasks.
    pub ids: Vec<String>,
    /// Or to those in one of these states; none means those that the action is meant for.
    pub states: Option<Vec<TaskState>>,
}

/// Which tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BulkTarget {
    /// These.
    Ids(Vec<TaskId>),
    /// Those in one of these states, at most [`MAX_TASKS`] of them.
    States(Vec<TaskState>),
}

impl BulkRequest {
    /// Checks which tasks are meant.
    ///
    /// # Errors
    /// Names `ids` or `filter` and the rule.
    pub fn check(self) -> Result<(BulkAction, BulkTarget), Invalid> {
        let target = match (self.ids.is_empty(), self.states) {
            (true, None) => return Err(Invalid::new("ids", "must name tasks, or filter must say which")),
            (false, Some(_)) => return Err(Invalid::new("filter", "cannot stand beside ids")),
            (false, None) => BulkTarget::Ids(check_ids(&self.ids)?),
            (true, Some(states)) if states.is_empty() => BulkTarget::States(self.action.default_states().to_vec()),
            (true, Some(states)) => BulkTarget::States(states),
        };
        Ok((self.action, target))
    }
}

fn check_ids(texts: &[String]) -> Result<Vec<TaskId>, Invalid> {
    if texts.len() > MAX_TASKS {
        let rule = format!("must be 1 to {MAX_TASKS}, found {}", texts.len());
        return Err(Invalid::new("ids", rule));
    }
    let mut seen = std::collections::HashSet::new();
    let mut ids = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        if !seen.insert(text) {
            return Err(Invalid::new(format!("ids[{index}]"), format!("{text:?} stands twice")));
        }
        // What cannot be an id is the id of no task; its result says so.
        ids.push(TaskId::from_stored(text.clone()));
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn check(ids: usize, states: Option<Vec<TaskState>>) -> Result<(BulkAction, BulkTarget), Invalid> {
        BulkRequest {
            action: BulkAction::Cancel,
            ids: (0..ids).map(|n| n.to_string()).collect(),
            states,
        }
        .check()
    }

    #[test]
    fn ids_or_a_filter_say_which_tasks_and_never_both() {
        assert_eq!(check(0, None).unwrap_err().field, "ids");
        assert_eq!(check(1, Some(vec![])).unwrap_err().field, "filter");
        assert!(check(1, None).is_ok() && check(MAX_TASKS, None).is_ok());
        assert_eq!(check(MAX_TASKS + 1, None).unwrap_err().field, "ids");
        let open = BulkAction::Cancel.default_states().to_vec();
        assert_eq!(check(0, Some(vec![])).unwrap().1, BulkTarget::States(open));
        let twice = BulkRequest {
            action: BulkAction::Delete,
            ids: vec!["a".into(), "a".into()],
            states: None,
        };
        assert_eq!(twice.check().unwrap_err().field, "ids[1]");
    }

    #[test]
    fn the_default_states_are_those_that_the_action_changes() {
        for action in BulkAction::ALL {
            assert!(!action.default_states().is_empty(), "{}", action.as_str());
        }
        assert!(BulkAction::Cancel.default_states().iter().all(|state| state.is_open()));
        assert!(!BulkAction::Delete.default_states().iter().any(|state| state.is_open()));
    }
}
