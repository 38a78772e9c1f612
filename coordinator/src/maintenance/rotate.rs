//! `credentials rotate`: encrypts every stored password with the newest key. Each row changes by itself, from exactly what was read to
//! the same password under the new key, so the command may be killed at any moment, run again, and run beside the coordinator.

use super::say;
use crate::{
    domain::credential::Credential,
    store::{DatabaseUrl, Store, StoreError},
    vault::{KeySettings, Place, Vault},
};
use anyhow::{Context, Result, bail};

/// How often rows that somebody changed meanwhile are looked at again.
const ROUNDS: u32 = 10;

/// What became of the rows.
#[derive(Debug, Default)]
struct Count {
    rotated: usize,
    current: usize,
    unreadable: usize,
}

/// Runs the command; false when a password could not be read.
pub(super) async fn run(database: &DatabaseUrl, keys: &KeySettings, new_key: bool) -> Result<bool> {
    let vault = Vault::open(keys.clone()).context("encryption keys")?;
    if new_key {
        say(&format!("key {} is new", vault.add_key()?))?;
    }
    let Some(newest) = vault.newest() else {
        bail!("there is no encryption key: set --encryption-key-file, or give --new-key");
    };
    let mut rotated = 0;
    for _round in 0..ROUNDS {
        // A coordinator that started meanwhile has a newer epoch, so each round looks at the database anew.
        let store = Store::attach(database).await?;
        let (count, done) = round(&store, &vault, &newest).await?;
        // Rows of an earlier round are found with the newest key in this one.
        let already = count.current.saturating_sub(rotated);
        rotated += count.rotated;
        if done {
            let unreadable = count.unreadable;
            let line = format!(
                "key {newest}: {rotated} credentials encrypted, {already} were already, {unreadable} cannot be read"
            );
            say(&line)?;
            return Ok(unreadable == 0);
        }
    }
    bail!("credentials were changed all the time; run the command again")
}

/// One pass over all rows; false when somebody else changed one meanwhile.
async fn round(store: &Store, vault: &Vault, newest: &str) -> Result<(Count, bool)> {
    let mut count = Count::default();
    for credential in store.all_credentials().await? {
        if credential.sealed.key_id == newest {
            count.current += 1;
            continue;
        }
        let registry = credential.scope.to_string();
        let place = Place::of_credential(credential.id, &registry);
        let password = match vault.unseal(place, &credential.sealed) {
            Ok(password) => password,
            Err(error) => {
                say(&format!("{} cannot be read: {error}", named(&credential)))?;
                count.unreadable += 1;
                continue;
            }
        };
        let sealed = vault.seal(place, &password)?;
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
