//! `AuditService`: converts and calls the engine.

use super::{identity, request, status};
use crate::{
    domain::audit::{AuditFilter, AuditRecord, AuditResult},
    engine::{Engine, audit::CHUNK, door::Door},
};
use futures::{Stream, StreamExt as _, stream};
use ips_proto::v1::{self, audit_service_server};
use std::pin::Pin;
use tonic::{Request, Response, Status};

/// The public service of the audit.
#[derive(Debug, Clone)]
pub struct AuditService {
    engine: Door,
}

impl AuditService {
    /// Serves what the engine does.
    pub fn new(engine: Engine) -> Self {
        Self { engine: engine.into() }
    }
}

#[tonic::async_trait]
impl audit_service_server::AuditService for AuditService {
    type ExportAuditStream = Pin<Box<dyn Stream<Item = Result<v1::AuditRecord, Status>> + Send>>;

    async fn list_audit(
        &self,
        request: Request<v1::ListAuditRequest>,
    ) -> Result<Response<v1::ListAuditResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let page = request::page(request.limit, request.offset, 50, 1000);
        let engine = of_tenant(&engine, request.filter.as_ref())?;
        let filter = filter(request.filter)?;
        let found = engine.audit(&filter, page).await.map_err(status::of)?;
        Ok(Response::new(v1::ListAuditResponse {
            records: found.items.iter().map(record).collect(),
            total: found.total,
        }))
    }

    async fn export_audit(
        &self,
        request: Request<v1::ExportAuditRequest>,
    ) -> Result<Response<Self::ExportAuditStream>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let engine = of_tenant(&engine, request.filter.as_ref())?;
        let filter = filter(request.filter)?;
        Ok(Response::new(Box::pin(records(engine, filter))))
    }
}

/// Chunk after chunk, oldest first.
fn records(engine: Engine, filter: AuditFilter) -> impl Stream<Item = Result<v1::AuditRecord, Status>> + Send {
    let chunks = stream::unfold(Some(String::new()), move |after| {
        let (engine, filter) = (engine.clone(), filter.clone());
        async move {
            let found = match engine.audit_after(&filter, &after?).await {
                Ok(found) => found,
                Err(error) => return Some((vec![Err(status::of(error))], None)),
            };
            let more = found.last().filter(|_| found.len() >= CHUNK as usize);
            let next = more.map(|record| record.id.clone());
            Some((found.iter().map(record).map(Ok).collect(), next))
        }
    });
    chunks.flat_map(stream::iter)
}

fn of_tenant(engine: &Engine, filter: Option<&v1::AuditFilter>) -> Result<Engine, Status> {
    let tenant = filter.map_or("", |filter| &filter.tenant);
    engine.narrowed(tenant).map_err(|invalid| status::of_invalid(&invalid))
}

fn filter(filter: Option<v1::AuditFilter>) -> Result<AuditFilter, Status> {
    let filter = filter.unwrap_or_default();
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let results = filter
        .results
        .iter()
        .map(|result| match v1::AuditResult::try_from(*result) {
            Ok(v1::AuditResult::Ok) => Ok(AuditResult::Ok),
            Ok(v1::AuditResult::Denied) => Ok(AuditResult::Denied),
            Ok(v1::AuditResult::Refused) => Ok(AuditResult::Refused),
            Ok(v1::AuditResult::Failed) => Ok(AuditResult::Failed),
            Ok(v1::AuditResult::Unspecified) | Err(_) => Err(status::of_invalid(&request::unknown(
                "result",
                *result,
                &AuditResult::WORDS,
            ))),
        });
    Ok(AuditFilter {
        // The engine knows whose.
        tenant: None,
        from: (filter.from_ms != 0).then_some(filter.from_ms),
        to: (filter.to_ms != 0).then_some(filter.to_ms),
        subject: given(filter.subject),
        operation: given(filter.operation),
        resource: given(filter.resource).map(|path| path.trim_matches('/').to_owned()),
        results: results.collect::<Result<_, _>>()?,
    })
}

fn record(it: &AuditRecord) -> v1::AuditRecord {
    let result = match it.result {
        AuditResult::Ok => v1::AuditResult::Ok,
        AuditResult::Denied => v1::AuditResult::Denied,
        AuditResult::Refused => v1::AuditResult::Refused,
        AuditResult::Failed => v1::AuditResult::Failed,
    };
    v1::AuditRecord {
        record_id: it.id.clone(),
        at_ms: it.at,
        tenant: it.tenant.clone(),
        subject: it.subject.clone(),
        door: it.door.as_str().to_owned(),
        operation: it.operation.clone(),
        resource: it.resource.clone(),
        result: result.into(),
        status: it.status.into(),
        request_id: it.request_id.clone(),
        source: it.source.clone(),
        user_agent: it.user_agent.clone(),
    }
}
