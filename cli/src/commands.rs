//! One function for each command: ask, show, tell the exit code.

mod audit;
mod channel;
mod credential;
mod doctor;
mod library;
mod limits;
mod login;
mod node;
mod node_groups;
mod policy;
mod purge;
mod schedule;
mod system;
mod task;
mod tenant;
mod token;
mod user;

use crate::{
    args::{Cli, Command},
    connect::{Server, Trust},
    error::CliError,
    output::{self, Format},
    session::Tokens,
};
use clap::CommandFactory as _;
use std::process::ExitCode;

/// Runs the command.
pub async fn run(cli: Cli) -> Result<ExitCode, CliError> {
    let Cli {
        server,
        ca_file,
        allow_plain_text,
        token_file,
        tenant,
        output,
        command,
    } = cli;
    // There is no flag for it: arguments are seen by everybody on the machine.
    let given = std::env::var("IPS_TOKEN").ok();
    let trust = Trust {
        ca_file: ca_file.filter(|path| !path.as_os_str().is_empty()),
        allow_plain_text,
    };
    let server = || {
        let server = Server::parse(&server, Tokens::new(given.clone(), token_file.clone()), &trust)?;
        Ok::<_, CliError>(server.of_tenant(tenant.clone()))
    };
    match command {
        Command::Task(command) => task::run(&server()?, output, command).await,
        Command::Schedule(command) => schedule::run(&server()?, output, command).await,
        Command::Policy(command) => policy::run(&server()?, output, command).await,
        Command::Node(command) => node::run(&server()?, output, command).await,
        Command::Purge(args) => purge::run(&server()?, output, args).await,
        Command::Credential(command) => credential::run(&server()?, output, command).await,
        Command::Channel(command) => channel::run(&server()?, output, command).await,
        Command::Audit(command) => audit::run(&server()?, output, command).await,
        Command::Library(command) => library::run(&server()?, output, command).await,
        Command::Limits(command) => limits::run(&server()?, output, command).await,
        Command::Tenant(command) => tenant::run(&server()?, output, command).await,
        Command::User(command) => user::run(&server()?, output, command).await,
        Command::Token(command) => token::run(&server()?, output, command).await,
        Command::System(command) => system::run(&server()?, output, command).await,
        Command::Doctor(args) => doctor::run(&server()?, output, &args).await,
        Command::Login(args) => login::login(&server()?, output, args).await,
        Command::Logout => login::logout(&server()?).await,
        Command::Whoami => login::whoami(&server()?, output).await,
        Command::Passwd(args) => login::passwd(&server()?, args).await,
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
