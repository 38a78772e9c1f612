#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use rstest::rstest;

fn request(kind: &str, url: &str) -> ChannelRequest {
    ChannelRequest {
        name: Some("ops".into()),
        kind: Some(kind.into()),
        url: Some(url.into()),
        ..ChannelRequest::default()
    }
}

fn mail() -> MailRequest {
    MailRequest {
        host: "mail.example.com".into(),
        from: "ips@example.com".into(),
        to: vec!["ops@example.com".into()],
        ..MailRequest::default()
    }
}

fn mail_channel(mail: MailRequest) -> Result<ChannelSpec, Invalid> {
    let request = ChannelRequest {
        name: Some("ops".into()),
        kind: Some("email".into()),
        mail: Some(mail),
        ..ChannelRequest::default()
    };
    request.check_new()
}

#[rstest]
#[case(
    "webhook",
    "https://hooks.example.com/T/secret-path?x=1",
    "https://hooks.example.com"
)]
#[case("slack", "https://hooks.slack.com/services/T/B/x", "https://hooks.slack.com")]
#[case(
    "dingtalk",
    "https://oapi.dingtalk.com/robot/send?access_token=x",
    "https://oapi.dingtalk.com"
)]
#[case("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/x", "https://open.feishu.cn")]
#[case(
    "wecom",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x",
    "https://qyapi.weixin.qq.com"
)]
#[case(
    "teams",
    "https://prod-1.westeurope.logic.azure.com:443/x",
    "https://prod-1.westeurope.logic.azure.com:443"
)]
fn of_an_address_only_its_host_is_shown(#[case] kind: &str, #[case] url: &str, #[case] shown: &str) {
    let spec = request(kind, url).check_new().unwrap();
    assert_eq!(spec.settings.host, shown);
    assert!(!format!("{spec:?}").contains("secret-path"));
}

#[rstest]
#[case("webhook", "")]
#[case("webhook", "ftp://a/")]
#[case("webhook", "/only/a/path")]
#[case("webhook", "https://canary:canary@host/")]
#[case("webhook", "https://host/canary white")]
#[case("dingtalk", "https://oapi.dingtalk.com/robot/send?token=canary")]
#[case("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=")]
fn a_bad_address_is_refused_and_not_repeated(#[case] kind: &str, #[case] url: &str) {
    let invalid = request(kind, url).check_new().unwrap_err();
    assert_eq!(invalid.field, "url");
    assert!(!invalid.to_string().contains("canary"), "{invalid}");
}

#[test]
fn each_field_has_its_limits() {
    let refused = |change: fn(&mut ChannelRequest)| {
        let mut request = request("webhook", "https://h/");
        change(&mut request);
        request.check_new().unwrap_err().to_string()
    };
    assert!(refused(|r| r.name = Some(" ".into())).starts_with("name: "));
    assert!(refused(|r| r.name = Some("x".repeat(129))).starts_with("name: "));
    assert!(refused(|r| r.name = Some("a\nb".into())).starts_with("name: "));
    assert!(refused(|r| r.kind = Some("pager".into())).contains("known are webhook, slack"));
    assert!(refused(|r| r.language = Some("de".into())).contains("known are en, zh"));
    assert!(refused(|r| r.events = Some(vec!["task.failed".into(), "test".into()])).starts_with("events[1]: "));
    assert!(refused(|r| r.secret = Some("x".repeat(1025).into())).starts_with("secret: "));
    assert!(refused(|r| r.mail = Some(MailRequest::default())).starts_with("email: "));
    let slack = ChannelRequest {
        secret: Some("s".into()),
        ..request("slack", "https://h/")
    };
    assert!(slack.check_new().unwrap_err().to_string().contains("not used by slack"));
}

#[test]
fn a_change_keeps_what_it_does_not_name() {
    let first = ChannelRequest {
        secret: Some("key".into()),
        events: Some(vec!["task.failed".into()]),
        language: Some("zh".into()),
        ..request("webhook", "https://one/x")
    };
    let old = first.check_new().unwrap();
    let nothing = ChannelRequest::default().check_over(old.clone()).unwrap();
    assert_eq!(nothing.secrets.url.unwrap().expose_secret(), "https://one/x");
    assert!(nothing.settings.signed && nothing.language == Language::Chinese && nothing.events.len() == 1);
    let unsigned = ChannelRequest {
        secret: Some("".into()),
        ..ChannelRequest::default()
    };
    let unsigned = unsigned.check_over(old.clone()).unwrap();
    assert!(unsigned.secrets.secret.is_none() && !unsigned.settings.signed);
    let other = ChannelRequest {
        kind: Some("slack".into()),
        ..ChannelRequest::default()
    };
    assert_eq!(other.check_over(old).unwrap_err().field, "kind");
}

#[test]
fn mail_has_usual_ports_and_no_password_in_the_clear() {
    let spec = mail_channel(mail()).unwrap();
    let settings = spec.settings.mail.unwrap();
    assert_eq!((settings.port, settings.security), (587, MailSecurity::StartTls));
    let refused = |change: fn(&mut MailRequest)| {
        let mut mail = mail();
        change(&mut mail);
        mail_channel(mail).unwrap_err().to_string()
    };
    assert!(refused(|m| m.to = vec![]).starts_with("email.to: "));
    assert!(refused(|m| m.to = vec!["a@b\r\nBcc: x@y".into()]).starts_with("email.to[0]: "));
    assert!(refused(|m| m.from = "ips".into()).starts_with("email.from: "));
    assert!(refused(|m| m.host = "h/x".into()).starts_with("email.host: "));
    assert!(refused(|m| m.port = 65_536).starts_with("email.port: "));
    assert!(refused(|m| m.username = "u".into()).starts_with("email.password: "));
    assert!(refused(|m| m.password = Some("p".into())).starts_with("email.username: "));
    let clear = refused(|m| {
        m.username = "u".into();
        m.password = Some("canary".into());
        m.security = "none".into();
    });
    assert!(
        clear.starts_with("email.security: ") && !clear.contains("canary"),
        "{clear}"
    );
}

#[test]
fn a_mail_password_is_never_sent_to_another_server() {
    let with_password = MailRequest {
        username: "u".into(),
        password: Some("p".into()),
        ..mail()
    };
    let old = mail_channel(with_password).unwrap();
    let change = |host: &str| {
        let request = ChannelRequest {
            mail: Some(MailRequest {
                host: host.into(),
                username: "u".into(),
                ..mail()
            }),
            ..ChannelRequest::default()
        };
        request.check_over(old.clone())
    };
    assert!(change("mail.example.com").unwrap().secrets.password.is_some());
    assert_eq!(change("evil.example").unwrap_err().field, "email.password");
}

#[test]
fn secrets_are_one_text_and_cannot_be_printed() {
    let secrets = ChannelSecrets {
        url: Some("https://h/canary".into()),
        secret: Some("canary".into()),
        password: None,
    };
    assert!(!format!("{secrets:?}").contains("canary"));
    let read = ChannelSecrets::read(&secrets.to_text()).unwrap();
    assert_eq!(read.url.unwrap().expose_secret(), "https://h/canary");
    assert!(read.password.is_none() && ChannelSecrets::read(&"{".into()).is_none());
}

#[test]
fn a_task_names_channels_once_and_a_whole_address() {
    let notices = |channels: &[&str], url: &str| {
        let request = NoticesRequest {
            channels: channels.iter().map(|name| (*name).to_owned()).collect(),
            webhook_url: Some(url.into()),
        };
        request.check()
    };
    assert_eq!(notices(&["a", "b"], "").unwrap().channels.len(), 2);
    assert_eq!(notices(&["a", "a"], "").unwrap_err().field, "channels[1]");
    assert_eq!(notices(&["x"; 11], "").unwrap_err().field, "channels");
    assert_eq!(notices(&[], "hook.example").unwrap_err().field, "webhookUrl");
    assert_eq!(notices(&[], "gopher://h/").unwrap_err().field, "webhookUrl");
    let kept = notices(&[], "https://h/x").unwrap();
    assert_eq!(kept.webhook_url.as_deref(), Some("https://h/x"));
}
