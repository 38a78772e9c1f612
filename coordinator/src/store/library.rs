//! The library in the database.

use super::{
    Store, StoreError,
    db::{Tx, violated},
    sql::Sql,
};
use crate::domain::{
    Millis,
    image::ImageRef,
    library::{Entry, EntrySpec},
    tenant::Realm,
};
use std::collections::{BTreeSet, HashMap};

const COLUMNS: &str = "l.id, l.tenant_id, l.name, l.image, l.created_at, l.updated_at";

#[derive(Debug, sqlx::FromRow)]
struct EntryRow {
    id: i64,
    tenant_id: String,
    name: String,
    image: String,
    created_at: i64,
    updated_at: i64,
}

impl EntryRow {
    fn into_entry(self, tags: BTreeSet<String>) -> Result<Entry, StoreError> {
        let damaged = |_rule| StoreError::Damaged { what: "library.image" };
        Ok(Entry {
            id: self.id,
            tenant: self.tenant_id.into(),
            spec: EntrySpec {
                name: self.name,
                image: ImageRef::parse(&self.image).map_err(damaged)?,
                tags,
            },
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl Store {
    /// Entries of the realm, newest first, only those with the tag unless it is empty; and how many there are.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn library(
        &self,
        realm: &Realm,
        tag: &str,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Entry>, u32), StoreError> {
        let count = tagged(Sql::new("SELECT COUNT(*) FROM library_entries l"), tag).within(realm);
        let (total,): (i64,) = self.db.one(count).await?;
        let page = tagged(Sql::new(format!("SELECT {COLUMNS} FROM library_entries l")), tag).within(realm);
        let page = page.push(" ORDER BY l.created_at DESC, l.id DESC LIMIT ? OFFSET ?");
        let rows: Vec<EntryRow> = self.db.all(page.bind(limit).bind(offset)).await?;
        let tags =
            Sql::new("SELECT entry_id, tag FROM library_tags WHERE entry_id IN ").list(rows.iter().map(|row| row.id));
        let mut tags = by_entry(self.db.all(tags).await?);
        let entries = rows.into_iter().map(|row| {
            let tags = tags.remove(&row.id).unwrap_or_default();
            row.into_entry(tags)
        });
        Ok((
            entries.collect::<Result<_, _>>()?,
            u32::try_from(total).unwrap_or(u32::MAX),
        ))
    }

    /// Adds those whose image is not there yet, all in one transaction, and says which.
    ///
    /// # Errors
    /// Unavailable or deposed; then none is added.
    pub async fn insert_library(&self, entries: &[Entry]) -> Result<Vec<i64>, StoreError> {
        let mut added = Vec::with_capacity(entries.len());
        let mut tx = self.begin().await?;
        for entry in entries {
            let row = [
                ("id", entry.id.into()),
                ("tenant_id", entry.tenant.as_str().into()),
                ("name", (&entry.spec.name).into()),
                ("image", entry.spec.image.as_str().into()),
                ("created_at", entry.created_at.into()),
                ("updated_at", entry.updated_at.into()),
            ];
            tx.execute(Sql::insert_new("library_entries", &["tenant_id", "image"], row))
                .await?;
            // What `execute` counts for a row that stayed differs by database; who has the image does not.
            let holder = Sql::new("SELECT id FROM library_entries WHERE tenant_id = ? AND image = ?");
            let holder = holder.bind(entry.tenant.as_str()).bind(entry.spec.image.as_str());
            let (holder,): (i64,) = tx.one(holder).await?;
            if holder == entry.id {
                insert_tags(&mut tx, entry.id, &entry.spec.tags).await?;
                added.push(entry.id);
            }
        }
        tx.commit().await?;
        Ok(added)
    }

    /// Replaces the fields of an entry of the realm; `None` when there is no such entry.
    ///
    /// # Errors
    /// `Taken` when another entry has the image.
    pub async fn update_library(
        &self,
        realm: &Realm,
        id: i64,
        spec: &EntrySpec,
        now: Millis,
    ) -> Result<Option<Entry>, StoreError> {
        let mut tx = self.begin().await?;
        let row = [
            ("name", (&spec.name).into()),
            ("image", spec.image.as_str().into()),
            ("updated_at", now.into()),
        ];
        let update = Sql::update("library_entries", row).push(" WHERE id = ?").bind(id);
        let update = update.within(realm);
        if tx.execute(update).await.map_err(taken)? == 0 {
            return Ok(None);
        }
        tx.execute(Sql::new("DELETE FROM library_tags WHERE entry_id = ?").bind(id))
            .await?;
        insert_tags(&mut tx, id, &spec.tags).await?;
        let select = Sql::new(format!("SELECT {COLUMNS} FROM library_entries l WHERE l.id = ?")).bind(id);
        let row: EntryRow = tx.one(select).await?;
        tx.commit().await?;
        row.into_entry(spec.tags.clone()).map(Some)
    }

    /// Removes an entry of the realm, if it is there.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn delete_library(&self, realm: &Realm, id: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let delete = Sql::new("DELETE FROM library_entries WHERE id = ?").bind(id);
        tx.execute(delete.within(realm)).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn tagged(select: Sql, tag: &str) -> Sql {
    let select = if tag.is_empty() {
        select
    } else {
        select
            .push(" JOIN library_tags t ON t.entry_id = l.id AND t.tag = ?")
            .bind(tag)
    };
    select.push(" WHERE 1 = 1")
}

fn by_entry(rows: Vec<(i64, String)>) -> HashMap<i64, BTreeSet<String>> {
    let mut tags: HashMap<i64, BTreeSet<String>> = HashMap::new();
    for (entry, tag) in rows {
        tags.entry(entry).or_default().insert(tag);
    }
    tags
}

async fn insert_tags(tx: &mut Tx, entry: i64, tags: &BTreeSet<String>) -> Result<(), StoreError> {
    for tag in tags {
        let row = [("entry_id", entry.into()), ("tag", tag.into())];
        tx.execute(Sql::insert("library_tags", row)).await?;
    }
    Ok(())
}

fn taken(error: sqlx::Error) -> StoreError {
    match violated(&error) {
        Some(_) => StoreError::Taken { what: "image" },
        None => StoreError::Unavailable(error),
    }
}
