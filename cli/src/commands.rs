//! One function for each command: ask, show, tell the exit code.

mod channel;
mod credential;
mod library;
mod limits;
mod node;
mod schedule;
mod task;

use crate::{
    args::{Cli, Command},
    connect::Server,
    error::CliError,
    output::{self, Format},
};
use clap::CommandFactory as _;
use std::process::ExitCode;

/// Runs the command.
pub async fn run(cli: Cli) -> Result<ExitCode, CliError> {
    let Cli {
        server,
        output,
        command,
    } = cli;
    match command {
        Command::Task(command) => task::run(&Server::parse(&server)?, output, command).await,
        Command::Schedule(command) => schedule::run(&Server::parse(&server)?, output, command).await,
        Command::Node(command) => node::run(&Server::parse(&server)?, output, command).await,
        Command::Credential(command) => credential::run(&Server::parse(&server)?, output, command).await,
        Command::Channel(command) => channel::run(&Server::parse(&server)?, output, command).await,
        Command::Library(command) => library::run(&Server::parse(&server)?, output, command).await,
        Command::Limits(command) => limits::run(&Server::parse(&server)?, output, command).await,
        Command::Version => version(output),
        Command::Completion { shell } => completion(shell),
    }
}

fn version(format: Format) -> Result<ExitCode, CliError> {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    match format {
        Format::Json => output::object(&serde_json::json!({"version": VERSION}))?,
        Format::Table | Format::Name => output::line(&format!("ips {VERSION}"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn completion(shell: clap_complete::Shell) -> Result<ExitCode, CliError> {
    let mut text = vec![];
    clap_complete::generate(shell, &mut Cli::command(), "ips", &mut text);
    output::line(String::from_utf8_lossy(&text).trim_end())?;
    Ok(ExitCode::SUCCESS)
}
