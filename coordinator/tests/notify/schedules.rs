//! Scheduled tasks whose runs are left out or fail are told to the channels that ask for it, each run once.

use crate::{receivers::Receivers, stand::Stand};
use ips_coordinator::{
    domain::{channel::ChannelRequest, schedule::ScheduleRequest, task::TaskRequest},
    engine::trigger::{ScheduleSettings, Trigger},
};

const HOUR: i64 = 3_600_000;

/// A schedule that is due every hour; and the time that it is due first.
async fn hourly(stand: &Stand, selector: Option<(&str, &str)>) -> i64 {
    let mut task = TaskRequest {
        images: vec!["registry.corp/app:1".into()],
        ..TaskRequest::default()
    };
    if let Some((key, value)) = selector {
        task.selection.node_selector.insert(key.into(), value.into());
    }
    let request = ScheduleRequest {
        name: Some("every hour".into()),
        cron_expr: Some("@every 1h".into()),
        task: Some(task),
        ..ScheduleRequest::default()
    };
    let view = stand.engine.create_schedule(request).await.unwrap();
    view.upcoming[0]
}

async fn channel(stand: &Stand, receivers: &Receivers, events: &[&str]) {
    let request = ChannelRequest {
        name: Some("on call".into()),
        kind: Some("webhook".into()),
        url: Some(receivers.url("/hook").as_str().into()),
        events: Some(events.iter().map(|event| (*event).to_owned()).collect()),
        ..ChannelRequest::default()
    };
    stand.channel_like(request).await;
}

#[tokio::test]
async fn a_run_that_is_left_out_is_told_once() {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    channel(&stand, &receivers, &["schedule.skipped"]).await;
    let first = hourly(&stand, None).await;
    let mut trigger = Trigger::new(stand.engine.clone(), ScheduleSettings::default());
    assert_eq!(trigger.activate(first).await.unwrap().launched, 1);
    // The first run has not ended an hour later.
    assert_eq!(trigger.activate(first + HOUR).await.unwrap().skipped, 1);
    trigger.activate(first + HOUR + 1000).await.unwrap();
    stand.deliver().await;
    stand.deliver().await;
    let got = receivers.only();
    assert_eq!(got.json["event"], "schedule.skipped", "{}", got.text);
    assert_eq!(got.headers["x-ips-event"], "schedule.skipped");
    assert!(got.text.contains("every hour"), "{}", got.text);
}

#[tokio::test]
async fn a_run_that_fails_is_told_with_the_reason() {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    channel(&stand, &receivers, &["schedule.failed"]).await;
    let first = hourly(&stand, Some(("pool", "nowhere"))).await;
    let mut trigger = Trigger::new(stand.engine.clone(), ScheduleSettings::default());
    trigger.activate(first).await.unwrap();
    stand.deliver().await;
    let got = receivers.only();
    assert_eq!(got.json["event"], "schedule.failed", "{}", got.text);
    assert!(got.text.contains("matches none"), "{}", got.text);
}

/// Whoever asks for other events hears nothing of it.
#[tokio::test]
async fn nobody_is_told_who_did_not_ask() {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    channel(&stand, &receivers, &["task.failed"]).await;
    let first = hourly(&stand, Some(("pool", "nowhere"))).await;
    let mut trigger = Trigger::new(stand.engine.clone(), ScheduleSettings::default());
    trigger.activate(first).await.unwrap();
    stand.deliver().await;
    assert!(receivers.received().is_empty());
}
