//! Where notifications never go: this machine, private networks, metadata services; not by a name, not by a redirect, not in disguise.

use crate::{
    receivers::Receivers,
    stand::{Stand, loopback_allowed},
};
use ips_coordinator::{
    domain::{channel::ChannelRequest, delivery::DeliveryState, task::TaskRequest},
    engine::error::EngineError,
    notify::NotifySettings,
};
use rstest::rstest;

fn channel(url: &str) -> ChannelRequest {
    ChannelRequest {
        name: Some("ops".into()),
        kind: Some("webhook".into()),
        url: Some(url.into()),
        ..ChannelRequest::default()
    }
}

#[rstest]
#[case("http://127.0.0.1:8080/")]
#[case("http://[::1]/")]
#[case("http://10.0.0.1/")]
#[case("http://192.168.1.1/")]
#[case("http://172.16.0.1/")]
#[case("http://100.64.0.1/")]
#[case("http://169.254.169.254/latest/meta-data/")]
#[case("http://[fd00:ec2::254]/")]
#[case("http://[::ffff:10.0.0.1]/")]
#[case("http://2130706433/")]
#[case("http://0x7f.1/")]
#[case("http://0177.0.0.1/")]
#[case("http://0.0.0.0/")]
#[tokio::test]
async fn forbidden_addresses_are_refused_when_they_are_given(#[case] url: &str) {
    let stand = Stand::with(NotifySettings::default()).await;
    let refusal = stand.engine.create_channel(channel(url)).await.unwrap_err();
    assert!(
        matches!(&refusal, EngineError::Invalid(invalid) if invalid.field == "url"),
        "{refusal}"
    );
    let mut request = TaskRequest {
        images: vec!["registry.corp/app:1".into()],
        ..TaskRequest::default()
    };
    request.notices.webhook_url = Some(url.into());
    let refusal = stand.engine.create_task(request.check().unwrap()).await.unwrap_err();
    assert!(
        matches!(&refusal, EngineError::Invalid(invalid) if invalid.field == "webhookUrl"),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_name_that_leads_to_a_forbidden_address_is_never_connected_to() {
    let receivers = Receivers::start().await;
    let stand = Stand::with(NotifySettings::default()).await;
    let url = format!("http://localhost:{}/hook", receivers.port());
    let id = stand.engine.create_channel(channel(&url)).await.unwrap().channel.id;
    let tried = stand.engine.test_channel(id).await.unwrap();
    assert_eq!(tried.state, DeliveryState::Failed);
    assert!(
        tried.message.contains("is refused") && tried.message.contains("this machine"),
        "{}",
        tried.message
    );
    assert!(receivers.received().is_empty());
}

#[tokio::test]
async fn a_name_that_was_fine_when_it_was_given_is_judged_at_each_attempt() {
    let receivers = Receivers::start().await;
    // Loopback is allowed while the task ends, and is not any more when it is told.
    let stand = Stand::with(loopback_allowed()).await;
    let url = format!("http://localhost:{}/hook", receivers.port());
    let id = stand.engine.create_channel(channel(&url)).await.unwrap().channel.id;
    assert_eq!(
        stand.engine.test_channel(id).await.unwrap().state,
        DeliveryState::Delivered
    );
    let strict =
        ips_coordinator::notify::Notifier::new(NotifySettings::default(), ips_coordinator::http::task_document);
    let engine = stand.engine.clone().with_notifier(strict);
    assert_eq!(engine.test_channel(id).await.unwrap().state, DeliveryState::Failed);
    assert_eq!(receivers.received().len(), 1);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let receivers = Receivers::start().await;
    receivers.answer_first(302, "elsewhere");
    let stand = Stand::start().await;
    let id = stand.channel("ops", "webhook", &receivers.url("/hook")).await;
    let tried = stand.engine.test_channel(id).await.unwrap();
    assert!(
        tried.message.contains("redirects are not followed"),
        "{}",
        tried.message
    );
}

#[tokio::test]
async fn no_answer_puts_a_secret_into_the_log() {
    let receivers = Receivers::start().await;
    receivers.answer_first(500, "no robot at /hook?token=canary-canary-1 for key canary-canary-2");
    let stand = Stand::start().await;
    let url = receivers.url("/hook?token=canary-canary-1");
    let request = ChannelRequest {
        secret: Some("canary-canary-2".into()),
        ..channel(&url)
    };
    let id = stand.channel_like(request).await;
    let tried = stand.engine.test_channel(id).await.unwrap();
    assert!(
        tried.message.contains("[hidden]") && !tried.message.contains("canary"),
        "{}",
        tried.message
    );
    // A port where nobody listens: errors of the network repeat no URL.
    let gone = channel("http://127.0.0.1:1/canary-canary-3");
    let id = stand
        .channel_like(ChannelRequest {
            name: Some("gone".into()),
            ..gone
        })
        .await;
    let tried = stand.engine.test_channel(id).await.unwrap();
    assert!(
        tried.message.contains("cannot connect") && !tried.message.contains("canary"),
        "{}",
        tried.message
    );
    let file = std::fs::read(stand.file("ips.db")).unwrap();
    let wal = std::fs::read(stand.file("ips.db-wal")).unwrap_or_default();
    let bytes = [file, wal].concat();
    assert!(
        !String::from_utf8_lossy(&bytes).contains("canary-canary"),
        "the database has a secret in the clear"
    );
}
