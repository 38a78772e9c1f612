//! Users in the database.

use super::{
    Store, StoreError,
    numbers::{self, Numbers},
    sql::Sql,
};
use crate::domain::user::NewUser;
use secrecy::ExposeSecret as _;

impl Store {
    /// Saves a user unless the name exists; says whether it did.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn insert_user(&self, user: &NewUser) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let known = Sql::new("SELECT id FROM users WHERE username = ?").bind(&user.username);
        if tx.optional::<(i64,)>(known).await?.is_some() {
            return Ok(false);
        }
        let row = [
            ("id", numbers::take(&mut tx, Numbers::Users, 1).await?.into()),
            ("username", (&user.username).into()),
            ("password_hash", user.password_hash.expose_secret().into()),
            ("role", user.role.as_str().into()),
            ("created_at", user.created_at.into()),
            ("updated_at", user.updated_at.into()),
        ];
        tx.execute(Sql::insert("users", row)).await?;
        tx.commit().await?;
        Ok(true)
    }
}
