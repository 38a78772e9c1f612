//! Asks registries what references stand for, beside the loop: once for each image of a task, a few at a time. What a registry
//! cannot tell holds nothing up; the nodes may know better.

use super::{
    core::{Command, Effect},
    logins::{LoginBook, TaskLogins},
    run::now,
};
use crate::{
    domain::{
        credential::{Login, LoginCheck, LoginResult, Logins},
        image::{ImageRef, Platform, ResolvedImage},
        pull_secret::PullSecrets,
        unresolved::{Unresolved, UnresolvedReason},
    },
    registry::{Registry, ResolveError},
};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, timeout_at},
};

/// Images that are asked about at the same time.
const PARALLEL: usize = 8;

/// Where references are resolved: the registry, an outside edge.
pub trait ImageResolver: Send + Sync + 'static {
    /// What the reference is on each platform, or why that cannot be told, in words for people. `logins` says which login the
    /// registry (or a mirror of it) gets.
    fn resolve<'a>(&'a self, image: &'a ImageRef, platforms: &'a [Platform], logins: &'a dyn Logins) -> Resolving<'a>;

    /// Tries a login at a registry host.
    fn check_login<'a>(&'a self, registry: &'a str, _login: Login) -> Checking<'a> {
        Box::pin(async move {
            LoginCheck {
                result: LoginResult::Refused,
                message: format!("{registry} is not asked from here"),
            }
        })
    }
}

/// A login that is being tried.
pub type Checking<'a> = Pin<Box<dyn Future<Output = LoginCheck> + Send + 'a>>;

/// A question that is under way.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = Result<Vec<ResolvedImage>, Unresolved>> + Send + 'a>>;

impl ImageResolver for Registry {
    fn resolve<'a>(&'a self, image: &'a ImageRef, platforms: &'a [Platform], logins: &'a dyn Logins) -> Resolving<'a> {
        Box::pin(async move {
            Self::resolve(self, image, platforms, logins)
                .await
                .map_err(|error| unresolved(&error))
        })
    }

    fn check_login<'a>(&'a self, registry: &'a str, login: Login) -> Checking<'a> {
        Box::pin(Self::check_login(self, registry, login))
    }
}

fn unresolved(error: &ResolveError) -> Unresolved {
    let reason = match error {
        ResolveError::NotFound { .. } => UnresolvedReason::NotFound,
        ResolveError::Unauthorized { .. } | ResolveError::Credential(_) => UnresolvedReason::Unauthorized,
        ResolveError::WrongPlatform { .. } => UnresolvedReason::WrongPlatform,
        ResolveError::RateLimited { .. }
        | ResolveError::Network { .. }
        | ResolveError::Tls { .. }
        | ResolveError::TimedOut(_)
        | ResolveError::Refused { .. }
        | ResolveError::TooLarge { .. }
        | ResolveError::WrongDigest { .. }
        | ResolveError::Malformed { .. } => UnresolvedReason::Unknown,
    };
    Unresolved {
        reason,
        message: error.to_string(),
    }
}

/// Asks in the background and puts the answers into the loop's queue.
#[derive(Clone)]
pub struct Resolver {
    resolver: Arc<dyn ImageResolver>,
    logins: Arc<LoginBook>,
    places: Arc<Semaphore>,
    answers: mpsc::Sender<Command>,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

impl Resolver {
    /// A resolver that answers into `answers`.
    pub fn new(resolver: Arc<dyn ImageResolver>, logins: Arc<LoginBook>, answers: mpsc::Sender<Command>) -> Self {
        Self {
            resolver,
            logins,
            places: Arc::new(Semaphore::new(PARALLEL)),
            answers,
        }
    }

    /// Asks about all these images now; what is not answered within the limit is unknown.
    pub async fn look_up(
        &self,
        images: &[ImageRef],
        platforms: &[Platform],
        logins: &TaskLogins,
        limit: Duration,
    ) -> Vec<Result<Vec<ResolvedImage>, Unresolved>> {
        let deadline = Instant::now() + limit;
        let one = |image| async move {
            let asked = async {
                // The semaphore is never closed.
                let _place = self.places.acquire().await;
                self.resolve(image, platforms, logins).await
            };
            let late = || Unresolved::unknown(format!("no answer within {} s", limit.as_secs()));
            timeout_at(deadline, asked).await.unwrap_or_else(|_elapsed| Err(late()))
        };
        futures::future::join_all(images.iter().map(one)).await
    }

    /// Asks about one image. Where the registry refuses a login, and its pull secret has another one now, that is tried.
    async fn resolve(
        &self,
        image: &ImageRef,
        platforms: &[Platform],
        logins: &TaskLogins,
    ) -> Result<Vec<ResolvedImage>, Unresolved> {
        logins.prepare().await;
        let answer = self.resolver.resolve(image, platforms, logins).await;
        let refused = |unresolved: &Unresolved| unresolved.reason == UnresolvedReason::Unauthorized;
        let parts = image.parts();
        if answer.as_ref().is_err_and(refused) && logins.renew(&parts.registry, &parts.repository).await {
            return self.resolver.resolve(image, platforms, logins).await;
        }
        answer
    }

    /// Reads pull secrets in the background, for pulls that wait for them.
    pub fn read_secrets(&self, secrets: PullSecrets) {
        let this = self.clone();
        tokio::spawn(async move {
            this.logins.secrets().read(&secrets, now()).await;
            let _loop_ended = this.answers.send(Command::SecretsRead(secrets)).await;
        });
    }

    /// Asks about one image of a task. Does nothing for other effects.
    pub fn ask(&self, effect: Effect) {
        let Effect::Resolve {
            task,
            image_index,
            image,
            platforms,
            credentials,
            pull_secrets,
            tenant,
        } = effect
        else {
            return;
        };
        let this = self.clone();
        tokio::spawn(async move {
            // The semaphore is never closed.
            let _place = this.places.acquire().await;
            let logins = this.logins.of_task(&tenant, &credentials).with_secrets(pull_secrets);
            let result = this.resolve(&image, &platforms, &logins).await;
            let result = result.map_err(|unresolved| unresolved.message);
            if let Err(error) = &result {
                tracing::info!(task.id = %task, %image, error, "the registry could not say what the reference stands for");
            }
            let _loop_ended = this
                .answers
                .send(Command::Resolved {
                    task,
                    image_index,
                    result,
                })
                .await;
        });
    }
}
