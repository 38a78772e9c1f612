//! Looks at tags: when a policy is new, when its timetable says so, and when its tasks found out on their own. Registries are asked beside
//! the keeper, which never waits for one.

use super::Keeper;
use crate::{
    domain::{
        Millis,
        event::{Event, EventKind, PolicyNews, digest},
        ids::PolicyId,
        image::{ImageRef, Platform, ResolvedImage},
        policy::{Following, Policy},
    },
    engine::{Engine, EngineError},
};
use std::time::Duration;

/// How long registries are waited for.
const LIMIT: Duration = Duration::from_secs(10);
/// Time between two looks for the sake of a platform that nothing is known of.
const PLATFORM_MS: Millis = 10 * 60_000;

/// What registries said of the images of a policy.
pub(super) type Answers = Vec<(ImageRef, Result<Vec<ResolvedImage>, String>)>;

/// The end of a look.
#[derive(Debug)]
pub(super) struct Found {
    policy: PolicyId,
    answers: Answers,
    /// The time of the timetable that it was for; `None` for none.
    due: Option<Millis>,
}

/// What a task of a policy found an image to be.
#[derive(Debug)]
pub(super) struct Learnt {
    /// Policy.
    pub(super) policy: PolicyId,
    /// Image.
    pub(super) image: ImageRef,
    /// By platform.
    pub(super) found: Vec<ResolvedImage>,
    /// When.
    pub(super) at: Millis,
}

impl Keeper {
    /// Takes over what tasks found, and has registries asked about policies whose turn it is.
    pub(super) async fn follow_tags(&mut self, now: Millis) -> Result<(), EngineError> {
        for Learnt {
            policy,
            image,
            found,
            at,
        } in std::mem::take(&mut self.learnt)
        {
            self.save_answers(&policy, vec![(image, Ok(found))], None, at).await?;
        }
        let due: Vec<(Policy, Vec<Platform>, Option<Millis>)> = {
            let book = self.engine.policies.book();
            let policies = book
                .policies
                .values()
                .filter(|state| !self.asking.contains(&state.policy.id));
            let due = policies.filter_map(|state| {
                let policy = &state.policy;
                // What was due while nobody was there is made up for once.
                let due = policy.next_follow().filter(|at| *at <= now).map(|_| now);
                let platforms = state.platforms();
                let is_due = due.is_some() || lacks(policy, platforms, now);
                (is_due && !platforms.is_empty() && !policy.images.is_empty())
                    .then(|| (policy.clone(), platforms.to_vec(), due))
            });
            due.collect()
        };
        for (policy, platforms, due) in due {
            self.asking.insert(policy.id.clone());
            let (engine, finder) = (self.engine.clone(), self.finder.clone());
            tokio::spawn(async move {
                let answers = engine.look_up_images(&policy, &platforms, LIMIT).await;
                let found = Found {
                    policy: policy.id,
                    answers,
                    due,
                };
                let _keeper_ended = finder.send(found).await;
            });
        }
        Ok(())
    }

    /// Takes what registries said. What cannot be saved is asked for again.
    pub(super) async fn learned(&mut self, found: Found, now: Millis) {
        let engine = self.engine.clone();
        let _turn = engine.policies.turn().await;
        self.asking.remove(&found.policy);
        self.has_news = true;
        if let Err(error) = self.save_answers(&found.policy, found.answers, found.due, now).await {
            tracing::warn!(policy.id = %found.policy, %error, "what a registry said of a policy's images was not saved");
        }
    }

    async fn save_answers(
        &self,
        id: &PolicyId,
        answers: Answers,
        due: Option<Millis>,
        now: Millis,
    ) -> Result<(), EngineError> {
        let known = self
            .engine
            .policies
            .book()
            .policies
            .get(id)
            .map(|state| state.policy.clone());
        let Some(mut policy) = known else { return Ok(()) };
        let before = policy.clone();
        let follow = due.is_some() && policy.spec.following.wants_digest();
        let moved = policy.learn_all(answers, follow, now);
        if let Some(due) = due {
            policy.followed_until = policy.followed_until.max(due);
        }
        if policy == before {
            return Ok(());
        }
        let events = match &policy.spec.following {
            Following::Alert(_) => moved
                .iter()
                .filter_map(|image| moved_news(&policy, image, now))
                .collect(),
            Following::Never | Following::Schedule(_) => vec![],
        };
        self.engine.store.update_policy(&policy, &events).await?;
        self.engine.told(events.first());
        policy.revision += 1;
        if let Some(state) = self.engine.policies.book_mut().policies.get_mut(id) {
            state.policy = policy;
            state.look_again();
        }
        Ok(())
    }
}

/// Whether something of its images is not known yet.
fn lacks(policy: &Policy, platforms: &[Platform], now: Millis) -> bool {
    policy.images.iter().any(|image| {
        let has_all = platforms.iter().all(|platform| image.wanted(platform).is_some());
        image.checked_at == 0 || (!has_all && now - image.checked_at >= PLATFORM_MS)
    })
}

fn moved_news(policy: &Policy, image: &ImageRef, now: Millis) -> Option<Event> {
    let known = policy.images.iter().find(|known| known.image == *image)?;
    let (from, to) = (known.digest(), known.moved_to()?);
    let news = PolicyNews {
        id: policy.id.clone(),
        tenant: policy.tenant.clone(),
        name: policy.spec.name.clone(),
        image: image.to_string(),
        node: String::new(),
        message: format!("{image} moved from {from} to {to}; resume the policy to accept it"),
        channels: policy
            .spec
            .task
            .notices
            .channels
            .iter()
            .map(|channel| channel.id)
            .collect(),
    };
    let id = digest(&["policy.tag_moved", policy.id.as_str(), image.as_str(), to]);
    Some(Event::policy(id, EventKind::PolicyTagMoved, now, news))
}

impl Engine {
    /// Asks registries what the images of a policy stand for.
    pub(in crate::engine) async fn look_up_images(
        &self,
        policy: &Policy,
        platforms: &[Platform],
        limit: Duration,
    ) -> Answers {
        let images: Vec<ImageRef> = policy.images.iter().map(|known| known.image.clone()).collect();
        let task = &policy.spec.task;
        let logins = self.logins.of_task(&policy.tenant, &task.credentials);
        let logins = logins.with_secrets(task.pull_secrets.clone());
        let answers = self.resolver.look_up(&images, platforms, &logins, limit).await;
        let answers = answers
            .into_iter()
            .map(|answer| answer.map_err(|unresolved| unresolved.message));
        images.into_iter().zip(answers).collect()
    }
}
