//! The coordinator's program: settings, logs, run, exit code.

use ips_coordinator::{config::Config, maintenance, startup, telemetry};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::process::ExitCode;
use tikv_jemallocator::Jemalloc;

/// Gives memory back to the system soon after it was freed; see .cargo/config.toml for its settings.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let config = match Config::from_process() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("ips-coordinator: {error}");
            return ExitCode::from(2);
        }
    };
    match start(config) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ips-coordinator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until the end, or does what was asked for instead; false when a check found something.
fn start(config: Config) -> anyhow::Result<bool> {
    telemetry::init(&config.log, config.log_format)?;
    raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match &config.instead {
        Some(command) => runtime.block_on(maintenance::run(command, &config.database, &config.keys)),
        None => runtime.block_on(startup::run(config)).map(|()| true),
    }
}

/// Each agent is an open file: takes as many as the system allows.
fn raise_open_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
        Ok((soft, hard))
    });
    match raised {
        Ok((soft, hard)) => tracing::info!(from = soft, to = hard, "limit of open files raised"),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
}
