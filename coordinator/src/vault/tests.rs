#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use std::{os::unix::fs::PermissionsExt as _, path::PathBuf};

const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

const PLACE: Place<'static> = Place {
    column: "credentials.password",
    row: 7,
    registry: "harbor.corp/team-a",
};

fn vault(keys: &str) -> Vault {
    let inline = Some(keys.into());
    Vault::open(KeySettings {
        inline,
        ..KeySettings::default()
    })
    .unwrap()
}

fn refusal(keys: &str) -> String {
    let inline = Some(keys.into());
    Vault::open(KeySettings {
        inline,
        ..KeySettings::default()
    })
    .unwrap_err()
    .to_string()
}

#[test]
fn what_is_sealed_opens_in_its_place_and_nowhere_else() {
    let vault = vault(OLD);
    let sealed = vault.seal(PLACE, &"canary-püss\n".into()).unwrap();
    assert_eq!(vault.unseal(PLACE, &sealed).unwrap().expose_secret(), "canary-püss\n");
    assert!(!format!("{sealed:?}{vault:?}").contains("canary"));
    for elsewhere in [
        Place { row: 8, ..PLACE },
        Place {
            registry: "evil.corp",
            ..PLACE
        },
        Place {
            column: "other.column",
            ..PLACE
        },
    ] {
        assert!(matches!(vault.unseal(elsewhere, &sealed), Err(VaultError::Damaged)));
    }
    let twice = vault.seal(PLACE, &"canary-püss\n".into()).unwrap();
    assert_ne!(sealed.ciphertext, twice.ciphertext, "each has a nonce of its own");
}

#[test]
fn every_changed_byte_is_noticed() {
    let vault = vault(OLD);
    let sealed = vault.seal(PLACE, &"canary".into()).unwrap();
    let bytes = STANDARD.decode(&sealed.ciphertext).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let forged = Sealed {
            ciphertext: STANDARD.encode(changed),
            ..sealed.clone()
        };
        assert!(vault.unseal(PLACE, &forged).is_err(), "byte {at}");
    }
    for text in ["", "!", "AAAA"] {
        let forged = Sealed {
            ciphertext: text.into(),
            ..sealed.clone()
        };
        assert!(vault.unseal(PLACE, &forged).is_err(), "{text:?}");
    }
}

#[test]
fn the_first_key_seals_and_all_open() {
    let sealed = vault(OLD).seal(PLACE, &"canary".into()).unwrap();
    let both = vault(&format!("{NEW}\n{OLD} # until the rotation is done\n"));
    assert_eq!(both.unseal(PLACE, &sealed).unwrap().expose_secret(), "canary");
    let again = both.seal(PLACE, &"canary".into()).unwrap();
    assert_eq!(Some(again.key_id.clone()), vault(NEW).newest());
    assert_ne!(again.key_id, sealed.key_id);
    let gone = vault(NEW).unseal(PLACE, &sealed).unwrap_err().to_string();
    assert_eq!(
        gone,
        format!("its key {} is not among the configured ones", sealed.key_id)
    );
}

#[test]
fn what_is_no_key_is_named_by_position_and_not_repeated() {
    let short = &OLD[4..];
    for (keys, number) in [(short, 1), (&format!("{OLD},zz{}", &NEW[2..]) as &str, 2)] {
        let line = refusal(keys);
        assert_eq!(
            line,
            format!("IPS_ENCRYPTION_KEY, key {number}: must be 32 bytes as base64 or hex")
        );
    }
    assert!(refusal(" \n# nothing\n").ends_with("holds no key"));
}

fn beside() -> (tempfile::TempDir, PathBuf, KeySettings) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ips.db.key");
    let settings = KeySettings {
        generated: Some(path.clone()),
        ..KeySettings::default()
    };
    (folder, path, settings)
}

#[test]
fn a_key_is_made_at_first_need_and_found_again() {
    let (_folder, path, settings) = beside();
    let vault = Vault::open(settings.clone()).unwrap();
    assert!(!path.exists(), "not before it is needed");
    let sealed = vault.seal(PLACE, &"canary".into()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = Vault::open(settings).unwrap();
    assert_eq!(again.unseal(PLACE, &sealed).unwrap().expose_secret(), "canary");
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn without_a_place_a_key_is_demanded() {
    let vault = Vault::open(KeySettings::default()).unwrap();
    let refusal = vault.seal(PLACE, &"canary".into()).unwrap_err().to_string();
    assert!(
        refusal.contains("--encryption-key-file") && refusal.contains("IPS_ENCRYPTION_KEY"),
        "{refusal}"
    );
}

#[test]
fn a_key_that_is_added_seals_from_then_on_and_others_learn_of_it() {
    let (_folder, _path, settings) = beside();
    let (vault, other) = (
        Vault::open(settings.clone()).unwrap(),
        Vault::open(settings.clone()).unwrap(),
    );
    let old = vault.seal(PLACE, &"canary".into()).unwrap();
    let id = vault.add_key().unwrap();
    let new = vault.seal(PLACE, &"canary".into()).unwrap();
    assert_eq!(new.key_id, id);
    assert!(matches!(other.unseal(PLACE, &new), Err(VaultError::KeyGone { .. })));
    other.reload().unwrap();
    for sealed in [old, new] {
        assert_eq!(other.unseal(PLACE, &sealed).unwrap().expose_secret(), "canary");
    }
    let inline = self::vault(OLD).add_key().unwrap_err();
    assert!(inline.to_string().contains("IPS_ENCRYPTION_KEY"), "{inline}");
}

#[test]
fn a_file_that_is_missing_or_broken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let open = || {
        Vault::open(KeySettings {
            file: Some(path.clone()),
            ..KeySettings::default()
        })
    };
    assert!(open().unwrap_err().to_string().contains("key: "));
    std::fs::write(&path, "not a key").unwrap();
    assert!(open().unwrap_err().to_string().contains("32 bytes"));
    std::fs::write(&path, [0xffu8; 32]).unwrap();
    assert!(open().unwrap().newest().is_some(), "raw bytes are a key too");
}
