use super::stand::{ALL, Stand};
use crate::{
    domain::{
        Millis,
        library::EntryRequest,
        outcome::FailureReason,
        policy::{CellState, ConditionKind, FollowingRequest, PolicyRequest, Why},
        task::TaskRequest,
        task_state::TaskState,
    },
    engine::{EngineError, run::now},
};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(900);

#[tokio::test]
async fn a_node_that_joins_later_is_warm_before_anybody_asks_and_within_two_seconds_ordered() {
    let stand = Stand::start().await;
    let id = stand.policy(&["nginx:1", "redis:7"], |_| {}).await;
    stand.until_holds(&id, ConditionKind::Matched, false).await;
    let mut first = stand.agent("n1", &[("redis:7", 1)]).await;
    assert_eq!(first.pull(1).await, "nginx:1");
    stand.until(&id, "n1", "nginx:1", CellState::Warm, None).await;
    assert!(first.is_left_alone(MOMENT).await, "what is there is not ordered");

    let joined = now();
    let mut second = stand.agent("n2", &[]).await;
    let start = second.ordered().await;
    assert!(now() - joined < 2000 as Millis, "{} ms", now() - joined);
    second.finish(&start, 1).await;
    second.pull(1).await;
    stand.until(&id, "n2", "redis:7", CellState::Warm, None).await;
    stand.until_holds(&id, ConditionKind::Warm, true).await;
    let tasks = stand.tasks().await;
    assert_eq!(tasks.len(), 2, "one task for each node that came");
    assert!(tasks.iter().all(|view| view.task.policy.as_ref() == Some(&id)));
    let figures = String::from_utf8(stand.metrics.render().unwrap()).unwrap();
    assert!(figures.contains("ips_policy_orders_total 3"), "{figures}");
}

#[tokio::test]
async fn a_removed_image_comes_back_and_after_the_second_time_waits_for_somebody() {
    let stand = Stand::start().await;
    let id = stand.policy(&["nginx:1"], |_| {}).await;
    let mut agent = stand.agent("n1", &[("nginx:1", 1)]).await;
    stand.until(&id, "n1", "nginx:1", CellState::Warm, None).await;
    agent.evict("nginx:1").await;
    agent.pull(1).await;
    stand.until(&id, "n1", "nginx:1", CellState::Warm, None).await;
    agent.evict("nginx:1").await;
    let row = stand
        .until(&id, "n1", "nginx:1", CellState::Paused, Some(Why::EvictedTwice))
        .await;
    assert!(row.message.contains("twice within 24 h"), "{}", row.message);
    assert!(agent.is_left_alone(MOMENT).await);

    // It is still so after a crash, until somebody resumes the policy.
    drop(agent);
    let stand = stand.crash().await;
    let mut agent = stand.agent("n1", &[]).await;
    stand
        .until(&id, "n1", "nginx:1", CellState::Paused, Some(Why::EvictedTwice))
        .await;
    assert!(agent.is_left_alone(MOMENT).await);
    stand.engine.resume_policy(&id).await.unwrap();
    agent.pull(1).await;
    stand.until(&id, "n1", "nginx:1", CellState::Warm, None).await;
}

#[tokio::test]
async fn a_policy_that_is_deleted_in_the_middle_stops_what_it_ordered() {
    let stand = Stand::start().await;
    let id = stand.policy(&["nginx:1"], |_| {}).await;
    let mut agent = stand.agent("n1", &[]).await;
    let start = agent.ordered().await;
    stand.engine.delete_policy(&id).await.unwrap();
    assert_eq!(agent.cancelled().await, start.pull);
    assert_eq!(stand.tasks().await[0].task.state, TaskState::Cancelled);
    assert!(agent.is_left_alone(MOMENT).await);
    assert!(matches!(
        stand.engine.delete_policy(&id).await,
        Err(EngineError::NotFound { .. })
    ));
    assert!(matches!(
        stand.engine.policy(&id).await,
        Err(EngineError::NotFound { .. })
    ));
}

#[tokio::test]
async fn two_policies_that_want_one_image_order_it_once() {
    let stand = Stand::start().await;
    let mut agent = stand.agent("n1", &[]).await;
    let one = stand.policy(&["nginx:1"], |_| {}).await;
    let other = stand.policy(&["nginx:1", "redis:7"], |_| {}).await;
    let mut pulled = vec![agent.pull(1).await, agent.pull(1).await];
    pulled.sort();
    assert_eq!(pulled, ["nginx:1", "redis:7"]);
    stand.until(&one, "n1", "nginx:1", CellState::Warm, None).await;
    stand.until(&other, "n1", "redis:7", CellState::Warm, None).await;
    stand.engine.delete_policy(&one).await.unwrap();
    agent.evict("nginx:1").await;
    assert_eq!(agent.pull(1).await, "nginx:1", "the other still wants it");
}

#[tokio::test]
async fn a_kill_in_the_middle_orders_nothing_twice() {
    let stand = Stand::start().await;
    let id = stand.policy(&["nginx:1"], |_| {}).await;
    let mut agent = stand.agent("n1", &[]).await;
    let before = agent.ordered().await;
    drop(agent);
    let stand = stand.crash().await;
    let mut agent = stand.agent("n1", &[]).await;
    let after = agent.ordered().await;
    assert_eq!(after.pull, before.pull, "the same pull goes on");
    stand
        .until(&id, "n1", "nginx:1", CellState::Cold, Some(Why::Pulling))
        .await;
    agent.finish(&after, 1).await;
    stand.until(&id, "n1", "nginx:1", CellState::Warm, None).await;
    assert!(agent.is_left_alone(MOMENT).await);
    assert_eq!(stand.tasks().await.len(), 1);
}

#[tokio::test]
async fn a_failure_says_why_and_a_cancelled_task_is_not_made_again_at_once() {
    let stand = Stand::start().await;
    let id = stand.policy(&["nginx:1"], |_| {}).await;
    let mut agent = stand.agent("n1", &[]).await;
    agent.fail(FailureReason::Unauthorized).await;
    let row = stand
        .until(&id, "n1", "nginx:1", CellState::Cold, Some(Why::PullFailed))
        .await;
    assert!(
        row.message.contains("unauthorized: words of the runtime"),
        "{}",
        row.message
    );
    assert!(row.again_at > now());
    assert!(agent.is_left_alone(MOMENT).await);
    stand.engine.resume_policy(&id).await.unwrap();
    let start = agent.ordered().await;
    let task = stand
        .tasks()
        .await
        .into_iter()
        .find(|view| view.task.state.is_open())
        .unwrap();
    stand.engine.cancel_task(&task.task.id).await.unwrap();
    assert_eq!(agent.cancelled().await, start.pull);
    let row = stand
        .until(&id, "n1", "nginx:1", CellState::Cold, Some(Why::PullFailed))
        .await;
    assert!(row.message.contains("cancelled"), "{}", row.message);
}

#[tokio::test]
async fn a_kill_forgets_no_failure_and_resuming_forgives_it_for_good() {
    let stand = Stand::start().await;
    let id = stand.policy(&["nginx:1"], |_| {}).await;
    let mut agent = stand.agent("n1", &[]).await;
    agent.fail(FailureReason::Network).await;
    let failed = (CellState::Cold, Some(Why::PullFailed));
    let before = stand.until(&id, "n1", "nginx:1", failed.0, failed.1).await;
    drop(agent);
    let stand = stand.crash().await;
    let mut agent = stand.agent("n1", &[]).await;
    let after = stand.until(&id, "n1", "nginx:1", failed.0, failed.1).await;
    assert!(
        after.message.contains("network: words of the runtime"),
        "{}",
        after.message
    );
    assert!(
        (after.again_at - before.again_at).abs() < 2000,
        "it waits no longer and no shorter"
    );
    assert!(agent.is_left_alone(MOMENT).await);

    stand.engine.pause_policy(&id, "maintenance").await.unwrap();
    stand.engine.resume_policy(&id).await.unwrap();
    let start = agent.ordered().await;
    drop(agent);
    let stand = stand.crash().await;
    let mut agent = stand.agent("n1", &[]).await;
    assert_eq!(agent.ordered().await.pull, start.pull);
}

#[tokio::test]
async fn a_moved_tag_is_followed_at_its_time_and_an_alert_only_tells() {
    let stand = Stand::start().await;
    let mut agent = stand.agent("n1", &[]).await;
    let follow = |mode: &str, cron: &str| {
        let following = FollowingRequest {
            mode: Some(mode.into()),
            cron_expr: Some(cron.into()),
            time_zone: None,
        };
        move |request: &mut PolicyRequest| request.following = Some(following)
    };
    let followed = stand.policy(&["nginx:1"], follow("schedule", "@every 1s")).await;
    let watched = stand.policy(&["redis:7"], follow("alert", "@every 1s")).await;
    agent.pull(1).await;
    agent.pull(1).await;
    stand.until(&followed, "n1", "nginx:1", CellState::Warm, None).await;
    stand.until(&watched, "n1", "redis:7", CellState::Warm, None).await;
    stand.registry.push("nginx:1", 2);
    stand.registry.push("redis:7", 2);
    assert_eq!(agent.pull(2).await, "nginx:1");
    stand.until(&followed, "n1", "nginx:1", CellState::Warm, None).await;
    stand.until_holds(&watched, ConditionKind::TagMoved, true).await;
    assert!(stand.row(&watched, "n1", "redis:7").await.unwrap().state == CellState::Warm);
    stand.engine.resume_policy(&watched).await.unwrap();
    stand.until_holds(&watched, ConditionKind::TagMoved, false).await;
    // A third node has yet another one: that is drift.
    let _third = stand.agent("n2", &[("redis:7", 3)]).await;
    stand.until(&watched, "n2", "redis:7", CellState::Warm, None).await;
    let images = stand.coverage(&watched).await.images;
    assert!(images[0].drifted && images[0].digests.len() == 2, "{images:?}");
}

#[tokio::test]
async fn nodes_that_stop_matching_are_left_alone_and_limits_of_a_selection_hold() {
    let stand = Stand::start().await;
    let mut agent = stand.agent("n1", &[]).await;
    let id = stand.policy(&["nginx:1"], |_| {}).await;
    agent.pull(1).await;
    stand.until(&id, "n1", "nginx:1", CellState::Warm, None).await;
    let mut elsewhere = TaskRequest {
        images: vec!["nginx:1".into(), "redis:7".into()],
        ..TaskRequest::default()
    };
    elsewhere.selection.label_selector = Some("pool=other".into());
    let change = PolicyRequest {
        task: Some(elsewhere),
        ..PolicyRequest::default()
    };
    stand.engine.update_policy(&id, change).await.unwrap();
    stand.until_holds(&id, ConditionKind::Matched, false).await;
    assert!(agent.is_left_alone(MOMENT).await);
    assert!(stand.coverage(&id).await.rows.is_empty());
}

#[tokio::test]
async fn a_paused_policy_orders_nothing_and_a_dry_run_makes_none() {
    let stand = Stand::start().await;
    let mut agent = stand.agent("n1", &[("redis:7", 1)]).await;
    let request = |name: &str| PolicyRequest {
        name: Some(name.into()),
        task: Some(TaskRequest {
            images: vec!["nginx:1".into(), "redis:7".into()],
            ..TaskRequest::default()
        }),
        ..PolicyRequest::default()
    };
    let mut found = stand.engine.preview_policy(request("tried")).await.unwrap();
    while found.view.counts.unknown > 0 || found.view.nodes == 0 {
        // The node is still saying what it has.
        tokio::time::sleep(Duration::from_millis(10)).await;
        found = stand.engine.preview_policy(request("tried")).await.unwrap();
    }
    assert_eq!(
        (found.view.nodes, found.view.counts.warm, found.view.counts.cold),
        (1, 1, 1)
    );
    assert_eq!(stand.engine.policies(ALL).await.unwrap().total, 0);
    let paused = PolicyRequest {
        paused: Some(true),
        ..request("kept")
    };
    let id = stand.engine.create_policy(paused).await.unwrap().policy.id;
    let taken = stand.engine.create_policy(request("kept")).await;
    assert!(
        matches!(taken, Err(EngineError::AlreadyExists { kind: "policy", .. })),
        "{taken:?}"
    );
    stand
        .until(&id, "n1", "nginx:1", CellState::Cold, Some(Why::PolicyPaused))
        .await;
    assert!(agent.is_left_alone(MOMENT).await);
    stand.engine.resume_policy(&id).await.unwrap();
    agent.pull(1).await;
    stand.until_holds(&id, ConditionKind::Warm, true).await;
}

#[tokio::test]
async fn images_of_the_library_are_wanted_as_they_come_and_go() {
    let stand = Stand::start().await;
    let mut agent = stand.agent("n1", &[]).await;
    let entry = |image: &str| {
        let request = EntryRequest {
            image: image.into(),
            tags: vec!["base".into()],
            ..EntryRequest::default()
        };
        request.check().unwrap()
    };
    let id = stand
        .policy(&[], |request| request.library_tag = Some("base".into()))
        .await;
    stand.until_holds(&id, ConditionKind::Matched, false).await;
    let nginx = stand.engine.add_to_library(entry("nginx:1")).await.unwrap();
    assert_eq!(agent.pull(1).await, "nginx:1");
    stand.engine.add_to_library(entry("redis:7")).await.unwrap();
    assert_eq!(agent.pull(1).await, "redis:7");
    stand.until(&id, "n1", "redis:7", CellState::Warm, None).await;
    stand.engine.delete_library_entry(nginx.id).await.unwrap();
    agent.evict("nginx:1").await;
    assert!(agent.is_left_alone(MOMENT).await, "nobody wants it any more");
}

#[tokio::test]
async fn what_a_registry_cannot_say_is_ordered_all_the_same() {
    let stand = Stand::start().await;
    let mut agent = stand.agent("n1", &[]).await;
    let id = stand.policy(&["lost:1"], |_| {}).await;
    let start = agent.ordered().await;
    let conditions = stand.engine.policy(&id).await.unwrap().conditions;
    let held = conditions
        .iter()
        .find(|condition| condition.kind == ConditionKind::Held)
        .unwrap();
    assert_eq!((held.holds, held.reason), (false, "Unresolved"));
    agent.finish(&start, 1).await;
    stand.until(&id, "n1", "lost:1", CellState::Warm, None).await;
}

#[tokio::test]
async fn a_policy_pins_as_long_as_it_is_there_and_a_crash_unpins_nothing() {
    let stand = Stand::start().await;
    let pinned = |request: &mut PolicyRequest| request.task.as_mut().unwrap().rules.pin = Some(true);
    let id = stand.policy(&["nginx:1", "redis:7"], pinned).await;
    let mut agent = stand.agent("n1", &[("redis:7", 1)]).await;
    // The first word may come before the policy has seen the node.
    while agent.pins().await.len() < 2 {}
    let tasks = stand.tasks().await;
    assert!(
        tasks.iter().all(|view| !view.task.spec.rules.pin),
        "no task holds pins of a policy"
    );

    drop(agent);
    let stand = stand.crash().await;
    let mut agent = stand.agent("n1", &[("redis:7", 1), ("nginx:1", 1)]).await;
    assert_eq!(agent.pins().await, ["nginx:1", "redis:7"], "the very first word");
    stand.engine.pause_policy(&id, "").await.unwrap();
    stand.engine.delete_policy(&id).await.unwrap();
    assert!(agent.pins().await.is_empty());
}
