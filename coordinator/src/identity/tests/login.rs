//! Log-in, refresh, log-out, the first start.

use super::stand::{HOME, PASSWORD, Stand, secret, settings, store, vault};
use crate::{
    domain::{
        caller::{Role, TenantId},
        user::NewUser,
    },
    identity::{Identity, IdentityError, IdentitySettings},
};
use secrecy::ExposeSecret as _;

#[tokio::test]
async fn the_first_password_is_shown_once_and_opens_nothing_but_its_own_change() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let settings = IdentitySettings::default();
    let (identity, shown) = Identity::open(store.clone(), &vault(&folder), settings.clone())
        .await
        .unwrap();
    let shown = shown.unwrap();
    let again = Identity::open(store.clone(), &vault(&folder), settings).await.unwrap();
    assert!(again.1.is_none(), "the second start has an admin");

    let stand = Stand {
        identity,
        store,
        folder,
    };
    let first = stand
        .login(&shown.username, shown.password.expose_secret())
        .await
        .unwrap();
    assert!(first.user.must_change_password);
    let refused = stand.call(&first.token, "list_tasks").await.unwrap_err();
    assert!(matches!(refused, IdentityError::PasswordChangeRequired), "{refused}");
    assert!(stand.call(&first.token, "who_am_i").await.is_ok());
    stand
        .change_own(&first, shown.password.expose_secret(), "my own choice")
        .await
        .unwrap();
    assert!(
        stand.call(&first.token, "list_tasks").await.is_ok(),
        "this very log-in goes on"
    );
    let old = stand.login(&shown.username, shown.password.expose_secret()).await;
    assert!(matches!(old, Err(IdentityError::WrongPassword)));
}

#[tokio::test]
async fn access_tokens_outlive_a_restart_with_the_kept_key_and_log_ins_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let settings = || IdentitySettings {
        first_password: Some(secret("the first one")),
        ..IdentitySettings::default()
    };
    let open = async || {
        Identity::open(store.clone(), &vault(&folder), settings())
            .await
            .unwrap()
            .0
    };
    let before = open()
        .await
        .login(HOME, "admin", &secret("the first one"))
        .await
        .unwrap();
    let header = format!("Bearer {}", before.token.expose_secret());
    assert!(open().await.caller(Some(&header)).await.is_ok());
    std::fs::remove_file(folder.path().join("ips.db.key")).unwrap();
    let without = open().await;
    assert!(without.caller(Some(&header)).await.is_err());
    assert!(
        without.refresh(&before.refresh_token).await.is_ok(),
        "nobody types a password"
    );
}

#[tokio::test]
async fn a_refresh_token_works_once_and_a_copy_of_it_ends_the_log_in() {
    let stand = Stand::start().await;
    let first = stand.admin().await;
    let second = stand.identity.refresh(&first.refresh_token).await.unwrap();
    assert!(stand.caller(&second).await.is_ok() && stand.caller(&first).await.is_ok());
    let replayed = stand.identity.refresh(&first.refresh_token).await;
    assert!(matches!(replayed, Err(IdentityError::BadToken)));
    assert!(stand.caller(&second).await.is_err(), "whoever has the copy has nothing");
    assert!(stand.identity.refresh(&second.refresh_token).await.is_err());
    assert!(
        stand.admin().await.token.expose_secret().len() > 100,
        "a new log-in works"
    );
}

#[tokio::test]
async fn a_log_out_counts_at_once_and_for_this_log_in_alone() {
    let stand = Stand::start().await;
    let (one, other) = (stand.admin().await, stand.admin().await);
    let caller = stand.caller(&one).await.unwrap();
    stand.identity.logout(&caller).await.unwrap();
    assert!(stand.caller(&one).await.is_err());
    assert!(stand.identity.refresh(&one.refresh_token).await.is_err());
    assert!(stand.caller(&other).await.is_ok());
}

#[tokio::test]
async fn a_log_in_ends_however_often_it_is_refreshed() {
    let stand = Stand::with(IdentitySettings {
        login_life_ms: 1_500,
        ..settings()
    })
    .await;
    let first = stand.admin().await;
    let second = stand.identity.refresh(&first.refresh_token).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_600)).await;
    assert!(stand.identity.refresh(&second.refresh_token).await.is_err());
}

#[tokio::test]
async fn an_imported_hash_works_and_is_replaced_by_a_better_one() {
    let stand = Stand::start().await;
    let user = NewUser {
        tenant: TenantId::default(),
        username: "old".into(),
        password_hash: bcrypt::hash("admin123", 4).unwrap().into(),
        role: Role::SystemAdmin,
        must_change_password: false,
        created_at: 1,
        updated_at: 1,
    };
    stand.store.insert_user(&user).await.unwrap().unwrap();
    assert!(stand.login("old", "admin124").await.is_err());
    assert!(stand.login("old", "admin123").await.is_ok());
    let kept = stand.store.user_by_name("old").await.unwrap().unwrap();
    assert!(kept.password_hash.expose_secret().starts_with("$argon2id$"));
    assert!(stand.login("old", "admin123").await.is_ok());
    let before = stand.identity.password_work();
    assert!(stand.login("old", "admin124").await.is_err());
    assert_eq!(
        stand.identity.password_work().bcrypt,
        before.bcrypt,
        "nobody has an old hash any more"
    );
}

#[tokio::test]
async fn guessing_is_slowed_down_from_one_address_and_the_admin_gets_in_from_another() {
    let stand = Stand::start().await;
    let mut refusals = 0;
    for _ in 0..8 {
        match stand.login("admin", "guess").await {
            Err(IdentityError::WrongPassword) => {}
            Err(IdentityError::TooManyTries { retry_after_s }) => {
                assert!((1..=10).contains(&retry_after_s));
                refusals += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refusals, 3, "five tries in a row");
    let elsewhere = "198.51.100.9".parse().unwrap();
    assert!(
        stand
            .identity
            .login(elsewhere, "admin", &secret(PASSWORD))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn while_identity_is_off_everybody_is_anonymous() {
    let identity = Identity::off();
    let caller = identity.caller(None).await.unwrap();
    assert_eq!((&*caller.name, caller.role), ("anonymous", Role::SystemAdmin));
    let login = identity.login(HOME, "admin", &secret(PASSWORD)).await;
    assert!(matches!(login, Err(IdentityError::Precondition(_))));
}
