//! The library as JSON.

use crate::{human::moment, words};
use ips_proto::v1;
use serde::Serialize;

/// One image of the library.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LibraryImage {
    id: i64,
    name: String,
    image: String,
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

impl From<&v1::LibraryEntry> for LibraryImage {
    fn from(it: &v1::LibraryEntry) -> Self {
        Self {
            id: it.entry_id,
            name: it.name.clone(),
            image: it.image.clone(),
            tags: it.tags.clone(),
            created_at: moment(it.created_at_ms),
            updated_at: moment(it.updated_at_ms),
        }
    }
}

/// What became of one image of an import.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    image: String,
    result: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
}

impl From<&v1::ImportedEntry> for Imported {
    fn from(it: &v1::ImportedEntry) -> Self {
        Self {
            image: it.image.clone(),
            result: words::import_result(it.result),
            message: it.message.clone(),
            id: it.entry.as_ref().map(|entry| entry.entry_id),
        }
    }
}
