//! A lost password, and a change of the encryption keys.

use super::stand::{PASSWORD, Stand, secret, store, vault};
use crate::{
    domain::user::UserChange,
    identity::{Identity, IdentityError, IdentitySettings, KeptKey, reseal_kept_key, reset_password},
    vault::{KeySettings, Vault},
};
use secrecy::ExposeSecret as _;

#[tokio::test]
async fn whoever_has_the_database_gets_back_in() {
    let stand = Stand::start().await;
    let ana = stand.person("ana", "system-admin").await;
    let admin = stand.caller(&stand.admin().await).await.unwrap();
    let off = UserChange {
        disabled: Some(true),
        ..UserChange::default()
    };
    stand.identity.update_user(&admin, ana.user.id, off).await.unwrap();
    let made = reset_password(&stand.store, "ana", None).await.unwrap();
    let first = stand.login("ana", made.expose_secret()).await.unwrap();
    assert!(first.user.must_change_password && !first.user.disabled);
    let refused = stand.call(&first.token, "list_tasks").await.unwrap_err();
    assert!(matches!(refused, IdentityError::PasswordChangeRequired), "{refused}");
    assert!(stand.login("ana", PASSWORD).await.is_err(), "the old one is gone");

    let chosen = reset_password(&stand.store, "ana", Some(secret("chosen by the owner"))).await;
    assert_eq!(chosen.unwrap().expose_secret(), "chosen by the owner");
    assert!(
        stand.identity.refresh(&first.refresh_token).await.is_err(),
        "log-ins have ended"
    );
    for (name, password) in [("nobody", None), ("ana", Some(secret("short")))] {
        assert!(reset_password(&stand.store, name, password).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn the_kept_key_follows_the_newest_encryption_key() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let settings = || IdentitySettings {
        first_password: Some(secret("the first one")),
        ..IdentitySettings::default()
    };
    assert_eq!(reseal_kept_key(&store, &vault(&folder)).await.unwrap(), KeptKey::None);
    let (identity, _) = Identity::open(store.clone(), &vault(&folder), settings())
        .await
        .unwrap();
    let login = identity
        .login(super::stand::HOME, "admin", &secret("the first one"))
        .await;
    let header = format!("Bearer {}", login.unwrap().token.expose_secret());

    let vault = vault(&folder);
    assert_eq!(reseal_kept_key(&store, &vault).await.unwrap(), KeptKey::Current);
    vault.add_key().unwrap();
    assert_eq!(reseal_kept_key(&store, &vault).await.unwrap(), KeptKey::Rotated);
    assert_eq!(reseal_kept_key(&store, &vault).await.unwrap(), KeptKey::Current);

    // The old key is thrown away, as one does after a rotation.
    let file = folder.path().join("ips.db.key");
    let text = std::fs::read_to_string(&file).unwrap();
    let newest = text
        .lines()
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .unwrap();
    std::fs::write(&file, format!("{newest}\n")).unwrap();
    let alone = Vault::open(KeySettings {
        generated: Some(file),
        ..KeySettings::default()
    });
    let (again, _) = Identity::open(store.clone(), &alone.unwrap(), settings())
        .await
        .unwrap();
    assert!(again.caller(Some(&header)).await.is_ok(), "nobody was logged out");

    store.keep_text("access_token_key", "{}", 1).await.unwrap();
    assert_eq!(reseal_kept_key(&store, &vault).await.unwrap(), KeptKey::Unreadable);
}
