//! The agent's program: reads settings, starts everything, turns the end into an exit code.

use clap::Parser as _;
use ips_agent::{
    config::{Arguments, Config},
    startup, telemetry,
};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = match Config::from_arguments(Arguments::parse()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("ips-agent: {error}");
            return ExitCode::from(2);
        }
    };
    telemetry::start(&config);
    match startup::run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ips-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}
