//! Hashes passwords and checks them, off the threads that serve, few at a time. Every try costs the same work, whoever is named.

use super::error::IdentityError;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Tries that may wait for their turn; more are sent away.
const QUEUE: usize = 256;
/// What a try for nobody is checked against, with the cost that the original uses.
const NOBODY_BCRYPT: &str = "$2a$10$abcdefghijklmnopqrstuuRuLqmGwxqsWyqgOz6xwEOyuQPWFZmPa";

/// How much was hashed so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct PasswordWork {
    /// With argon2id.
    pub argon2: u64,
    /// With bcrypt, as the original did.
    pub bcrypt: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Passwords {
    /// Tries that compute.
    slots: Arc<Semaphore>,
    /// Tries that compute or wait.
    places: Semaphore,
    /// A hash of nothing that anybody knows.
    nobody: SecretString,
    argon2: AtomicU64,
    bcrypt: AtomicU64,
}

impl Passwords {
    /// With as many slots as half of the machine's threads.
    pub(super) fn new() -> Result<Self, IdentityError> {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            slots: Arc::new(Semaphore::new((threads / 2).clamp(1, 8))),
            places: Semaphore::new(QUEUE),
            nobody: argon2_hash(&super::secrets::readable_password())?,
            argon2: AtomicU64::new(0),
            bcrypt: AtomicU64::new(0),
        })
    }

    /// How much was hashed so far.
    pub(super) fn work(&self) -> PasswordWork {
        PasswordWork {
            argon2: self.argon2.load(Ordering::Relaxed),
            bcrypt: self.bcrypt.load(Ordering::Relaxed),
        }
    }

    /// Makes the hash that is kept.
    pub(super) async fn hash(&self, password: &SecretString) -> Result<SecretString, IdentityError> {
        let _place = self.place()?;
        self.argon2.fetch_add(1, Ordering::Relaxed);
        let password = password.clone();
        self.compute(move || argon2_hash(&password)).await?
    }

    /// Whether the password is that of a hash; for nobody it costs the same and is false. `with_bcrypt` says that somebody has a hash
    /// of the original, which costs more: then every try does.
    pub(super) async fn check(
        &self,
        password: &SecretString,
        hash: Option<&SecretString>,
        with_bcrypt: bool,
    ) -> Result<bool, IdentityError> {
        let _place = self.place()?;
        let is_bcrypt = hash.is_some_and(needs_upgrade);
        // Whoever logs in elsewhere has no hash; a try for it costs what a try for nobody does.
        let argon2 = hash.filter(|hash| is_argon2(hash)).cloned();
        let bcrypt = if is_bcrypt { hash.cloned() } else { None };
        let (nobody, password) = (self.nobody.clone(), password.clone());
        self.argon2.fetch_add(1, Ordering::Relaxed);
        let with_bcrypt = with_bcrypt || is_bcrypt;
        if with_bcrypt {
            self.bcrypt.fetch_add(1, Ordering::Relaxed);
        }
        self.compute(move || {
            let by_argon2 = argon2_is(&password, argon2.as_ref().unwrap_or(&nobody)) && argon2.is_some();
            let by_bcrypt = with_bcrypt && {
                let hash = bcrypt.as_ref().map_or(NOBODY_BCRYPT, |hash| hash.expose_secret());
                bcrypt::verify(password.expose_secret(), hash).unwrap_or(false) && bcrypt.is_some()
            };
            by_argon2 || by_bcrypt
        })
        .await
    }

    fn place(&self) -> Result<SemaphorePermit<'_>, IdentityError> {
        let full = |_| IdentityError::TooManyTries { retry_after_s: 2 };
        self.places.try_acquire().map_err(full)
    }

    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, IdentityError> {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.map_err(|closed| IdentityError::Internal(Box::new(closed)))?;
        let done = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            work()
        });
        done.await.map_err(|panic| IdentityError::Internal(Box::new(panic)))
    }
}

fn is_argon2(hash: &SecretString) -> bool {
    hash.expose_secret().starts_with("$argon2")
}

/// Whether the hash is one that the original made.
pub(super) fn needs_upgrade(hash: &SecretString) -> bool {
    hash.expose_secret().starts_with("$2")
}

fn argon2_hash(password: &SecretString) -> Result<SecretString, IdentityError> {
    // Argon2id, 19 MiB, two passes, as OWASP recommends; the salt is its own.
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
    let hash = hash.map_err(|error| IdentityError::Internal(error.to_string().into()))?;
    Ok(hash.to_string().into())
}

fn argon2_is(password: &SecretString, hash: &SecretString) -> bool {
    let check = Argon2::default().verify_password(password.expose_secret().as_bytes(), hash.expose_secret());
    check.is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn secret(text: &str) -> SecretString {
        text.into()
    }

    #[tokio::test]
    async fn every_try_costs_the_same_work_whoever_is_named() {
        let passwords = Passwords::new().unwrap();
        let modern = passwords.hash(&secret("correct horse")).await.unwrap();
        assert!(modern.expose_secret().starts_with("$argon2id$"));
        let old = secret(&bcrypt::hash("battery staple", 4).unwrap());
        let cases = [
            ("correct horse", Some(&modern), true),
            ("wrong", Some(&modern), false),
            ("battery staple", Some(&old), true),
            ("wrong", Some(&old), false),
            ("anything", None, false),
            ("", Some(&secret("")), false),
        ];
        for (password, hash, fits) in cases {
            let before = passwords.work();
            assert_eq!(
                passwords.check(&secret(password), hash, true).await.unwrap(),
                fits,
                "{password}"
            );
            let after = passwords.work();
            assert_eq!(
                (after.argon2 - before.argon2, after.bcrypt - before.bcrypt),
                (1, 1),
                "{password}"
            );
        }
        let before = passwords.work().bcrypt;
        assert!(
            passwords
                .check(&secret("correct horse"), Some(&modern), false)
                .await
                .unwrap()
        );
        assert_eq!(passwords.work().bcrypt, before, "nobody has an old hash");
    }

    /// Work is done where the stand-in is a hash that can be checked; counters alone would not show it.
    #[tokio::test]
    async fn whoever_has_no_hash_is_checked_against_the_stand_in() {
        let passwords = Passwords::new().unwrap();
        assert!(is_argon2(&passwords.nobody));
        for odd in ["", "*", "!", "plain"] {
            let checked = passwords.check(&secret(odd), Some(&secret(odd)), false).await.unwrap();
            assert!(!checked, "{odd:?} is no hash, so nothing fits it");
        }
    }

    #[test]
    fn the_stand_in_is_a_hash() {
        assert!(!bcrypt::verify("x", NOBODY_BCRYPT).unwrap());
    }
}
