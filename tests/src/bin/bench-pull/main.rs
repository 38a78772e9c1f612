//! `make bench-pull`: what a pull through IPS costs beside a bare CRI pull of the same image on the same containerd, what
//! the agent needs of memory and processor, and how soon the end is seen. Prints every pair, then one line of results.
//! `PAIRS=n` sets the number of pairs, `CONTAINERD=1.6|1.7|2.1` the version, `CHECK=1` makes a missed figure an error.

mod memory;
mod pair;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ips_tests::containerd::{ContainerdOptions, ContainerdVersion, Disk};
use ips_tests::coordinator::Coordinator;
use ips_tests::registry::Registry;
use ips_tests::stand::{Node, Stand};

/// Pairs that are measured unless `PAIRS` says otherwise.
const PAIRS: usize = 15;
/// containerd's root is in memory: a disk's own delays scatter more than what is measured, and a faster pull shows our share
/// of it larger, never smaller.
const DISK_MEBIBYTES: u64 = 6 * 1024;
/// How long the agent is left alone before its idle memory is read.
const QUIET: Duration = Duration::from_secs(5);
/// How long its idle processor time is counted: several heartbeats.
const IDLE: Duration = Duration::from_secs(60);

/// The figures of one run.
#[derive(Debug)]
struct Figures {
    pull_ratio_median: f64,
    agent_rss_idle_mib: f64,
    agent_cpu_idle_percent: f64,
    agent_rss_busy_mib: f64,
    agent_cpu_percent: f64,
    sse_lag_ms: f64,
}

impl Figures {
    /// Each figure with its name and the most that it may be.
    fn rows(&self) -> [(&'static str, f64, f64); 6] {
        [
            ("pull_ratio_median", self.pull_ratio_median, 1.03),
            ("agent_rss_idle_mib", self.agent_rss_idle_mib, 20.0),
            ("agent_cpu_idle_percent", self.agent_cpu_idle_percent, 0.2),
            ("agent_rss_busy_mib", self.agent_rss_busy_mib, 40.0),
            ("agent_cpu_percent", self.agent_cpu_percent, 2.0),
            ("sse_lag_ms", self.sse_lag_ms, 300.0),
        ]
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(figures) => report(&figures),
        Err(error) => {
            eprintln!("the bench cannot go on: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn report(figures: &Figures) -> ExitCode {
    let missed = figures
        .rows()
        .into_iter()
        .filter(|(_, value, most)| value > most)
        .collect::<Vec<_>>();
    for (name, value, most) in &missed {
        println!("missed: {name} is {value:.3}, allowed is {most}");
    }
    let results = figures.rows().map(|(name, value, _)| format!("{name}={value:.3}"));
    println!("RESULT {}", results.join(" "));
    let check = std::env::var("CHECK").is_ok_and(|check| check == "1");
    if check && !missed.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn settings() -> Result<(usize, ContainerdVersion)> {
    let pairs = match std::env::var("PAIRS") {
        Ok(pairs) => pairs
            .parse()
            .ok()
            .filter(|pairs| *pairs > 0)
            .context("PAIRS must be a positive number")?,
        Err(_) => PAIRS,
    };
    let wanted = std::env::var("CONTAINERD").unwrap_or_else(|_| "1.7".to_owned());
    let version = ContainerdVersion::ALL
        .into_iter()
        .find(|version| version.minor() == wanted);
    Ok((pairs, version.context("CONTAINERD must be 1.6, 1.7 or 2.1")?))
}

async fn run() -> Result<Figures> {
    let (pairs, version) = settings()?;
    let registry = Registry::filled().await?;
    // As often as the product has it, not the tests.
    let coordinator = Coordinator::start(&["--heartbeat-interval", "10s"]).await?;
    let many = ["--max-concurrent-pulls", "5"];
    let options = ContainerdOptions {
        disk: Disk::Memory(DISK_MEBIBYTES),
        ..ContainerdOptions::default()
    };
    let node = Node::start_with("node-1", &coordinator, version, options, &many).await?;
    let mut stand = Stand {
        nodes: vec![node],
        coordinator,
    };
    stand.ready().await;
    println!(
        "containerd {}",
        stand.nodes[0].containerd.truth().await.version().await?
    );

    tokio::time::sleep(QUIET).await;
    let agent_rss_idle_mib = memory::resident(&mut stand)?;
    let agent_cpu_idle_percent = idle(&mut stand).await?;
    let agent_rss_busy_mib = memory::busy(&mut stand, &registry).await?;
    println!("agent memory: {agent_rss_idle_mib:.1} MiB idle, {agent_rss_busy_mib:.1} MiB with 5 pulls");
    println!("agent with nothing to do: {agent_cpu_idle_percent:.2} % of a core");

    let bench = pair::Bench::new(&registry).await?;
    bench.warm_up(&mut stand).await?;
    let mut measured = Vec::new();
    for number in 0..pairs {
        let pair = bench.measure(&mut stand, number % 2 == 0).await?;
        println!("pair {}: {pair}", number + 1);
        measured.push(pair);
    }
    let median_of = |figure: fn(&pair::Pair) -> f64| median(measured.iter().map(figure).collect());
    Ok(Figures {
        pull_ratio_median: median_of(pair::Pair::ratio),
        agent_rss_idle_mib,
        agent_cpu_idle_percent,
        agent_rss_busy_mib,
        agent_cpu_percent: median_of(|pair| pair.cpu_percent),
        sse_lag_ms: median_of(|pair| pair.lag_ms),
    })
}

/// Percent of one core that the agent uses with nothing to do.
async fn idle(stand: &mut Stand) -> Result<f64> {
    let agent = stand.nodes[0].agent.process();
    let (before, began) = (agent.processor_time()?, Instant::now());
    tokio::time::sleep(IDLE).await;
    let used = agent.processor_time()?.saturating_sub(before);
    Ok(used.as_secs_f64() / began.elapsed().as_secs_f64() * 100.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}
