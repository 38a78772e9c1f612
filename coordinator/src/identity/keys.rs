//! The keys that sign access tokens: from a file, the environment, or made once and kept, sealed, in the store. The first one signs,
//! all of them are believed, so that a new one can be put before an old one without anybody noticing.

use super::{error::IdentityError, secrets};
use crate::{
    domain::credential::Sealed,
    store::Store,
    vault::{Place, Vault, VaultError},
};
use arc_swap::ArcSwap;
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// The key that the original shipped with; everybody knows it.
const PUBLIC_KEY: &str = "ips-default-secret-change-me";
/// Shortest key in bytes.
const SHORTEST: usize = 16;
/// Shorter keys than a hash are believed with a warning.
const ADVISED: usize = 32;
/// Where the key is kept that this program made.
const KEPT: &str = "access_token_key";

/// Where the keys are.
#[derive(Debug, Clone, Default)]
pub struct TokenKeySettings {
    /// File with one key a line, the newest first.
    pub file: Option<PathBuf>,
    /// Key from the environment; it stands behind those of the file.
    pub inline: Option<SecretString>,
}

/// What is wrong with a key.
#[derive(Debug, thiserror::Error)]
pub enum TokenKeyError {
    /// The file cannot be read.
    #[error("token keys: {path:?} cannot be read")]
    File {
        /// Path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is none in the file.
    #[error("token keys: there is none in {path:?}; write one a line, 32 bytes or more")]
    Empty {
        /// Path.
        path: PathBuf,
    },
    /// Too easy to guess.
    #[error(
        "token keys: {place} has fewer than {SHORTEST} bytes; take 32 random ones, for example of: openssl rand -base64 32"
    )]
    Short {
        /// Where it stands.
        place: String,
    },
    /// Everybody knows it.
    #[error(
        "token keys: {place} is the public default of the original IPS, with which everybody can log in; choose another one"
    )]
    Public {
        /// Where it stands.
        place: String,
    },
}

/// One key.
pub(super) struct TokenKey {
    /// Names it in tokens.
    pub(super) kid: String,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
}

impl fmt::Debug for TokenKey {
    /// The name alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl TokenKey {
    fn new(secret: &str) -> Self {
        let kid = secrets::hash(&format!("ips key id\n{secret}"))
            .chars()
            .take(12)
            .collect();
        Self {
            kid,
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
        }
    }

    fn checked(secret: &str, place: impl Fn() -> String) -> Result<Self, TokenKeyError> {
        if secret == PUBLIC_KEY {
            return Err(TokenKeyError::Public { place: place() });
        }
        if secret.len() < SHORTEST {
            return Err(TokenKeyError::Short { place: place() });
        }
        if secret.len() < ADVISED {
            tracing::warn!(key.place = place(), "A key of access tokens has fewer than 32 bytes");
        }
        Ok(Self::new(secret))
    }
}

/// Keys that were read, the newest first; never empty.
#[derive(Debug)]
pub(super) struct KeySet(Vec<Arc<TokenKey>>);

impl KeySet {
    /// The key of a name.
    pub(super) fn find(&self, kid: &str) -> Option<&TokenKey> {
        self.0.iter().find(|key| key.kid == kid).map(AsRef::as_ref)
    }

    /// The key that signs.
    pub(super) fn newest(&self) -> Option<&TokenKey> {
        self.0.first().map(AsRef::as_ref)
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct TokenKeys {
    settings: TokenKeySettings,
    current: ArcSwap<KeySet>,
    /// When the file was changed that was read last.
    changed: ArcSwap<Option<SystemTime>>,
}

impl TokenKeys {
    /// Reads the configured keys, or the one that is kept, or makes one.
    pub(super) async fn open(store: &Store, vault: &Vault, settings: TokenKeySettings) -> Result<Self, IdentityError> {
        let changed = settings.file.as_deref().and_then(changed);
        let mut keys = configured(&settings).map_err(|error| IdentityError::Internal(Box::new(error)))?;
        if keys.is_empty() {
            keys.push(Arc::new(TokenKey::new(kept(store, vault).await?.expose_secret())));
        }
        Ok(Self {
            settings,
            current: ArcSwap::from_pointee(KeySet(keys)),
            changed: ArcSwap::from_pointee(changed),
        })
    }

    /// The keys as they are now; a file that was changed is read again, and one that is broken leaves them as they were.
    pub(super) fn current(&self) -> Arc<KeySet> {
        if let Some(path) = &self.settings.file {
            let now = changed(path);
            if now != **self.changed.load() {
                self.changed.store(Arc::new(now));
                match configured(&self.settings) {
                    Ok(keys) => self.current.store(Arc::new(KeySet(keys))),
                    Err(error) => tracing::warn!(%error, "The keys of access tokens stay as they were"),
                }
            }
        }
        self.current.load_full()
    }

    /// The keys, with a look at the file only where the one of this name is not among them: another replica may have been given a new one a
    /// moment earlier.
    pub(super) fn with(&self, kid: &str) -> Arc<KeySet> {
        let known = self.current.load_full();
        if known.find(kid).is_some() {
            known
        } else {
            self.current()
        }
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|it| it.modified()).ok()
}

fn configured(settings: &TokenKeySettings) -> Result<Vec<Arc<TokenKey>>, TokenKeyError> {
    let mut keys = Vec::new();
    if let Some(path) = &settings.file {
        let text = std::fs::read_to_string(path).map(SecretString::from);
        let text = text.map_err(|source| TokenKeyError::File {
            path: path.clone(),
            source,
        })?;
        for (line, number) in text.expose_secret().lines().zip(1..) {
            let secret = line.trim();
            if !secret.is_empty() && !secret.starts_with('#') {
                let place = || format!("line {number} of {}", path.display());
                keys.push(Arc::new(TokenKey::checked(secret, place)?));
            }
        }
        if keys.is_empty() {
            return Err(TokenKeyError::Empty { path: path.clone() });
        }
    }
    if let Some(secret) = &settings.inline {
        let place = || "the environment's JWT_SECRET".to_owned();
        keys.push(Arc::new(TokenKey::checked(secret.expose_secret(), place)?));
    }
    Ok(keys)
}

/// What became of the kept key when secrets were sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptKey {
    /// There is none.
    None,
    /// It is sealed with the newest key already.
    Current,
    /// It was sealed anew.
    Rotated,
    /// It cannot be read. The next start makes a new one, and log-ins go on.
    Unreadable,
}

/// Seals the key of access tokens that this program keeps with the newest encryption key.
///
/// # Errors
/// A store that does not answer, or a vault without a key.
pub async fn reseal_kept_key(store: &Store, vault: &Vault) -> Result<KeptKey, IdentityError> {
    let Some(text) = store.kept_text(KEPT).await? else {
        return Ok(KeptKey::None);
    };
    let Ok(Kept { key_id, ciphertext }) = serde_json::from_str::<Kept>(&text) else {
        return Ok(KeptKey::Unreadable);
    };
    if Some(&key_id) == vault.newest().as_ref() {
        return Ok(KeptKey::Current);
    }
    let place = Place::of_setting(KEPT);
    let Ok(secret) = vault.unseal(place, &Sealed { key_id, ciphertext }) else {
        return Ok(KeptKey::Unreadable);
    };
    let anew = sealed_text(vault, &secret).map_err(|error| IdentityError::Internal(Box::new(error)))?;
    store.replace_text(KEPT, &text, &anew).await?;
    Ok(KeptKey::Rotated)
}

fn sealed_text(vault: &Vault, secret: &SecretString) -> Result<String, VaultError> {
    let Sealed { key_id, ciphertext } = vault.seal(Place::of_setting(KEPT), secret)?;
    // Two texts make JSON without fail.
    Ok(serde_json::json!(Kept { key_id, ciphertext }).to_string())
}

/// A sealed text, as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    key_id: String,
    ciphertext: String,
}

/// The key that this program made at an earlier start, or a new one.
async fn kept(store: &Store, vault: &Vault) -> Result<SecretString, IdentityError> {
    let place = Place::of_setting(KEPT);
    let known = store.kept_text(KEPT).await?;
    let known = known.and_then(|text| serde_json::from_str::<Kept>(&text).ok());
    if let Some(Kept { key_id, ciphertext }) = known {
        match vault.unseal(place, &Sealed { key_id, ciphertext }) {
            Ok(secret) => return Ok(secret),
            Err(error) => {
                tracing::warn!(%error, "The kept key of access tokens cannot be read, so a new one is made; log-ins go on")
            }
        }
    }
    let secret = secrets::random("");
    match sealed_text(vault, &secret) {
        Ok(text) => store.keep_text(KEPT, &text, super::now()).await?,
        // Refresh tokens do not depend on it: after a restart everybody gets a new access token by theirs.
        Err(VaultError::NoKey) => tracing::warn!(
            "No encryption key is configured, so the key of access tokens lives in memory only: set IPS_ENCRYPTION_KEY or --jwt-key-file"
        ),
        Err(error) => return Err(IdentityError::Internal(Box::new(error))),
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn inline(secret: &str) -> Result<Vec<Arc<TokenKey>>, TokenKeyError> {
        configured(&TokenKeySettings {
            file: None,
            inline: Some(secret.into()),
        })
    }

    #[test]
    fn keys_that_can_be_guessed_are_refused_without_being_shown() {
        assert!(matches!(inline(PUBLIC_KEY), Err(TokenKeyError::Public { .. })));
        let line = inline("canary").unwrap_err().to_string();
        assert!(line.contains("JWT_SECRET") && !line.contains("canary"), "{line}");
        let keys = inline("a canary of thirty-two bytes, or more").unwrap();
        assert!(!format!("{keys:?}").contains("canary"));
    }

    #[test]
    fn the_first_line_signs_and_all_are_believed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let lines = [
            "# newest first",
            "",
            "new-new-new-new-new-new-new-new-new",
            "old-old-old-old-old-old-old-old-old",
        ];
        std::fs::write(&file, lines.join("\n")).unwrap();
        let settings = TokenKeySettings {
            file: Some(file.clone()),
            inline: Some("third-third-third-third-third-third".into()),
        };
        let keys = KeySet(configured(&settings).unwrap());
        assert_eq!(keys.0.len(), 3);
        assert_eq!(keys.newest().unwrap().kid, TokenKey::new(lines[2]).kid);
        assert!(keys.find(&TokenKey::new(lines[3]).kid).is_some() && keys.find("other").is_none());
        std::fs::write(&file, "# nothing\n").unwrap();
        assert!(matches!(configured(&settings), Err(TokenKeyError::Empty { .. })));
    }
}
