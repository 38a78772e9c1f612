//! What is in pull secrets: asked of the cluster when a pull needs it, and kept in memory for a minute at most, as the kubelet does. A secret
//! whose login a registry refused is read again before it is used again, so that one that is rotated needs nobody.

use super::Engine;
use crate::domain::{
    Millis,
    credential::Login,
    declared::ObjectName,
    image::ImageRef,
    pull_secret::{CredentialsReady, DockerConfig, PullSecrets, SecretError, SecretSource},
};
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// How long what was read is used.
const FRESH_MS: Millis = 60_000;
/// What could not be read is tried again so soon.
const FAILED_MS: Millis = 15_000;
/// A secret that was refused is not read more often than this.
const REFUSED_MS: Millis = 1000;
/// What nobody has asked for is forgotten.
const FORGET_MS: Millis = 10 * 60_000;

/// What was read of one secret.
#[derive(Debug)]
struct Known {
    /// Its logins; while the cluster does not answer, those that it had.
    config: Option<DockerConfig>,
    error: Option<SecretError>,
    read_at: Millis,
    /// A registry has refused a login since.
    refused: bool,
}

impl Known {
    fn is_fresh(&self, now: Millis) -> bool {
        let limit = match (self.refused, &self.error) {
            (true, _) => REFUSED_MS,
            (false, Some(_)) => FAILED_MS,
            (false, None) => FRESH_MS,
        };
        (0..limit).contains(&(now - self.read_at))
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct SecretBook {
    source: OnceLock<Arc<dyn SecretSource>>,
    known: RwLock<HashMap<ObjectName, Known>>,
}

impl SecretBook {
    /// Says where secrets are, once. Without that there are none.
    pub(super) fn set_source(&self, source: Arc<dyn SecretSource>) {
        // The first word holds.
        let _said_before = self.source.set(source);
    }

    /// Whether all of them were read lately, or nobody can.
    pub(super) fn is_fresh(&self, secrets: &PullSecrets, now: Millis) -> bool {
        self.source.get().is_none() || self.stale(secrets, now).is_empty()
    }

    /// Reads those of them that were not read lately.
    pub(super) async fn read(&self, secrets: &PullSecrets, now: Millis) {
        let Some(source) = self.source.get() else { return };
        let stale = self.stale(secrets, now);
        let asked = stale.iter().map(|name| source.read(&name.namespace, &name.name));
        let answers = futures::future::join_all(asked).await;
        for (name, answer) in stale.into_iter().zip(answers) {
            self.learn(name, answer, now);
        }
    }

    fn learn(&self, name: ObjectName, answer: Result<DockerConfig, SecretError>, now: Millis) {
        let mut known = self.write();
        known.retain(|_, known| now - known.read_at < FORGET_MS);
        let before = known.remove(&name);
        let told = before.as_ref().and_then(|known| known.error.clone());
        let (config, error) = match answer {
            Ok(config) => (Some(config), None),
            Err(error @ SecretError::Unavailable(_)) => (before.and_then(|known| known.config), Some(error)),
            Err(error) => (None, Some(error)),
        };
        if let Some(error) = error.as_ref().filter(|error| told.as_ref() != Some(error)) {
            tracing::warn!(secret = %name, %error, "a pull secret cannot be used; pulls go on without it");
        }
        let new = Known {
            config,
            error,
            read_at: now,
            refused: false,
        };
        known.insert(name, new);
    }

    /// A registry refused a login that may be one of theirs.
    pub(super) fn refused(&self, secrets: &PullSecrets) {
        let mut known = self.write();
        for name in names(secrets) {
            known.get_mut(&name).into_iter().for_each(|known| known.refused = true);
        }
    }

    /// The login for a repository: that of the first secret that has one.
    pub(super) fn login(&self, secrets: &PullSecrets, registry: &str, repository: &str) -> Option<Login> {
        let known = self.all();
        names(secrets).find_map(|name| known.get(&name)?.config.as_ref()?.login(registry, repository))
    }

    /// How they were when they were read last, and whether they have a login for each of the images; `None` while that is unknown.
    pub(super) fn ready_for<'a>(
        &self,
        secrets: &PullSecrets,
        images: impl Iterator<Item = &'a ImageRef>,
    ) -> Option<CredentialsReady> {
        let ready = self.ready(secrets)?;
        let lacks = |image: &&ImageRef| {
            let parts = image.parts();
            self.login(secrets, &parts.registry, &parts.repository).is_none()
        };
        let lacking = images.filter(lacks).map(|image| image.parts().registry);
        Some(ready.lacking(&lacking.collect()))
    }

    /// How they were when they were read last; `None` while that is unknown.
    pub(super) fn ready(&self, secrets: &PullSecrets) -> Option<CredentialsReady> {
        let known = self.all();
        let read: Option<Vec<&Known>> = names(secrets).map(|name| known.get(&name)).collect();
        let errors = read?.into_iter().enumerate();
        let errors: Vec<_> = errors
            .filter_map(|(at, known)| Some((at, known.error.clone()?)))
            .collect();
        Some(CredentialsReady::of(secrets, &errors))
    }

    fn stale(&self, secrets: &PullSecrets, now: Millis) -> Vec<ObjectName> {
        let known = self.all();
        let is_stale = |name: &ObjectName| known.get(name).is_none_or(|known| !known.is_fresh(now));
        names(secrets).filter(is_stale).collect()
    }

    fn all(&self) -> RwLockReadGuard<'_, HashMap<ObjectName, Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<ObjectName, Known>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Says where pull secrets are, once. Without that there are none.
    pub fn read_pull_secrets_from(&self, source: Arc<dyn SecretSource>) {
        self.logins.secrets().set_source(source);
    }
}

fn names(secrets: &PullSecrets) -> impl Iterator<Item = ObjectName> {
    let namespace = &secrets.namespace;
    secrets.names.iter().map(move |name| ObjectName {
        namespace: namespace.clone(),
        name: name.clone(),
    })
}

#[cfg(test)]
pub(in crate::engine) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::pull_secret::Reading;
    use secrecy::ExposeSecret as _;
    use serde_json::json;
    use std::{collections::BTreeMap, sync::Mutex};

    /// A cluster that keeps secrets in memory: passwords for `r.corp`, or why there is none.
    #[derive(Debug, Default)]
    pub(in crate::engine) struct Secrets {
        pub(in crate::engine) kept: Mutex<BTreeMap<String, Result<String, SecretError>>>,
        pub(in crate::engine) reads: Mutex<Vec<String>>,
    }

    impl Secrets {
        pub(in crate::engine) fn put(&self, name: &str, password: Result<&str, SecretError>) {
            self.kept
                .lock()
                .unwrap()
                .insert(name.to_owned(), password.map(ToOwned::to_owned));
        }

        pub(in crate::engine) fn reads(&self) -> usize {
            self.reads.lock().unwrap().len()
        }
    }

    impl SecretSource for Secrets {
        fn read<'a>(&'a self, namespace: &'a str, name: &'a str) -> Reading<'a> {
            let name = format!("{namespace}/{name}");
            self.reads.lock().unwrap().push(name.clone());
            let kept = self.kept.lock().unwrap().get(&name).cloned();
            Box::pin(async move {
                let password = kept.unwrap_or(Err(SecretError::NotFound))?;
                let file = json!({"auths": {"r.corp": {"username": "u", "password": password}}});
                DockerConfig::parse(file.to_string().as_bytes())
            })
        }
    }

    fn secrets(names: &[&str]) -> PullSecrets {
        PullSecrets {
            namespace: "team-a".into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn book() -> (Arc<Secrets>, SecretBook) {
        let (source, book) = (Arc::new(Secrets::default()), SecretBook::default());
        book.set_source(Arc::clone(&source) as _);
        (source, book)
    }

    fn password(book: &SecretBook, secrets: &PullSecrets) -> Option<String> {
        let login = book.login(secrets, "r.corp", "app")?;
        Some(login.password.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn what_was_read_is_used_for_a_minute() {
        let (source, book) = book();
        let own = secrets(&["a"]);
        source.put("team-a/a", Ok("old"));
        assert!(!book.is_fresh(&own, 0));
        book.read(&own, 0).await;
        source.put("team-a/a", Ok("new"));
        book.read(&own, FRESH_MS - 1).await;
        assert_eq!((password(&book, &own).as_deref(), source.reads()), (Some("old"), 1));
        assert!(!book.is_fresh(&own, FRESH_MS));
        book.read(&own, FRESH_MS).await;
        assert_eq!(password(&book, &own).as_deref(), Some("new"));
    }

    #[tokio::test]
    async fn what_was_refused_is_read_again_but_not_in_a_loop() {
        let (source, book) = book();
        let own = secrets(&["a"]);
        source.put("team-a/a", Ok("old"));
        book.read(&own, 0).await;
        source.put("team-a/a", Ok("new"));
        book.refused(&own);
        book.read(&own, REFUSED_MS - 1).await;
        assert_eq!((password(&book, &own).as_deref(), source.reads()), (Some("old"), 1));
        book.read(&own, REFUSED_MS).await;
        assert_eq!((password(&book, &own).as_deref(), source.reads()), (Some("new"), 2));
        assert!(book.is_fresh(&own, 2 * REFUSED_MS));
    }

    #[tokio::test]
    async fn the_first_secret_with_a_login_counts_and_the_others_are_told() {
        let (source, book) = book();
        let own = secrets(&["missing", "b", "c"]);
        source.put("team-a/b", Ok("b"));
        source.put("team-a/c", Ok("c"));
        source.put("team-b/missing", Ok("another namespace's"));
        assert_eq!(book.ready(&own), None);
        book.read(&own, 0).await;
        assert_eq!(password(&book, &own).as_deref(), Some("b"));
        let ready = book.ready(&own).unwrap();
        assert_eq!((ready.holds, ready.reason), (false, "SecretNotFound"));
        assert!(
            ready
                .message
                .contains("imagePullSecrets[0].name: Secret team-a/missing"),
            "{}",
            ready.message
        );
        let others = PullSecrets {
            namespace: "team-b".into(),
            ..own
        };
        assert_eq!(password(&book, &others), None, "never read for that namespace");
    }

    #[tokio::test]
    async fn a_cluster_that_is_away_takes_nothing_back_and_a_secret_that_is_gone_does() {
        let (source, book) = book();
        let own = secrets(&["a"]);
        source.put("team-a/a", Ok("p"));
        book.read(&own, 0).await;
        source.put("team-a/a", Err(SecretError::Unavailable("no answer".into())));
        book.read(&own, FRESH_MS).await;
        assert_eq!(password(&book, &own).as_deref(), Some("p"));
        assert_eq!(book.ready(&own).unwrap().reason, "SecretUnavailable");
        source.put("team-a/a", Err(SecretError::NotFound));
        book.read(&own, 2 * FRESH_MS).await;
        assert_eq!(password(&book, &own), None);
    }

    #[tokio::test]
    async fn without_a_cluster_nothing_is_waited_for() {
        let book = SecretBook::default();
        let own = secrets(&["a"]);
        assert!(book.is_fresh(&own, 0));
        book.read(&own, 0).await;
        assert_eq!(password(&book, &own), None);
    }
}
