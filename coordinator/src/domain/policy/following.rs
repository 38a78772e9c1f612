//! What a policy does about tags that move.

use crate::domain::{Invalid, Millis, cron::Timetable};

/// How often tags are looked at where only an alert is asked for and no time is named.
const ALERT_EVERY: &str = "@hourly";

/// What happens when a tag points at something else than when it was last followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Following {
    /// Nothing: a node that has the tag is warm.
    #[default]
    Never,
    /// At these times the tag is looked at, and nodes get what it points at then.
    Schedule(Timetable),
    /// At these times the tag is looked at, and people are told when it has moved.
    Alert(Timetable),
}

/// What a client asks for, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct FollowingRequest {
    /// `never`, `schedule` or `alert`; `None` leaves it.
    pub mode: Option<String>,
    /// When tags are looked at.
    pub cron_expr: Option<String>,
    /// IANA name of its zone; empty means UTC.
    pub time_zone: Option<String>,
}

impl FollowingRequest {
    /// Checks every field and lays them over what there is.
    ///
    /// # Errors
    /// Names `tagFollowing` or the field below it, and the rule.
    pub fn check(self, old: &Following) -> Result<Following, Invalid> {
        let mode = self.mode.as_deref().unwrap_or(old.mode());
        let below = |invalid: Invalid| Invalid::new(format!("tagFollowing.{}", invalid.field), invalid.rule);
        let known = old.timetable().filter(|_| mode == old.mode());
        let expression = self.cron_expr.filter(|text| !text.is_empty());
        let expression = expression.or_else(|| known.map(|table| table.expression().to_owned()));
        let zone = self
            .time_zone
            .or_else(|| known.map(|table| table.zone().name().to_owned()));
        let table = |default: Option<&str>| {
            let expression = expression.as_deref().or(default);
            let expression =
                expression.ok_or_else(|| below(Invalid::new("cronExpr", "is required with mode schedule")))?;
            Timetable::parse(expression, zone.as_deref()).map_err(below)
        };
        match mode {
            "never" if expression.is_some() => Err(below(Invalid::new("cronExpr", "needs the mode schedule or alert"))),
            "never" => Ok(Following::Never),
            "schedule" => Ok(Following::Schedule(table(None)?)),
            "alert" => Ok(Following::Alert(table(Some(ALERT_EVERY))?)),
            other => {
                let rule = format!("{other:?} is unknown, known are {}", Following::MODES.join(", "));
                Err(below(Invalid::new("mode", rule)))
            }
        }
    }
}

impl Following {
    /// Every mode in a word.
    pub const MODES: [&str; 3] = ["never", "schedule", "alert"];

    /// The word on the wire and in the store.
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Schedule(_) => "schedule",
            Self::Alert(_) => "alert",
        }
    }

    /// When tags are looked at.
    pub fn timetable(&self) -> Option<&Timetable> {
        match self {
            Self::Never => None,
            Self::Schedule(table) | Self::Alert(table) => Some(table),
        }
    }

    /// Reads what the store keeps: the word, the expression and the zone.
    pub fn from_stored(mode: &str, expression: &str, zone: &str) -> Option<Self> {
        let table = || Timetable::parse(expression, Some(zone)).ok();
        match mode {
            "never" => Some(Self::Never),
            "schedule" => Some(Self::Schedule(table()?)),
            "alert" => Some(Self::Alert(table()?)),
            _unknown => None,
        }
    }

    /// Whether nodes are to have the digest that the tag was last followed to.
    pub fn wants_digest(&self) -> bool {
        match self {
            Self::Schedule(_) => true,
            Self::Never | Self::Alert(_) => false,
        }
    }

    pub(super) fn next_after(&self, anchor: Millis, after: Millis) -> Option<Millis> {
        self.timetable()?.next_after(anchor, after)
    }
}
