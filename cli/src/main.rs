//! `ips`: the command line of IPS. A thin client: it asks the coordinator over gRPC and shows the answer; no rule of the service
//! lives here.

mod args;
mod commands;
mod connect;
mod doctor;
mod error;
mod human;
mod output;
mod password;
mod session;
mod watch;
mod words;

use clap::Parser as _;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match commands::run(args::Cli::parse()).await {
        Ok(code) => code,
        Err(error) => error.report(),
    }
}
