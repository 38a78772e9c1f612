//! The library: images that people use again.

use super::{
    Engine, EngineError,
    run::now,
    views::{Imported, ImportedAs, Page, PageRequest},
};
use crate::{
    domain::{
        Invalid,
        library::{Entry, EntryRequest, EntrySpec, MAX_IMPORT},
    },
    store::{Numbers, StoreError},
};
use std::collections::HashSet;

impl Engine {
    /// Entries, newest first; only those with the tag unless it is empty.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn library(&self, tag: &str, page: PageRequest) -> Result<Page<Entry>, EngineError> {
        let (items, total) = self.store.library(&self.realm, tag, page.limit, page.offset).await?;
        Ok(Page { items, total })
    }

    /// Adds one image.
    ///
    /// # Errors
    /// `AlreadyExists` when the image is there.
    pub async fn add_to_library(&self, spec: EntrySpec) -> Result<Entry, EngineError> {
        self.check_image("image", &spec.image)?;
        let entry = self.new_entry(self.store.new_number(Numbers::Library).await?, spec);
        let added = self.store.insert_library(std::slice::from_ref(&entry)).await?;
        if added.is_empty() {
            return Err(taken(&entry.spec));
        }
        self.policies.library_changed();
        Ok(entry)
    }

    /// Adds many images; what is there already or breaks a rule is said, and keeps nothing else from being added.
    ///
    /// # Errors
    /// Invalid when there are none or too many; Unavailable when the store cannot write, and then none is added.
    pub async fn import_library(&self, entries: Vec<EntryRequest>) -> Result<Vec<Imported>, EngineError> {
        if !(1..=MAX_IMPORT).contains(&entries.len()) {
            let rule = format!("must be 1 to {MAX_IMPORT} images, found {}", entries.len());
            return Err(Invalid::new("images", rule).into());
        }
        let tenant = self.owning_tenant()?;
        let count = entries.len();
        let first = self.store.new_numbers(Numbers::Library, count as u32).await?;
        let mut results = Vec::with_capacity(count);
        let mut fresh = Vec::with_capacity(count);
        for (request, id) in entries.into_iter().zip(first..) {
            let image = request.image.clone();
            let allowed = |spec: EntrySpec| tenant.check_image("image", &spec.image).map(|()| spec);
            match request.check().and_then(allowed) {
                Ok(spec) => {
                    let entry = self.new_entry(id, spec);
                    results.push(imported(image, ImportedAs::Existed, String::new(), Some(entry.clone())));
                    fresh.push(entry);
                }
                Err(invalid) => results.push(imported(image, ImportedAs::Refused, invalid.to_string(), None)),
            }
        }
        let added: HashSet<i64> = self.store.insert_library(&fresh).await?.into_iter().collect();
        self.policies.library_changed();
        for result in &mut results {
            match &result.entry {
                Some(entry) if added.contains(&entry.id) => result.outcome = ImportedAs::Added,
                Some(_) | None => result.entry = None,
            }
        }
        Ok(results)
    }

    /// Replaces name, image and tags of an entry.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyExists` when another entry has the image.
    pub async fn update_library_entry(&self, id: i64, spec: EntrySpec) -> Result<Entry, EngineError> {
        self.check_image("image", &spec.image)?;
        match self.store.update_library(&self.realm, id, &spec, now()).await {
            Ok(Some(entry)) => {
                self.policies.library_changed();
                Ok(entry)
            }
            Ok(None) => Err(EngineError::NotFound {
                kind: "image",
                id: id.to_string(),
            }),
            Err(StoreError::Taken { .. }) => Err(taken(&spec)),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an entry; one that is not there is removed already.
    ///
    /// # Errors
    /// Unavailable when the store cannot write.
    pub async fn delete_library_entry(&self, id: i64) -> Result<(), EngineError> {
        self.store.delete_library(&self.realm, id).await?;
        self.policies.library_changed();
        Ok(())
    }

    fn new_entry(&self, id: i64, spec: EntrySpec) -> Entry {
        let now = now();
        Entry {
            id,
            tenant: self.owner.clone(),
            spec,
            created_at: now,
            updated_at: now,
        }
    }
}

fn imported(image: String, outcome: ImportedAs, message: String, entry: Option<Entry>) -> Imported {
    Imported {
        image,
        outcome,
        message,
        entry,
    }
}

fn taken(spec: &EntrySpec) -> EngineError {
    EngineError::AlreadyExists {
        kind: "image",
        id: spec.image.to_string(),
    }
}
