//! Images of the library.

use super::{Takeover, time};
use crate::{
    domain::{
        caller::TenantId,
        library::{Entry, EntryRequest},
        tenant::Realm,
    },
    store::{Numbers, Original},
};
use anyhow::Result;
use std::collections::HashSet;

const TABLE: &str = "image_library";

impl Takeover {
    pub(super) async fn library(&mut self, original: &Original) -> Result<()> {
        let own = Realm::Of(TenantId::default());
        let (known, _) = self.store.library(&own, "", u32::MAX, 0).await?;
        let mut known: HashSet<String> = known.iter().map(|entry| entry.spec.image.to_string()).collect();
        for row in original.rows(TABLE) {
            let request = EntryRequest {
                name: row.text("name").to_owned(),
                image: row.text("image").to_owned(),
                tags: vec![],
            };
            let spec = match request.check() {
                Ok(spec) => spec,
                Err(invalid) => {
                    self.report.left_out(TABLE, row.text("image"), &invalid.to_string());
                    continue;
                }
            };
            let taken = known.insert(spec.image.to_string());
            if taken {
                let created_at = time::parse(row.text("created_at")).unwrap_or(self.now);
                let entry = Entry {
                    id: self.store.new_number(Numbers::Library).await?,
                    tenant: TenantId::default(),
                    spec,
                    created_at,
                    updated_at: created_at,
                };
                self.store.insert_library(&[entry]).await?;
            }
            self.report.done(TABLE, taken);
        }
        Ok(())
    }
}
