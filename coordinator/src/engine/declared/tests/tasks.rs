//! Tasks that objects declare.

use super::{Coordinator, condition};
use crate::{
    domain::{
        declared::{Kind, Regarding},
        ids::{NodeName, TaskId},
        outcome::FailureReason,
        task_state::TaskState,
    },
    engine::{EngineError, now},
};
use serde_json::{Value, json};

fn id(uid: &str) -> TaskId {
    TaskId::of_object(uid)
}

impl Coordinator {
    fn put_task(&self, uid: &str, spec: Value) {
        self.cluster.put_as(Kind::Task, uid, &format!("ops/{uid}"), spec);
    }

    async fn until_phase(&self, uid: &str, phase: &str) -> Value {
        self.until_status(uid, phase, |status| status["phase"] == phase).await
    }

    async fn state(&self, uid: &str) -> Option<TaskState> {
        self.stand.engine.task(&id(uid)).await.ok().map(|view| view.task.state)
    }

    /// Reasons that were told of an object so far.
    fn told(&mut self, of: &str) -> Vec<&'static str> {
        let mut reasons = vec![];
        while let Ok(notice) = self.notices.try_recv() {
            if matches!(&notice.regarding, Regarding::Object { uid, .. } if uid == of) {
                reasons.push(notice.reason);
            }
        }
        reasons
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_runs_once_and_is_not_run_again_when_its_record_is_gone() {
    let mut coordinator = Coordinator::start().await;
    let mut agent = coordinator.stand.agent("n1", &[]).await;
    coordinator.put_task("u1", json!({"images": ["a:1"]}));
    agent.pull(1).await;
    let done = coordinator.until_phase("u1", "Completed").await;
    assert_eq!((&done["progress"], &done["taskId"]), (&json!("1/1"), &json!("obj-u1")));
    assert_eq!(condition(&done, "Complete")["status"], "True", "{done:#}");
    assert_eq!(coordinator.cluster.get("u1").unwrap().finalizers, ["ips.dev/task"]);
    let told = coordinator.told("u1");
    assert_eq!((told.first(), told.last()), (Some(&"Accepted"), Some(&"TaskCompleted")));

    // As a retention does it.
    assert!(coordinator.stand.engine.remove_ended(&id("u1")).await.unwrap());
    drop(agent);
    let mut coordinator = coordinator.crash(|_| {}).await;
    coordinator.put_task("u1", json!({"images": ["a:1"], "suspend": false}));
    let again = coordinator
        .until_status("u1", "it is looked at", |status| status["observedGeneration"] == 2)
        .await;
    assert_eq!(
        (&again["phase"], &again["completedAt"]),
        (&json!("Completed"), &done["completedAt"])
    );
    assert_eq!(coordinator.state("u1").await, None);
    assert!(coordinator.told("u1").is_empty(), "nothing is told twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_held_back_as_its_object_says_and_changed_in_nothing_else() {
    let coordinator = Coordinator::start().await;
    let mut agent = coordinator.stand.agent("n1", &[]).await;
    let spec = |suspend: bool, priority: u32| json!({"images": ["a:1"], "suspend": suspend, "priority": priority});
    coordinator.put_task("u1", spec(true, 3));
    let held = coordinator.until_phase("u1", "Suspended").await;
    assert_eq!(held["pulls"]["queued"], 1);
    let refused = coordinator.stand.engine.resume_task(&id("u1")).await.unwrap_err();
    assert!(
        matches!(&refused, EngineError::Precondition(why) if why.contains("PrewarmTask ops/u1")),
        "{refused}"
    );

    coordinator.put_task("u1", spec(false, 4));
    let is_refused = |status: &Value| condition(status, "Accepted")["reason"] == "FieldImmutable";
    let refused = coordinator.until_status("u1", "it is refused", is_refused).await;
    let message = condition(&refused, "Accepted")["message"].as_str().unwrap();
    assert!(message.starts_with("spec.priority: "), "{message}");
    assert_eq!(coordinator.state("u1").await, Some(TaskState::Paused));
    coordinator.put_task("u1", spec(false, 3));
    agent.pull(1).await;
    coordinator.until_phase("u1", "Completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_cancelled_with_its_object_also_while_the_coordinator_was_away() {
    let coordinator = Coordinator::start().await;
    let mut agent = coordinator.stand.agent("n1", &[]).await;
    coordinator.put_task("here", json!({"images": ["a:1"]}));
    coordinator.put_task("away", json!({"images": ["b:1"]}));
    coordinator.put_task("torn-out", json!({"images": ["c:1"]}));
    for uid in ["here", "away", "torn-out"] {
        coordinator
            .until_status(uid, "it is there", |status| status["taskId"].is_string())
            .await;
    }
    agent.ordered().await;
    coordinator.cluster.delete("here");
    coordinator
        .until("the object goes", async || coordinator.cluster.get("here").is_none())
        .await;
    assert_eq!(
        coordinator.state("here").await,
        Some(TaskState::Cancelled),
        "its record stays"
    );
    drop(agent);
    let coordinator = coordinator
        .crash(|objects| {
            objects.get_mut("away").unwrap().is_deleted = true;
            objects.remove("torn-out").unwrap();
        })
        .await;
    coordinator
        .until("both are cancelled", async || {
            coordinator.cluster.get("away").is_none()
                && coordinator.state("away").await == Some(TaskState::Cancelled)
                && coordinator.state("torn-out").await == Some(TaskState::Cancelled)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_task_goes_when_its_time_to_live_is_over() {
    let coordinator = Coordinator::start().await;
    let mut agent = coordinator.stand.agent("n1", &[]).await;
    coordinator.put_task("u1", json!({"images": ["a:1"], "ttlSecondsAfterFinished": 2}));
    let from = now();
    agent.pull(1).await;
    coordinator.until_phase("u1", "Completed").await;
    coordinator
        .until("it goes", async || coordinator.cluster.get("u1").is_none())
        .await;
    // Its end is told in whole seconds.
    assert!(now() - from >= 1000, "not before its time");
    assert_eq!(
        coordinator.state("u1").await,
        Some(TaskState::Completed),
        "its record stays"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_cannot_be_made_says_why_and_an_id_that_is_taken_is_left_alone() {
    let mut coordinator = Coordinator::start().await;
    let _agent = coordinator.stand.agent("n1", &[]).await;
    let mut taken = crate::http::declared_task(json!({"images": ["z:1"]})).unwrap().new;
    taken.id = Some(id("taken"));
    coordinator.stand.engine.create_task(taken).await.unwrap();
    for (uid, spec, reason) in [
        ("field", json!({"images": ["a b"]}), "InvalidField"),
        (
            "nobody",
            json!({"images": ["a:1"], "nodeNames": ["n9"]}),
            "InvalidField",
        ),
        ("taken", json!({"images": ["a:1"]}), "NameTaken"),
    ] {
        coordinator.put_task(uid, spec);
        let is_told = |status: &Value| condition(status, "Accepted")["reason"] == reason;
        let status = coordinator.until_status(uid, reason, is_told).await;
        assert!(status["taskId"].is_null(), "{status:#}");
        assert_eq!(coordinator.told(uid), ["Rejected"]);
    }
    coordinator.cluster.delete("taken");
    coordinator
        .until("the object goes", async || coordinator.cluster.get("taken").is_none())
        .await;
    assert!(
        coordinator.state("taken").await.is_some_and(TaskState::is_open),
        "it is somebody else's"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_pull_is_told_of_its_node() {
    let mut coordinator = Coordinator::start().await;
    let mut agent = coordinator.stand.agent("n1", &[]).await;
    coordinator.put_task("u1", json!({"images": ["a:1"]}));
    agent.fail(FailureReason::NotFound).await;
    let failed = coordinator.until_phase("u1", "Failed").await;
    assert_eq!(condition(&failed, "Failed")["reason"], "PullsFailed");
    let mut told = vec![];
    while let Ok(notice) = coordinator.notices.try_recv() {
        told.push((notice.regarding.clone(), notice.reason));
    }
    let node = NodeName::parse("n1").unwrap();
    assert!(
        told.contains(&(Regarding::Node(node), "ImagePrewarmFailed")),
        "{told:?}"
    );
}
