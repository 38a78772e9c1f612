//! The library as JSON. The route is the original's: unknown fields are ignored and named in a warning.

use super::{tenant, time};
use crate::{
    domain::library::{Entry, EntryRequest},
    engine::views::{Imported, ImportedAs, Page, PageRequest},
    http::extract::{RequestBody, UnknownFields},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An image for the library.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LibraryRequest)]
pub(crate) struct LibraryRequestJson {
    /// At most 256 characters.
    #[schema(max_length = 256)]
    name: Option<String>,
    /// Reference as pods write it; unique in the library.
    #[schema(
        required,
        nullable = false,
        max_length = 512,
        example = "docker.io/library/nginx:1.27"
    )]
    image: Option<String>,
    /// Words to find it by.
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for LibraryRequestJson {
    const STRICT: bool = false;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl From<LibraryRequestJson> for EntryRequest {
    fn from(json: LibraryRequestJson) -> Self {
        Self {
            name: json.name.unwrap_or_default(),
            image: json.image.unwrap_or_default(),
            tags: json.tags.unwrap_or_default(),
        }
    }
}

/// Images for the library.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LibraryImport)]
pub(crate) struct LibraryImportJson {
    /// 1 to 1000 images.
    #[serde(default)]
    #[schema(required, min_items = 1, max_items = 1000)]
    images: Vec<LibraryRequestJson>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for LibraryImportJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        let own = std::mem::take(&mut self.unknown);
        let within = self.images.iter_mut().enumerate().flat_map(|(index, image)| {
            let unknown = std::mem::take(&mut image.unknown);
            unknown
                .into_iter()
                .map(move |(name, value)| (format!("images[{index}].{name}"), value))
        });
        own.into_iter().chain(within).collect()
    }
}

impl From<LibraryImportJson> for Vec<EntryRequest> {
    fn from(json: LibraryImportJson) -> Self {
        json.images.into_iter().map(Into::into).collect()
    }
}

/// One image of the library.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LibraryImage)]
pub(crate) struct LibraryImageJson {
    id: i64,
    /// Whose it is; absent for the default tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tenant: Option<String>,
    name: String,
    image: String,
    tags: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&Entry> for LibraryImageJson {
    fn from(entry: &Entry) -> Self {
        Self {
            id: entry.id,
            tenant: tenant::shown(&entry.tenant),
            name: entry.spec.name.clone(),
            image: entry.spec.image.to_string(),
            tags: entry.spec.tags.iter().cloned().collect(),
            created_at: time::rfc3339(entry.created_at),
            updated_at: time::rfc3339(entry.updated_at),
        }
    }
}

/// A part of the list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LibraryPage)]
pub(crate) struct LibraryPageJson {
    images: Vec<LibraryImageJson>,
    total: u32,
    limit: u32,
    offset: u32,
}

impl LibraryPageJson {
    pub(crate) fn new(found: &Page<Entry>, asked: PageRequest) -> Self {
        Self {
            images: found.items.iter().map(Into::into).collect(),
            total: found.total,
            limit: asked.limit,
            offset: asked.offset,
        }
    }
}

/// What became of an image.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportResult)]
pub(crate) enum ImportWord {
    /// It was added.
    Added,
    /// It was there already; nothing changed.
    Existed,
    /// It breaks a rule.
    Refused,
}

/// What became of one image of an import.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ImportedImage)]
pub(crate) struct ImportedJson {
    /// As it was sent.
    image: String,
    result: ImportWord,
    /// The rule that it breaks.
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    /// The entry's number, where it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<i64>,
}

impl From<&Imported> for ImportedJson {
    fn from(imported: &Imported) -> Self {
        Self {
            image: imported.image.clone(),
            result: match imported.outcome {
                ImportedAs::Added => ImportWord::Added,
                ImportedAs::Existed => ImportWord::Existed,
                ImportedAs::Refused => ImportWord::Refused,
            },
            message: imported.message.clone(),
            id: imported.entry.as_ref().map(|entry| entry.id),
        }
    }
}

/// What became of each image.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LibraryImportResult)]
pub(crate) struct ImportResultJson {
    /// In the order of the request.
    results: Vec<ImportedJson>,
    added: u32,
    existed: u32,
    refused: u32,
}

impl From<&[Imported]> for ImportResultJson {
    fn from(results: &[Imported]) -> Self {
        let count = |wanted| results.iter().filter(|it| it.outcome == wanted).count() as u32;
        Self {
            added: count(ImportedAs::Added),
            existed: count(ImportedAs::Existed),
            refused: count(ImportedAs::Refused),
            results: results.iter().map(Into::into).collect(),
        }
    }
}

/// An entry that is gone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LibraryDeleted)]
pub(crate) struct LibraryDeletedJson {
    message: String,
}

impl LibraryDeletedJson {
    pub(crate) fn new(id: i64) -> Self {
        Self {
            message: format!("Image ID {id} deleted"),
        }
    }
}
