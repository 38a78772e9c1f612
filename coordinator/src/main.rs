//! The coordinator's program: settings, logs, run, exit code.

use ips_coordinator::{config::Config, startup, telemetry};
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
        Ok(code) => code,
        Err(error) => {
            eprintln!("ips-coordinator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(config: Config) -> anyhow::Result<ExitCode> {
    telemetry::init(&config.log, config.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match config.command.clone() {
        Some(command) => runtime.block_on(startup::command(config, command)),
        None => runtime.block_on(startup::run(config)).map(|()| ExitCode::SUCCESS),
    }
}
