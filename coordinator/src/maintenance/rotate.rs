//! `credentials rotate`: encrypts every stored secret with the newest key: passwords of registries, addresses and keys of channels, the key
//! of the own authority. Each row
//! changes by itself, from exactly what was read to the same secret under the new key, so the command may be killed at any moment, run
//! again, and run beside the coordinator.

use super::say;
use crate::{
    domain::credential::{Credential, Sealed},
    store::{DatabaseUrl, Store, StoreError},
    tls::{self, Resealed},
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
        let registry = credential.scope.to_string();
        let place = Place::of_credential(credential.id, &registry);
        let old = &credential.sealed;
        let Some(sealed) = count.sealed_anew(vault, newest, place, old, || named(&credential))? else {
            continue;
        };
        if !count.written(store.reseal_credential(credential.id, old, &sealed).await)? {
            return Ok((count, false));
        }
    }
    for channel in store.all_channels().await? {
        let place = Place::of_channel(channel.id, channel.kind.as_str());
        let old = &channel.sealed;
        let name = || format!("channel {} {:?}", channel.id, channel.name);
        let Some(sealed) = count.sealed_anew(vault, newest, place, old, name)? else {
            continue;
        };
        if !count.written(store.reseal_channel(channel.id, old, &sealed).await)? {
            return Ok((count, false));
        }
    }
    match tls::reseal(store, vault, newest).await? {
        Resealed::None => {}
        Resealed::Current => count.current += 1,
        Resealed::Done => count.rotated += 1,
        Resealed::Changed => return Ok((count, false)),
        Resealed::Unreadable(why) => {
            say(&format!("the authority of TLS cannot be read: {why}"))?;
            count.unreadable += 1;
        }
    }
    Ok((count, true))
}

impl Count {
    /// The secret under the newest key; `None` when it is, or cannot be read.
    fn sealed_anew(
        &mut self,
        vault: &Vault,
        newest: &str,
        place: Place<'_>,
        old: &Sealed,
        name: impl Fn() -> String,
    ) -> Result<Option<Sealed>> {
        if old.key_id == newest {
            self.current += 1;
            return Ok(None);
        }
        match vault.unseal(place, old) {
            Ok(secret) => Ok(Some(vault.seal(place, &secret)?)),
            Err(error) => {
                say(&format!("{} cannot be read: {error}", name()))?;
                self.unreadable += 1;
                Ok(None)
            }
        }
    }

    /// False when somebody else was quicker.
    fn written(&mut self, written: Result<bool, StoreError>) -> Result<bool> {
        match written {
            Ok(true) => {
                self.rotated += 1;
                Ok(true)
            }
            Ok(false) | Err(StoreError::Deposed { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn named(credential: &Credential) -> String {
    match &credential.owner {
        Some(task) => format!("the login of task {task}"),
        None => credential.shown(),
    }
}
