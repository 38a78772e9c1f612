//! Credentials: kept, changed, tried, removed. A password comes in and never goes out again, except to its registry and to agents.

use super::{
    Engine, EngineError,
    logins::unusable,
    run::now,
    views::{CredentialView, Page, PageRequest},
};
use crate::{
    domain::{
        Invalid,
        credential::{Credential, CredentialId, CredentialSpec, Login, LoginCheck, TaskCredential, rivals},
        ids::TaskId,
        task::{NewTask, TaskRequest, TaskSpec},
    },
    store::{CredentialRemoval, Numbers, StoreError},
    vault::VaultError,
};

impl Engine {
    /// Saves a credential.
    ///
    /// # Errors
    /// `AlreadyExists` for a taken name; Precondition where there is no key to encrypt with.
    pub async fn create_credential(&self, spec: CredentialSpec) -> Result<CredentialView, EngineError> {
        let tenant = self.owning_tenant()?;
        tenant.check_host("registry", spec.login.scope.host())?;
        let _one_at_a_time = self.logins.changing().await;
        let id = CredentialId::from_stored(self.store.new_number(Numbers::Credentials).await?);
        let now = now();
        let Some(password) = &spec.login.password else {
            return Err(Invalid::new("password", "must not be empty").into());
        };
        let sealed = self.logins.seal(id, &spec.login.scope, password);
        let credential = Credential {
            id,
            tenant: tenant.id.clone(),
            name: spec.name,
            owner: None,
            sealed: sealed.map_err(not_sealed)?,
            scope: spec.login.scope,
            username: spec.login.username,
            created_at: now,
            updated_at: now,
        };
        self.store
            .insert_credential(&credential)
            .await
            .map_err(|error| taken(error, &credential.name))?;
        self.logins.put(credential.clone());
        tracing::info!(credential.id = %id, credential.registry = %credential.scope, "credential saved");
        Ok(self.credential_view(credential))
    }

    /// Credentials, newest first; those that belong to tasks are not among them.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn credentials(&self, page: PageRequest) -> Result<Page<CredentialView>, EngineError> {
        let (found, total) = self.store.credentials(&self.realm, page.limit, page.offset).await?;
        let items = found.into_iter().map(|credential| self.credential_view(credential));
        Ok(Page {
            items: items.collect(),
            total,
        })
    }

    /// One credential.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn credential(&self, id: CredentialId) -> Result<CredentialView, EngineError> {
        Ok(self.credential_view(self.stored_credential(id).await?))
    }

    /// Changes a credential. Without a password it keeps the old one, as long as it stays with the same host: a password that was given
    /// for one host is never sent to another.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyExists` for a taken name; Invalid for a new host without a password; Precondition where the old password
    /// cannot be read.
    pub async fn update_credential(
        &self,
        id: CredentialId,
        spec: CredentialSpec,
    ) -> Result<CredentialView, EngineError> {
        let _one_at_a_time = self.logins.changing().await;
        let old = self.stored_credential(id).await?;
        let tenant = self.of_tenant(&old.tenant).owning_tenant()?;
        tenant.check_host("registry", spec.login.scope.host())?;
        let password = match spec.login.password {
            Some(password) => password,
            None if old.scope.host() != spec.login.scope.host() => {
                let rule = format!(
                    "must be sent again when the registry's host changes from {}",
                    old.scope.host()
                );
                return Err(Invalid::new("password", rule).into());
            }
            None => self.logins.password(&old).map_err(|error| cannot_read(&old, &error))?,
        };
        let sealed = self.logins.seal(id, &spec.login.scope, &password);
        let new = Credential {
            name: spec.name,
            sealed: sealed.map_err(not_sealed)?,
            scope: spec.login.scope,
            username: spec.login.username,
            updated_at: now(),
            ..old.clone()
        };
        let written = self.store.update_credential(&new, &old.sealed).await;
        if !written.map_err(|error| taken(error, &new.name))? {
            return Err(EngineError::Unavailable(
                "the credential was changed meanwhile, try again".into(),
            ));
        }
        self.logins.put(new.clone());
        tracing::info!(credential.id = %id, credential.registry = %new.scope, "credential changed");
        Ok(self.credential_view(new))
    }

    /// Removes a credential; one that is not there is removed already.
    ///
    /// # Errors
    /// Precondition while a schedule or a task that has not ended names it; the message names them.
    pub async fn delete_credential(&self, id: CredentialId) -> Result<(), EngineError> {
        let _one_at_a_time = self.logins.changing().await;
        match self.stored_credential(id).await {
            Err(EngineError::NotFound { .. }) => return Ok(()),
            other => other?,
        };
        match self.store.delete_credential(id).await? {
            CredentialRemoval::Removed => {
                self.logins.remove(id);
                tracing::info!(credential.id = %id, "credential removed");
                Ok(())
            }
            CredentialRemoval::Absent => Ok(()),
            CredentialRemoval::InUse(users) => Err(EngineError::Precondition(format!(
                "credential {id} is in use by {}",
                users.join(", ")
            ))),
        }
    }

    /// Logs in at the credential's registry, from here, and says what happened.
    ///
    /// # Errors
    /// `NotFound`; Precondition where the password cannot be read.
    pub async fn test_credential(&self, id: CredentialId) -> Result<LoginCheck, EngineError> {
        let credential = self.stored_credential(id).await?;
        let password = self.logins.password(&credential);
        let password = password.map_err(|error| cannot_read(&credential, &error))?;
        let host = credential.scope.host();
        let login = Login::new(host, credential.username.clone(), password);
        let check = self.registry.check_login(host, login).await;
        tracing::info!(credential.id = %id, result = check.result.as_str(), "credential tried");
        Ok(check)
    }

    /// Completes a spec with what is known of the credentials that it names, and seals the login that the task brings along.
    ///
    /// # Errors
    /// Invalid when a credential does not exist, cannot be read, or stands beside another for the same.
    pub(super) async fn prepare_logins(
        &self,
        id: &TaskId,
        new: &NewTask,
        spec: &mut TaskSpec,
    ) -> Result<Option<Credential>, EngineError> {
        self.name_credentials(spec)?;
        if let Some(login) = &new.login {
            self.owning_tenant()?.check_host("registry", login.scope.host())?;
        }
        let Some(login) = &new.login else { return Ok(None) };
        let Some(password) = &login.password else {
            return Ok(None);
        };
        let number = CredentialId::from_stored(self.store.new_number(Numbers::Credentials).await?);
        let now = now();
        let credential = Credential {
            id: number,
            tenant: self.owner.clone(),
            name: String::new(),
            owner: Some(id.clone()),
            scope: login.scope.clone(),
            username: login.username.clone(),
            sealed: self.logins.seal(number, &login.scope, password).map_err(not_sealed)?,
            created_at: now,
            updated_at: now,
        };
        spec.credentials.push(shown(&credential));
        Ok(Some(credential))
    }

    /// Gives a copy of a task the login that the task brought along.
    ///
    /// # Errors
    /// Precondition when it cannot be read.
    pub(super) fn copy_login(&self, origin: &TaskSpec, copy: &mut TaskRequest) -> Result<(), EngineError> {
        let owned = origin.credentials.iter().find(|credential| credential.owned);
        let Some(own) = owned.and_then(|owned| self.logins.get(owned.id)) else {
            return Ok(());
        };
        copy.logins.password = Some(self.logins.password(&own).map_err(|error| cannot_read(&own, &error))?);
        copy.logins.registry = Some(own.scope.to_string());
        copy.logins.username = Some(own.username);
        Ok(())
    }

    /// Checks the credentials that a spec names and fills in how they are shown; for schedules and previews too.
    ///
    /// # Errors
    /// Invalid when a credential does not exist, cannot be read, or stands beside another for the same.
    pub fn name_credentials(&self, spec: &mut TaskSpec) -> Result<(), Invalid> {
        let field = if spec.credentials.len() == 1 {
            "secretId"
        } else {
            "secretIds"
        };
        let mut found = Vec::with_capacity(spec.credentials.len());
        for wanted in &spec.credentials {
            let credential = self
                .logins
                .get(wanted.id)
                .filter(|credential| credential.owner.is_none() && credential.tenant == self.owner);
            let credential =
                credential.ok_or_else(|| Invalid::new(field, format!("credential {} does not exist", wanted.id)))?;
            if let Err(error) = self.logins.password(&credential) {
                return Err(Invalid::new(field, unusable(&credential, &error)));
            }
            found.push(credential);
        }
        if let Some((one, other)) = rivals(&found.iter().collect::<Vec<_>>()) {
            let rule = format!("{} and {} are both for {}", one.shown(), other.shown(), one.scope);
            return Err(Invalid::new("secretIds", rule));
        }
        spec.credentials = found.iter().map(shown).collect();
        Ok(())
    }

    /// Whether no login is kept, not even one of a task.
    #[cfg(test)]
    pub fn has_no_logins(&self) -> bool {
        self.logins.is_empty()
    }

    async fn stored_credential(&self, id: CredentialId) -> Result<Credential, EngineError> {
        let found = self.store.credential(id).await?;
        let found = found.filter(|credential| credential.owner.is_none());
        self.seen(found, "secret", &id.to_string())
    }

    fn credential_view(&self, credential: Credential) -> CredentialView {
        let unreadable = self.logins.unreadable(&credential);
        CredentialView { credential, unreadable }
    }
}

fn shown(credential: &Credential) -> TaskCredential {
    TaskCredential {
        id: credential.id,
        name: credential.name.clone(),
        registry: credential.scope.to_string(),
        username: credential.username.clone(),
        owned: credential.owner.is_some(),
    }
}

fn taken(error: StoreError, name: &str) -> EngineError {
    if matches!(error, StoreError::Taken { .. }) {
        return EngineError::AlreadyExists {
            kind: "secret",
            id: name.to_owned(),
        };
    }
    error.into()
}

fn not_sealed(error: VaultError) -> EngineError {
    EngineError::Precondition(format!("the password cannot be encrypted: {error}"))
}

fn cannot_read(credential: &Credential, error: &VaultError) -> EngineError {
    EngineError::Precondition(unusable(credential, error))
}
