//! Outcomes that all come at once, counted when they are acknowledged, which is after their commit.

use std::time::Duration;

use anyhow::Result;
use ips_tests::simulated::Rule;

use crate::figures::Figures;
use crate::opening::{IMAGES, hold_on_all};
use crate::stand::{PATIENCE, Stand};

/// Five pulls on every node end in the same moment.
pub async fn outcomes(stand: &mut Stand, figures: &mut Figures) -> Result<()> {
    let pulls = (stand.nodes * IMAGES) as u64;
    let task = hold_on_all(stand, "burst").await?;
    stand.simulator.reset().await?;
    let before = stand.processor_times()?;
    let end = Rule::end("burst", Duration::ZERO, Duration::ZERO);
    stand.simulator.behave(vec![end]).await?;
    let seen = stand
        .simulator
        .until("all outcomes to be durable", PATIENCE, |seen| {
            seen.acknowledged.count >= pulls
        })
        .await?;
    let after = stand.processor_times()?;
    let seconds = (seen.acknowledged.last_us - seen.outcomes.first_us) as f64 / 1e6;
    let rate = pulls as f64 / seconds;
    println!(
        "  {pulls} outcomes durable in {seconds:.2} s: {rate:.0} a second; processor {:.1} s, agents {:.1} s",
        (after.0 - before.0).as_secs_f64(),
        (after.1 - before.1).as_secs_f64(),
    );
    figures.outcomes_per_s = Some(rate);
    stand.finish("burst", &task.id).await
}
