//! How soon a client sees the end of a pull while a thousand agents report progress twice a second and all others end theirs.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::{Context, Result};
use ips_tests::events::Events;
use ips_tests::simulated::{Rule, labels, now_us};

use crate::figures::{Figures, percentile};
use crate::stand::{PATIENCE, Stand};

/// Pause between two reports of one pull, in milliseconds.
const PROGRESS_MS: u64 = 500;
/// Pulls end over this time.
const SPREAD: Duration = Duration::from_secs(20);
/// How long the simulation has for its new rules before the first pull ends: that all agents take them up at once is its own work.
const SETTLE: Duration = Duration::from_secs(2);
/// Silence after which no more events are waited for.
const SILENCE: Duration = Duration::from_secs(5);

/// See the module.
pub async fn lag(stand: &mut Stand, figures: &mut Figures) -> Result<()> {
    let busy = Rule {
        progress_every_ms: PROGRESS_MS,
        ..Rule::hold("busy")
    };
    stand.simulator.behave(vec![busy.clone()]).await?;
    let reporting = stand
        .create(&stand.images("busy", 1), Some((labels::FIRST_THOUSAND, "true")))
        .await?;
    // A stand of a thousand nodes has no others.
    let others = if stand.nodes > 1000 { "false" } else { "true" };
    let ending = stand
        .create(&stand.images("ending", 1), Some((labels::FIRST_THOUSAND, others)))
        .await?;
    let expected = usize::try_from(ending_pulls(stand, &ending.id).await?)?;
    stand.simulator.reset().await?;
    let topics = format!("tasks,task:{},task:{}", reporting.id, ending.id);
    let mut events = Events::open(&stand.api, &topics, None).await?;
    events.next(PATIENCE).await?;
    let before = stand.processor_times()?;
    let end = Rule::end("ending", SETTLE, SETTLE + SPREAD);
    stand.simulator.behave(vec![busy, end]).await?;
    let seen = follow(&mut events, &ending.id, expected).await?;
    let after = stand.processor_times()?;
    let sent = stand.simulator.outcomes().await?;
    let lag = |(pull, at): &(String, i64)| seen.get(pull).map(|seen| (*at, (seen - at) as f64 / 1e3));
    let timed = sent.iter().filter_map(lag).collect::<Vec<_>>();
    let lags = timed.iter().map(|(_, ms)| *ms).collect::<Vec<_>>();
    let at = |share| percentile(lags.clone(), share).context("no outcome was seen");
    println!(
        "  {} of {expected} ends seen by a client: median {:.0} ms, p99 {:.0} ms, at most {:.0} ms; processor {:.1} s, agents {:.1} s",
        lags.len(),
        at(0.5)?,
        at(0.99)?,
        at(1.0)?,
        (after.0 - before.0).as_secs_f64(),
        (after.1 - before.1).as_secs_f64(),
    );
    println!("  longest of each second, in ms: {}", worst_by_second(&timed));
    anyhow::ensure!(lags.len() == expected, "a client has missed ends of pulls");
    figures.sse_p99_ms = Some(at(0.99)?);
    stand.finish("ending", &ending.id).await?;
    stand.finish("busy", &reporting.id).await
}

/// The longest lag among the ends of each second.
fn worst_by_second(timed: &[(i64, f64)]) -> String {
    let begin = timed.iter().map(|(at, _)| *at).min().unwrap_or_default();
    let mut worst = BTreeMap::<i64, f64>::new();
    for (at, ms) in timed {
        let second = worst.entry((at - begin) / 1_000_000).or_default();
        *second = second.max(*ms);
    }
    let texts = worst.values().map(|ms| format!("{ms:.0}"));
    texts.collect::<Vec<_>>().join(" ")
}

async fn ending_pulls(stand: &Stand, id: &str) -> Result<u64> {
    let task = stand
        .until(id, "its pulls to run", |task| {
            task["progress"]["runningPulls"] == task["progress"]["totalPulls"]
        })
        .await?;
    task["progress"]["totalPulls"].as_u64().context("totalPulls")
}

/// When the end of each pull of a task was first seen, in microseconds since the epoch.
async fn follow(events: &mut Events, task: &str, expected: usize) -> Result<HashMap<String, i64>> {
    let mut seen = HashMap::new();
    while seen.len() < expected {
        let Ok(event) = events.next(SETTLE + SPREAD + SILENCE).await else {
            break;
        };
        let now = now_us();
        let ended = event
            .pulls()
            .into_iter()
            .filter(|pull| pull["taskId"] == task && pull["state"] == "succeeded");
        for pull in ended {
            let id = pull["pullId"].as_str().context("a pull id")?;
            seen.entry(id.to_owned()).or_insert(now);
        }
    }
    Ok(seen)
}
