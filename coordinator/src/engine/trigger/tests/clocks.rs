//! Runs that were missed, and clocks that jump.

use super::stand::{HOUR, MINUTE, Stand};
use crate::domain::{
    execution::{Cause, ExecutionState as S},
    schedule::{MissedRuns, OverlapPolicy},
};

#[tokio::test]
async fn runs_that_nobody_could_start_are_left_out_and_said() {
    let mut stand = Stand::start().await;
    let _agent = stand.agent().await;
    let hourly = stand.hourly(|_| {}).await;
    let late = stand.look(hourly.due(4) + 2 * MINUTE).await;
    assert_eq!((late.launched, late.skipped, late.wake_at), (0, 1, Some(hourly.due(5))));
    let missed = stand.executions(&hourly.id).await.remove(0);
    assert_eq!((missed.state, missed.cause), (S::Skipped, Cause::Missed(hourly.due(4))));
    assert_eq!(missed.message, "Missed 4 runs while no coordinator was there, skipped");
    assert_eq!(stand.look(hourly.due(5)).await.launched, 1);
}

#[tokio::test]
async fn or_one_run_makes_up_for_all_of_them() {
    let mut stand = Stand::start().await;
    let _agent = stand.agent().await;
    let hourly = stand
        .hourly(|request| request.missed_runs = Some(MissedRuns::RunOnce))
        .await;
    let late = stand.look(hourly.due(4) + 2 * MINUTE).await;
    assert_eq!((late.launched, late.skipped, late.wake_at), (1, 0, Some(hourly.due(5))));
    assert_eq!(stand.executions(&hourly.id).await[0].cause, Cause::Due(hourly.due(4)));
    assert_eq!(stand.tasks().await.len(), 1);
}

#[tokio::test]
async fn a_run_that_is_a_little_late_is_on_time() {
    let mut stand = Stand::start().await;
    let _agent = stand.agent().await;
    let hourly = stand.hourly(|_| {}).await;
    assert_eq!(stand.look(hourly.due(1) + MINUTE).await.launched, 1);
}

#[tokio::test]
async fn a_clock_that_is_set_back_starts_nothing_twice() {
    let mut stand = Stand::start().await;
    let agent = stand.agent().await;
    let hourly = stand
        .hourly(|request| request.overlap_policy = Some(OverlapPolicy::Allow))
        .await;
    for n in [1, 2, 3] {
        stand.look(hourly.due(n)).await;
    }
    for minutes in [-170, -130, -120, -60, -30, 0, 10] {
        stand.look(hourly.due(3) + minutes * MINUTE).await;
    }
    assert_eq!(stand.tasks().await.len(), 3);
    assert_eq!(stand.look(hourly.due(4)).await.launched, 1);
    drop(agent);
    let mut stand = stand.crash().await;
    stand.look(hourly.due(1)).await;
    stand.look(hourly.due(2)).await;
    assert_eq!(stand.tasks().await.len(), 4);
}

#[tokio::test]
async fn a_clock_that_was_years_ahead_loses_no_run_once_it_is_right_again() {
    let mut stand = Stand::start().await;
    let _agent = stand.agent().await;
    let hourly = stand
        .hourly(|request| request.overlap_policy = Some(OverlapPolicy::Allow))
        .await;
    assert_eq!(stand.look(hourly.due(1)).await.launched, 1);
    let ahead = stand.look(hourly.due(1) + 4 * 365 * 24 * HOUR + 5 * MINUTE).await;
    assert_eq!((ahead.launched, ahead.skipped), (0, 1));
    let right = stand.look(hourly.due(1) + 10 * MINUTE).await;
    assert_eq!((right.launched, right.wake_at), (0, Some(hourly.due(2))));
    for n in 2..=4 {
        assert_eq!(stand.look(hourly.due(n)).await.launched, 1, "{n}");
    }
    assert_eq!(stand.tasks().await.len(), 4);
}
