//! `ips audit …`.

use crate::{
    args::{AuditCommand, AuditFilterArgs, AuditFormat, AuditResultArg},
    connect::{Server, call},
    error::CliError,
    human::{between, moment, now_ms},
    output::{self, Format, json, table},
    words,
};
use ips_proto::v1;
use std::{io::Write, path::PathBuf, process::ExitCode};

/// First line of a CSV, as REST writes it.
const HEAD: &str = "id,time,tenant,subject,door,operation,resource,result,status,requestId,source,userAgent\r\n";

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: AuditCommand) -> Result<ExitCode, CliError> {
    match command {
        AuditCommand::Ls { filter, limit, offset } => list(server, format, filter, limit, offset).await?,
        AuditCommand::Export {
            filter,
            format,
            to_file,
        } => export(server, filter, format, to_file).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn filter(server: &Server, args: AuditFilterArgs) -> v1::AuditFilter {
    let result = |word: AuditResultArg| match word {
        AuditResultArg::Ok => v1::AuditResult::Ok.into(),
        AuditResultArg::Denied => v1::AuditResult::Denied.into(),
        AuditResultArg::Refused => v1::AuditResult::Refused.into(),
        AuditResultArg::Failed => v1::AuditResult::Failed.into(),
    };
    v1::AuditFilter {
        from_ms: args.from.map_or(0, |at| at.timestamp_millis()),
        to_ms: args.to.map_or(0, |at| at.timestamp_millis()),
        subject: args.subject.unwrap_or_default(),
        operation: args.operation.unwrap_or_default(),
        resource: args.resource.unwrap_or_default(),
        results: args.result.into_iter().map(result).collect(),
        tenant: server.tenant(),
    }
}

async fn list(server: &Server, format: Format, args: AuditFilterArgs, limit: u32, offset: u32) -> Result<(), CliError> {
    let request = v1::ListAuditRequest {
        filter: Some(filter(server, args)),
        limit,
        offset,
    };
    let found = server.audit().await?.list_audit(call(request)).await;
    let found = found.map_err(|status| server.error(status))?.into_inner();
    match format {
        Format::Json => output::object(&serde_json::json!({
            "records": found.records.iter().map(json::AuditRecord::from).collect::<Vec<_>>(),
            "total": found.total,
        })),
        Format::Name => found.records.iter().try_for_each(|it| output::line(&it.record_id)),
        Format::Table if found.records.is_empty() => {
            eprintln!("No records found.");
            Ok(())
        }
        Format::Table => {
            let now_ms = now_ms();
            let rows: Vec<_> = found.records.iter().map(|it| row(it, now_ms)).collect();
            let head = ["AGE", "SUBJECT", "OPERATION", "RESOURCE", "RESULT", "DOOR", "SOURCE"];
            output::line(&table(&head, &rows))
        }
    }
}

fn row(it: &v1::AuditRecord, now_ms: i64) -> Vec<String> {
    vec![
        between(it.at_ms, now_ms),
        it.subject.clone(),
        it.operation.clone(),
        it.resource.clone(),
        words::audit_result(it.result),
        it.door.clone(),
        it.source.clone(),
    ]
}

async fn export(
    server: &Server,
    args: AuditFilterArgs,
    format: AuditFormat,
    to_file: Option<PathBuf>,
) -> Result<(), CliError> {
    let request = v1::ExportAuditRequest {
        filter: Some(filter(server, args)),
    };
    let records = server.audit().await?.export_audit(tonic::Request::new(request)).await;
    let mut records = records.map_err(|status| server.error(status))?.into_inner();
    let mut file: Box<dyn Write> = match &to_file {
        Some(path) => Box::new(std::io::BufWriter::new(std::fs::File::create(path)?)),
        None => Box::new(std::io::BufWriter::new(std::io::stdout())),
    };
    if matches!(format, AuditFormat::Csv) {
        file.write_all(HEAD.as_bytes())?;
    }
    while let Some(record) = records.message().await.map_err(|status| server.error(status))? {
        match format {
            AuditFormat::Ndjson => {
                serde_json::to_writer(&mut file, &json::AuditRecord::from(&record)).map_err(std::io::Error::from)?;
                file.write_all(b"\n")?;
            }
            AuditFormat::Csv => file.write_all(csv(&record).as_bytes())?,
        }
    }
    file.flush()?;
    Ok(())
}

fn csv(it: &v1::AuditRecord) -> String {
    let cells = [
        it.record_id.clone(),
        moment(it.at_ms).unwrap_or_default(),
        it.tenant.clone(),
        it.subject.clone(),
        it.door.clone(),
        it.operation.clone(),
        it.resource.clone(),
        words::audit_result(it.result),
        it.status.to_string(),
        it.request_id.clone(),
        it.source.clone(),
        it.user_agent.clone(),
    ];
    cells.map(|text| cell(&text)).join(",") + "\r\n"
}

/// Quoted where it must be; what a client chose may begin like a formula.
fn cell(text: &str) -> String {
    let harmless = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if harmless.contains([',', '"', '\n', '\r', '\'']) {
        format!("\"{}\"", harmless.replace('"', "\"\""))
    } else {
        harmless
    }
}
