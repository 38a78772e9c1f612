//! Seals secrets for the store and opens them again: XChaCha20-Poly1305 with keys that live outside of the database. The associated
//! data names the column, the row and the registry, so that a ciphertext is worth nothing in another place.

mod keys;

pub use keys::{KeyError, KeySettings};

use crate::domain::{
    channel::ChannelId,
    credential::{CredentialId, Sealed},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use keys::{Key, Keys};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use std::sync::{PoisonError, RwLock};

/// Bytes of a nonce.
const NONCE: usize = 24;

/// Where a secret lies. A ciphertext opens only in the place that it was sealed for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Table and column.
    pub column: &'static str,
    /// Number of the row.
    pub row: i64,
    /// What the secret is for: a registry, or the kind of a channel.
    pub registry: &'a str,
}

impl<'a> Place<'a> {
    /// Where a credential's password lies.
    pub fn of_credential(id: CredentialId, registry: &'a str) -> Self {
        Self {
            column: "credentials.password",
            row: id.get(),
            registry,
        }
    }

    /// Where the secrets of a channel lie.
    pub fn of_channel(id: ChannelId, kind: &'a str) -> Self {
        Self {
            column: "channels.secrets",
            row: id.get(),
            registry: kind,
        }
    }

    /// Where a secret of this program lies among the settings.
    pub fn of_setting(name: &'a str) -> Self {
        Self {
            column: "settings.value",
            row: 0,
            registry: name,
        }
    }

    fn associated(&self) -> Vec<u8> {
        let Self { column, row, registry } = self;
        format!("ips/v1\n{column}\n{row}\n{registry}").into_bytes()
    }
}

/// Why a secret cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Nothing to seal with.
    #[error(
        "no encryption key is configured: set --encryption-key-file or IPS_ENCRYPTION_KEY to 32 bytes as base64 or hex"
    )]
    NoKey,
    /// The key of this secret is not there.
    #[error("its key {key_id} is not among the configured ones")]
    KeyGone {
        /// Names the key.
        key_id: String,
    },
    /// The ciphertext was changed or moved, or is none.
    #[error("its ciphertext was changed or belongs to another place")]
    Damaged,
    /// The keys cannot be read or made.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// The keys, and what is done with them.
#[derive(Debug)]
pub struct Vault {
    settings: KeySettings,
    keys: RwLock<Keys>,
}

impl Vault {
    /// Reads the keys that are there. None is no error before something is to be sealed.
    ///
    /// # Errors
    /// A key that is no key, or a file that cannot be read.
    pub fn open(settings: KeySettings) -> Result<Self, KeyError> {
        let keys = RwLock::new(settings.read()?);
        Ok(Self { settings, keys })
    }

    /// Reads the keys again; a program beside this one may have added some. Keys that were known stay known until the end of the
    /// program, because what they sealed is still in memory.
    ///
    /// # Errors
    /// As [`Vault::open`]; then the keys stay as they were.
    pub fn reload(&self) -> Result<(), KeyError> {
        let fresh = self.settings.read()?;
        self.keys.write().unwrap_or_else(PoisonError::into_inner).replace(fresh);
        Ok(())
    }

    /// Makes a key and puts it before those that are there.
    ///
    /// # Errors
    /// When the keys are not in a file that this program may write.
    pub fn add_key(&self) -> Result<String, KeyError> {
        let path = self.settings.writable_file()?;
        let id = keys::prepend(path)?;
        self.reload()?;
        Ok(id)
    }

    /// Names the key that seals now; `None` where there is none yet.
    pub fn newest(&self) -> Option<String> {
        self.read().newest().map(|key| key.id.clone())
    }

    /// Whether the key is there.
    pub fn has(&self, key_id: &str) -> bool {
        self.read().find(key_id).is_some()
    }

    /// Seals a secret for its place. Makes a key beside the SQLite file where none is configured.
    ///
    /// # Errors
    /// No key, and none can be made.
    pub fn seal(&self, place: Place<'_>, secret: &SecretString) -> Result<Sealed, VaultError> {
        if self.read().newest().is_none() {
            self.make_first_key()?;
        }
        let keys = self.read();
        let key = keys.newest().ok_or(VaultError::NoKey)?;
        let nonce: [u8; NONCE] = rand::random();
        let associated = place.associated();
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: &associated,
        };
        let sealed = cipher(key)
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_too_long| VaultError::Damaged)?;
        Ok(Sealed {
            key_id: key.id.clone(),
            ciphertext: STANDARD.encode([nonce.as_slice(), &sealed].concat()),
        })
    }

    /// Opens a secret in its place.
    ///
    /// # Errors
    /// The key is gone, or the ciphertext is not what was sealed for this place.
    pub fn unseal(&self, place: Place<'_>, sealed: &Sealed) -> Result<SecretString, VaultError> {
        let keys = self.read();
        let key = keys.find(&sealed.key_id).ok_or_else(|| VaultError::KeyGone {
            key_id: sealed.key_id.clone(),
        })?;
        let bytes = STANDARD
            .decode(&sealed.ciphertext)
            .map_err(|_not_base64| VaultError::Damaged)?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE).ok_or(VaultError::Damaged)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_length| VaultError::Damaged)?;
        let associated = place.associated();
        let payload = Payload {
            msg: ciphertext,
            aad: &associated,
        };
        let plain = cipher(key)
            .decrypt(&XNonce::from(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_forged| VaultError::Damaged)?;
        let text = std::str::from_utf8(&plain).map_err(|_not_text| VaultError::Damaged)?;
        Ok(SecretString::from(text))
    }

    fn make_first_key(&self) -> Result<(), VaultError> {
        let Some(path) = self.settings.beside() else {
            return Err(VaultError::NoKey);
        };
        // Two at once, or another program: whoever was first has made it.
        let made = keys::create(path)?;
        self.reload()?;
        if made {
            tracing::warn!(
                path = %path.display(),
                key.id = self.newest(),
                "No encryption key was configured, so one was made; keep a copy apart from the database, for without it no stored credential can be read"
            );
        }
        Ok(())
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&(*key.bytes.expose_secret()).into())
}

#[cfg(test)]
mod tests;
