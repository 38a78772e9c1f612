//! Which login an image gets, and its password in the clear for as long as it is used. Records stay in memory as the store has them, sealed.

use super::{pull_secrets::SecretBook, run::now};
use crate::{
    domain::{
        caller::TenantId,
        credential::{Credential, CredentialId, Login, Logins, NewLogin, RegistryScope, Sealed, TaskCredential, best},
        ids::TaskId,
        pull_secret::PullSecrets,
    },
    vault::{Place, Vault, VaultError},
};
use secrecy::SecretString;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};
use tokio::sync::{Mutex, MutexGuard};

/// All credentials, with the vault that opens them. The store is written first and this after it.
#[derive(Debug)]
pub struct LoginBook {
    vault: Vault,
    records: RwLock<HashMap<CredentialId, Credential>>,
    changes: Mutex<()>,
    secrets: SecretBook,
}

impl LoginBook {
    /// A book with what the store has.
    pub fn new(vault: Vault, credentials: Vec<Credential>) -> Self {
        let records = credentials.into_iter().map(|credential| (credential.id, credential));
        Self {
            vault,
            records: RwLock::new(records.collect()),
            changes: Mutex::new(()),
            secrets: SecretBook::default(),
        }
    }

    /// The keys.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// What is in pull secrets of a cluster.
    pub(super) fn secrets(&self) -> &SecretBook {
        &self.secrets
    }

    /// Whoever changes credentials holds this over store and book, so that both see the changes in one order.
    pub async fn changing(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().await
    }

    /// A credential is new or changed.
    pub fn put(&self, credential: Credential) {
        self.write().insert(credential.id, credential);
    }

    /// A credential is gone.
    pub fn remove(&self, id: CredentialId) {
        self.write().remove(&id);
    }

    /// A task is gone, and what it brought along.
    pub fn forget_task(&self, task: &TaskId) {
        self.write()
            .retain(|_, credential| credential.owner.as_ref() != Some(task));
    }

    /// Whether there is none.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// One record.
    pub fn get(&self, id: CredentialId) -> Option<Credential> {
        self.read().get(&id).cloned()
    }

    /// Seals a password for a credential.
    ///
    /// # Errors
    /// There is no key and none can be made.
    pub fn seal(&self, id: CredentialId, scope: &RegistryScope, password: &SecretString) -> Result<Sealed, VaultError> {
        self.vault.seal(Place::of_credential(id, &scope.to_string()), password)
    }

    /// The password of a credential. A key that is not known is looked for once more where the keys come from.
    ///
    /// # Errors
    /// The key is gone, or the record was tampered with.
    pub fn password(&self, credential: &Credential) -> Result<SecretString, VaultError> {
        if !self.vault.has(&credential.sealed.key_id) {
            // A rotation beside this program may have added one; what cannot be read again stays as it was.
            let _as_before = self.vault.reload();
        }
        self.open(credential)
    }

    fn open(&self, credential: &Credential) -> Result<SecretString, VaultError> {
        let registry = credential.scope.to_string();
        self.vault
            .unseal(Place::of_credential(credential.id, &registry), &credential.sealed)
    }

    /// Why a credential cannot be used; `None` when it can.
    pub fn unreadable(&self, credential: &Credential) -> Option<String> {
        self.password(credential).err().map(|error| error.to_string())
    }

    /// How many credentials have lost their key, and the first of them.
    pub fn all_unreadable(&self) -> (usize, Option<CredentialId>) {
        let lost = || -> Vec<CredentialId> {
            let records = self.read();
            let lost = records.values().filter(|known| !self.vault.has(&known.sealed.key_id));
            lost.map(|known| known.id).collect()
        };
        let mut ids = lost();
        if !ids.is_empty() {
            // A rotation beside this program may have added the key; what cannot be read again stays as it was.
            let _as_before = self.vault.reload();
            ids = lost();
        }
        (ids.len(), ids.into_iter().min())
    }

    /// The logins that a task of the tenant may use.
    pub fn of_task(self: &Arc<Self>, tenant: &TenantId, credentials: &[TaskCredential]) -> TaskLogins {
        TaskLogins {
            book: Arc::clone(self),
            tenant: tenant.clone(),
            named: credentials.iter().map(|credential| credential.id).collect(),
            own: None,
            secrets: None,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<CredentialId, Credential>> {
        self.records.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<CredentialId, Credential>> {
        self.records.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one task may log in with: first what it names, then the pull secrets of its object, then what its tenant has stored. A login of another
/// tenant is none.
#[derive(Debug, Clone)]
pub struct TaskLogins {
    book: Arc<LoginBook>,
    tenant: TenantId,
    named: Vec<CredentialId>,
    own: Option<NewLogin>,
    secrets: Option<PullSecrets>,
}

impl Logins for TaskLogins {
    fn login(&self, registry: &str, repository: &str) -> Result<Option<Login>, String> {
        if let Some(own) = self.own.as_ref().filter(|own| own.scope.covers(registry, repository))
            && let Some(password) = &own.password
        {
            return Ok(Some(Login::new(registry, own.username.clone(), password.clone())));
        }
        if let Some(credential) = self.named(registry, repository)? {
            let password = self.book.password(&credential);
            let password = password.map_err(|error| unusable(&credential, &error))?;
            return Ok(Some(Login::new(registry, credential.username, password)));
        }
        if let Some(login) = self.in_secrets(registry, repository) {
            return Ok(Some(login));
        }
        let Some(credential) = self.stored(registry, repository) else {
            return Ok(None);
        };
        // Nobody asked for this one, so that one which cannot be read keeps no pull from going on without it.
        Ok(match self.book.password(&credential) {
            Ok(password) => Some(Login::new(registry, credential.username, password)),
            Err(error) => {
                tracing::warn!(credential.id = %credential.id, %error, "A stored credential cannot be read; going on without it");
                None
            }
        })
    }
}

impl TaskLogins {
    /// Beside them a login that came along and is not stored: it goes first.
    pub fn with_own(self, own: Option<NewLogin>) -> Self {
        Self { own, ..self }
    }

    /// Beside them pull secrets. What is known of them is used; see [`Self::prepare`].
    pub(super) fn with_secrets(self, secrets: Option<PullSecrets>) -> Self {
        Self { secrets, ..self }
    }

    /// Reads the pull secrets, unless they were read lately.
    pub(super) async fn prepare(&self) {
        if let Some(secrets) = &self.secrets {
            self.book.secrets.read(secrets, now()).await;
        }
    }

    /// Reads the pull secrets again after a registry refused. Says whether the login for this repository is another one now.
    pub(super) async fn renew(&self, registry: &str, repository: &str) -> bool {
        let Some(secrets) = &self.secrets else { return false };
        let before = self.in_secrets(registry, repository);
        self.book.secrets.refused(secrets);
        self.book.secrets.read(secrets, now()).await;
        self.in_secrets(registry, repository) != before
    }

    fn in_secrets(&self, registry: &str, repository: &str) -> Option<Login> {
        self.book.secrets.login(self.secrets.as_ref()?, registry, repository)
    }

    fn named(&self, registry: &str, repository: &str) -> Result<Option<Credential>, String> {
        let records = self.book.read();
        let own = |id: &CredentialId| records.get(id).filter(|credential| credential.tenant == self.tenant);
        if let Some(missing) = self.named.iter().find(|id| own(id).is_none()) {
            return Err(format!("credential {missing}, which the task names, no longer exists"));
        }
        let named = self.named.iter().filter_map(own);
        Ok(best(named, registry, repository).cloned())
    }

    fn stored(&self, registry: &str, repository: &str) -> Option<Credential> {
        let records = self.book.read();
        let of_tenant = |credential: &&Credential| credential.owner.is_none() && credential.tenant == self.tenant;
        let stored = records.values().filter(of_tenant);
        best(stored, registry, repository).cloned()
    }
}

/// Why a credential cannot be used, for people.
pub fn unusable(credential: &Credential, error: &VaultError) -> String {
    format!("{} cannot be read: {error}", credential.shown())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::vault::KeySettings;
    use secrecy::ExposeSecret as _;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn vault(key: &str) -> Vault {
        let inline = Some(key.into());
        Vault::open(KeySettings {
            inline,
            ..KeySettings::default()
        })
        .unwrap()
    }

    fn add(book: &LoginBook, id: i64, registry: &str, owner: Option<&str>) -> Credential {
        let id = CredentialId::from_stored(id);
        let scope = RegistryScope::parse(registry).unwrap();
        let credential = Credential {
            id,
            tenant: TenantId::default(),
            name: format!("c{id}"),
            owner: owner.map(|task| TaskId::parse(task).unwrap()),
            sealed: book.seal(id, &scope, &format!("canary-{id}").into()).unwrap(),
            scope,
            username: format!("u{id}"),
            created_at: 1,
            updated_at: 1,
        };
        book.put(credential.clone());
        credential
    }

    fn named(book: &Arc<LoginBook>, ids: &[i64]) -> TaskLogins {
        let ids = ids
            .iter()
            .map(|id| TaskCredential::named(CredentialId::from_stored(*id)));
        book.of_task(&TenantId::default(), &ids.collect::<Vec<_>>())
    }

    fn user(logins: &TaskLogins, registry: &str, repository: &str) -> Option<String> {
        logins.login(registry, repository).unwrap().map(|login| login.username)
    }

    #[test]
    fn what_the_task_names_comes_before_what_is_stored_and_others_tasks_have_nothing_to_say() {
        let book = Arc::new(LoginBook::new(vault(KEY), vec![]));
        add(&book, 1, "a.corp", None);
        add(&book, 2, "a.corp/team", None);
        add(&book, 3, "a.corp/team/app", Some("other"));
        let task = named(&book, &[1]);
        assert_eq!(
            user(&task, "a.corp", "team/app").as_deref(),
            Some("u1"),
            "named, though less exact"
        );
        let nothing_named = named(&book, &[]);
        assert_eq!(user(&nothing_named, "a.corp", "team/app").as_deref(), Some("u2"));
        assert_eq!(user(&named(&book, &[3]), "a.corp", "team/app").as_deref(), Some("u3"));
        assert_eq!(user(&task, "b.corp", "team/app"), None);
        let login = task.login("a.corp", "x").unwrap().unwrap();
        assert_eq!(
            (login.server.as_str(), login.password.expose_secret()),
            ("https://a.corp", "canary-1")
        );
    }

    #[test]
    fn a_named_one_that_cannot_be_read_is_an_error_and_a_stored_one_is_passed_over() {
        let book = LoginBook::new(vault(KEY), vec![]);
        let credential = add(&book, 1, "a.corp", None);
        let other_key = "f".repeat(64);
        let gone = Arc::new(LoginBook::new(vault(&other_key), vec![credential.clone()]));
        let refusal = named(&gone, &[1]).login("a.corp", "x").unwrap_err();
        assert!(
            refusal.contains("credential 1 \"c1\"") && refusal.contains("is not among"),
            "{refusal}"
        );
        assert_eq!(user(&named(&gone, &[]), "a.corp", "x"), None);
        assert!(gone.unreadable(&credential).is_some() && book.unreadable(&credential).is_none());
        assert!(!format!("{gone:?}{refusal}").contains("canary"));
    }

    #[test]
    fn a_login_of_another_tenant_is_none() {
        let book = Arc::new(LoginBook::new(vault(KEY), vec![]));
        add(&book, 1, "a.corp", None);
        let other = TenantId::from_stored("team-b");
        let nothing_named = book.of_task(&other, &[]);
        assert_eq!(user(&nothing_named, "a.corp", "x"), None);
        let stolen = book.of_task(&other, &[TaskCredential::named(CredentialId::from_stored(1))]);
        let unknown = book.of_task(&other, &[TaskCredential::named(CredentialId::from_stored(9))]);
        let refusal = |logins: &TaskLogins| logins.login("a.corp", "x").unwrap_err();
        assert_eq!(refusal(&stolen), refusal(&unknown).replace('9', "1"));
    }

    #[test]
    fn rows_that_were_swapped_do_not_open() {
        let book = Arc::new(LoginBook::new(vault(KEY), vec![]));
        let mut mine = add(&book, 1, "evil.corp", None);
        let theirs = add(&book, 2, "bank.corp", None);
        mine.sealed = Sealed { ..theirs.sealed };
        book.put(mine);
        let refusal = named(&book, &[1]).login("evil.corp", "x").unwrap_err();
        assert!(refusal.contains("belongs to another place"), "{refusal}");
    }

    #[test]
    fn what_is_gone_is_gone() {
        let book = Arc::new(LoginBook::new(vault(KEY), vec![]));
        add(&book, 1, "a.corp", Some("t"));
        add(&book, 2, "a.corp", None);
        book.forget_task(&TaskId::parse("t").unwrap());
        assert!(book.get(CredentialId::from_stored(1)).is_none());
        assert!(
            named(&book, &[1])
                .login("a.corp", "x")
                .unwrap_err()
                .contains("no longer exists")
        );
        book.remove(CredentialId::from_stored(2));
        assert_eq!(user(&named(&book, &[]), "a.corp", "x"), None);
    }
}
