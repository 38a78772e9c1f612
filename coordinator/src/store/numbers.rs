//! Numbers for records whose ids are integers. A number is never given out twice, not even after its record is gone, so that nothing
//! that still names the old record can reach a new one.

use super::{Store, StoreError, db::Tx, sql::Sql};

/// What is numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// Credentials of registries.
    Credentials,
    /// Entries of the library.
    Library,
    /// Users.
    Users,
    /// Channels of notifications.
    Channels,
    /// Tokens of programs.
    ApiTokens,
    /// Tokens that let agents bind their keys.
    BootstrapTokens,
}

impl Numbers {
    fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Library => "library",
            Self::Users => "users",
            Self::Channels => "channels",
            Self::ApiTokens => "api_tokens",
            Self::BootstrapTokens => "bootstrap_tokens",
        }
    }
}

impl Store {
    /// The next number, from 1.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn new_number(&self, of: Numbers) -> Result<i64, StoreError> {
        self.new_numbers(of, 1).await
    }

    /// The first of so many numbers in a row.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn new_numbers(&self, of: Numbers, count: u32) -> Result<i64, StoreError> {
        let mut tx = self.begin().await?;
        let first = take(&mut tx, of, count).await?;
        tx.commit().await?;
        Ok(first)
    }
}

/// Takes numbers within a transaction.
pub(super) async fn take(tx: &mut Tx, of: Numbers, count: u32) -> Result<i64, StoreError> {
    let raise = Sql::new("UPDATE numbers SET last = last + ? WHERE name = ?");
    tx.execute(raise.bind(count).bind(of.as_str())).await?;
    let read = Sql::new("SELECT last FROM numbers WHERE name = ?").bind(of.as_str());
    let (last,): (i64,) = tx.one(read).await?;
    Ok(last - i64::from(count) + 1)
}
