//! `db import-kitsnail-ips`: takes over what the original IPS (kitsnail/ips) has in its SQLite file. What is there already stays as it is,
//! so running it again changes nothing, and an interrupted run is made up for by the next. The file itself is only read.

mod credentials;
mod library;
mod report;
mod schedules;
mod tasks;
mod time;
mod users;

use crate::{
    domain::{Millis, caller::Role},
    store::{DatabaseUrl, Original, Store},
    vault::{KeySettings, Vault},
};
use anyhow::{Context, Result};
pub use report::Report;
use std::path::Path;

/// What the caller decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choices {
    /// What viewers of the original become; there they could create tasks.
    pub viewers_as: Role,
}

/// Where things go, and what is told of them.
struct Takeover {
    store: Store,
    vault: Vault,
    choices: Choices,
    now: Millis,
    report: Report,
}

/// Takes everything over that can be, and says what became of the rest.
///
/// # Errors
/// The file or the database cannot be read or written, or there is no key to encrypt passwords with.
pub async fn import(file: &Path, database: &DatabaseUrl, keys: &KeySettings, choices: Choices) -> Result<Report> {
    let original = Original::read(file).await?;
    let mut takeover = Takeover {
        vault: Vault::open(keys.clone()).context("encryption keys")?,
        store: Store::open(database).await?,
        choices,
        now: chrono::Utc::now().timestamp_millis(),
        report: Report::default(),
    };
    takeover.users(&original).await?;
    takeover.library(&original).await?;
    let credentials = takeover.credentials(&original).await?;
    takeover.schedules(&original, &credentials).await?;
    takeover.tasks(&original).await?;
    takeover.executions(&original).await?;
    for token in original.rows("api_tokens") {
        let rule = "tokens lie in the clear there and are not taken; make a new one";
        takeover.report.left_out("api_tokens", token.text("name"), rule);
    }
    Ok(takeover.report)
}
