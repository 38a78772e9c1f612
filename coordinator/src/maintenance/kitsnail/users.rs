//! Users: their hashes go on working.

use super::{Takeover, time};
use crate::{
    domain::{
        caller::{Role, TenantId},
        user::NewUser,
    },
    store::Original,
};
use anyhow::Result;

const TABLE: &str = "users";
/// Longest name, in characters.
const MAX_NAME: usize = 255;

impl Takeover {
    pub(super) async fn users(&mut self, original: &Original) -> Result<()> {
        for row in original.rows(TABLE) {
            let name = row.text("username");
            if name.trim().is_empty() || name.chars().count() > MAX_NAME {
                self.report
                    .left_out(TABLE, name, "the name must be 1 to 255 characters");
                continue;
            }
            let hash = row.text("password");
            if !is_bcrypt(hash) {
                self.report.left_out(TABLE, name, "the password is no bcrypt hash");
                continue;
            }
            let role = match row.text("role") {
                "admin" => Role::SystemAdmin,
                "viewer" => self.choices.viewers_as,
                _unknown => Role::Viewer,
            };
            let created_at = time::parse(row.text("created_at")).unwrap_or(self.now);
            let user = NewUser {
                tenant: TenantId::default(),
                must_change_password: false,
                username: name.to_owned(),
                password_hash: hash.into(),
                role,
                created_at,
                updated_at: time::parse(row.text("updated_at")).unwrap_or(created_at),
            };
            let taken = self.store.insert_user(&user).await?.is_some();
            self.report.done(TABLE, taken);
            if taken && !matches!(row.text("role"), "admin" | "viewer") {
                let how = format!("its role {:?} is not known, it is a viewer now", row.text("role"));
                self.report.changed(TABLE, name, &how);
            }
        }
        Ok(())
    }
}

/// `$2a$10$` and 53 characters.
fn is_bcrypt(hash: &str) -> bool {
    let known = ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix));
    known && hash.len() == 60 && hash.is_ascii()
}
