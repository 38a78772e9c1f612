//! The outbox: nothing is lost and nothing is told twice by us, whatever dies; a slow receiver holds up nobody but itself.

use crate::{receivers::Receivers, stand::Stand};
use ips_coordinator::{
    domain::{
        channel::ChannelRequest,
        delivery::{DeliveryState, PATIENCE_MS},
        ids::TaskId,
    },
    engine::now,
};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_under_the_same_id() {
    let receivers = Receivers::start().await;
    receivers.answer_first(503, "busy");
    receivers.answer_first(500, "boom");
    let mut stand = Stand::start().await;
    stand.task("nightly", &[], Some(&receivers.url("/hook"))).await;
    stand.end_pull("nightly", Ok(())).await;
    stand.deliver().await;
    let first = stand.only().await;
    assert_eq!(
        (first.state, first.attempts, first.status),
        (DeliveryState::Queued, 1, 503)
    );
    let wait = first.due_at - first.last_attempt_at;
    assert!((3_750..=5_000).contains(&wait), "{wait}");
    stand.deliver().await;
    assert_eq!(stand.only().await.attempts, 1, "not before it is due");
    stand.deliver_at(now() + 6_000).await;
    assert_eq!(stand.only().await.attempts, 2);
    stand.deliver_at(now() + 20_000).await;
    let last = stand.only().await;
    assert_eq!((last.state, last.attempts), (DeliveryState::Delivered, 3));
    let ids: Vec<_> = receivers.received().iter().map(|got| got.json["id"].clone()).collect();
    assert_eq!(ids, [last.id.as_str(); 3]);
    let figures = String::from_utf8(stand.metrics.render().unwrap()).unwrap();
    assert!(
        figures.contains(r#"ips_deliveries_total{kind="webhook",result="retry"} 2"#),
        "{figures}"
    );
    assert!(figures.contains(r#"ips_deliveries_total{kind="webhook",result="delivered"} 1"#));
}

#[tokio::test]
async fn a_receiver_is_left_alone_for_as_long_as_it_asks() {
    for (asked, wait) in [
        ("120".to_owned(), 115_000..=125_000),
        (
            (chrono::Utc::now() + chrono::TimeDelta::seconds(300))
                .to_rfc2822()
                .replace("+0000", "GMT"),
            290_000..=305_000,
        ),
        // Nonsense asks for nothing: the usual first wait.
        ("soon".to_owned(), 3_750..=5_000),
        ("-5".to_owned(), 3_750..=5_000),
    ] {
        let receivers = Receivers::start().await;
        receivers.ask_for_a_pause(asked.as_str());
        let mut stand = Stand::start().await;
        stand.task("nightly", &[], Some(&receivers.url("/hook"))).await;
        stand.end_pull("nightly", Ok(())).await;
        stand.deliver().await;
        let first = stand.only().await;
        assert_eq!((first.state, first.status), (DeliveryState::Queued, 429), "{asked}");
        let waits = first.due_at - first.last_attempt_at;
        assert!(wait.contains(&waits), "{asked}: {waits}");
        stand.deliver_at(first.due_at - 500).await;
        assert_eq!(stand.only().await.attempts, 1, "{asked}: not before");
        stand.deliver_at(first.due_at + 1).await;
        assert_eq!(stand.only().await.state, DeliveryState::Delivered, "{asked}");
    }
}

#[tokio::test]
async fn what_cannot_be_delivered_is_queued_for_a_day() {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    stand.task("nightly", &[], Some(&receivers.url("/nowhere"))).await;
    stand.end_pull("nightly", Ok(())).await;
    stand.deliver().await;
    let mut delivery = stand.only().await;
    assert_eq!((delivery.state, delivery.status), (DeliveryState::Queued, 404));
    // As if it had been tried for nearly a day.
    delivery.give_up_at = now() + 1;
    let replayed = stand.engine.replay_delivery(&delivery.id).await;
    assert!(replayed.unwrap_err().to_string().contains("queued already"));
    assert!(delivery.created_at + PATIENCE_MS > now());
}

#[tokio::test]
async fn a_kill_between_any_two_steps_loses_nothing() {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    let url = receivers.url("/hook");
    stand.task("one", &[], Some(&url)).await;
    stand.end_pull("one", Ok(())).await;
    // The task has ended; nobody has looked at the outbox yet.
    let mut stand = stand.restart().await;
    stand.courier.activate(now()).await.unwrap();
    // The attempt is under way, or has ended and is not written down.
    let mut stand = stand.restart().await;
    let delivery = stand.until_delivered().await;
    let got = receivers.received();
    assert!((1..=2).contains(&got.len()), "at least once: {}", got.len());
    assert!(got.iter().all(|got| got.json["id"] == delivery.id.as_str()));
    let mut stand = stand.restart().await;
    stand.deliver_at(now() + 10_000_000).await;
    assert_eq!(
        receivers.received().len(),
        got.len(),
        "what was delivered is not delivered again"
    );
}

#[tokio::test]
async fn a_slow_receiver_holds_up_nobody_else() {
    let (slow, quick) = (Receivers::start().await, Receivers::start().await);
    slow.answer_after(Duration::from_secs(20));
    let mut stand = Stand::start().await;
    stand.channel("slow", "webhook", &slow.url("/hook")).await;
    stand.channel("quick", "webhook", &quick.url("/hook")).await;
    for number in 0..20 {
        let id = format!("t{number}");
        stand.task(&id, &["slow", "quick"], None).await;
        stand.engine.cancel_task(&TaskId::parse(&id).unwrap()).await.unwrap();
    }
    let began = Instant::now();
    while quick.received().len() < 20 {
        stand.courier.activate(now()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{} arrived",
            quick.received().len()
        );
    }
    assert!(
        slow.received().len() <= 2,
        "two at a time for each: {}",
        slow.received().len()
    );
    stand.courier.settle().await;
    let timed_out = stand
        .deliveries()
        .await
        .into_iter()
        .filter(|it| it.message == "timed out")
        .count();
    assert_eq!(timed_out, 2);
}

#[tokio::test]
async fn channels_are_told_what_they_ask_for_and_what_names_them_each_once() {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    let url = receivers.url("/hook");
    let asking = |name: &str, events: &[&str]| ChannelRequest {
        name: Some(name.into()),
        kind: Some("webhook".into()),
        url: Some(url.as_str().into()),
        events: Some(events.iter().map(|event| (*event).to_owned()).collect()),
        ..ChannelRequest::default()
    };
    let failures = stand.channel_like(asking("failures", &["task.failed"])).await;
    let both = stand
        .channel_like(asking("both", &["task.failed", "task.completed"]))
        .await;
    let off = ChannelRequest {
        enabled: Some(false),
        ..asking("off", &["task.completed"])
    };
    stand.channel_like(off).await;
    stand.task("good", &["both"], None).await;
    stand.end_pull("good", Ok(())).await;
    stand.deliver().await;
    let told: Vec<_> = stand.deliveries().await.into_iter().map(|it| it.channel).collect();
    assert_eq!(told, [Some(both)]);
    stand.task("bad", &["both"], None).await;
    stand.end_pull("bad", Err("gone")).await;
    stand.deliver().await;
    let bad = stand.deliveries().await.into_iter().filter(|it| it.about == "bad");
    let mut told: Vec<_> = bad.map(|it| it.channel).collect();
    told.sort();
    assert_eq!(told, [Some(failures), Some(both)]);
}

#[tokio::test]
async fn what_was_given_up_can_be_replayed() {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    let id = stand.channel("ops", "webhook", &receivers.url("/hook")).await;
    stand.task("nightly", &["ops"], None).await;
    let refusal = stand.engine.delete_channel(id).await.unwrap_err();
    assert_eq!(refusal.to_string(), format!("channel {id} is named by task nightly"));
    stand.end_pull("nightly", Ok(())).await;
    let off = |enabled| ChannelRequest {
        enabled: Some(enabled),
        ..ChannelRequest::default()
    };
    let delivered = stand.until_delivered().await;
    stand.engine.update_channel(id, off(false)).await.unwrap();
    stand.engine.replay_delivery(&delivered.id).await.unwrap();
    stand.deliver().await;
    let given_up = stand.only().await;
    assert_eq!(
        (given_up.state, given_up.message.as_str()),
        (DeliveryState::Failed, "the channel is switched off")
    );
    stand.engine.update_channel(id, off(true)).await.unwrap();
    let queued = stand.engine.replay_delivery(&given_up.id).await.unwrap();
    assert_eq!((queued.state, queued.id), (DeliveryState::Queued, given_up.id.clone()));
    assert_eq!(stand.until_delivered().await.id, given_up.id);
    assert!(
        stand
            .engine
            .replay_delivery("nope")
            .await
            .unwrap_err()
            .to_string()
            .contains("not found")
    );
}

#[tokio::test]
async fn a_lost_node_is_told_once_also_after_a_restart() {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    let asking = ChannelRequest {
        name: Some("ops".into()),
        kind: Some("webhook".into()),
        url: Some(receivers.url("/hook").into()),
        events: Some(vec!["node.lost".into()]),
        ..ChannelRequest::default()
    };
    stand.channel_like(asking).await;
    stand.disconnect().await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let delivery = stand.until_delivered().await;
    assert_eq!(
        (delivery.kind.as_str(), delivery.about.as_str()),
        ("node.lost", "node-1")
    );
    let got = receivers.only();
    assert_eq!(got.json["node"]["name"], "node-1");
    stand.deliver_at(now() + 10_000_000).await;
    assert_eq!(receivers.received().len(), 1);
}
