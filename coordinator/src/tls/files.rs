//! Certificate and key in files that may change at any time, one after the other, by copy, by rename or by a link that is turned.

use super::{CertificateFiles, validity::validity};
use crate::domain::Millis;
use sha2::{Digest as _, Sha256};
use std::{io, path::Path};
use tokio_rustls::rustls::{
    Error, InconsistentKeys,
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};

/// What was read last.
#[derive(Debug)]
pub(super) struct Seen {
    /// Hash over both files.
    content: [u8; 32],
    /// When the certificate that is shown ends, if it says so.
    ends_at: Option<Millis>,
}

impl Seen {
    /// A remark when the certificate ends within `soon`.
    pub(super) fn ends_soon(&self, now: Millis, soon: Millis) -> Option<String> {
        let ends_at = self.ends_at.filter(|ends_at| *ends_at - now < soon)?;
        Some(format!("the certificate ends at {}", words(ends_at)))
    }
}

fn words(at: Millis) -> String {
    let time = chrono::DateTime::from_timestamp_millis(at);
    time.map(|time| time.to_rfc3339()).unwrap_or_default()
}

/// See the module.
#[derive(Debug)]
pub(super) struct Files(CertificateFiles);

impl Files {
    pub(super) fn new(files: CertificateFiles) -> Self {
        Self(files)
    }

    /// Reads both; the reason where they are no pair that holds.
    pub(super) fn read(&self, now: Millis) -> Result<(CertifiedKey, Seen), String> {
        let (chain, key) = self.texts()?;
        let content = fingerprint(&chain, &key);
        let (certified, ends_at) = load(&chain, &key, now)?;
        Ok((certified, Seen { content, ends_at }))
    }

    /// Reads both again; `None` where nothing has changed, or nothing that was not said before.
    pub(super) fn read_again(&self, seen: &mut Seen, now: Millis) -> Option<Result<CertifiedKey, String>> {
        let (chain, key) = match self.texts() {
            Ok(texts) => texts,
            Err(why) => {
                // Said once, until something is there again.
                let is_news = seen.content != [0; 32];
                seen.content = [0; 32];
                return is_news.then_some(Err(why));
            }
        };
        let content = fingerprint(&chain, &key);
        if content == seen.content {
            return None;
        }
        seen.content = content;
        Some(load(&chain, &key, now).map(|(certified, ends_at)| {
            seen.ends_at = ends_at;
            certified
        }))
    }

    fn texts(&self) -> Result<(Vec<u8>, Vec<u8>), String> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        Ok((read(&self.0.certificate)?, read(&self.0.key)?))
    }
}

fn fingerprint(chain: &[u8], key: &[u8]) -> [u8; 32] {
    let hash = Sha256::new()
        .chain_update(chain.len().to_be_bytes())
        .chain_update(chain)
        .chain_update(key);
    hash.finalize().into()
}

/// The pair, and when it ends.
fn load(chain: &[u8], key: &[u8], now: Millis) -> Result<(CertifiedKey, Option<Millis>), String> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("the certificate is no PEM: {error}"))?;
    let first = chain.first().ok_or("there is no certificate in the file")?;
    let ends_at = validity(first).map(|(_, ends_at)| ends_at);
    if let Some(ended_at) = ends_at.filter(|ends_at| *ends_at <= now) {
        return Err(format!("the certificate ended at {}", words(ended_at)));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("there is no key in the file: {error}"))?;
    let key = any_supported_type(&key).map_err(|error| format!("the key is of no known kind: {error}"))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok((certified, ends_at)),
        Err(error) => Err(format!("certificate and key are no pair: {error}")),
    }
}

/// Writes a certificate that everybody may read; it appears as a whole.
pub(super) fn publish(path: &Path, pem: &str) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    std::fs::write(&partial, pem)?;
    std::fs::rename(&partial, path)
}
