//! The audit over REST: list, and export as lines of JSON or as CSV.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

mod csv;
pub(super) mod recorder;

use super::{
    HttpState,
    dto::audit::{AuditPageJson, AuditRecordJson},
    error::{ApiError, ErrorJson},
    extract::Params,
    page::{self, PageRule},
};
use crate::{
    domain::{
        Millis,
        audit::{AuditFilter, AuditResult},
        caller::Caller,
    },
    engine::{Engine, audit::CHUNK},
};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::DateTime;
use futures::stream;
use serde::Deserialize;
use utoipa::IntoParams;

const PAGES: PageRule = PageRule { default: 50, max: 1000 };

/// Which records.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Not before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<String>,
    /// Of this person or program.
    subject: Option<String>,
    /// Of this operation, for example create_task.
    operation: Option<String>,
    /// To this resource or what is below it, for example tasks/nightly.
    resource: Option<String>,
    /// Comma list of ok, denied, refused, failed. Default: all.
    result: Option<String>,
    /// 1 to 1000, default 50; larger becomes 1000. Not for an export, which is whole.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Records to pass over, default 0. Not for an export.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// Of an export: ndjson (default) or csv.
    format: Option<String>,
    /// Only of this tenant. One's own where it is absent; a system admin's is everybody's.
    tenant: Option<String>,
}

impl AuditQuery {
    fn filter(&self) -> Result<AuditFilter, ApiError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Ok(AuditFilter {
            // The engine knows whose.
            tenant: None,
            from: time("from", given(&self.from))?,
            to: time("to", given(&self.to))?,
            subject: given(&self.subject),
            operation: given(&self.operation),
            resource: given(&self.resource).map(|path| path.trim_matches('/').to_owned()),
            results: page::words(
                "result",
                self.result.as_deref(),
                AuditResult::parse,
                &AuditResult::WORDS,
            )?,
        })
    }
}

fn time(field: &str, text: Option<String>) -> Result<Option<Millis>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let parsed = DateTime::parse_from_rfc3339(&text);
    let refused = |_| {
        ApiError::invalid(
            field,
            format!("{text:?} is no time, write it like 2026-11-24T02:00:00Z"),
        )
    };
    Ok(Some(parsed.map_err(refused)?.timestamp_millis()))
}

/// Lists what was done, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery), responses(
    (status = 200, description = "A part of the list", body = AuditPageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn list_audit(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<AuditQuery>,
) -> Result<Json<AuditPageJson>, ApiError> {
    let page = PAGES.read(query.limit.as_deref(), query.offset.as_deref())?;
    let engine = state.engine_for(&caller, query.tenant.as_deref())?;
    let found = engine.audit(&query.filter()?, page).await?;
    Ok(Json(AuditPageJson::new(&found, page)))
}

/// How an export is written.
#[derive(Debug, Clone, Copy)]
enum Format {
    Lines,
    Csv,
}

/// Everything that matches, oldest first, as a stream of lines.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit", params(AuditQuery), responses(
    (status = 200, description = "One record a line", content((String = "application/x-ndjson"), (String = "text/csv"))),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn export_audit(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<AuditQuery>,
) -> Result<Response, ApiError> {
    let engine = state.engine_for(&caller, query.tenant.as_deref())?;
    let filter = query.filter()?;
    let (format, kind, name) = match query.format.as_deref() {
        None | Some("" | "ndjson") => (Format::Lines, "application/x-ndjson", "audit.ndjson"),
        Some("csv") => (Format::Csv, "text/csv; charset=utf-8", "audit.csv"),
        Some(other) => {
            let rule = format!("{other:?} is unknown, known are ndjson, csv");
            return Err(ApiError::invalid("format", rule));
        }
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, Body::from_stream(lines(engine, filter, format))).into_response())
}

/// Chunk after chunk. A store that fails in the middle breaks the connection off, so that nobody takes a part for the whole.
fn lines(
    engine: Engine,
    filter: AuditFilter,
    format: Format,
) -> impl stream::Stream<Item = Result<Bytes, std::io::Error>> {
    let head = match format {
        Format::Lines => String::new(),
        Format::Csv => csv::HEAD.to_owned(),
    };
    stream::try_unfold((Some(String::new()), head), move |(after, mut text)| {
        let (engine, filter) = (engine.clone(), filter.clone());
        async move {
            let Some(after) = after else { return Ok(None) };
            let found = engine.audit_after(&filter, &after).await;
            let found = found.map_err(|error| std::io::Error::other(error.to_string()))?;
            for record in &found {
                match format {
                    Format::Lines => {
                        text.push_str(&serde_json::to_string(&AuditRecordJson::from(record)).unwrap_or_default());
                        text.push('\n');
                    }
                    Format::Csv => csv::push(&mut text, record),
                }
            }
            let more = found.last().filter(|_| found.len() >= CHUNK as usize);
            let next = more.map(|record| record.id.clone());
            Ok(Some((Bytes::from(text), (next, String::new()))))
        }
    })
}
