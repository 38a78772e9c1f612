//! One pair: the same image pulled bare and through IPS, on the same containerd, from nothing each time.

use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use ips_tests::events::{Event, Events};
use ips_tests::registry::{Digests, Registry};
use ips_tests::stand::{Stand, TASK_LIMIT};
use ips_tests::wait::wait_until;
use serde_json::json;

const IMAGE: &str = "toolchain:v1";
const DAY_SECONDS: f64 = 86_400.0;

/// What was measured.
#[derive(Debug)]
pub struct Pair {
    bare: Duration,
    ours: Duration,
    /// The agent's processor time during our pull, in percent of one core.
    pub cpu_percent: f64,
    /// From the runtime's end of our pull to the event on the stream.
    pub lag_ms: f64,
    /// How much of our time was before the runtime's begin or after its end: what IPS adds by itself.
    pub outside_ms: f64,
}

impl Pair {
    /// How much longer ours took.
    pub fn ratio(&self) -> f64 {
        self.ours.as_secs_f64() / self.bare.as_secs_f64()
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bare, ours) = (self.bare.as_secs_f64(), self.ours.as_secs_f64());
        write!(f, "bare {bare:.2} s, IPS {ours:.2} s, ratio {:.3}, ", self.ratio())?;
        write!(
            f,
            "{:.0} ms of it outside containerd, agent {:.2} % of a core, seen after {:.0} ms",
            self.outside_ms, self.cpu_percent, self.lag_ms
        )
    }
}

/// The image that is pulled again and again.
#[derive(Debug)]
pub struct Bench {
    reference: String,
    digests: Digests,
}

impl Bench {
    /// The multi-layer image of a filled registry.
    pub async fn new(registry: &Registry) -> Result<Self> {
        Ok(Self {
            reference: registry.reference(IMAGE),
            digests: registry.client().digests(IMAGE).await?,
        })
    }

    /// One bare pull that is not counted: it fills the page cache for all that follow.
    pub async fn warm_up(&self, stand: &mut Stand) -> Result<()> {
        self.bare(stand).await.map(drop)
    }

    /// Measures both, in either order.
    pub async fn measure(&self, stand: &mut Stand, bare_first: bool) -> Result<Pair> {
        let early = if bare_first {
            Some(self.bare(stand).await?)
        } else {
            None
        };
        let mut pair = self.ours(stand).await?;
        pair.bare = match early {
            Some(bare) => bare,
            None => self.bare(stand).await?,
        };
        Ok(pair)
    }

    async fn bare(&self, stand: &Stand) -> Result<Duration> {
        let truth = stand.nodes[0].containerd.truth().await;
        let start = Instant::now();
        truth.pull(&self.reference).await?;
        let elapsed = start.elapsed();
        self.clear(stand).await?;
        Ok(elapsed)
    }

    /// From the POST to "completed" on the event stream; the bare half of the pair is still to come.
    async fn ours(&self, stand: &mut Stand) -> Result<Pair> {
        let api = stand.coordinator.api();
        let mut tasks = Events::open(&api, "tasks", None).await?;
        tasks.next(TASK_LIMIT).await?;
        let used_before = stand.nodes[0].agent.process().processor_time()?;
        let start = Instant::now();
        let id = stand
            .coordinator
            .create_task(&json!({"images": [self.reference]}))
            .await?;
        let mut pulls = Events::open(&api, &format!("task:{id}"), None).await?;
        let succeeded = |event: &Event| {
            event
                .pulls()
                .iter()
                .any(|pull| pull["taskId"] == id.as_str() && pull["state"] == "succeeded")
        };
        let completed = |event: &Event| {
            event
                .tasks()
                .iter()
                .any(|task| task["taskId"] == id.as_str() && task["status"] == "completed")
        };
        let (seen, elapsed) = tokio::try_join!(
            async { until(&mut pulls, succeeded).await.map(|()| SystemTime::now()) },
            async { until(&mut tasks, completed).await.map(|()| start.elapsed()) }
        )?;
        let used = stand.nodes[0].agent.process().processor_time()? - used_before;
        let log = stand.nodes[0].containerd.log();
        let ended = clock(&log, &self.reference, true)?;
        let inside = since(clock(&log, &self.reference, false)?, ended);
        self.clear(stand).await?;
        Ok(Pair {
            bare: Duration::ZERO,
            ours: elapsed,
            cpu_percent: used.as_secs_f64() / elapsed.as_secs_f64() * 100.0,
            lag_ms: since(ended, seen.duration_since(UNIX_EPOCH)?.as_secs_f64() % DAY_SECONDS) * 1000.0,
            outside_ms: (elapsed.as_secs_f64() - inside) * 1000.0,
        })
    }

    /// Removes the image and waits until nothing of it is left, so that the next pull begins from nothing.
    async fn clear(&self, stand: &Stand) -> Result<()> {
        let truth = stand.nodes[0].containerd.truth().await;
        truth.remove_image(&self.reference).await?;
        wait_until(
            "containerd to collect the garbage",
            Duration::from_secs(60),
            async || {
                for layer in &self.digests.layers {
                    if truth.has_blob(&layer.digest).await.unwrap_or(true) {
                        return false;
                    }
                }
                for chain_id in &self.digests.chain_ids {
                    if truth.snapshot_committed(chain_id).await.unwrap_or(true) {
                        return false;
                    }
                }
                true
            },
        )
        .await;
        tokio::task::spawn_blocking(nix::unistd::sync).await?;
        Ok(())
    }
}

async fn until(events: &mut Events, wanted: impl Fn(&Event) -> bool) -> Result<()> {
    while !wanted(&events.next(TASK_LIMIT).await?) {}
    Ok(())
}

/// Seconds from one time of day to a later one, also over midnight.
fn since(earlier: f64, later: f64) -> f64 {
    (later - earlier).rem_euclid(DAY_SECONDS)
}

/// The time of day (UTC, in seconds) at which containerd logged the end, or else the begin, of the image's last pull.
fn clock(log: &str, reference: &str, end: bool) -> Result<f64> {
    let wanted = |line: &&str| {
        line.contains("PullImage") && line.contains(reference) && line.contains("returns image reference") == end
    };
    let line = log
        .lines()
        .rev()
        .find(wanted)
        .context("containerd did not log the pull")?;
    // time="2026-01-02T03:04:05.678901234Z" level=info msg=...
    let clock = line
        .split('"')
        .nth(1)
        .and_then(|time| time.split('T').nth(1))
        .context("no time in containerd's log")?;
    ensure!(clock.ends_with('Z'), "containerd logs in local time: run with TZ=UTC");
    let parts = clock
        .trim_end_matches('Z')
        .split(':')
        .map(str::parse::<f64>)
        .collect::<Result<Vec<_>, _>>()?;
    let [hours, minutes, seconds] = parts[..] else {
        anyhow::bail!("{clock} is no time of day")
    };
    Ok(hours * 3600.0 + minutes * 60.0 + seconds)
}
