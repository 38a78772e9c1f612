//! The authority of one's own: made at the first start, its key sealed in the database, so that every start and every replica has the
//! same. It signs the certificates of coordinators and nothing else. Only its certificate leaves the program.

use super::TlsError;
use crate::{
    domain::{Millis, credential::Sealed},
    store::{Store, StoreError},
    vault::{Place, Vault, VaultError},
};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio_rustls::rustls::{
    crypto::ring::sign::any_supported_type,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::CertifiedKey,
};

/// Where it is kept.
const KEPT: &str = "tls_authority";
const DAY_MS: Millis = 86_400_000;
/// How long the authority holds.
const LIFE_MS: Millis = 3650 * DAY_MS;
/// How long a certificate of it holds, and when it is renewed.
const CERTIFICATE_MS: Millis = 90 * DAY_MS;
const RENEWED_MS: Millis = 60 * DAY_MS;
/// Clocks may be behind by so much.
const EARLY_MS: Millis = DAY_MS;

/// As it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    certificate: String,
    name: String,
    key_id: String,
    ciphertext: String,
}

impl Kept {
    fn read(text: &str) -> Result<Self, TlsError> {
        serde_json::from_str(text).map_err(|error| TlsError::Damaged(error.to_string()))
    }

    fn write(&self) -> Result<String, TlsError> {
        serde_json::to_string(self).map_err(|error| TlsError::Damaged(error.to_string()))
    }

    fn sealed(&self) -> Sealed {
        Sealed {
            key_id: self.key_id.clone(),
            ciphertext: self.ciphertext.clone(),
        }
    }
}

/// See the module.
pub(super) struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// The one that is kept, or a new one.
    pub(super) async fn open(store: &Store, vault: &Vault, now: Millis) -> Result<Self, TlsError> {
        let text = match store.kept_text(KEPT).await? {
            Some(text) => text,
            None => store.keep_first_text(KEPT, &make(vault, now)?.write()?, now).await?,
        };
        let kept = Kept::read(&text)?;
        let key = vault.unseal(Place::of_setting(KEPT), &kept.sealed());
        let key = KeyPair::from_pem(key.map_err(TlsError::Sealed)?.expose_secret())?;
        Ok(Self {
            pem: kept.certificate,
            issuer: Issuer::new(params(&kept.name, now), key),
        })
    }

    /// Its certificate.
    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for a server of these names, and when the next one is due.
    pub(super) fn issue(&self, names: &[String], now: Millis) -> Result<(CertifiedKey, Millis), TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = named("ips-coordinator");
        params.not_before = date_time_ymd(1970, 1, 1) + since(now - EARLY_MS);
        params.not_after = date_time_ymd(1970, 1, 1) + since(now + CERTIFICATE_MS);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = any_supported_type(&key).map_err(|error| TlsError::Damaged(error.to_string()))?;
        let certified = CertifiedKey::new(vec![certificate.der().clone()], Arc::clone(&key));
        Ok((certified, now + RENEWED_MS))
    }
}

/// A new authority, sealed.
fn make(vault: &Vault, now: Millis) -> Result<Kept, TlsError> {
    let key = KeyPair::generate()?;
    let name = format!("IPS authority {:08x}", rand::random::<u32>());
    let certificate = params(&name, now).self_signed(&key)?.pem();
    let secret = SecretString::from(key.serialize_pem());
    let sealed = vault
        .seal(Place::of_setting(KEPT), &secret)
        .map_err(|error| match error {
            VaultError::NoKey => TlsError::NoKey,
            error @ (VaultError::KeyGone { .. } | VaultError::Damaged | VaultError::Keys(_)) => TlsError::Sealed(error),
        })?;
    tracing::info!(name, "An authority of its own was made for TLS");
    Ok(Kept {
        certificate,
        name,
        key_id: sealed.key_id,
        ciphertext: sealed.ciphertext,
    })
}

/// The authority itself, made again from its name whenever it signs.
fn params(name: &str, now: Millis) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(1970, 1, 1) + since(now - EARLY_MS);
    params.not_after = date_time_ymd(1970, 1, 1) + since(now + LIFE_MS);
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

/// Since 1970; rcgen's times have no name here.
fn since(at: Millis) -> Duration {
    Duration::from_millis(u64::try_from(at).unwrap_or(0))
}

/// The certificate of the authority that is kept, if there is one.
///
/// # Errors
/// The store does not answer, or what is kept is damaged.
pub async fn certificate(store: &Store) -> Result<Option<String>, TlsError> {
    let kept = store.kept_text(KEPT).await?;
    kept.map(|text| Kept::read(&text).map(|kept| kept.certificate))
        .transpose()
}

/// Forgets the authority, so that the next start makes a new one which nobody trusts yet; false when there is none.
///
/// # Errors
/// The store does not answer.
pub async fn forget(store: &Store) -> Result<bool, StoreError> {
    store.forget_text(KEPT).await
}

/// What became of the key of the authority when everything is sealed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resealed {
    /// There is none.
    None,
    /// It is sealed with the newest key.
    Current,
    /// It has just been.
    Done,
    /// Somebody else changed it meanwhile.
    Changed,
    /// It cannot be read.
    Unreadable(String),
}

/// Seals the key of the authority with the newest encryption key.
///
/// # Errors
/// The store does not answer, or what is kept is damaged.
pub async fn reseal(store: &Store, vault: &Vault, newest: &str) -> Result<Resealed, TlsError> {
    let Some(text) = store.kept_text(KEPT).await? else {
        return Ok(Resealed::None);
    };
    let kept = Kept::read(&text)?;
    if kept.key_id == newest {
        return Ok(Resealed::Current);
    }
    let place = Place::of_setting(KEPT);
    let secret = match vault.unseal(place, &kept.sealed()) {
        Ok(secret) => secret,
        Err(error) => return Ok(Resealed::Unreadable(error.to_string())),
    };
    let Sealed { key_id, ciphertext } = vault.seal(place, &secret).map_err(TlsError::Sealed)?;
    let fresh = Kept {
        key_id,
        ciphertext,
        ..kept
    };
    let replaced = store.replace_text(KEPT, &text, &fresh.write()?).await?;
    Ok(if replaced { Resealed::Done } else { Resealed::Changed })
}
