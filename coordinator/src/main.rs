//! The coordinator's program: settings, logs, run, exit code.

use ips_coordinator::{config::Config, maintenance, startup, telemetry};
use std::process::ExitCode;

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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match &config.instead {
        Some(command) => runtime.block_on(maintenance::run(command, &config.database)),
        None => runtime.block_on(startup::run(config)).map(|()| true),
    }
}
