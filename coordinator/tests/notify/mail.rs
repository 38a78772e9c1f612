//! Mail over real SMTP: in the clear, and with STARTTLS and a login.

use crate::{
    smtp::MailServer,
    stand::{Stand, loopback_allowed},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ips_coordinator::{
    domain::{
        channel::{ChannelRequest, MailRequest},
        delivery::DeliveryState,
    },
    notify::NotifySettings,
};

fn channel(server: &MailServer, mail: MailRequest) -> ChannelRequest {
    ChannelRequest {
        name: Some("ops".into()),
        kind: Some("email".into()),
        mail: Some(MailRequest {
            host: "localhost".into(),
            port: server.address.port().into(),
            from: "ips@example.com".into(),
            to: vec!["ops@example.com".into(), "night@example.com".into()],
            ..mail
        }),
        ..ChannelRequest::default()
    }
}

#[tokio::test]
async fn a_failed_task_is_told_by_mail_in_chinese() {
    let server = MailServer::start(false).await;
    let mut stand = Stand::start().await;
    let clear = MailRequest {
        security: "none".into(),
        ..MailRequest::default()
    };
    let request = ChannelRequest {
        language: Some("zh".into()),
        ..channel(&server, clear)
    };
    let delivery = stand.tell_failure(request).await;
    assert_eq!(
        (delivery.state, delivery.status),
        (DeliveryState::Delivered, 250),
        "{delivery:?}"
    );
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].from, "ips@example.com");
    assert_eq!(mails[0].to, ["ops@example.com", "night@example.com"]);
    let text = &mails[0].text;
    assert!(
        text.contains(&format!("Message-ID: <{}@example.com>", delivery.id)),
        "{text}"
    );
    assert!(text.contains("Subject: =?utf-8?b?"), "{text}");
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let body: String = body.split_whitespace().collect();
    let body = String::from_utf8(STANDARD.decode(body).unwrap()).unwrap();
    assert!(
        body.contains("任务 nightly 失败") && body.contains("镜像: registry.corp/app:1"),
        "{body}"
    );
}

#[tokio::test]
async fn a_login_goes_over_tls_only() {
    let server = MailServer::start(true).await;
    let settings = NotifySettings {
        authorities: server.certificate.clone().into_bytes(),
        ..loopback_allowed()
    };
    let stand = Stand::with(settings).await;
    let login = || MailRequest {
        username: "robot".into(),
        password: Some("mail-password".into()),
        ..MailRequest::default()
    };
    let id = stand.channel_like(channel(&server, login())).await;
    let tried = stand.engine.test_channel(id).await.unwrap();
    assert_eq!(tried.state, DeliveryState::Delivered, "{tried:?}");
    let mails = server.mails();
    assert!(mails[0].encrypted);
    assert_eq!(
        mails[0].login.as_deref(),
        Some(STANDARD.encode("\0robot\0mail-password").as_str())
    );
    // A server that has no TLS gets no login, and an unknown certificate no mail.
    let plain = MailServer::start(false).await;
    let request = ChannelRequest {
        name: Some("plain".into()),
        ..channel(&plain, login())
    };
    let id = stand.channel_like(request).await;
    let tried = stand.engine.test_channel(id).await.unwrap();
    assert!(
        tried.state == DeliveryState::Failed && plain.mails().is_empty(),
        "{tried:?}"
    );
    let stranger = Stand::start().await;
    let id = stranger.channel_like(channel(&server, login())).await;
    let tried = stranger.engine.test_channel(id).await.unwrap();
    assert!(
        tried.state == DeliveryState::Failed && server.mails().len() == 1,
        "{tried:?}"
    );
}

#[tokio::test]
async fn a_receiver_that_the_server_does_not_know_is_final() {
    let server = MailServer::start(false).await;
    server.refuse("night@example.com");
    let mut stand = Stand::start().await;
    let clear = MailRequest {
        security: "none".into(),
        ..MailRequest::default()
    };
    let delivery = stand.tell_failure(channel(&server, clear)).await;
    assert_eq!(
        (delivery.state, delivery.status),
        (DeliveryState::Failed, 550),
        "{delivery:?}"
    );
    assert!(delivery.message.contains("no such user"), "{}", delivery.message);
}

#[tokio::test]
async fn a_mail_server_at_a_forbidden_address_is_never_connected_to() {
    let server = MailServer::start(false).await;
    let stand = Stand::with(NotifySettings::default()).await;
    let clear = MailRequest {
        security: "none".into(),
        ..MailRequest::default()
    };
    let id = stand.channel_like(channel(&server, clear)).await;
    let tried = stand.engine.test_channel(id).await.unwrap();
    assert!(tried.message.contains("the mail server is refused"), "{tried:?}");
    assert!(server.mails().is_empty());
}
