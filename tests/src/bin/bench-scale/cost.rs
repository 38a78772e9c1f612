//! What a pull costs of the processor and a node of memory, at several sizes: the same run each time.

use anyhow::Result;

use crate::figures::Figures;
use crate::opening::{IMAGES, connect, hold_on_all};
use crate::plot;
use crate::settings::Settings;
use crate::stand::{Database, Stand};

const SIZES: [usize; 4] = [1_000, 2_000, 5_000, 10_000];

/// Measures and prints; nothing of it is a figure that can be missed.
pub async fn measure(settings: &Settings, database: Database) -> Result<()> {
    let mut processor = Vec::new();
    let mut memory = Vec::new();
    for nodes in SIZES.into_iter().filter(|size| *size <= settings.nodes) {
        let mut stand = Stand::start(database, nodes).await?;
        connect(&mut stand, &mut Figures::default()).await?;
        let (before, _) = stand.processor_times()?;
        let task = hold_on_all(&mut stand, "cost").await?;
        let resident = stand.resident_mib()?;
        stand.finish("cost", &task.id).await?;
        let (after, _) = stand.processor_times()?;
        let per_pull = (after - before).as_secs_f64() * 1e6 / (nodes * IMAGES) as f64;
        println!(
            "  {nodes} nodes: {per_pull:.0} µs of processor for each pull, {:.1} KiB for each node",
            resident * 1024.0 / nodes as f64
        );
        processor.push((nodes, per_pull));
        memory.push((nodes, resident * 1024.0 / nodes as f64));
    }
    println!(
        "{}",
        plot::bars("processor time of the coordinator for each pull, µs", &processor)
    );
    println!(
        "{}",
        plot::bars("resident memory of the coordinator for each node, KiB", &memory)
    );
    Ok(())
}
