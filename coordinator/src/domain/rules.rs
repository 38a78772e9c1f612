//! How a task runs beside its images and nodes: how many nodes at a time and in which order, what ends it early, when it counts
//! as a success, and when it may start pulls.

use super::{
    Invalid,
    ids::NodeName,
    in_range,
    share::Share,
    window::{MAX_WINDOWS, Window, WindowRequest},
};
use serde::{Deserialize, Serialize};

/// Ended pulls before the abort rule counts.
pub const ABORT_AFTER: u32 = 10;
/// Longest deadline: 30 days.
const MAX_DEADLINE_SECONDS: u32 = 30 * 86_400;

/// How batches follow each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchMode {
    /// A node that is done makes room for the next.
    #[default]
    Rolling,
    /// The next batch starts when the last has ended.
    Strict,
}

impl BatchMode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Rolling, Self::Strict];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rolling => "rolling",
            Self::Strict => "strict",
        }
    }
}

/// Whether a warm image is left alone, in Kubernetes' words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PullPolicy {
    /// A warm image is left alone.
    #[default]
    IfNotPresent,
    /// The runtime asks the registry every time; only what differs is moved.
    Always,
}

impl PullPolicy {
    /// Every policy.
    pub const ALL: [Self; 2] = [Self::IfNotPresent, Self::Always];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IfNotPresent => "IfNotPresent",
            Self::Always => "Always",
        }
    }
}

/// What a client asks for, not checked yet; `None` means the default.
#[derive(Debug, Clone, Default)]
pub struct RulesRequest {
    /// Nodes at a time, as number or percentage of the targets.
    pub parallelism: Option<String>,
    /// How batches follow each other.
    pub batch_mode: Option<BatchMode>,
    /// Nodes that go first, as number or percentage of the targets.
    pub canary: Option<String>,
    /// Percentage of failed pulls that stops the task.
    pub abort_failure_percent: Option<i64>,
    /// Percentage of succeeded pulls that makes it a success.
    pub success_threshold: Option<i64>,
    /// Longest life in seconds.
    pub deadline_seconds: Option<i64>,
    /// When pulls may start.
    pub windows: Vec<WindowRequest>,
    /// Whether a warm image is left alone.
    pub pull_policy: Option<PullPolicy>,
    /// Whether what it warms is pinned.
    pub pin: Option<bool>,
}

/// The rules, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskRules {
    /// Nodes with an open pull at a time.
    pub parallelism: Option<Share>,
    /// How batches follow each other.
    pub batch_mode: BatchMode,
    /// Nodes that go first; the rest follows only if all their pulls succeed.
    pub canary: Option<Share>,
    /// Those nodes by name, chosen when the task is accepted.
    pub canary_nodes: Vec<NodeName>,
    /// The task stops when more than so many percent of its ended pulls failed; counts from [`ABORT_AFTER`] ended pulls on.
    pub abort_failure_percent: Option<u32>,
    /// The task is a success when at least so many percent of its due pulls succeeded, 1 to 100.
    pub success_threshold: u32,
    /// The task stops so many seconds after it was accepted.
    pub deadline_seconds: Option<u32>,
    /// Pulls start only while one of these is open; empty means at any time.
    pub windows: Vec<Window>,
    /// Whether a warm image is left alone.
    pub pull_policy: PullPolicy,
    /// Whether its images are pinned against the kubelet's garbage collection, until it is cancelled or removed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pin: bool,
}

impl Default for TaskRules {
    fn default() -> Self {
        Self {
            parallelism: None,
            batch_mode: BatchMode::default(),
            canary: None,
            canary_nodes: vec![],
            abort_failure_percent: None,
            success_threshold: 100,
            deadline_seconds: None,
            windows: vec![],
            pull_policy: PullPolicy::default(),
            pin: false,
        }
    }
}

impl RulesRequest {
    /// Checks every field; `batch_size` is the task's.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check(self, batch_size: Option<u32>) -> Result<TaskRules, Invalid> {
        let share =
            |field: &str, text: &Option<String>| text.as_deref().map(|text| Share::parse(field, text)).transpose();
        let parallelism = share("parallelism", &self.parallelism)?;
        if parallelism.is_some() && batch_size.is_some() {
            return Err(Invalid::new(
                "parallelism",
                "cannot stand beside batchSize, which means the same",
            ));
        }
        let batch_mode = self.batch_mode.unwrap_or_default();
        if batch_mode == BatchMode::Strict && parallelism.is_none() && batch_size.is_none() {
            return Err(Invalid::new("batchMode", "strict needs batchSize or parallelism"));
        }
        if self.windows.len() > MAX_WINDOWS {
            let rule = format!("must be at most {MAX_WINDOWS}, found {}", self.windows.len());
            return Err(Invalid::new("windows", rule));
        }
        let windows = self.windows.iter().enumerate();
        let optional =
            |field: &str, value: Option<i64>, allowed| value.map(|value| in_range(field, value, allowed)).transpose();
        Ok(TaskRules {
            parallelism,
            batch_mode,
            canary: share("canary", &self.canary)?,
            canary_nodes: vec![],
            abort_failure_percent: optional("abortFailurePercent", self.abort_failure_percent, 0..=99)?,
            success_threshold: in_range("successThreshold", self.success_threshold.unwrap_or(100), 1..=100)?,
            deadline_seconds: optional("deadlineSeconds", self.deadline_seconds, 1..=MAX_DEADLINE_SECONDS)?,
            windows: windows
                .map(|(index, window)| window.check(&format!("windows[{index}]")))
                .collect::<Result<_, _>>()?,
            pull_policy: self.pull_policy.unwrap_or_default(),
            pin: self.pin.unwrap_or_default(),
        })
    }
}

impl TaskRules {
    /// Whether pulls may start at this moment.
    pub fn window_is_open(&self, now: super::Millis) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.is_open(now))
    }

    /// When the next window opens; `None` without windows.
    pub fn next_opening(&self, now: super::Millis) -> Option<super::Millis> {
        self.windows.iter().filter_map(|window| window.next_opening(now)).min()
    }

    /// Whether so many failed of so many ended pulls stop the task.
    pub fn aborts(&self, failed: u32, ended: u32) -> bool {
        let over = |percent: u32| u64::from(failed) * 100 > u64::from(percent) * u64::from(ended);
        ended >= ABORT_AFTER && self.abort_failure_percent.is_some_and(over)
    }

    /// Whether so many succeeded of so many due pulls make the task a success. Nothing succeeded is never one.
    pub fn is_success(&self, succeeded: u32, due: u32) -> bool {
        succeeded > 0 && u64::from(succeeded) * 100 >= u64::from(self.success_threshold) * u64::from(due)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn each_number_has_its_bounds() {
        type Set = fn(&mut RulesRequest, i64);
        let bounds: [(&str, i64, i64, Set); 3] = [
            ("abortFailurePercent", 0, 99, |r, n| r.abort_failure_percent = Some(n)),
            ("successThreshold", 1, 100, |r, n| r.success_threshold = Some(n)),
            ("deadlineSeconds", 1, MAX_DEADLINE_SECONDS.into(), |r, n| {
                r.deadline_seconds = Some(n)
            }),
        ];
        for (field, low, high, set) in bounds {
            let check = |value| {
                let mut request = RulesRequest::default();
                set(&mut request, value);
                request.check(None)
            };
            assert!(check(low).is_ok() && check(high).is_ok(), "{field}");
            for bad in [low - 1, high + 1, i64::MAX, i64::MIN] {
                assert_eq!(check(bad).unwrap_err().field, field, "{bad}");
            }
        }
    }

    #[test]
    fn batch_size_and_parallelism_exclude_each_other_and_strict_needs_one() {
        let request = |parallelism: Option<&str>, mode| RulesRequest {
            parallelism: parallelism.map(Into::into),
            batch_mode: Some(mode),
            ..RulesRequest::default()
        };
        assert_eq!(
            request(Some("5"), BatchMode::Rolling).check(Some(5)).unwrap_err().field,
            "parallelism"
        );
        assert_eq!(
            request(None, BatchMode::Strict).check(None).unwrap_err().field,
            "batchMode"
        );
        assert!(request(None, BatchMode::Strict).check(Some(5)).is_ok());
        let rules = request(Some("25%"), BatchMode::Strict).check(None).unwrap();
        assert_eq!(rules.parallelism, Some(Share::Percent(25)));
    }

    #[test]
    fn the_abort_rule_waits_for_ten_ends_and_the_threshold_counts_due_pulls() {
        let rules = RulesRequest {
            abort_failure_percent: Some(20),
            success_threshold: Some(90),
            ..RulesRequest::default()
        }
        .check(None)
        .unwrap();
        assert!(!rules.aborts(9, 9) && !rules.aborts(2, 10) && rules.aborts(3, 10));
        assert!(rules.is_success(9, 10) && !rules.is_success(8, 9) && !rules.is_success(0, 0));
    }

    #[test]
    fn rules_saved_by_an_older_program_are_read() {
        assert_eq!(serde_json::from_str::<TaskRules>("{}").unwrap(), TaskRules::default());
    }
}
