//! `LibraryService`: converts and calls the engine.

use super::{identity, request, status};
use crate::{
    domain::{
        Invalid,
        library::{Entry, EntryRequest},
    },
    engine::{
        Engine,
        door::Door,
        views::{Imported, ImportedAs},
    },
};
use ips_proto::v1::{self, library_service_server};
use tonic::{Request, Response, Status};

/// The public service of the library.
#[derive(Debug, Clone)]
pub struct LibraryService {
    engine: Door,
}

impl LibraryService {
    /// Serves what the engine does.
    pub fn new(engine: Engine) -> Self {
        Self { engine: engine.into() }
    }
}

fn refused(invalid: Invalid) -> Status {
    status::of_invalid(&invalid)
}

#[tonic::async_trait]
impl library_service_server::LibraryService for LibraryService {
    async fn list_library(
        &self,
        request: Request<v1::ListLibraryRequest>,
    ) -> Result<Response<v1::ListLibraryResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let page = request::page(request.limit, request.offset, 10, 1000);
        let engine = engine
            .narrowed(&request.tenant)
            .map_err(|invalid| status::of_invalid(&invalid))?;
        let found = engine.library(&request.tag, page).await.map_err(status::of)?;
        Ok(Response::new(v1::ListLibraryResponse {
            entries: found.items.iter().map(entry).collect(),
            total: found.total,
        }))
    }

    async fn add_library_entry(
        &self,
        request: Request<v1::AddLibraryEntryRequest>,
    ) -> Result<Response<v1::LibraryEntry>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let spec = asked(request.into_inner()).check().map_err(refused)?;
        let added = engine.add_to_library(spec).await.map_err(status::of)?;
        Ok(Response::new(entry(&added)))
    }

    async fn import_library(
        &self,
        request: Request<v1::ImportLibraryRequest>,
    ) -> Result<Response<v1::ImportLibraryResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let entries = request.into_inner().entries.into_iter().map(asked).collect();
        let results = engine.import_library(entries).await.map_err(status::of)?;
        let count = |wanted| results.iter().filter(|it| it.outcome == wanted).count() as u32;
        Ok(Response::new(v1::ImportLibraryResponse {
            added: count(ImportedAs::Added),
            existed: count(ImportedAs::Existed),
            refused: count(ImportedAs::Refused),
            results: results.iter().map(imported).collect(),
        }))
    }

    async fn update_library_entry(
        &self,
        request: Request<v1::UpdateLibraryEntryRequest>,
    ) -> Result<Response<v1::LibraryEntry>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let asked = EntryRequest {
            name: request.name,
            image: request.image,
            tags: request.tags,
        };
        let spec = asked.check().map_err(refused)?;
        let changed = engine.update_library_entry(request.entry_id, spec).await;
        Ok(Response::new(entry(&changed.map_err(status::of)?)))
    }

    async fn delete_library_entry(
        &self,
        request: Request<v1::DeleteLibraryEntryRequest>,
    ) -> Result<Response<v1::DeleteLibraryEntryResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request.into_inner().entry_id;
        engine.delete_library_entry(id).await.map_err(status::of)?;
        Ok(Response::new(v1::DeleteLibraryEntryResponse {}))
    }
}

fn asked(request: v1::AddLibraryEntryRequest) -> EntryRequest {
    EntryRequest {
        name: request.name,
        image: request.image,
        tags: request.tags,
    }
}

fn entry(entry: &Entry) -> v1::LibraryEntry {
    v1::LibraryEntry {
        entry_id: entry.id,
        tenant: entry.tenant.to_string(),
        name: entry.spec.name.clone(),
        image: entry.spec.image.to_string(),
        tags: entry.spec.tags.iter().cloned().collect(),
        created_at_ms: entry.created_at,
        updated_at_ms: entry.updated_at,
    }
}

fn imported(it: &Imported) -> v1::ImportedEntry {
    let result = match it.outcome {
        ImportedAs::Added => v1::ImportResult::Added,
        ImportedAs::Existed => v1::ImportResult::Existed,
        ImportedAs::Refused => v1::ImportResult::Refused,
    };
    v1::ImportedEntry {
        image: it.image.clone(),
        result: result.into(),
        message: it.message.clone(),
        entry: it.entry.as_ref().map(entry),
    }
}
