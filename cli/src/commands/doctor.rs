//! `ips doctor`: asks for everything, lets the checks judge, and explains.

use crate::{
    args::DoctorArgs,
    connect::{Server, call},
    doctor::{Finding, Severity, history, nodes, reach, registries, system},
    error::{CliError, FAILURE, USAGE},
    human::{now_ms, one_line},
    output::{self, Format},
};
use ips_proto::v1;
use std::process::ExitCode;
use tonic::Code;

/// Nodes, credentials and deliveries of one answer.
const PAGE: u32 = 1000;
/// Schedules of one answer.
const SCHEDULES: u32 = 100;
/// Schedules whose last run is looked at, and logins that are tried: a doctor must not become an illness.
const MOST_SCHEDULES: usize = 500;
const MOST_LOGINS: usize = 50;

/// What was found, and what was looked at.
#[derive(Debug, Default)]
struct Report {
    findings: Vec<Finding>,
    checked: Vec<&'static str>,
}

impl Report {
    fn looked(&mut self, check: &'static str, findings: impl IntoIterator<Item = Finding>) {
        if !self.checked.contains(&check) {
            self.checked.push(check);
        }
        self.findings.extend(findings);
    }

    /// A check that could not be made is said, and the others go on.
    fn take(&mut self, check: &'static str, found: Result<Vec<Finding>, CliError>) -> Result<(), CliError> {
        match found {
            Ok(found) => self.looked(check, found),
            Err(CliError::Refused(status)) => {
                let message = match status.message() {
                    "" => "refused".to_owned(),
                    message => one_line(message),
                };
                self.findings.push(reach::not_checked(check, &message));
            }
            Err(CliError::Unreachable { server, why }) => self.findings.push(reach::unreachable(&server, &why)),
            Err(other) => return Err(other),
        }
        Ok(())
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    fn exit_code(&self) -> ExitCode {
        if self.count(Severity::Error) > 0 {
            ExitCode::from(USAGE)
        } else if self.count(Severity::Warning) > 0 {
            ExitCode::from(FAILURE)
        } else {
            ExitCode::SUCCESS
        }
    }
}

/// Runs the command. 0: nothing found, 1: warnings, 2: errors, or nobody answers.
pub async fn run(server: &Server, format: Format, args: &DoctorArgs) -> Result<ExitCode, CliError> {
    let mut report = Report::default();
    if let Some(version) = coordinator(server, &mut report).await? {
        report.take(
            "nodes",
            all_nodes(server).await.map(|found| nodes::all(&found, &version)),
        )?;
        let limits = async {
            let answer = server.limits().await?.get_limits(call(v1::GetLimitsRequest {})).await;
            answer.map_err(|status| server.error(status))
        };
        report.take(
            "limits",
            limits.await.map(|status| registries::limits(&status.into_inner())),
        )?;
        if !args.skip_registries {
            report.take("registries", logins(server).await)?;
        }
        let since_ms = now_ms() - i64::try_from(args.since.as_millis()).unwrap_or(i64::MAX);
        report.take("deliveries", deliveries(server, since_ms).await)?;
        report.take("schedules", schedules(server, since_ms).await)?;
    }
    report.findings.sort_by_key(|finding| finding.severity);
    show(&report, format)?;
    Ok(report.exit_code())
}

/// The coordinator itself; its version when it can be asked more.
async fn coordinator(server: &Server, report: &mut Report) -> Result<Option<String>, CliError> {
    let asked = now_ms();
    let answer = async {
        let answer = server.system().await?.get_system(call(v1::GetSystemRequest {})).await;
        answer.map_err(|status| server.error(status))
    };
    let answer = answer.await;
    let answered = now_ms();
    match answer {
        Ok(answer) => {
            let status = answer.into_inner();
            report.looked("coordinator", []);
            report.looked("parts", system::parts(&status));
            report.looked("versions", system::version(env!("CARGO_PKG_VERSION"), &status));
            report.looked("clocks", system::clock(asked, answered, &status));
            Ok(Some(status.version))
        }
        Err(CliError::Unreachable { server, why }) => {
            report.looked("coordinator", [reach::unreachable(&server, &why)]);
            Ok(None)
        }
        Err(CliError::Refused(status)) => {
            report.looked(
                "coordinator",
                [reach::refused(status.code(), &one_line(status.message()))],
            );
            // Some may look at nodes and not at the coordinator itself.
            let goes_on = status.code() == Code::PermissionDenied;
            Ok(goes_on.then(|| env!("CARGO_PKG_VERSION").to_owned()))
        }
        Err(other) => Err(other),
    }
}

async fn all_nodes(server: &Server) -> Result<Vec<v1::Node>, CliError> {
    let mut client = server.nodes().await?;
    let mut nodes = Vec::new();
    loop {
        let request = v1::ListNodesRequest {
            limit: PAGE,
            offset: u32::try_from(nodes.len()).unwrap_or(u32::MAX),
            ..Default::default()
        };
        let page = client.list_nodes(call(request)).await;
        let page = page.map_err(|status| server.error(status))?.into_inner();
        let is_last = page.nodes.len() < PAGE as usize;
        nodes.extend(page.nodes);
        if is_last {
            return Ok(nodes);
        }
    }
}

/// Tries every saved login at its registry.
async fn logins(server: &Server) -> Result<Vec<Finding>, CliError> {
    let mut client = server.credentials().await?;
    let request = v1::ListCredentialsRequest {
        limit: PAGE,
        ..Default::default()
    };
    let all = client.list_credentials(call(request)).await;
    let all = all.map_err(|status| server.error(status))?.into_inner().credentials;
    let mut found: Vec<Finding> = registries::unreadable(&all).into_iter().collect();
    for credential in all.iter().filter(|credential| credential.readable).take(MOST_LOGINS) {
        let credential_id = credential.credential_id;
        let tried = client
            .test_credential(call(v1::TestCredentialRequest { credential_id }))
            .await;
        match tried {
            Ok(tried) => found.extend(registries::login(credential, &tried.into_inner())),
            Err(status) if status.code() == Code::PermissionDenied => {
                found.push(reach::not_checked("registries", status.message()));
                break;
            }
            Err(status) => return Err(server.error(status)),
        }
    }
    Ok(found)
}

async fn deliveries(server: &Server, since_ms: i64) -> Result<Vec<Finding>, CliError> {
    let request = v1::ListDeliveriesRequest {
        states: vec![v1::DeliveryState::Queued.into(), v1::DeliveryState::Failed.into()],
        limit: PAGE,
        ..Default::default()
    };
    let found = server.channels().await?.list_deliveries(call(request)).await;
    let found = found.map_err(|status| server.error(status))?.into_inner();
    Ok(history::deliveries(&found.deliveries, since_ms))
}

async fn schedules(server: &Server, since_ms: i64) -> Result<Vec<Finding>, CliError> {
    let mut client = server.schedules().await?;
    let mut all: Vec<(v1::Schedule, Option<v1::Execution>)> = Vec::new();
    while all.len() < MOST_SCHEDULES {
        let request = v1::ListSchedulesRequest {
            limit: SCHEDULES,
            offset: u32::try_from(all.len()).unwrap_or(u32::MAX),
            ..Default::default()
        };
        let page = client.list_schedules(call(request)).await;
        let page = page.map_err(|status| server.error(status))?.into_inner().schedules;
        let is_last = page.len() < SCHEDULES as usize;
        for schedule in page {
            let request = v1::ListExecutionsRequest {
                schedule_id: schedule.schedule_id.clone(),
                states: vec![
                    v1::ExecutionState::Success.into(),
                    v1::ExecutionState::Failed.into(),
                    v1::ExecutionState::Timeout.into(),
                ],
                limit: 1,
                offset: 0,
            };
            let last = client.list_executions(call(request)).await;
            let last = last.map_err(|status| server.error(status))?.into_inner();
            all.push((schedule, last.executions.into_iter().next()));
        }
        if is_last {
            break;
        }
    }
    Ok(history::schedules(&all, since_ms))
}

fn show(report: &Report, format: Format) -> Result<(), CliError> {
    match format {
        Format::Json => output::object(&serde_json::json!({
            "findings": report.findings,
            "checked": report.checked,
            "errors": report.count(Severity::Error),
            "warnings": report.count(Severity::Warning),
        })),
        Format::Name => report
            .findings
            .iter()
            .try_for_each(|it| output::line(&format!("finding/{}", it.check))),
        Format::Table => output::line(&in_words(report)),
    }
}

fn in_words(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Note => "NOTE",
        };
        let (what, why, advice) = (one_line(&finding.what), &finding.why, &finding.advice);
        text.push_str(&format!(
            "{severity}  {what}\n  Why it matters:  {why}\n  What to do:      {advice}\n\n"
        ));
    }
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    let verdict = match (errors, warnings) {
        (0, 0) => "nothing is wrong that a doctor can see".to_owned(),
        (errors, warnings) => format!("errors: {errors}, warnings: {warnings}"),
    };
    format!("{text}Checked {}: {verdict}", report.checked.join(", "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_report_reads_well() {
        let mut report = Report::default();
        report.looked(
            "nodes",
            [Finding::warning("nodes", "n1 is away".into(), "pulls wait", "start it")],
        );
        report.looked("parts", []);
        let expected = "\
WARNING  n1 is away
  Why it matters:  pulls wait
  What to do:      start it

Checked nodes, parts: errors: 0, warnings: 1";
        assert_eq!(in_words(&report), expected);
        assert!(in_words(&Report::default()).contains("nothing is wrong"));
    }

    #[test]
    fn the_default_looks_back_a_day() {
        use clap::Parser as _;
        let cli = crate::args::Cli::try_parse_from(["ips", "doctor"]).unwrap();
        let crate::args::Command::Doctor(args) = cli.command else {
            panic!("another command")
        };
        assert_eq!(
            (args.since, args.skip_registries),
            (std::time::Duration::from_secs(86_400), false)
        );
    }
}
