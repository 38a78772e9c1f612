//! Policies that follow workloads, with news as the watch of a cluster tells them.

use super::stand::Stand;
use crate::{
    domain::{
        ids::PolicyId,
        node::Labels,
        policy::{CellState, ConditionKind, WorkloadRequest},
        workload::{NodeLabels, Workload, WorkloadImage, WorkloadKind, WorkloadName, WorkloadNews},
    },
    engine::{EngineError, views::PolicyView},
};
use std::time::{Duration, Instant};

const MOMENT: Duration = Duration::from_millis(900);

fn deployment(name: &str, image: &str, on: &[(&str, &str)]) -> Workload {
    Workload {
        name: WorkloadName {
            namespace: "shop".into(),
            kind: WorkloadKind::Deployment,
            name: name.into(),
        },
        labels: Labels::from_iter([("tier".into(), "web".into())]),
        node_selector: NodeLabels::from_iter(on.iter().map(|(key, value)| ((*key).into(), (*value).into()))),
        images: vec![WorkloadImage {
            reference: image.into(),
            always: false,
        }],
    }
}

impl Stand {
    fn workloads(&self, deployments: Vec<Workload>) {
        for kind in WorkloadKind::ALL {
            let is = kind == WorkloadKind::Deployment;
            let all = if is { deployments.clone() } else { vec![] };
            self.engine.workload_news(WorkloadNews::All(kind, all));
        }
    }

    fn changed(&self, workload: Workload) {
        self.engine.workload_news(WorkloadNews::Changed(Box::new(workload)));
    }

    async fn following(&self) -> PolicyId {
        let request = WorkloadRequest {
            selector: "tier=web".into(),
            ..WorkloadRequest::default()
        };
        self.policy(&[], |policy| policy.workloads = Some(request)).await
    }

    async fn images(&self, id: &PolicyId) -> Vec<String> {
        let policy = self.engine.policy(id).await.unwrap().policy;
        policy.images.iter().map(|known| known.image.to_string()).collect()
    }

    async fn reason(&self, id: &PolicyId, kind: ConditionKind) -> &'static str {
        let PolicyView { conditions, .. } = self.engine.policy(id).await.unwrap();
        conditions.iter().find(|it| it.kind == kind).unwrap().reason
    }
}

#[tokio::test]
async fn what_workloads_run_is_kept_warm_and_another_image_of_theirs_is_followed() {
    let stand = Stand::start().await;
    let wanted = stand.engine.follow_workloads();
    assert!(!*wanted.borrow(), "nobody follows any");
    let mut agent = stand.agent("n1", &[]).await;
    let id = stand.following().await;
    assert!(*wanted.borrow());
    assert_eq!(stand.reason(&id, ConditionKind::Followed).await, "NotWatched");

    stand.workloads(vec![
        deployment("web", "nginx:1", &[("pool", "test")]),
        deployment("far", "far:1", &[("pool", "x")]),
    ]);
    assert_eq!(agent.pull(1).await, "nginx:1");
    stand.until(&id, "n1", "nginx:1", CellState::Warm, None).await;
    stand.until_holds(&id, ConditionKind::Followed, true).await;
    assert!(
        stand.row(&id, "n1", "far:1").await.is_none(),
        "its pods cannot be there"
    );

    stand.changed(deployment("web", "nginx:2", &[]));
    assert_eq!(agent.pull(1).await, "nginx:2");
    stand.until(&id, "n1", "nginx:2", CellState::Warm, None).await;
    agent.evict("nginx:1").await;
    assert!(agent.is_left_alone(MOMENT).await, "no workload runs it any more");
    let gone = deployment("far", "", &[]).name;
    stand.engine.workload_news(WorkloadNews::Gone(gone));
    while stand.images(&id).await != ["nginx:2"] {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn after_a_crash_what_was_known_stays_until_the_cluster_has_answered() {
    let stand = Stand::start().await;
    stand.engine.follow_workloads();
    let id = stand.following().await;
    stand.workloads(vec![deployment("web", "nginx:1", &[])]);
    stand.until_holds(&id, ConditionKind::Followed, true).await;
    let stand = stand.crash().await;
    let wanted = stand.engine.follow_workloads();
    let mut agent = stand.agent("n1", &[]).await;
    assert_eq!(agent.pull(1).await, "nginx:1");
    assert!(*wanted.borrow(), "its policy follows still");
    stand
        .engine
        .workload_news(WorkloadNews::All(WorkloadKind::Deployment, vec![]));
    stand
        .engine
        .workload_news(WorkloadNews::Away(WorkloadKind::CronJob, "not allowed".into()));
    tokio::time::sleep(MOMENT).await;
    assert_eq!(
        stand.images(&id).await,
        ["nginx:1"],
        "a part of the cluster says nothing of the whole"
    );
    stand.workloads(vec![]);
    while !stand.images(&id).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(stand.reason(&id, ConditionKind::Matched).await, "NoImages");
}

#[tokio::test]
async fn without_a_cluster_it_is_refused_by_name() {
    let stand = Stand::start().await;
    let request = crate::domain::policy::PolicyRequest {
        name: Some("shop".into()),
        workloads: Some(WorkloadRequest {
            kinds: vec!["Deployment".into()],
            ..WorkloadRequest::default()
        }),
        task: Some(crate::domain::task::TaskRequest::default()),
        ..Default::default()
    };
    let refused = stand.engine.create_policy(request).await.unwrap_err();
    let EngineError::Invalid(invalid) = refused else {
        panic!("{refused}")
    };
    assert_eq!(invalid.field, "workloads");
    assert!(invalid.rule.contains("--kubernetes off"), "{}", invalid.rule);
}

#[tokio::test]
async fn a_workload_in_motion_is_followed_no_more_than_once_a_second() {
    let stand = Stand::start().await;
    stand.engine.follow_workloads();
    let id = stand.following().await;
    stand.workloads(vec![]);
    let began = Instant::now();
    let mut turns = 0;
    while began.elapsed() < Duration::from_secs(3) {
        turns += 1;
        stand.changed(deployment("web", &format!("nginx:{turns}"), &[]));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let writes = stand.engine.policy(&id).await.unwrap().policy.revision;
    assert!(turns > 100 && writes <= 6, "{writes} writes for {turns} changes");
}
