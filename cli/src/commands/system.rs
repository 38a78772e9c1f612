//! `ips system …`.

use crate::{
    args::SystemCommand,
    connect::{Server, call},
    error::CliError,
    human::moment,
    output::{self, Format, description, json, table},
};
use ips_proto::v1;
use std::process::ExitCode;

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: SystemCommand) -> Result<ExitCode, CliError> {
    let mut client = server.system().await?;
    let answer = match command {
        SystemCommand::Get => client.get_system(call(v1::GetSystemRequest {})).await,
        SystemCommand::LogLevel { filter } => client.set_log_level(call(v1::SetLogLevelRequest { filter })).await,
    };
    let system = answer.map_err(|status| server.error(status))?.into_inner();
    match format {
        Format::Json => output::object(&json::System::from(&system))?,
        Format::Name => output::line("system")?,
        Format::Table => output::line(&describe(&system))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(system: &v1::SystemStatus) -> String {
    let entries = [
        ("Version", system.version.clone()),
        ("Started", moment(system.started_at_ms).unwrap_or_default()),
        ("Ready", if system.ready { "yes" } else { "no" }.to_owned()),
        ("Logs", system.log_filter.clone()),
    ];
    let rows: Vec<_> = system
        .parts
        .iter()
        .map(|part| {
            let state = if part.ok { "ok" } else { "not ok" };
            vec![part.name.clone(), state.to_owned(), part.message.clone()]
        })
        .collect();
    format!(
        "{}\n\n{}",
        description(&entries),
        table(&["PART", "STATE", "MESSAGE"], &rows)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_read_well() {
        let system = v1::SystemStatus {
            version: "0.1.0".into(),
            log_filter: "info".into(),
            parts: vec![v1::SystemPart {
                name: "database".into(),
                ok: false,
                message: "disk full".into(),
            }],
            ..Default::default()
        };
        let expected = "\
Version:  0.1.0
Ready:    no
Logs:     info

PART       STATE    MESSAGE
database   not ok   disk full";
        assert_eq!(describe(&system), expected);
    }
}
