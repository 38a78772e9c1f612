#![allow(clippy::unwrap_used, reason = "a test may panic")]
//! Objects of a cluster that keeps them in memory, on the real engine with its keeper.

mod secrets;
mod tasks;

use super::{Declarations, Readers, WRITE_MS};
use crate::{
    domain::{
        caller::TenantId,
        declared::{
            Declared, DeclaredNews, DeclaredObjects, Kind, Namespaces, Notice, ObjectName, Verdict, WriteError,
            Writing, condition,
        },
        ids::PolicyId,
        tenant::TenantRequest,
    },
    engine::{
        EngineError,
        keeper::tests::stand::{ALL, Stand},
        now,
    },
    http::{declared_policy, declared_task},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What a cluster does of itself: numbers of specs, versions, and objects that wait for finalizers.
#[derive(Debug)]
struct Cluster {
    objects: Mutex<BTreeMap<String, Declared>>,
    news: mpsc::UnboundedSender<DeclaredNews>,
    /// When a status was written, by UID.
    writes: Mutex<Vec<(String, i64)>>,
}

impl Cluster {
    fn put(&self, uid: &str, at: &str, spec: Value) {
        self.put_as(Kind::Policy, uid, at, spec);
    }

    fn put_as(&self, kind: Kind, uid: &str, at: &str, spec: Value) {
        let (namespace, name) = at.split_once('/').unwrap();
        let mut objects = self.objects.lock().unwrap();
        let object = objects.entry(uid.to_owned()).or_insert_with(|| Declared {
            kind,
            name: ObjectName {
                namespace: namespace.into(),
                name: name.into(),
            },
            uid: uid.into(),
            resource_version: "0".into(),
            generation: 0,
            spec: Value::Null,
            status: Value::Null,
            finalizers: vec![],
            is_deleted: false,
        });
        object.generation += 1;
        object.spec = spec;
        self.tell(object);
    }

    fn delete(&self, uid: &str) {
        let mut objects = self.objects.lock().unwrap();
        let object = objects.get_mut(uid).unwrap();
        object.is_deleted = true;
        self.tell(object);
    }

    fn tell(&self, object: &mut Declared) {
        let version: u32 = object.resource_version.parse().unwrap();
        object.resource_version = (version + 1).to_string();
        let _nobody_listens = self.news.send(DeclaredNews::Changed(Box::new(object.clone())));
    }

    fn get(&self, uid: &str) -> Option<Declared> {
        self.objects.lock().unwrap().get(uid).cloned()
    }

    fn change(&self, seen: &Declared, change: impl FnOnce(&mut Declared)) -> Result<(), WriteError> {
        let mut objects = self.objects.lock().unwrap();
        let object = objects.get_mut(&seen.uid).ok_or(WriteError::Stale)?;
        change(object);
        if object.is_deleted && object.finalizers.is_empty() {
            objects.remove(&seen.uid);
            let _nobody_listens = self.news.send(DeclaredNews::Gone(seen.kind, seen.uid.clone()));
        } else {
            self.tell(object);
        }
        Ok(())
    }
}

impl DeclaredObjects for Cluster {
    fn write_status<'a>(&'a self, object: &'a Declared, status: &'a Value) -> Writing<'a> {
        Box::pin(async move {
            self.writes.lock().unwrap().push((object.uid.clone(), now()));
            self.change(object, |object| object.status = status.clone())
        })
    }

    fn write_finalizers<'a>(&'a self, object: &'a Declared, finalizers: &'a [String]) -> Writing<'a> {
        Box::pin(async move {
            if self.get(&object.uid).ok_or(WriteError::Stale)?.resource_version != object.resource_version {
                return Err(WriteError::Stale);
            }
            self.change(object, |object| object.finalizers = finalizers.to_vec())
        })
    }

    fn delete<'a>(&'a self, object: &'a Declared) -> Writing<'a> {
        Box::pin(async move { self.change(object, |object| object.is_deleted = true) })
    }
}

/// A coordinator that keeps what the cluster declares.
struct Coordinator {
    stand: Stand,
    cluster: Arc<Cluster>,
    work: tokio::task::JoinHandle<()>,
    notices: mpsc::Receiver<Notice>,
}

const READERS: Readers = Readers {
    policy: declared_policy,
    task: declared_task,
};

impl Coordinator {
    async fn start() -> Self {
        Self::of(Stand::start().await, BTreeMap::new())
    }

    fn of(stand: Stand, objects: BTreeMap<String, Declared>) -> Self {
        let (news, mut heard) = mpsc::unbounded_channel();
        let (sender, receiver) = mpsc::channel(16);
        for kind in Kind::ALL {
            let of_kind = objects.values().filter(|object| object.kind == kind).cloned();
            news.send(DeclaredNews::All(kind, of_kind.collect())).unwrap();
        }
        tokio::spawn(async move {
            while let Some(news) = heard.recv().await {
                let _stopped = sender.send(news).await;
            }
        });
        let cluster = Arc::new(Cluster {
            objects: Mutex::new(objects),
            news,
            writes: Mutex::default(),
        });
        let namespaces = Namespaces::parse(["ops=default"]).unwrap();
        let (told, notices) = mpsc::channel(1000);
        let engine = stand.engine.clone();
        let declared = Declarations::new(engine, Arc::clone(&cluster) as _, namespaces, READERS, told);
        let work = tokio::spawn(declared.run(receiver, CancellationToken::new()));
        Self {
            stand,
            cluster,
            work,
            notices,
        }
    }

    /// Dies and comes back; meanwhile the cluster does something.
    async fn crash(self, meanwhile: impl FnOnce(&mut BTreeMap<String, Declared>)) -> Self {
        self.work.abort();
        let _aborted = self.work.await;
        let mut objects = std::mem::take(&mut *self.cluster.objects.lock().unwrap());
        meanwhile(&mut objects);
        Self::of(self.stand.crash().await, objects)
    }

    async fn until(&self, what: &str, mut test: impl AsyncFnMut() -> bool) {
        for _ in 0..1000 {
            if test().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what}: {:#?}", self.cluster.objects.lock().unwrap());
    }

    async fn until_status(&self, uid: &str, what: &str, test: impl Fn(&Value) -> bool) -> Value {
        self.until(what, async || {
            self.cluster.get(uid).is_some_and(|object| test(&object.status))
        })
        .await;
        self.cluster.get(uid).unwrap().status
    }

    async fn has_policy(&self, uid: &str) -> bool {
        self.stand.engine.policy(&PolicyId::of_object(uid)).await.is_ok()
    }
}

fn spec(image: &str) -> Value {
    json!({"taskConfig": {"images": [image]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_kept_changed_and_ended_and_says_how_far_it_is_true() {
    let coordinator = Coordinator::start().await;
    let mut agent = coordinator.stand.agent("n1", &[]).await;
    coordinator.cluster.put("u1", "ops/base", spec("a:1"));
    agent.pull(1).await;
    let status = coordinator
        .until_status("u1", "it is warm", |status| status["coverage"] == "100%")
        .await;
    assert_eq!(condition(&status, "Accepted")["status"], "True", "{status:#}");
    assert_eq!(condition(&status, "Warm")["reason"], "AllWarm");
    assert_eq!((&status["tenant"], &status["nodes"]), (&json!("default"), &json!(1)));
    assert_eq!(
        coordinator.cluster.get("u1").unwrap().finalizers,
        [Kind::Policy.finalizer()]
    );
    let view = coordinator
        .stand
        .engine
        .policy(&PolicyId::of_object("u1"))
        .await
        .unwrap();
    assert_eq!(
        view.policy.spec.name, "ops/base",
        "two namespaces of one tenant never have one name"
    );

    coordinator.cluster.put("u1", "ops/base", spec("b:1"));
    agent.pull(1).await;
    let is_new = |status: &Value| status["observedGeneration"] == 2 && status["coverage"] == "100%";
    coordinator.until_status("u1", "the change is kept", is_new).await;

    coordinator.cluster.put("u1", "ops/base", spec("c:1"));
    agent.ordered().await;
    coordinator.cluster.delete("u1");
    agent.cancelled().await;
    coordinator
        .until("the object goes", async || coordinator.cluster.get("u1").is_none())
        .await;
    assert!(!coordinator.has_policy("u1").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_with_reason_and_field_and_what_was_kept_stays() {
    let coordinator = Coordinator::start().await;
    let refused = async |uid: &str, at: &str, spec: Value, reason: &str| {
        coordinator.cluster.put(uid, at, spec);
        let is_told = |status: &Value| condition(status, "Accepted")["reason"] == reason;
        let status = coordinator.until_status(uid, reason, is_told).await;
        condition(&status, "Accepted")["message"].as_str().unwrap().to_owned()
    };
    coordinator.cluster.put("u1", "ops/base", spec("a:1"));
    let is_accepted = |status: &Value| condition(status, "Accepted")["status"] == "True";
    coordinator.until_status("u1", "it is accepted", is_accepted).await;
    let told = refused(
        "u1",
        "ops/base",
        json!({"taskConfig": {"images": ["a b"]}}),
        "InvalidField",
    )
    .await;
    assert!(told.starts_with("spec.taskConfig.images[0]: "), "{told}");
    let view = coordinator
        .stand
        .engine
        .policy(&PolicyId::of_object("u1"))
        .await
        .unwrap();
    assert_eq!(view.policy.images[0].image.as_str(), "a:1");
    let told = refused(
        "u2",
        "ops/base",
        json!({"taskConfig": {"images": ["a"], "secretId": 7}}),
        "InvalidField",
    )
    .await;
    assert!(told.starts_with("spec.taskConfig.secretId: "), "{told}");
    let elsewhere = json!({"taskConfig": {}, "workloads": {"namespaces": ["ops", "team-a"]}});
    let told = refused("u5", "ops/other", elsewhere, "InvalidField").await;
    assert!(told.starts_with("spec.workloads.namespaces: "), "{told}");
    refused("u3", "ops/base", spec("a:1"), "NameTaken").await;
    let told = refused("u4", "team-a/base", spec("a:1"), "NoTenant").await;
    assert!(told.contains("team-a"), "{told}");
    assert!(!coordinator.has_policy("u4").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_changed_where_it_is_declared_alone() {
    let coordinator = Coordinator::start().await;
    coordinator.cluster.put("u1", "ops/base", spec("a:1"));
    coordinator
        .until("it is made", async || coordinator.has_policy("u1").await)
        .await;
    let (engine, id) = (&coordinator.stand.engine, PolicyId::of_object("u1"));
    let refusals = [
        engine.update_policy(&id, Default::default()).await.unwrap_err(),
        engine.pause_policy(&id, "").await.unwrap_err(),
        engine.delete_policy(&id).await.unwrap_err(),
    ];
    for refusal in refusals {
        assert!(
            matches!(&refusal, EngineError::Precondition(why) if why.contains("ops/base")),
            "{refusal}"
        );
    }
    engine.resume_policy(&id).await.unwrap();
    let paused = json!({"taskConfig": {"images": ["a:1"]}, "paused": true});
    coordinator.cluster.put("u1", "ops/base", paused);
    let is_held = |status: &Value| condition(status, "Held")["reason"] == "Paused";
    coordinator.until_status("u1", "it is paused", is_held).await;
    assert!(engine.resume_policy(&id).await.is_err(), "its object says paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_was_away_catches_up_with_what_was_deleted_made_and_changed() {
    let coordinator = Coordinator::start().await;
    for uid in ["deleted", "torn-out", "changed"] {
        coordinator.cluster.put(uid, &format!("ops/{uid}"), spec("a:1"));
    }
    for uid in ["deleted", "torn-out", "changed"] {
        let is_accepted = |status: &Value| condition(status, "Accepted")["status"] == "True";
        coordinator.until_status(uid, "it is accepted", is_accepted).await;
    }
    let own = coordinator.stand.policy(&["own:1"], |_| {}).await;
    let coordinator = coordinator
        .crash(|objects| {
            objects.get_mut("deleted").unwrap().is_deleted = true;
            // Somebody took its finalizer away.
            objects.remove("torn-out").unwrap();
            let changed = objects.get_mut("changed").unwrap();
            changed.generation += 1;
            changed.spec = spec("b:1");
        })
        .await;
    coordinator
        .until("what was deleted is gone", async || {
            coordinator.cluster.get("deleted").is_none()
                && !coordinator.has_policy("deleted").await
                && !coordinator.has_policy("torn-out").await
        })
        .await;
    let is_new = |status: &Value| status["observedGeneration"] == 2;
    coordinator.until_status("changed", "the change is told", is_new).await;
    let view = coordinator
        .stand
        .engine
        .policy(&PolicyId::of_object("changed"))
        .await
        .unwrap();
    assert_eq!(view.policy.images[0].image.as_str(), "b:1");
    assert!(
        coordinator.stand.engine.policy(&own).await.is_ok(),
        "it was declared nowhere"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_whose_tenant_comes_later_moves_there() {
    let coordinator = Coordinator::start().await;
    coordinator.cluster.put("u1", "ops/base", spec("a:1"));
    coordinator
        .until("it is made", async || coordinator.has_policy("u1").await)
        .await;
    // With other settings the namespace is its own tenant.
    coordinator.work.abort();
    let engine = &coordinator.stand.engine;
    engine.create_tenant("ops", TenantRequest::default()).await.unwrap();
    let cluster = Arc::clone(&coordinator.cluster) as _;
    let declared = Declarations::new(
        engine.clone(),
        cluster,
        Namespaces::default(),
        READERS,
        mpsc::channel(1).0,
    );
    let object = coordinator.cluster.get("u1").unwrap();
    assert_eq!(declared.take_over(&object).await.unwrap(), Verdict::Accepted);
    let view = engine.policy(&PolicyId::of_object("u1")).await.unwrap();
    assert_eq!(
        (view.policy.tenant, view.policy.spec.name),
        (TenantId::from_stored("ops"), "base".into())
    );
    assert_eq!(engine.policies(ALL).await.unwrap().total, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_is_written_once_a_second_at_most_and_never_when_nothing_has_changed() {
    let coordinator = Coordinator::start().await;
    coordinator.cluster.put(
        "u1",
        "ops/base",
        json!({"taskConfig": {"images": ["a:1", "b:1", "c:1", "d:1"]}}),
    );
    let mut agent = coordinator.stand.agent("n1", &[]).await;
    for _ in 0..4 {
        agent.pull(1).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    coordinator
        .until_status("u1", "it is warm", |status| status["coverage"] == "100%")
        .await;
    let writes = coordinator.cluster.writes.lock().unwrap().clone();
    assert!(
        writes.windows(2).all(|two| two[1].1 - two[0].1 >= WRITE_MS),
        "{writes:?}"
    );
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(coordinator.cluster.writes.lock().unwrap().len(), writes.len());
}
