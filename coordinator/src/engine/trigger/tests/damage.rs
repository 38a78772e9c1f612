//! Schedules whose row cannot be read: they hold up nobody else.

use super::stand::{Hourly, MINUTE, Stand};
use crate::{domain::execution::ExecutionState as S, engine::views::ScheduleFilter};

async fn damage(stand: &Stand, hourly: &Hourly, cron_expr: &str) {
    stand.engine.store.damage_schedule(&hourly.id, cron_expr).await.unwrap();
}

#[tokio::test]
async fn a_schedule_that_cannot_be_read_is_told_and_the_others_go_on() {
    let mut stand = Stand::start().await;
    let agent = stand.agent().await;
    let (broken, sound) = (stand.hourly(|_| {}).await, stand.hourly(|_| {}).await);
    damage(&stand, &broken, "every now and then").await;
    let later = broken.due(1).max(sound.due(1));
    let summary = stand.look(later).await;
    assert_eq!(summary.launched, 1);
    assert_eq!(stand.states(&sound.id).await, [S::Running]);
    let wake_at = summary.wake_at.unwrap();
    assert!(wake_at > later, "nobody looks again and again in vain");
    assert!(wake_at <= later + MINUTE, "it may have been mended");
    let remark = stand.engine.system().await.warnings().concat();
    assert!(
        remark.contains(broken.id.as_str()) && remark.contains("schedules.cron_expr"),
        "{remark}"
    );
    assert!(stand.figures().contains("ips_damaged_scheduled_tasks 1"));
    let page = crate::engine::views::PageRequest { limit: 10, offset: 0 };
    let listed = stand.engine.schedules(ScheduleFilter::default(), page).await.unwrap();
    assert_eq!(
        (listed.items.len(), listed.total),
        (1, 2),
        "the list is no victim either"
    );

    // A start reads them all.
    drop(agent);
    let mut stand = stand.crash().await;
    let _agent = stand.agent().await;
    let second = broken.due(2).max(sound.due(2));
    assert_eq!(stand.look(second).await.launched, 0, "its run before has not ended");
    damage(&stand, &broken, "@every 1h").await;
    let third = broken.due(3).max(sound.due(3));
    assert_eq!(stand.look(third).await.launched, 1, "mended, it runs again");
    assert!(stand.engine.system().await.warnings().is_empty());
    assert!(stand.figures().contains("ips_damaged_scheduled_tasks 0"));
}

/// A run that was under way when its schedule was damaged ends as its task does, and one that waits for its task waits on.
#[tokio::test]
async fn runs_of_a_schedule_that_cannot_be_read_end_all_the_same() {
    let mut stand = Stand::start().await;
    let mut agent = stand.agent().await;
    let (broken, sound) = (stand.hourly(|_| {}).await, stand.hourly(|_| {}).await);
    let later = broken.due(1).max(sound.due(1));
    assert_eq!(stand.look(later).await.launched, 2);
    damage(&stand, &broken, "").await;
    for _ in 0..2 {
        agent.end_next(true).await;
    }
    for view in stand.tasks().await {
        stand.ended(&view.task.id).await;
    }
    assert_eq!(stand.look(later + MINUTE).await.settled, 2);
    assert_eq!(stand.states(&broken.id).await, [S::Success]);
    assert!(stand.engine.delete_schedule(&broken.id).await.unwrap());
}

/// A run whose own row cannot be read is left alone: its schedule runs on, and so do all others.
#[tokio::test]
async fn a_run_that_cannot_be_read_is_told_and_holds_up_nobody() {
    let mut stand = Stand::start().await;
    let mut agent = stand.agent().await;
    let (broken, sound) = (stand.hourly(|_| {}).await, stand.hourly(|_| {}).await);
    let first = broken.due(1).max(sound.due(1));
    assert_eq!(stand.look(first).await.launched, 2);
    let store = stand.engine.store.clone();
    let open = store.open_executions(Some(&broken.id)).await.unwrap().sound;
    store.damage_execution(open[0].id, "sometime").await.unwrap();
    for _ in 0..2 {
        agent.end_next(true).await;
    }
    for view in stand.tasks().await {
        stand.ended(&view.task.id).await;
    }
    assert_eq!(stand.look(first + MINUTE).await.settled, 1, "the other one has ended");
    assert_eq!(stand.states(&sound.id).await, [S::Success]);
    let remark = stand.engine.system().await.warnings().concat();
    assert!(
        remark.contains(broken.id.as_str()) && remark.contains("schedule_executions.slot"),
        "{remark}"
    );
    let second = broken.due(2).max(sound.due(2));
    assert_eq!(stand.look(second).await.launched, 2, "both run again");
    assert!(stand.engine.delete_schedule(&broken.id).await.unwrap());
    stand.look(second + MINUTE).await;
    assert!(
        stand.engine.system().await.warnings().is_empty(),
        "it went with its schedule"
    );
}
