//! `kill -9` while pulls run and end.

use std::time::Duration;

use anyhow::Result;
use ips_tests::simulated::counters::DIAL_STEP_US;
use ips_tests::simulated::{Rule, now_us};

use crate::figures::Figures;
use crate::stand::{Created, PATIENCE, Stand};

/// Pulls go on ending over this time, so that work is there before, during and after the kill.
const SPREAD: Duration = Duration::from_secs(60);
/// How long they do before the kill.
const BEFORE: Duration = Duration::from_secs(1);

/// Kills the coordinator, starts it again, and waits for all agents and for work.
pub async fn kill_and_come_back(stand: &mut Stand, open: &Created, figures: &mut Figures) -> Result<()> {
    stand
        .simulator
        .behave(vec![Rule::end("open", Duration::ZERO, SPREAD)])
        .await?;
    tokio::time::sleep(BEFORE).await;
    stand.simulator.reset().await?;
    let (_, before) = stand.processor_times()?;
    let killed = now_us();
    stand.coordinator.kill();
    stand.coordinator.restart().await?;
    let serving = now_us();
    let nodes = stand.nodes as u64;
    let seen = stand
        .simulator
        .until("all agents to come back", PATIENCE, |seen| {
            // The count of open sessions lags behind the kill; every agent has to be welcomed anew.
            seen.open == nodes && seen.welcomes.count >= nodes && seen.acknowledged.count > 0
        })
        .await?;
    let since = |at: i64| (at - killed) as f64 / 1e6;
    let working = seen.welcomes.last_us.max(seen.acknowledged.first_us);
    println!(
        "  killed: serving after {:.2} s, first agent back after {:.2} s, last after {:.2} s, first outcome durable after {:.2} s",
        since(serving),
        since(seen.welcomes.first_us),
        since(seen.welcomes.last_us),
        since(seen.acknowledged.first_us),
    );
    // The new process began with nothing.
    let (coordinator, agents) = stand.processor_times()?;
    println!(
        "  processor {:.1} s since the start, agents {:.1} s",
        coordinator.as_secs_f64(),
        (agents - before).as_secs_f64()
    );
    let step_s = DIAL_STEP_US as f64 / 1e6;
    println!(
        "  {} dials, at most {} within {step_s} s; per second: {}",
        seen.dials.count,
        seen.dial_steps.iter().max().copied().unwrap_or(0),
        per_second(&seen.dial_steps),
    );
    figures.restart_s = Some(since(serving));
    figures.reconnect_s = Some(since(working));
    stand.finish("open", &open.id).await
}

/// The steps added up to whole seconds.
fn per_second(steps: &[u32]) -> String {
    let whole = usize::try_from(1_000_000 / DIAL_STEP_US).unwrap_or(1);
    let sums = steps.chunks(whole).map(|second| second.iter().sum::<u32>().to_string());
    sums.collect::<Vec<_>>().join(" ")
}
