//! The figures, what is allowed, and the line of results.

use std::fmt;
use std::process::ExitCode;

/// What was measured; `None` where it was not asked for.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// From the 201 to the last `StartPull` received on 1,000 nodes.
    pub dispatch_1000_s: Option<f64>,
    /// Sessions that were open at the same time.
    pub sessions: Option<f64>,
    /// From the first dial to the last welcome.
    pub connect_s: Option<f64>,
    /// Resident memory of the coordinator with five pulls open on every node.
    pub rss_mib: Option<f64>,
    /// Outcomes acknowledged per second when all end at once.
    pub outcomes_per_s: Option<f64>,
    /// From an outcome at its agent to its event at a client, 99th percentile.
    pub sse_p99_ms: Option<f64>,
    /// Pages of lists with a million pulls stored, 99th percentile.
    pub list_p99_ms: Option<f64>,
    /// From `kill -9` to serving again.
    pub restart_s: Option<f64>,
    /// From `kill -9` to all agents back and work going on.
    pub reconnect_s: Option<f64>,
}

/// What is allowed.
#[derive(Debug, Clone, Copy)]
enum Rule {
    AtMost(f64),
    AtLeast(f64),
}

impl Rule {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "at most {most}"),
            Self::AtLeast(least) => write!(f, "at least {least}"),
        }
    }
}

type Row = (&'static str, Option<f64>, Rule);

impl Figures {
    fn rows(&self) -> [Row; 9] {
        use Rule::{AtLeast, AtMost};
        [
            ("dispatch_1000_s", self.dispatch_1000_s, AtMost(0.5)),
            ("sessions", self.sessions, AtLeast(10_000.0)),
            ("connect_s", self.connect_s, AtMost(30.0)),
            ("rss_mib", self.rss_mib, AtMost(400.0)),
            ("outcomes_per_s", self.outcomes_per_s, AtLeast(3_000.0)),
            ("sse_p99_ms", self.sse_p99_ms, AtMost(200.0)),
            ("list_p99_ms", self.list_p99_ms, AtMost(50.0)),
            ("restart_s", self.restart_s, AtMost(3.0)),
            ("reconnect_s", self.reconnect_s, AtMost(15.0)),
        ]
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.rows().map(|(name, value, _)| match value {
            Some(value) if value >= 1_000.0 => format!("{name}={value:.0}"),
            Some(value) => format!("{name}={value:.2}"),
            None => format!("{name}=unmeasured"),
        });
        f.write_str(&words.join(" "))
    }
}

/// The median of each figure.
pub fn median_of(runs: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> Option<f64>| median(runs.iter().filter_map(figure).collect());
    Figures {
        dispatch_1000_s: of(|run| run.dispatch_1000_s),
        sessions: of(|run| run.sessions),
        connect_s: of(|run| run.connect_s),
        rss_mib: of(|run| run.rss_mib),
        outcomes_per_s: of(|run| run.outcomes_per_s),
        sse_p99_ms: of(|run| run.sse_p99_ms),
        list_p99_ms: of(|run| run.list_p99_ms),
        restart_s: of(|run| run.restart_s),
        reconnect_s: of(|run| run.reconnect_s),
    }
}

/// The value in the middle; `None` of nothing.
pub fn median(values: Vec<f64>) -> Option<f64> {
    percentile(values, 0.5)
}

/// The value below which this share (0 to 1) of the values lies; `None` of nothing.
pub fn percentile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    values.get((last as f64 * share).ceil() as usize).copied()
}

/// Prints what was missed and the line of results.
pub fn report(figures: &Figures, check: bool) -> ExitCode {
    let missed = figures
        .rows()
        .into_iter()
        .filter(|(_, value, rule)| !value.is_some_and(|value| rule.holds(value)))
        .collect::<Vec<_>>();
    for (name, value, rule) in &missed {
        match value {
            Some(value) => println!("missed: {name} is {value:.3}, allowed is {rule}"),
            None => println!("missed: {name} was not measured"),
        }
    }
    println!("RESULT {figures}");
    if check && !missed.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
