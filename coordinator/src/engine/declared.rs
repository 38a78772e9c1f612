//! Keeps policies as objects of a cluster declare them: takes over what is new or changed, ends what is deleted, and writes back how far each is
//! true. It holds nothing that must survive: at its start it hears of all objects, and of those that were deleted meanwhile, too.
//!
//! Each object is looked at alone and as it is now, whatever has happened before, so that it can be killed at any point. An object has a
//! finalizer before anything is made of it, and so none can be gone before its policy is.

mod apply;
#[cfg(test)]
mod tests;

use super::{
    Engine, EngineError,
    board::{Follower, Noun, Step},
    policies::view,
    run::now,
};
use crate::domain::{
    Invalid, Millis,
    declared::{
        Declared, DeclaredNews, DeclaredObjects, FINALIZER, Kept, Namespaces, Verdict, WriteError, policy_status,
    },
    ids::PolicyId,
    policy::PolicyRequest,
    pull_secret::PullSecrets,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Shortest time between two writes of a status.
const WRITE_MS: Millis = 1000;
/// Shortest time between two looks at how far policies are true.
const LOOK_MS: Millis = 1000;
/// A spec that was refused is tried again after so long: what it names may be there now.
const REFUSED_MS: Millis = 30_000;
/// Wait before what could not be done is tried again; it doubles.
const FIRST_RETRY_MS: Millis = 1000;
const LONGEST_RETRY_MS: Millis = 30_000;
/// Pull secrets are looked at again after so long, and sooner where they cannot be used. Pulls have them read on their own.
const SECRETS_MS: Millis = 5 * 60_000;
/// Longest sleep: how soon a wall clock that jumps is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// The part of which `/readyz` tells.
const PART: &str = "prewarm-policies";

/// Reads the spec of an object, whose fields are those of the REST API.
pub type ReadPolicy = fn(Value) -> Result<PolicyRequest, Invalid>;

/// An object, and what was made of it.
#[derive(Debug)]
struct Known {
    object: Declared,
    /// Of which spec it is told, and what became of that.
    verdict: Option<(i64, Verdict)>,
    /// When a spec that was refused is tried again.
    retry_at: Millis,
    /// Pull secrets of the spec that was accepted last.
    secrets: Option<PullSecrets>,
    /// When they are looked at again.
    secrets_at: Millis,
    /// When it is looked at next; never by itself where that is the end of time.
    due: Millis,
    /// What was written last.
    written: Value,
    written_at: Millis,
    failures: u32,
}

impl Known {
    fn new(object: Declared) -> Self {
        Self {
            object,
            verdict: None,
            retry_at: 0,
            secrets: None,
            secrets_at: 0,
            due: 0,
            written: Value::Null,
            written_at: 0,
            failures: 0,
        }
    }
}

/// Why an object has to wait.
#[derive(Debug, thiserror::Error)]
enum HeldUp {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Cluster(#[from] WriteError),
}

/// See the module. One at a time may run.
#[derive(Debug)]
pub struct Declarations {
    engine: Engine,
    cluster: Arc<dyn DeclaredObjects>,
    namespaces: Namespaces,
    read: ReadPolicy,
    objects: BTreeMap<String, Known>,
    /// Policies whose object is gone.
    gone: BTreeSet<PolicyId>,
    /// All objects were told: a policy of another one has lost it.
    has_all: bool,
    /// When to look how far policies are true; `None` while nothing has changed.
    look_at: Option<Millis>,
    looked_at: Millis,
}

impl Declarations {
    /// Those of this cluster. From now on their policies can be changed there alone.
    pub fn new(engine: Engine, cluster: Arc<dyn DeclaredObjects>, namespaces: Namespaces, read: ReadPolicy) -> Self {
        engine.policies.declared_elsewhere();
        Self {
            engine,
            cluster,
            namespaces,
            read,
            objects: BTreeMap::new(),
            gone: BTreeSet::new(),
            has_all: false,
            look_at: None,
            looked_at: 0,
        }
    }

    /// Works until cancelled or nobody tells anything any more. What fails is tried again.
    pub async fn run(mut self, mut news: mpsc::Receiver<DeclaredNews>, cancel: CancellationToken) {
        let (_, mut follower) = self.engine.board().follow_now();
        loop {
            let work = async {
                Box::pin(self.activate(now())).await;
                self.wait(&mut news, &mut follower).await
            };
            if !matches!(cancel.run_until_cancelled(work).await, Some(Some(()))) {
                return;
            }
        }
    }

    /// Takes what the cluster says.
    fn hear(&mut self, news: DeclaredNews) {
        match news {
            DeclaredNews::All(objects) => {
                let there: BTreeSet<&str> = objects.iter().map(|object| object.uid.as_str()).collect();
                let lost: Vec<String> = self
                    .objects
                    .keys()
                    .filter(|uid| !there.contains(uid.as_str()))
                    .cloned()
                    .collect();
                lost.into_iter().for_each(|uid| self.lose(&uid));
                objects.into_iter().for_each(|object| self.see(object));
                self.has_all = true;
            }
            DeclaredNews::Changed(object) => self.see(*object),
            DeclaredNews::Gone(uid) => self.lose(&uid),
            DeclaredNews::Away(why) => return self.engine.set_remark(PART, Some(why)),
            DeclaredNews::Back => {}
        }
        self.engine.set_remark(PART, None);
    }

    fn see(&mut self, object: Declared) {
        match self.objects.get_mut(&object.uid) {
            Some(known) => {
                known.object = object;
                known.due = 0;
            }
            None => drop(self.objects.insert(object.uid.clone(), Known::new(object))),
        }
    }

    fn lose(&mut self, uid: &str) {
        self.objects.remove(uid);
        self.gone.insert(PolicyId::of_object(uid));
    }

    /// Looks at every object that is due, and ends policies whose object is gone.
    async fn activate(&mut self, now: Millis) {
        if let Err(error) = self.end_lost().await {
            tracing::warn!(%error, "policies whose objects are gone are still there");
        }
        if self.look_at.is_some_and(|at| at <= now) {
            self.look_at = None;
            self.looked_at = now;
            // Not those that wait because something failed.
            let calm = self.objects.values_mut().filter(|known| known.failures == 0);
            calm.for_each(|known| known.due = known.due.min(now));
        }
        let due = self.objects.iter().filter(|(_, known)| known.due <= now);
        let due: Vec<String> = due.map(|(uid, _)| uid.clone()).collect();
        for uid in due {
            let Some(mut known) = self.objects.remove(&uid) else {
                continue;
            };
            match self.reconcile(&mut known, now).await {
                Ok(due) => {
                    known.failures = 0;
                    known.due = due;
                }
                // News of it are on their way.
                Err(HeldUp::Cluster(WriteError::Stale)) => known.due = now + LONGEST_RETRY_MS,
                Err(held_up) => {
                    let pause = FIRST_RETRY_MS << known.failures.min(5);
                    known.failures += 1;
                    known.due = now + pause.min(LONGEST_RETRY_MS);
                    tracing::warn!(object = %known.object.name, error = %held_up, "a declared policy is held up");
                }
            }
            self.objects.insert(uid, known);
        }
    }

    /// Ends policies that lost their object, also while the coordinator was away.
    async fn end_lost(&mut self) -> Result<(), EngineError> {
        if std::mem::take(&mut self.has_all) {
            let known: BTreeSet<PolicyId> = self.objects.values().map(|known| known.object.policy_id()).collect();
            let declared = self
                .engine
                .declared_policies()
                .await
                .inspect_err(|_| self.has_all = true)?;
            self.gone.extend(declared.into_iter().filter(|id| !known.contains(id)));
        }
        while let Some(id) = self.gone.first().cloned() {
            self.engine.end_declared(&id).await?;
            self.gone.remove(&id);
        }
        Ok(())
    }

    /// Makes true what the object says, and writes back how it is. Says when to look again.
    async fn reconcile(&self, known: &mut Known, now: Millis) -> Result<Millis, HeldUp> {
        let object = &known.object;
        if object.is_deleted {
            if object.is_kept() {
                self.engine.end_declared(&object.policy_id()).await?;
                let others: Vec<String> = object
                    .finalizers
                    .iter()
                    .filter(|it| *it != FINALIZER)
                    .cloned()
                    .collect();
                self.cluster.write_finalizers(object, &others).await?;
            }
            return Ok(Millis::MAX);
        }
        if !object.is_kept() {
            let mut all = object.finalizers.clone();
            all.push(FINALIZER.to_owned());
            self.cluster.write_finalizers(object, &all).await?;
            // It comes again as it is then.
            return Ok(now + LONGEST_RETRY_MS);
        }
        let is_told = known
            .verdict
            .as_ref()
            .is_some_and(|(told, _)| *told == object.generation);
        if !is_told || known.retry_at <= now {
            let verdict = self.take_over(object).await?;
            known.retry_at = match verdict {
                Verdict::Accepted => Millis::MAX,
                Verdict::Refused(..) => now + REFUSED_MS,
            };
            if verdict == Verdict::Accepted {
                // Nothing is wrong with them, for it was accepted.
                let named = PullSecrets::take(&mut object.spec.clone(), &object.name.namespace);
                (known.secrets, known.secrets_at) = (named.ok().flatten(), 0);
            }
            known.verdict = Some((object.generation, verdict));
        }
        if known.secrets_at <= now {
            known.secrets_at = self.look_at_secrets(object, known.secrets.as_ref(), now).await;
        }
        let due = self.write_back(known, now).await?;
        Ok(due.min(known.secrets_at))
    }

    /// Has the pull secrets of an object read, unless they were lately. Says when to look again.
    async fn look_at_secrets(&self, object: &Declared, secrets: Option<&PullSecrets>, now: Millis) -> Millis {
        let Some(secrets) = secrets else { return Millis::MAX };
        let book = self.engine.logins.secrets();
        book.read(secrets, now).await;
        match book.ready(secrets) {
            None => Millis::MAX,
            Some(ready) if !ready.holds => now + REFUSED_MS,
            Some(_) => {
                if object.says_of("CredentialsReady") == Some("False") {
                    self.engine.policies.try_logins_again(&object.policy_id());
                }
                now + SECRETS_MS
            }
        }
    }

    /// Writes the status, unless that says it already or was written a moment ago.
    async fn write_back(&self, known: &mut Known, now: Millis) -> Result<Millis, HeldUp> {
        let Some(status) = self.status(known, now).await? else {
            // The keeper has not read its policy yet.
            return Ok(now + LOOK_MS);
        };
        if status == known.object.status || status == known.written {
            return Ok(known.retry_at);
        }
        if (known.written_at..known.written_at + WRITE_MS).contains(&now) {
            return Ok(known.written_at + WRITE_MS);
        }
        self.cluster.write_status(&known.object, &status).await?;
        known.written_at = now;
        // What the next status is compared with, and takes its times from.
        known.object.status = status.clone();
        known.written = status;
        Ok(known.retry_at)
    }

    /// What is to be told of an object; `None` while its policy is there and nobody has looked at it.
    async fn status(&self, known: &Known, now: Millis) -> Result<Option<Value>, EngineError> {
        let (object, Some((_, verdict))) = (&known.object, &known.verdict) else {
            return Ok(None);
        };
        let id = object.policy_id();
        let view = self
            .engine
            .policies
            .book()
            .policies
            .get(&id)
            .map(|state| view(state, now));
        if view.is_none() && self.engine.store.has_policy(&self.engine.realm, &id).await? {
            return Ok(None);
        }
        let kept = view.as_ref().map(|view| Kept {
            tenant: &view.policy.tenant,
            nodes: view.nodes,
            counts: view.counts,
            conditions: &view.conditions,
        });
        let secrets = known.secrets.as_ref();
        let ready = secrets.and_then(|secrets| self.engine.logins.secrets().ready(secrets));
        Ok(Some(policy_status(object, verdict, kept, ready.as_ref(), now)))
    }

    /// Sleeps until there is something to do; `None` when there will never be.
    async fn wait(&mut self, news: &mut mpsc::Receiver<DeclaredNews>, follower: &mut Follower) -> Option<()> {
        loop {
            let next = self.objects.values().map(|known| known.due).chain(self.look_at).min();
            let left = next.map_or(LONGEST_SLEEP, |at| {
                Duration::from_millis(u64::try_from(at.saturating_sub(now())).unwrap_or(0))
            });
            tokio::select! {
                heard = news.recv() => {
                    self.hear(heard?);
                    while let Ok(heard) = news.try_recv() {
                        self.hear(heard);
                    }
                    return Some(());
                }
                step = follower.next() => match step {
                    Step::Delta(delta) if delta.changed.contains(&Noun::Policies) => self.look_soon(),
                    Step::Delta(_) => {}
                    Step::Lagged => {
                        *follower = self.engine.board().follow_now().1;
                        self.look_soon();
                    }
                    Step::Closed => return None,
                },
                () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => return Some(()),
            }
        }
    }

    fn look_soon(&mut self) {
        let soon = now().max(self.looked_at + LOOK_MS).min(now() + LOOK_MS);
        self.look_at.get_or_insert(soon);
    }
}
