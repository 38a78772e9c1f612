//! Credentials: in the clear there, encrypted here.

use super::{Takeover, time};
use crate::{
    domain::{
        caller::TenantId,
        credential::{Credential, CredentialId, CredentialRequest, CredentialSpec, TaskCredential},
    },
    store::{Numbers, Original, OriginalRow},
    vault::Place,
};
use anyhow::{Context, Result};
use std::collections::HashMap;

const TABLE: &str = "registry_secrets";

/// By the number there: what a task of this program names.
pub(super) type CredentialIds = HashMap<String, TaskCredential>;

impl Takeover {
    pub(super) async fn credentials(&mut self, original: &Original) -> Result<CredentialIds> {
        let known = self.store.all_credentials().await?;
        let named = known
            .iter()
            .filter(|credential| credential.owner.is_none() && credential.tenant.is_default());
        let mut known: HashMap<String, TaskCredential> = named
            .map(|credential| (credential.name.clone(), shown(credential)))
            .collect();
        let mut ids = CredentialIds::new();
        for row in original.rows(TABLE) {
            let request = CredentialRequest {
                name: row.text("name").to_owned(),
                registry: row.text("registry").to_owned(),
                username: row.text("username").to_owned(),
                password: Some(row.text("password").into()),
            };
            let spec = match request.check_new() {
                Ok(spec) => spec,
                Err(invalid) => {
                    self.report.left_out(TABLE, row.text("name"), &invalid.to_string());
                    continue;
                }
            };
            let name = spec.name.clone();
            let there = known.get(&name).cloned();
            let same = |other: &TaskCredential| {
                (&other.registry, &other.username) == (&spec.login.scope.to_string(), &spec.login.username)
            };
            if there.as_ref().is_some_and(|other| !same(other)) {
                let why = "another credential has the name";
                self.report.left_out(TABLE, &name, why);
                continue;
            }
            self.report.done(TABLE, there.is_none());
            let credential = match there {
                Some(credential) => credential,
                None => shown(&self.take_credential(row, spec).await?),
            };
            known.insert(name, credential.clone());
            ids.insert(row.text("id").to_owned(), credential);
        }
        Ok(ids)
    }

    async fn take_credential(&self, row: &OriginalRow, spec: CredentialSpec) -> Result<Credential> {
        let id = CredentialId::from_stored(self.store.new_number(Numbers::Credentials).await?);
        let password = spec.login.password.context("a checked credential has a password")?;
        let place = spec.login.scope.to_string();
        let sealed = self.vault.seal(Place::of_credential(id, &place), &password)?;
        let created_at = time::parse(row.text("created_at")).unwrap_or(self.now);
        let credential = Credential {
            id,
            tenant: TenantId::default(),
            name: spec.name,
            owner: None,
            scope: spec.login.scope,
            username: spec.login.username,
            sealed,
            created_at,
            updated_at: time::parse(row.text("updated_at")).unwrap_or(created_at),
        };
        self.store.insert_credential(&credential).await?;
        Ok(credential)
    }
}

fn shown(credential: &Credential) -> TaskCredential {
    TaskCredential {
        name: credential.name.clone(),
        registry: credential.scope.to_string(),
        username: credential.username.clone(),
        ..TaskCredential::named(credential.id)
    }
}
