//! Identity on a database of its own.

use crate::{
    domain::{caller::Caller, permission::Operation, user::UserChange},
    identity::{Identity, IdentityError, IdentitySettings, LoggedIn, TokenKeySettings},
    store::{DatabaseUrl, Store},
    vault::{KeySettings, Vault},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::net::IpAddr;

/// Key that signs in these tests.
pub(super) const KEY: &str = "a key that only these tests know about";
/// Password of the admin.
pub(super) const PASSWORD: &str = "correct horse battery";
/// Where everybody comes from.
pub(super) const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

pub(super) struct Stand {
    pub(super) identity: Identity,
    pub(super) store: Store,
    pub(super) folder: tempfile::TempDir,
}

pub(super) fn secret(text: &str) -> SecretString {
    text.into()
}

pub(super) fn settings() -> IdentitySettings {
    IdentitySettings {
        first_password: Some(secret("the first one")),
        keys: TokenKeySettings {
            file: None,
            inline: Some(secret(KEY)),
        },
        ..IdentitySettings::default()
    }
}

pub(super) fn vault(folder: &tempfile::TempDir) -> Vault {
    Vault::open(KeySettings {
        generated: Some(folder.path().join("ips.db.key")),
        ..KeySettings::default()
    })
    .unwrap()
}

pub(super) async fn store(folder: &tempfile::TempDir) -> Store {
    let url = format!("sqlite://{}", folder.path().join("ips.db").display());
    Store::open(&DatabaseUrl::new(url)).await.unwrap()
}

impl Stand {
    /// With an admin whose password is [`PASSWORD`].
    pub(super) async fn start() -> Self {
        Self::with(settings()).await
    }

    pub(super) async fn with(settings: IdentitySettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let (identity, shown) = Identity::open(store.clone(), &vault(&folder), settings).await.unwrap();
        assert!(shown.is_none(), "somebody chose it");
        let stand = Self {
            identity,
            store,
            folder,
        };
        let first = stand.login("admin", "the first one").await.unwrap();
        stand.change_own(&first, "the first one", PASSWORD).await.unwrap();
        stand
    }

    pub(super) async fn login(&self, name: &str, password: &str) -> Result<LoggedIn, IdentityError> {
        self.identity.login(HOME, name, &secret(password)).await
    }

    pub(super) async fn admin(&self) -> LoggedIn {
        self.login("admin", PASSWORD).await.unwrap()
    }

    /// Somebody new with this role, whose password is [`PASSWORD`].
    pub(super) async fn person(&self, name: &str, role: &str) -> LoggedIn {
        let admin = self.caller(&self.admin().await).await.unwrap();
        let made = self
            .identity
            .create_user(&admin, name, &secret("chosen by the admin"), role)
            .await;
        made.unwrap();
        let first = self.login(name, "chosen by the admin").await.unwrap();
        self.change_own(&first, "chosen by the admin", PASSWORD).await.unwrap();
        self.login(name, PASSWORD).await.unwrap()
    }

    pub(super) async fn change_own(&self, who: &LoggedIn, old: &str, new: &str) -> Result<(), IdentityError> {
        let caller = self.caller(who).await?;
        let change = UserChange {
            password: Some(secret(new)),
            current_password: Some(secret(old)),
            ..UserChange::default()
        };
        self.identity.update_user(&caller, who.user.id, change).await.map(drop)
    }

    pub(super) async fn caller(&self, who: &LoggedIn) -> Result<Caller, IdentityError> {
        self.bearer(who.token.expose_secret()).await
    }

    pub(super) async fn bearer(&self, token: &str) -> Result<Caller, IdentityError> {
        self.identity.caller(Some(&format!("Bearer {token}"))).await
    }

    /// Calls an operation by its name.
    pub(super) async fn call(&self, token: &SecretString, id: &str) -> Result<(), IdentityError> {
        let operation = crate::domain::permission::OPERATIONS.iter().find(|it| it.id == id);
        let operation: &Operation = operation.unwrap();
        let header = format!("Bearer {}", token.expose_secret());
        let admitted = self.identity.admit(operation, Some(&header)).await;
        admitted.map(drop).map_err(|refused| refused.error)
    }
}
