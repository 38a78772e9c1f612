//! Schedules: a task that is started again and again by a timetable. What a client asks for, checked once, and the record that is
//! kept.

mod due;

use super::{
    Invalid, Millis,
    caller::TenantId,
    cron::Timetable,
    ids::ScheduleId,
    in_range,
    task::{TaskRequest, TaskSpec},
};
pub use due::Due;

/// Longest name, in characters.
pub const MAX_NAME_LENGTH: usize = 255;
/// Longest description, in characters.
pub const MAX_DESCRIPTION_LENGTH: usize = 4000;
/// Longest time-out: 30 days.
pub const MAX_TIMEOUT_SECONDS: u32 = 30 * 86_400;

/// What happens when a run is due while the one before has not ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OverlapPolicy {
    /// The run is left out.
    #[default]
    Skip,
    /// Both run.
    Allow,
    /// The run waits for the end of the one before; at most one waits.
    Queue,
    /// The one before is cancelled.
    Replace,
}

impl OverlapPolicy {
    /// Every policy.
    pub const ALL: [Self; 4] = [Self::Skip, Self::Allow, Self::Queue, Self::Replace];

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Allow => "allow",
            Self::Queue => "queue",
            Self::Replace => "replace",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word)
    }
}

/// What a list of schedules is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ScheduleOrder {
    /// Newest first.
    #[default]
    Newest,
    /// The next run first; those that are not due at any time come last.
    Next,
}

impl ScheduleOrder {
    /// Every order.
    pub const ALL: [Self; 2] = [Self::Newest, Self::Next];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "-created",
            Self::Next => "next",
        }
    }

    /// Reads the word; empty is the default.
    ///
    /// # Errors
    /// Names `sort` and the words that are known.
    pub fn parse(word: &str) -> Result<Self, Invalid> {
        if word.is_empty() {
            return Ok(Self::default());
        }
        let found = Self::ALL.into_iter().find(|order| order.as_str() == word);
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("sort", format!("{word:?} is unknown, known are {known}"))
        })
    }
}

/// What happens with runs that were due while nobody could start them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MissedRuns {
    /// They are left out.
    #[default]
    Skip,
    /// One run makes up for all of them.
    RunOnce,
}

impl MissedRuns {
    /// Every policy.
    pub const ALL: [Self; 2] = [Self::Skip, Self::RunOnce];

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::RunOnce => "run_once",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word)
    }
}

/// What a client asks for, not checked yet. `None` means the default when a schedule is made, and "as it is" when one is changed.
#[derive(Debug, Clone, Default)]
pub struct ScheduleRequest {
    /// Name for people.
    pub name: Option<String>,
    /// Words for people.
    pub description: Option<String>,
    /// Five fields or a descriptor.
    pub cron_expr: Option<String>,
    /// IANA name; empty means UTC.
    pub time_zone: Option<String>,
    /// Whether runs are started.
    pub enabled: Option<bool>,
    /// The task of every run, as a whole.
    pub task: Option<TaskRequest>,
    /// What happens when runs overlap.
    pub overlap_policy: Option<OverlapPolicy>,
    /// Longest run in seconds; 0 for none.
    pub timeout_seconds: Option<i64>,
    /// What happens with missed runs.
    pub missed_runs: Option<MissedRuns>,
}

/// A request that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleSpec {
    /// Name for people, 1 to 255 characters.
    pub name: String,
    /// Words for people, at most 4,000 characters.
    pub description: String,
    /// When it is due.
    pub timetable: Timetable,
    /// Whether runs are started.
    pub enabled: bool,
    /// The task of every run.
    pub task: TaskSpec,
    /// What happens when runs overlap.
    pub overlap: OverlapPolicy,
    /// Longest run in seconds; 0 for none.
    pub timeout_seconds: u32,
    /// What happens with missed runs.
    pub missed_runs: MissedRuns,
}

impl ScheduleRequest {
    /// Checks a new schedule.
    ///
    /// # Errors
    /// The first field that breaks a rule or lacks, named as the REST API names it.
    pub fn check(self) -> Result<ScheduleSpec, Invalid> {
        let required = |field: &str| Invalid::new(field, "is required");
        Ok(ScheduleSpec {
            name: check_name(self.name.ok_or_else(|| required("name"))?)?,
            description: check_description(self.description.unwrap_or_default())?,
            timetable: {
                let expression = self.cron_expr.ok_or_else(|| required("cronExpr"))?;
                Timetable::parse(&expression, self.time_zone.as_deref())?
            },
            enabled: self.enabled.unwrap_or(true),
            task: check_task(self.task.ok_or_else(|| required("taskConfig"))?)?,
            overlap: self.overlap_policy.unwrap_or_default(),
            timeout_seconds: check_timeout(self.timeout_seconds.unwrap_or(0))?,
            missed_runs: self.missed_runs.unwrap_or_default(),
        })
    }

    /// Checks a change of a schedule and lays it over what there is; the task is replaced as a whole.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check_over(self, old: &ScheduleSpec) -> Result<ScheduleSpec, Invalid> {
        let timetable = match (self.cron_expr, self.time_zone) {
            (None, None) => old.timetable.clone(),
            (Some(expression), None) if expression.contains("TZ=") => Timetable::parse(&expression, None)?,
            (expression, zone) => {
                let expression = expression.as_deref().unwrap_or(old.timetable.expression());
                let zone = zone.as_deref().unwrap_or(old.timetable.zone().name());
                Timetable::parse(expression, Some(zone))?
            }
        };
        let kept = |text: &String| text.clone();
        Ok(ScheduleSpec {
            name: self.name.map_or_else(|| Ok(kept(&old.name)), check_name)?,
            description: self
                .description
                .map_or_else(|| Ok(kept(&old.description)), check_description)?,
            timetable,
            enabled: self.enabled.unwrap_or(old.enabled),
            task: self.task.map_or_else(|| Ok(old.task.clone()), check_task)?,
            overlap: self.overlap_policy.unwrap_or(old.overlap),
            timeout_seconds: self.timeout_seconds.map_or(Ok(old.timeout_seconds), check_timeout)?,
            missed_runs: self.missed_runs.unwrap_or(old.missed_runs),
        })
    }
}

fn check_name(name: String) -> Result<String, Invalid> {
    if name.trim().is_empty() || name.chars().count() > MAX_NAME_LENGTH {
        let rule = format!("must be 1 to {MAX_NAME_LENGTH} characters, not only spaces");
        return Err(Invalid::new("name", rule));
    }
    Ok(name)
}

fn check_description(description: String) -> Result<String, Invalid> {
    if description.chars().count() > MAX_DESCRIPTION_LENGTH {
        let rule = format!("must be at most {MAX_DESCRIPTION_LENGTH} characters");
        return Err(Invalid::new("description", rule));
    }
    Ok(description)
}

fn check_timeout(seconds: i64) -> Result<u32, Invalid> {
    in_range("timeoutSeconds", seconds, 0..=MAX_TIMEOUT_SECONDS)
}

/// The function that checks tasks, so that what is saved can be started.
fn check_task(request: TaskRequest) -> Result<TaskSpec, Invalid> {
    let below = |invalid: Invalid| Invalid::new(format!("taskConfig.{}", invalid.field), invalid.rule);
    for (field, is_there) in [
        ("id", request.id.is_some()),
        ("requestId", request.request_id.is_some()),
    ] {
        if is_there {
            return Err(below(Invalid::new(field, "is chosen anew for every run, leave it out")));
        }
    }
    let checked = request.check().map_err(below)?;
    if checked.login.is_some() {
        let rule = "a schedule keeps no login of its own, name a stored credential by secretId";
        return Err(below(Invalid::new("registry", rule)));
    }
    Ok(checked.spec)
}

/// A schedule, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Id.
    pub id: ScheduleId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What was asked for.
    pub spec: ScheduleSpec,
    /// Who made it; empty when nobody had to say who they are.
    pub created_by: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it was changed last by somebody.
    pub updated_at: Millis,
    /// When its timetable came into force; `@every` counts from there.
    pub anchor: Millis,
    /// Everything that was due up to here has been dealt with.
    pub cursor: Millis,
    /// Executions that were due up to here may have been removed from the history.
    pub pruned_until: Millis,
    /// When a run was started last; 0 for never.
    pub last_execution_at: Millis,
    /// Raised by every write, which is refused when it is not as the writer saw it.
    pub revision: i64,
}

impl Schedule {
    /// A new schedule of the default tenant; what was due before now is none of its business.
    pub fn new(id: ScheduleId, spec: ScheduleSpec, now: Millis) -> Self {
        Self {
            id,
            tenant: TenantId::default(),
            spec,
            created_by: String::new(),
            created_at: now,
            updated_at: now,
            anchor: now,
            cursor: now,
            pruned_until: 0,
            last_execution_at: 0,
            revision: 0,
        }
    }

    /// Takes a change over. A new timetable and switching on begin now: nothing that was due before counts as missed.
    pub fn change(&mut self, spec: ScheduleSpec, now: Millis) {
        let is_new_table = spec.timetable != self.spec.timetable;
        let is_switched_on = spec.enabled && !self.spec.enabled;
        if is_new_table {
            self.anchor = now;
        }
        if is_new_table || is_switched_on {
            self.cursor = now;
        }
        self.spec = spec;
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests;
