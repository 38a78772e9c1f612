//! Sessions, dispatch and memory: all agents connect, a thousand of them are given one image each, then all of them five.

use std::time::Duration;

use anyhow::Result;
use ips_tests::simulated::{Rule, labels};

use crate::figures::Figures;
use crate::stand::{Created, PATIENCE, Stand};

/// Images on each node of the large task.
pub const IMAGES: usize = 5;
/// How long the coordinator is left alone before its memory is read.
const QUIET: Duration = Duration::from_secs(10);

/// All sessions open and all inventories told.
pub async fn connect(stand: &mut Stand, figures: &mut Figures) -> Result<()> {
    let nodes = stand.nodes as u64;
    let reached = stand
        .simulator
        .until("all sessions", PATIENCE, |seen| {
            seen.open == nodes && seen.inventories.count >= nodes
        })
        .await?;
    let seconds = (reached.welcomes.last_us - reached.dials.first_us) as f64 / 1e6;
    let (coordinator, agents) = stand.processor_times()?;
    println!(
        "  {nodes} sessions in {seconds:.2} s, {} dials, {} lost ({}); inventories after {:.2} s; processor {:.1} s, agents {:.1} s; \
         {:.0} MiB resident",
        reached.dials.count,
        reached.lost.count,
        reached.last_reason,
        (reached.inventories.last_us - reached.dials.first_us) as f64 / 1e6,
        coordinator.as_secs_f64(),
        agents.as_secs_f64(),
        stand.resident_mib()?,
    );
    figures.sessions = Some(reached.open as f64);
    figures.connect_s = Some(seconds);
    Ok(())
}

/// A thousand nodes, one image.
pub async fn dispatch(stand: &mut Stand, figures: &mut Figures) -> Result<()> {
    let wanted = stand.nodes.min(1000) as u64;
    stand.simulator.behave(vec![Rule::hold("dispatch")]).await?;
    stand.simulator.reset().await?;
    let images = stand.images("dispatch", 1);
    let task = stand.create(&images, Some((labels::FIRST_THOUSAND, "true"))).await?;
    let seen = stand
        .simulator
        .until("the orders", PATIENCE, |seen| seen.starts.count >= wanted)
        .await?;
    let seconds = (seen.starts.last_us - task.at_us) as f64 / 1e6;
    println!(
        "  {wanted} orders {seconds:.3} s after the 201, which took {:.3} s",
        task.seconds
    );
    figures.dispatch_1000_s = Some(seconds);
    stand.finish("dispatch", &task.id).await
}

/// Five pulls open on every node; memory is read while they run.
pub async fn open_pulls(stand: &mut Stand, figures: &mut Figures) -> Result<Created> {
    let task = hold_on_all(stand, "open").await?;
    let at_once = stand.resident_mib()?;
    tokio::time::sleep(QUIET).await;
    let resident = stand.resident_mib()?;
    println!(
        "  {resident:.0} MiB resident with {} pulls open ({at_once:.0} when the last one had begun)",
        stand.nodes * IMAGES
    );
    figures.rss_mib = Some(resident);
    Ok(task)
}

/// A task with five images on every node, all of whose pulls run and have reported.
pub async fn hold_on_all(stand: &mut Stand, group: &str) -> Result<Created> {
    let pulls = (stand.nodes * IMAGES) as u64;
    stand.simulator.behave(vec![Rule::hold(group)]).await?;
    stand.simulator.reset().await?;
    let (before, _) = stand.processor_times()?;
    let images = stand.images(group, IMAGES);
    let task = stand.create(&images, None).await?;
    let seen = stand
        .simulator
        .until("all pulls to run", PATIENCE, |seen| {
            seen.starts.count >= pulls && seen.first_reports.count >= pulls
        })
        .await?;
    stand
        .until(&task.id, "the coordinator to know that they run", |task| {
            task["progress"]["runningPulls"] == pulls
        })
        .await?;
    let (after, _) = stand.processor_times()?;
    println!(
        "  {pulls} pulls accepted in {:.2} s, handed out {:.2} s after that, processor {:.1} s",
        task.seconds,
        (seen.starts.last_us - task.at_us) as f64 / 1e6,
        (after - before).as_secs_f64(),
    );
    Ok(task)
}
