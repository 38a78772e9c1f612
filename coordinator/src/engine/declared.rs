//! Keeps policies and tasks as objects of a cluster declare them: takes over what is new or changed, ends what is deleted, and writes back how far each is
//! true. It holds nothing that must survive: at its start it hears of all objects, and of those that were deleted meanwhile, too.
//!
//! Each object is looked at alone and as it is now, whatever has happened before, so that it can be killed at any point. An object has a
//! finalizer before anything is made of it, and so none can be gone before its policy or task is.
//! A task is made once: its id is that of its object, and the object's status says that it was made, also when its record is gone.

mod apply;
mod tasks;
#[cfg(test)]
mod tests;

use super::{
    Engine, EngineError,
    board::{Delta, Follower, Noun, Step},
    policies::view,
    run::now,
};
use crate::domain::{
    Invalid, Millis,
    declared::{
        Declared, DeclaredNews, DeclaredObjects, Kept, Kind, Namespaces, Notice, TaskWish, Verdict, WriteError,
        condition, of_pull, of_status, policy_status, removal_at, task_status,
    },
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
/// Reads the specs of objects, whose fields are those of the REST API.
#[derive(Debug, Clone, Copy)]
pub struct Readers {
    /// Of a policy.
    pub policy: fn(Value) -> Result<PolicyRequest, Invalid>,
    /// Of a task.
    pub task: fn(Value) -> Result<TaskWish, Invalid>,
}

/// The part of which `/readyz` tells.
fn part(kind: Kind) -> &'static str {
    match kind {
        Kind::Policy => "prewarm-policies",
        Kind::Task => "prewarm-tasks",
    }
}

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

/// Of which objects what they declare has changed.
#[derive(Debug, Default)]
struct Touched {
    /// Of any.
    all: bool,
    /// Of policies, whichever.
    policies: bool,
    /// Of these tasks, by the UID of their object.
    tasks: BTreeSet<String>,
}

impl Touched {
    /// Takes over what changed, and says whether that was anything.
    fn note(&mut self, delta: &Delta) -> bool {
        let removed = delta.removed_tasks.iter().map(|(_, id)| id);
        let tasks = delta.tasks.iter().map(|view| &view.task.id).chain(removed);
        self.tasks
            .extend(tasks.filter_map(|id| id.object()).map(ToOwned::to_owned));
        self.policies |= delta.changed.contains(&Noun::Policies);
        self.policies || !self.tasks.is_empty()
    }

    fn has(&self, object: &Declared) -> bool {
        let of_kind = match object.kind {
            Kind::Policy => self.policies,
            Kind::Task => self.tasks.contains(&object.uid),
        };
        self.all || of_kind
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
    read: Readers,
    /// By UID.
    objects: BTreeMap<String, Known>,
    /// Objects that are gone, by kind and UID.
    gone: BTreeSet<(Kind, String)>,
    /// Kinds of which all objects were told: what another one declared has lost it.
    has_all: BTreeSet<Kind>,
    /// What has changed since the last look.
    touched: Touched,
    /// When to look how far that is true; `None` while nothing has changed.
    look_at: Option<Millis>,
    looked_at: Millis,
}

impl Declarations {
    /// Those of this cluster, with who is told of what happens to them. From now on what they declare can be changed there alone.
    pub fn new(
        engine: Engine,
        cluster: Arc<dyn DeclaredObjects>,
        namespaces: Namespaces,
        read: Readers,
        notices: mpsc::Sender<Notice>,
    ) -> Self {
        engine.policies.declared_elsewhere(notices);
        Self {
            engine,
            cluster,
            namespaces,
            read,
            objects: BTreeMap::new(),
            gone: BTreeSet::new(),
            has_all: BTreeSet::new(),
            touched: Touched::default(),
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
            DeclaredNews::All(kind, objects) => {
                let there: BTreeSet<&str> = objects.iter().map(|object| object.uid.as_str()).collect();
                let lost: Vec<String> = self
                    .objects
                    .iter()
                    .filter(|(uid, known)| known.object.kind == kind && !there.contains(uid.as_str()))
                    .map(|(uid, _)| uid.clone())
                    .collect();
                lost.into_iter().for_each(|uid| self.lose(kind, uid));
                objects.into_iter().for_each(|object| self.see(object));
                self.has_all.insert(kind);
                self.engine.set_remark(part(kind), None);
            }
            DeclaredNews::Changed(object) => {
                self.engine.set_remark(part(object.kind), None);
                self.see(*object);
            }
            DeclaredNews::Gone(kind, uid) => {
                self.engine.set_remark(part(kind), None);
                self.lose(kind, uid);
            }
            DeclaredNews::Away(kind, why) => self.engine.set_remark(part(kind), Some(why)),
            DeclaredNews::Back(kind) => self.engine.set_remark(part(kind), None),
        }
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

    fn lose(&mut self, kind: Kind, uid: String) {
        self.objects.remove(&uid);
        self.gone.insert((kind, uid));
    }

    /// Looks at every object that is due, and ends what has lost its object.
    async fn activate(&mut self, now: Millis) {
        if let Err(error) = self.end_lost().await {
            tracing::warn!(%error, "what objects declared that are gone is still there");
        }
        if self.look_at.is_some_and(|at| at <= now) {
            self.look_at = None;
            self.looked_at = now;
            // Not those that wait because something failed.
            let touched = std::mem::take(&mut self.touched);
            let calm = self.objects.values_mut().filter(|known| known.failures == 0);
            let calm = calm.filter(|known| touched.has(&known.object));
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
                    tracing::warn!(object = %known.object.name, error = %held_up, "what an object declares is held up");
                }
            }
            self.objects.insert(uid, known);
        }
    }

    /// Ends what lost its object, also while the coordinator was away.
    async fn end_lost(&mut self) -> Result<(), EngineError> {
        while let Some(kind) = self.has_all.first().copied() {
            let declared = self.engine.declared(kind).await?;
            let lost = declared.into_iter().filter(|uid| !self.objects.contains_key(uid));
            self.gone.extend(lost.map(|uid| (kind, uid)));
            self.has_all.remove(&kind);
        }
        while let Some((kind, uid)) = self.gone.first().cloned() {
            self.engine.end_declared(kind, &uid).await?;
            self.gone.remove(&(kind, uid));
        }
        Ok(())
    }

    /// Makes true what the object says, and writes back how it is. Says when to look again.
    async fn reconcile(&self, known: &mut Known, now: Millis) -> Result<Millis, HeldUp> {
        let object = &known.object;
        if object.is_deleted {
            if object.is_kept() {
                self.engine.end_declared(object.kind, &object.uid).await?;
                let others: Vec<String> = object
                    .finalizers
                    .iter()
                    .filter(|it| *it != object.kind.finalizer())
                    .cloned()
                    .collect();
                self.cluster.write_finalizers(object, &others).await?;
            }
            return Ok(Millis::MAX);
        }
        if !object.is_kept() {
            let mut all = object.finalizers.clone();
            all.push(object.kind.finalizer().to_owned());
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
                if condition(&object.status, "CredentialsReady")["status"] == "False" {
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
            return self.remove_in_time(known, now).await;
        }
        if (known.written_at..known.written_at + WRITE_MS).contains(&now) {
            return Ok(known.written_at + WRITE_MS);
        }
        self.cluster.write_status(&known.object, &status).await?;
        // A write takes a while, and the pause begins with its end.
        known.written_at = crate::engine::now();
        for notice in of_status(&known.object, &status) {
            self.engine.policies.announce(notice);
        }
        // What the next status is compared with, and takes its times from.
        known.object.status = status.clone();
        known.written = status;
        let removal = removal_at(&known.object).unwrap_or(Millis::MAX);
        Ok(known.retry_at.min(removal))
    }

    /// Deletes an object whose task has ended when its time to live is over. Says when to look again.
    async fn remove_in_time(&self, known: &Known, now: Millis) -> Result<Millis, HeldUp> {
        match removal_at(&known.object) {
            Some(at) if at <= now => {
                self.cluster.delete(&known.object).await?;
                // News of it are on their way.
                Ok(now + LONGEST_RETRY_MS)
            }
            Some(at) => Ok(known.retry_at.min(at)),
            None => Ok(known.retry_at),
        }
    }

    /// What is to be told of an object; `None` while its policy is there and nobody has looked at it.
    async fn status(&self, known: &Known, now: Millis) -> Result<Option<Value>, EngineError> {
        let (object, Some((_, verdict))) = (&known.object, &known.verdict) else {
            return Ok(None);
        };
        let secrets = known.secrets.as_ref();
        let book = self.engine.logins.secrets();
        if object.kind == Kind::Task {
            let kept = self.engine.object_task(object).await?;
            let images = kept.iter().flat_map(|view| &view.task.spec.images);
            let ready = secrets.and_then(|secrets| book.ready_for(secrets, images));
            let kept = kept.as_ref().map(|view| (&view.task, &view.bytes));
            return Ok(Some(task_status(object, verdict, kept, ready.as_ref(), now)));
        }
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
        let images = view.iter().flat_map(|view| &view.policy.images);
        let ready = secrets.and_then(|secrets| book.ready_for(secrets, images.map(|known| &known.image)));
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
                    Step::Delta(delta) => self.take_note(&delta),
                    Step::Lagged => {
                        *follower = self.engine.board().follow_now().1;
                        self.touched.all = true;
                        self.look_soon();
                    }
                    Step::Closed => return None,
                },
                () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => return Some(()),
            }
        }
    }

    /// What changed is looked at soon, and failed pulls are told of at once.
    fn take_note(&mut self, delta: &Delta) {
        let failed = delta.pulls.iter().filter_map(|view| of_pull(&view.pull));
        failed.for_each(|notice| self.engine.policies.announce(notice));
        if self.touched.note(delta) {
            self.look_soon();
        }
    }

    fn look_soon(&mut self) {
        let soon = now().max(self.looked_at + LOOK_MS).min(now() + LOOK_MS);
        self.look_at.get_or_insert(soon);
    }
}
