//! The agent's resident memory.

use std::time::Duration;

use anyhow::Result;
use ips_tests::fault_proxy::{FaultProxy, Faults};
use ips_tests::registry::Registry;
use ips_tests::stand::Stand;
use ips_tests::wait::wait_until;
use serde_json::json;

/// Five images, so slow that all of them run for longer than is measured.
const IMAGES: [&str; 5] = ["toolchain:v1", "base:v1", "base-v2:v1", "small:v1", "multi:v1"];
const SLOW: u64 = 64 * 1024;
const SAMPLES: u32 = 50;

/// Resident memory now, in MiB.
pub fn resident(stand: &mut Stand) -> Result<f64> {
    let bytes = stand.nodes[0].agent.process().resident_bytes()?;
    Ok(bytes as f64 / f64::from(1 << 20))
}

/// The most resident memory seen while five pulls run, in MiB.
pub async fn busy(stand: &mut Stand, registry: &Registry) -> Result<f64> {
    let proxy = FaultProxy::start(registry.address()).await?;
    proxy.set(Faults {
        blob_bytes_per_second: Some(SLOW),
        ..Faults::default()
    });
    let images = IMAGES.map(|image| proxy.reference(image));
    let id = stand.coordinator.create_task(&json!({"images": images})).await?;
    wait_until("five pulls that fetch", Duration::from_secs(60), async || {
        let pulls = stand.coordinator.pulls(&id).await.unwrap_or_default();
        pulls
            .iter()
            .filter(|pull| pull["state"] == "pulling" && pull["phase"] == "fetching")
            .count()
            == IMAGES.len()
    })
    .await;
    let mut most = 0.0_f64;
    for _ in 0..SAMPLES {
        most = most.max(resident(stand)?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stand.coordinator.cancel_task(&id).await?;
    wait_until("the cancelled pulls to end", Duration::from_secs(30), async || {
        let node = stand
            .coordinator
            .api()
            .get("/api/v1/nodes/node-1")
            .await
            .unwrap_or_default();
        node["runningPulls"] == 0
    })
    .await;
    Ok(most)
}
