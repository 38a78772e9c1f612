//! Each service gets its own format with its own signature, in both languages, and nothing that a task says becomes markup.

use crate::{
    receivers::{Receivers, SECRET},
    stand::Stand,
};
use ips_coordinator::domain::{
    channel::ChannelRequest,
    delivery::{Delivery, DeliveryState},
};
use rstest::rstest;
use serde_json::json;

fn request(kind: &str, url: String) -> ChannelRequest {
    let signs = ["webhook", "dingtalk", "feishu"].contains(&kind);
    ChannelRequest {
        name: Some("ops".into()),
        kind: Some(kind.into()),
        url: Some(url.into()),
        secret: signs.then(|| SECRET.into()),
        ..ChannelRequest::default()
    }
}

#[rstest]
#[case("webhook", "/hook?signed=yes")]
#[case("slack", "/services/T000/B000/XXXX")]
#[case("dingtalk", "/robot/send?access_token=robot-token")]
#[case("feishu", "/open-apis/bot/v2/hook/hook-token")]
#[case("wecom", "/cgi-bin/webhook/send?key=robot-key")]
#[case("teams", "/workflows/teams-token")]
#[tokio::test]
async fn a_failed_task_is_told_as_the_service_wants_it(
    #[case] kind: &str,
    #[case] path: &str,
    #[values("en", "zh")] language: &str,
) {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    let delivery = stand
        .tell_failure(ChannelRequest {
            language: Some(language.into()),
            ..request(kind, receivers.url(path))
        })
        .await;
    let got = receivers.only();
    assert_eq!(delivery.state, DeliveryState::Delivered, "{delivery:?}\n{}", got.text);
    assert_eq!((delivery.attempts, delivery.message.as_str()), (1, ""));
    assert!(got.text.contains("nightly"), "{}", got.text);
    if kind != "webhook" {
        let word = if language == "zh" { "失败" } else { "failed" };
        assert!(got.text.contains(word), "{}", got.text);
        let markup = match kind {
            // Texts of Feishu are never markup; a mention in Slack needs its angle brackets.
            "feishu" => "",
            "slack" => "<nobody>",
            _markdown => "@all",
        };
        assert!(markup.is_empty() || !got.text.contains(markup), "{}", got.text);
    }
}

#[rstest]
#[case("slack", "/services/T000/B000/XXXX", 200, "no_service", "no_service")]
#[case(
    "dingtalk",
    "/robot/send?access_token=other",
    0,
    "",
    "errcode 300005: token is not exist"
)]
#[case("dingtalk", "/robot/send?access_token=robot-token", 200, "<html>", "no JSON")]
#[case("feishu", "/open-apis/bot/v2/hook/hook-token", 200, r#"{"msg":"x"}"#, "no code")]
#[case(
    "wecom",
    "/cgi-bin/webhook/send?key=other",
    0,
    "",
    "errcode 93000: invalid webhook url"
)]
#[case("teams", "/workflows/teams-token", 400, "bad", "400 Bad Request: bad")]
#[case("webhook", "/hook", 500, "boom", "500 Internal Server Error: boom")]
#[tokio::test]
async fn what_a_service_refuses_is_a_failure_even_with_status_200(
    #[case] kind: &str,
    #[case] path: &str,
    #[case] status: u16,
    #[case] answer: &'static str,
    #[case] words: &str,
) {
    let receivers = Receivers::start().await;
    if status != 0 {
        receivers.answer_first(status, answer);
    }
    let mut stand = Stand::start().await;
    let delivery = stand.tell_failure(request(kind, receivers.url(path))).await;
    assert_eq!(delivery.state, DeliveryState::Queued, "{delivery:?}");
    assert!(delivery.message.contains(words), "{}", delivery.message);
}

#[rstest]
#[case("dingtalk", "/robot/send?access_token=robot-token", "errcode 310000: sign not match")]
#[case("feishu", "/open-apis/bot/v2/hook/hook-token", "code 19021: sign match fail")]
#[case("webhook", "/hook?signed=yes", "401 Unauthorized: forged")]
#[tokio::test]
async fn a_wrong_secret_is_told_by_the_service(#[case] kind: &str, #[case] path: &str, #[case] words: &str) {
    let receivers = Receivers::start().await;
    let stand = Stand::start().await;
    let id = stand
        .channel_like(ChannelRequest {
            secret: Some("another secret".into()),
            ..request(kind, receivers.url(path))
        })
        .await;
    let tried: Delivery = stand.engine.test_channel(id).await.unwrap();
    assert_eq!((tried.state, tried.kind.as_str()), (DeliveryState::Failed, "test"));
    assert!(tried.message.contains(words), "{}", tried.message);
    assert_eq!(stand.only().await, tried, "the log has it");
}

#[tokio::test]
async fn programs_get_the_contracts_payload() {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    stand.task("good", &[], Some(&receivers.url("/hook"))).await;
    stand.end_pull("good", Ok(())).await;
    stand.deliver().await;
    let got = receivers.only();
    assert_eq!(got.json["event"], "task.completed");
    assert_eq!(got.json["message"], "Task completed successfully");
    assert_eq!(got.json["task"]["taskId"], "good");
    assert_eq!(got.json["task"]["status"], "completed");
    assert_eq!(got.json["task"]["progress"]["succeededPulls"], 1);
    assert_eq!(got.json["timestamp"], got.json["task"]["finishedAt"]);
    assert_eq!(got.headers["x-ips-event"], "task.completed");
    assert!(!got.headers.contains_key("x-ips-signature"), "no secret, no signature");
}

#[tokio::test]
async fn a_task_that_is_cancelled_or_stopped_by_its_abort_rule_is_told_as_such() {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    let url = receivers.url("/hook");
    stand.task("gone", &[], Some(&url)).await;
    let id = ips_coordinator::domain::ids::TaskId::parse("gone").unwrap();
    stand.engine.cancel_task(&id).await.unwrap();
    stand.deliver().await;
    let got = receivers.only();
    assert_eq!(
        (&got.json["event"], &got.json["message"]),
        (&json!("task.cancelled"), &json!("Task was cancelled"))
    );
}

#[tokio::test]
async fn a_task_that_its_abort_rule_stopped_is_told_as_aborted() {
    let receivers = Receivers::start().await;
    let mut stand = Stand::start().await;
    let mut task = ips_coordinator::domain::task::TaskRequest {
        images: (0..12).map(|number| format!("registry.corp/app:{number}")).collect(),
        id: Some("risky".into()),
        ..Default::default()
    };
    task.rules.abort_failure_percent = Some(10);
    let asks = ChannelRequest {
        events: Some(vec!["task.aborted".into()]),
        ..request("webhook", receivers.url("/hook?signed=yes"))
    };
    stand.channel_like(asks).await;
    stand.engine.create_task(task.check().unwrap()).await.unwrap();
    // The rule counts from ten ends on.
    for _ in 0..10 {
        stand.end_one(Err("gone")).await;
    }
    stand.ended("risky").await;
    stand.deliver().await;
    let got = receivers.only();
    // Clients of the original know no other word for it.
    assert_eq!(got.json["event"], "task.failed", "{}", got.text);
    assert_eq!(got.headers["x-ips-event"], "task.aborted");
    assert_eq!(got.json["stoppedBy"], "abort_rule", "{}", got.text);
    assert_eq!(got.json["task"]["status"], "failed");
}
