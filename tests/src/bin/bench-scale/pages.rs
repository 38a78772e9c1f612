//! Pages of lists while a million pulls are stored and a thousand end every second.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ips_tests::simulated::Rule;

use crate::figures::{median, percentile};
use crate::opening::{IMAGES, connect, hold_on_all};
use crate::settings::Settings;
use crate::stand::{Database, Stand};

/// Outcomes a second that are offered while pages are read.
const OFFERED: usize = 1000;
/// Pause between two requests.
const PAUSE: Duration = Duration::from_millis(20);

/// The median of the runs' 99th percentiles, in milliseconds.
pub async fn measure(settings: &Settings, database: Database) -> Result<f64> {
    let mut stand = Stand::start(database, settings.nodes).await?;
    connect(&mut stand, &mut crate::figures::Figures::default()).await?;
    let per_task = settings.nodes * IMAGES;
    let mut tasks = Vec::new();
    // The last tasks are filled while pages are read.
    while (tasks.len() + settings.runs) * per_task < settings.pulls {
        let task = hold_on_all(&mut stand, "fill").await?;
        stand.finish("fill", &task.id).await?;
        tasks.push(task.id);
    }
    let mut runs = Vec::new();
    for number in 1..=settings.runs {
        let task = hold_on_all(&mut stand, "paged").await?;
        stand.simulator.reset().await?;
        let spread = Duration::from_secs((per_task / OFFERED) as u64);
        stand
            .simulator
            .behave(vec![Rule::end("paged", Duration::ZERO, spread)])
            .await?;
        tasks.push(task.id.clone());
        let times = read_pages(&stand, &tasks, spread).await?;
        let durable = stand.simulator.figures().await?.acknowledged;
        let pages = times.iter().filter(|(kind, _)| *kind != WHOLE_TASK);
        let p99 = percentile(pages.map(|(_, ms)| *ms).collect(), 0.99).context("no page")?;
        println!(
            "  pages {number}: {} read beside {:.0} outcomes a second, p99 {p99:.1} ms",
            times.len(),
            durable.count as f64 / durable.seconds().max(0.001),
        );
        print_kinds(&times);
        runs.push(p99);
        stand.finish("paged", &task.id).await?;
    }
    median(runs).context("no run")
}

fn print_kinds(times: &[(&'static str, f64)]) {
    for kind in KINDS {
        let of = times
            .iter()
            .filter(|(name, _)| *name == kind)
            .map(|(_, ms)| *ms)
            .collect::<Vec<_>>();
        let at = |share| percentile(of.clone(), share).unwrap_or(f64::NAN);
        println!(
            "    {kind}: median {:.1} ms, p99 {:.1} ms, at most {:.1} ms",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}

/// Not a page: it carries the state of each of the task's pulls, as the original's clients expect it. Shown, but not counted.
const WHOLE_TASK: &str = "task as a whole";

const KINDS: [&str; 6] = [
    "tasks",
    "tasks by status",
    WHOLE_TASK,
    "pulls",
    "pulls far in",
    "pulls by state",
];

/// Reads one page after the other for a time; which kind each was, and how long it took in milliseconds.
async fn read_pages(stand: &Stand, tasks: &[String], during: Duration) -> Result<Vec<(&'static str, f64)>> {
    let begin = Instant::now();
    let mut times = Vec::new();
    let mut turn = 0;
    while begin.elapsed() < during {
        let id = &tasks[(turn / KINDS.len()) % tasks.len()];
        let far = stand.nodes * IMAGES * 3 / 4;
        // One in eight rounds asks for the whole: it takes the place of many pages.
        let whole = (turn / KINDS.len()).is_multiple_of(8);
        let (kind, path) = match KINDS[turn % KINDS.len()] {
            WHOLE_TASK if whole => (WHOLE_TASK, format!("/api/v1/tasks/{id}")),
            WHOLE_TASK => ("pulls", format!("/api/v1/tasks/{id}/pulls?limit=50")),
            kind @ "tasks" => (kind, "/api/v1/tasks?limit=50".to_owned()),
            kind @ "tasks by status" => (kind, "/api/v1/tasks?limit=20&status=completed,running".to_owned()),
            kind @ "pulls far in" => (kind, format!("/api/v1/tasks/{id}/pulls?limit=100&offset={far}")),
            kind @ "pulls by state" => (kind, format!("/api/v1/tasks/{id}/pulls?limit=100&state=pulling,failed")),
            kind => (kind, format!("/api/v1/tasks/{id}/pulls?limit=100")),
        };
        let start = Instant::now();
        stand.api.get(&path).await?;
        times.push((kind, start.elapsed().as_secs_f64() * 1e3));
        turn += 1;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(times)
}
