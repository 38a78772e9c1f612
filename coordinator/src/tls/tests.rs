//! Certificates that come, change and are no good.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::{store::DatabaseUrl, vault::KeySettings};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use std::{fs, path::Path};

const DAY_MS: Millis = 86_400_000;

/// Certificate and key of a server.
fn pair(ended: bool) -> (String, String) {
    let mut params = CertificateParams::new(vec!["ips.test".to_owned()]).unwrap();
    if ended {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn place(folder: &Path) -> CertificateFiles {
    CertificateFiles {
        certificate: folder.join("tls.crt"),
        key: folder.join("tls.key"),
    }
}

async fn opened(folder: &Path, settings: &TlsSettings) -> Result<Option<Tls>, TlsError> {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let store = Store::open(&DatabaseUrl::new(format!("sqlite:{}", folder.join("ips.db").display()))).await;
    Tls::open(&store.unwrap(), &vault(folder), settings).await
}

fn vault(folder: &Path) -> Vault {
    let keys = KeySettings {
        generated: Some(folder.join("ips.db.key")),
        ..KeySettings::default()
    };
    Vault::open(keys).unwrap()
}

fn shown(tls: &Tls) -> Vec<u8> {
    tls.shown.0.load().end_entity_cert().unwrap().to_vec()
}

#[tokio::test]
async fn a_new_pair_is_shown_and_a_bad_one_never_is() {
    let folder = tempfile::tempdir().unwrap();
    let files = place(folder.path());
    let settings = TlsSettings {
        http: true,
        files: Some(files.clone()),
        ..TlsSettings::default()
    };
    assert!(matches!(
        opened(folder.path(), &settings).await,
        Err(TlsError::Files(why)) if why.contains("tls.crt")
    ));
    let (chain, key) = pair(false);
    fs::write(&files.certificate, &chain).unwrap();
    fs::write(&files.key, &key).unwrap();
    let mut tls = opened(folder.path(), &settings).await.unwrap().unwrap();
    let first = shown(&tls);
    assert_eq!(tls.look(now()), None, "nothing has changed");

    let (other_chain, other_key) = pair(false);
    let (ended_chain, ended_key) = pair(true);
    for (chain, key, word) in [
        (other_chain.as_str(), key.as_str(), "no pair"),
        ("garbage", key.as_str(), "no certificate"),
        (chain.as_str(), "garbage", "no key"),
        (ended_chain.as_str(), ended_key.as_str(), "ended at"),
    ] {
        fs::write(&files.certificate, chain).unwrap();
        fs::write(&files.key, key).unwrap();
        let said = tls.look(now()).unwrap().unwrap();
        assert!(said.contains(word) && said.contains("old one stays"), "{said}");
        assert!(!said.contains("PRIVATE"), "{said}");
        assert_eq!(tls.look(now()), None, "it is said once");
        assert_eq!(shown(&tls), first);
    }
    fs::remove_file(&files.key).unwrap();
    assert!(tls.look(now()).unwrap().unwrap().contains("tls.key"));
    assert_eq!(tls.look(now()), None);

    fs::write(&files.certificate, &other_chain).unwrap();
    fs::write(&files.key, &other_key).unwrap();
    assert_eq!(tls.look(now()), Some(None), "nothing is wrong any more");
    assert_ne!(shown(&tls), first);
}

#[tokio::test]
async fn the_own_authority_is_the_same_after_a_start_and_renews_its_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("ca.pem");
    let settings = TlsSettings {
        grpc: true,
        names: vec!["ips.test".to_owned(), "127.0.0.1".to_owned()],
        authority_out: Some(out.clone()),
        ..TlsSettings::default()
    };
    let mut tls = opened(folder.path(), &settings).await.unwrap().unwrap();
    let authority = fs::read_to_string(&out).unwrap();
    assert!(authority.contains("BEGIN CERTIFICATE") && !authority.contains("PRIVATE"));
    let first = shown(&tls);
    assert_eq!(tls.look(now() + 59 * DAY_MS), None);
    assert_eq!(tls.look(now() + 61 * DAY_MS), Some(None));
    assert_ne!(shown(&tls), first, "renewed a month before its end");
    drop(tls);

    fs::remove_file(&out).unwrap();
    let tls = opened(folder.path(), &settings).await.unwrap().unwrap();
    assert_eq!(fs::read_to_string(&out).unwrap(), authority);
    drop(tls);

    let file = fs::read(folder.path().join("ips.db")).unwrap();
    assert!(
        !file.windows(11).any(|bytes| bytes == b"PRIVATE KEY"),
        "the key is sealed"
    );
    // Without its key nobody can use it, and nothing new is made in silence.
    fs::remove_file(folder.path().join("ips.db.key")).unwrap();
    assert!(matches!(
        opened(folder.path(), &settings).await,
        Err(TlsError::Sealed(_))
    ));
}

#[tokio::test]
async fn a_new_encryption_key_seals_the_authority_anew() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TlsSettings {
        grpc: true,
        names: vec!["ips.test".to_owned()],
        ..TlsSettings::default()
    };
    drop(opened(folder.path(), &settings).await.unwrap());
    let store = Store::open(&DatabaseUrl::new(format!(
        "sqlite:{}",
        folder.path().join("ips.db").display()
    )))
    .await
    .unwrap();
    let vault = vault(folder.path());
    let before = certificate(&store).await.unwrap();
    let newest = vault.add_key().unwrap();
    assert_eq!(reseal(&store, &vault, &newest).await.unwrap(), Resealed::Done);
    assert_eq!(reseal(&store, &vault, &newest).await.unwrap(), Resealed::Current);
    assert_eq!(certificate(&store).await.unwrap(), before);
    assert!(forget(&store).await.unwrap());
    assert_eq!(reseal(&store, &vault, &newest).await.unwrap(), Resealed::None);
}
