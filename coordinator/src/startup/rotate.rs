//! `credentials rotate`: encrypts every stored password with the newest key. Each row changes by itself, from exactly what was read to
//! the same password under the new key, so the command may be killed at any moment, run again, and run beside the coordinator.

use crate::{
    config::Config,
    domain::credential::Credential,
    engine::logins::LoginBook,
    store::{Store, StoreError},
    vault::Vault,
};
use anyhow::{Context, Result, bail};
use std::process::ExitCode;

/// How often a row that somebody changed meanwhile is looked at again.
const ROUNDS: u32 = 10;

/// What became of the rows.
#[derive(Debug, Default)]
struct Count {
    rotated: usize,
    current: usize,
    unreadable: usize,
}

/// Runs the command; the exit code is 1 when a password could not be read.
pub(super) async fn run(config: &Config, new_key: bool) -> Result<ExitCode> {
    let vault = Vault::open(config.keys.clone()).context("encryption keys")?;
    if new_key {
        let id = vault.add_key()?;
        println!("key {id} is new");
    }
    let Some(newest) = vault.newest() else {
        bail!("there is no encryption key: set --encryption-key-file, or give --new-key");
    };
    let book = LoginBook::new(vault, vec![]);
    let mut total = Count::default();
    for _round in 0..ROUNDS {
        // A coordinator that started meanwhile has a newer epoch, so each round looks at the database anew.
        let store = Store::attach(&config.database).await.context("database")?;
        let (count, done) = round(&store, &book, &newest).await?;
        // Rows of an earlier round are found with the newest key in this one.
        let already = count.current.saturating_sub(total.rotated);
        total = Count {
            rotated: total.rotated + count.rotated,
            ..count
        };
        if done {
            println!(
                "{} credentials are now encrypted with key {newest}, {} were already, {} cannot be read",
                total.rotated, already, total.unreadable
            );
            return Ok(ExitCode::from(u8::from(total.unreadable > 0)));
        }
    }
    bail!("credentials were changed all the time; run the command again")
}

/// One pass over all rows; true when none was changed by somebody else meanwhile.
async fn round(store: &Store, book: &LoginBook, newest: &str) -> Result<(Count, bool)> {
    let mut count = Count::default();
    for credential in store.all_credentials().await? {
        if credential.sealed.key_id == newest {
            count.current += 1;
            continue;
        }
        let password = match book.password(&credential) {
            Ok(password) => password,
            Err(error) => {
                eprintln!("{} cannot be read: {error}", named(&credential));
                count.unreadable += 1;
                continue;
            }
        };
        let sealed = book.seal(credential.id, &credential.scope, &password)?;
        match store
            .reseal_credential(credential.id, &credential.sealed, &sealed)
            .await
        {
            Ok(true) => count.rotated += 1,
            Ok(false) | Err(StoreError::Deposed { .. }) => return Ok((count, false)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((count, true))
}

fn named(credential: &Credential) -> String {
    match &credential.owner {
        Some(task) => format!("the login of task {task}"),
        None => credential.shown(),
    }
}
