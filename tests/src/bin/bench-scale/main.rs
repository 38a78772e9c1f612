//! `make bench-scale`: the coordinator with ten thousand agents. The agents are real gRPC sessions of another process (see
//! `ips_tests::simulated`); their images and pulls are invented. Prints what it does, then one line of results.
//!
//! `RUNS=n` sets the runs of which the median counts (5), `NODES=n` the agents (10000), `DATABASES=sqlite,postgres` the databases (the
//! first one's figures are the results), `STAGES=main,pages,cost` what is run, `CHECK=1` makes a missed figure an error.

mod cost;
mod events;
mod figures;
mod machine;
mod opening;
mod pages;
mod plot;
mod restart;
mod settings;
mod stand;
mod throughput;

use std::process::ExitCode;

use anyhow::Result;

use figures::Figures;
use settings::{Settings, Stage};
use stand::{Database, Stand};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok((figures, check)) => figures::report(&figures, check),
        Err(error) => {
            eprintln!("the bench cannot go on: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(Figures, bool)> {
    let settings = Settings::from_environment()?;
    println!("{}", machine::describe());
    let mut results = Vec::new();
    for database in &settings.databases {
        println!("\n== {database}, {} agents, {} runs ==", settings.nodes, settings.runs);
        let figures = measure(&settings, *database).await?;
        println!("{database}: {figures}");
        results.push(figures);
    }
    let first = results.into_iter().next().unwrap_or_default();
    Ok((first, settings.check))
}

async fn measure(settings: &Settings, database: Database) -> Result<Figures> {
    let mut figures = Figures::default();
    if settings.stages.contains(&Stage::Main) {
        let mut runs = Vec::new();
        for number in 1..=settings.runs {
            let one = main_run(settings, database).await?;
            println!("run {number}: {one}");
            runs.push(one);
        }
        figures = figures::median_of(&runs);
    }
    if settings.stages.contains(&Stage::Pages) {
        figures.list_p99_ms = Some(pages::measure(settings, database).await?);
    }
    if settings.stages.contains(&Stage::Cost) {
        cost::measure(settings, database).await?;
    }
    Ok(figures)
}

/// Everything that one stand shows, one after the other.
async fn main_run(settings: &Settings, database: Database) -> Result<Figures> {
    let mut stand = Stand::start(database, settings.nodes).await?;
    let mut figures = Figures::default();
    opening::connect(&mut stand, &mut figures).await?;
    opening::dispatch(&mut stand, &mut figures).await?;
    let open = opening::open_pulls(&mut stand, &mut figures).await?;
    restart::kill_and_come_back(&mut stand, &open, &mut figures).await?;
    throughput::outcomes(&mut stand, &mut figures).await?;
    events::lag(&mut stand, &mut figures).await?;
    Ok(figures)
}
