//! One request in each service's own format.

use super::{
    Destination, Parcel, TaskDocument,
    http::Request,
    message::{Message, Tone},
    payload, signature,
};
use crate::domain::channel::{ChannelKind, Language};
use reqwest::Url;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// WeCom: largest content in bytes.
const WECOM_BYTES: usize = 4096;
/// DingTalk takes 20,000 bytes; its title is a line in a list.
const DINGTALK_BYTES: usize = 18_000;
/// Slack: longest title and longest text of a block, in characters.
const SLACK_TITLE: usize = 150;
const SLACK_TEXT: usize = 3000;
/// Feishu takes 20 KiB and Teams 28 KiB; texts are cut well below.
const LONG_TEXT: usize = 12_000;

/// The request for a destination.
pub(super) fn request(to: &Destination, parcel: Parcel<'_>, document: TaskDocument, url: Url) -> Request {
    let message = Message::of(parcel.event, to.language);
    let secret = to.secrets.secret.as_ref().map(|secret| secret.expose_secret());
    let plain = |url, body: Value| Request {
        url,
        body: body.to_string().into_bytes(),
        headers: vec![],
    };
    match to.kind {
        ChannelKind::Webhook => webhook(url, secret, parcel, document),
        ChannelKind::DingTalk => plain(dingtalk_url(url, secret, parcel.now), dingtalk(&message)),
        ChannelKind::Feishu => plain(url, feishu(&message, to.language, secret, parcel.now / 1000)),
        ChannelKind::Slack => plain(url, slack(&message)),
        ChannelKind::WeCom => plain(url, wecom(&message)),
        // Mail is not sent by HTTP.
        ChannelKind::Teams | ChannelKind::Email => plain(url, teams(&message)),
    }
}

fn webhook(url: Url, secret: Option<&str>, parcel: Parcel<'_>, document: TaskDocument) -> Request {
    let body = payload::body(parcel, document).to_string().into_bytes();
    let seconds = parcel.now / 1000;
    let mut headers = vec![
        ("X-IPS-Event", parcel.event.kind.as_str().to_owned()),
        ("X-IPS-Delivery", parcel.id.to_owned()),
        ("X-IPS-Timestamp", seconds.to_string()),
    ];
    if let Some(secret) = secret {
        headers.push(("X-IPS-Signature", signature::of_webhook(secret, seconds, &body)));
    }
    Request { url, body, headers }
}

fn slack(message: &Message) -> Value {
    let title = cut(&format!("{} {}", sign(message.tone), message.title), SLACK_TITLE);
    let facts = message.facts.iter();
    let text = facts.map(|(name, value)| format!("*{name}*: {}", for_slack(value)));
    let text = text.collect::<Vec<_>>().join("\n");
    json!({
        "text": for_slack(&title),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": true}},
            {"type": "section", "text": {"type": "mrkdwn", "text": cut(&text, SLACK_TEXT)}},
        ],
    })
}

/// Slack reads these three as markup, and nothing may be one of its mentions.
fn for_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn dingtalk_url(mut url: Url, secret: Option<&str>, now: i64) -> Url {
    if let Some(secret) = secret {
        let sign = signature::of_dingtalk(secret, now);
        // Encodes + and / and = of base64.
        url.query_pairs_mut()
            .append_pair("timestamp", &now.to_string())
            .append_pair("sign", &sign);
    }
    url
}

fn dingtalk(message: &Message) -> Value {
    let title = format!("{} {}", sign(message.tone), for_markdown(&message.title));
    let facts = message.facts.iter();
    let lines = facts.map(|(name, value)| format!("- **{name}**: {}", for_markdown(value)));
    let text = format!("### {title}\n\n{}", lines.collect::<Vec<_>>().join("\n"));
    json!({
        "msgtype": "markdown",
        "markdown": {"title": message.title, "text": cut_bytes(&text, DINGTALK_BYTES)},
    })
}

fn feishu(message: &Message, language: Language, secret: Option<&str>, seconds: i64) -> Value {
    let lines = message.facts.iter().map(|(name, value)| {
        let text = cut(&format!("{name}: {value}"), LONG_TEXT / 10);
        json!([{"tag": "text", "text": text}])
    });
    let locale = match language {
        Language::English => "en_us",
        Language::Chinese => "zh_cn",
    };
    let title = format!("{} {}", sign(message.tone), message.title);
    let mut post = json!({});
    post[locale] = json!({"title": title, "content": lines.collect::<Vec<_>>()});
    let mut body = json!({"msg_type": "post", "content": {"post": post}});
    if let Some(secret) = secret {
        body["timestamp"] = seconds.to_string().into();
        body["sign"] = signature::of_feishu(secret, seconds).into();
    }
    body
}

fn wecom(message: &Message) -> Value {
    let facts = message.facts.iter();
    let lines = facts.map(|(name, value)| format!("> {name}: {}", for_markdown(value)));
    let text = format!(
        "**{} {}**\n{}",
        sign(message.tone),
        for_markdown(&message.title),
        lines.collect::<Vec<_>>().join("\n")
    );
    json!({"msgtype": "markdown", "markdown": {"content": cut_bytes(&text, WECOM_BYTES)}})
}

fn teams(message: &Message) -> Value {
    let color = match message.tone {
        Tone::Good => "Good",
        Tone::Bad => "Attention",
        Tone::Neutral => "Default",
    };
    let facts = message.facts.iter().map(|(name, value)| {
        let value = cut(&for_markdown(value), LONG_TEXT / 10);
        json!({"title": name, "value": value})
    });
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {
                "type": "TextBlock", "size": "Medium", "weight": "Bolder", "wrap": true, "color": color,
                "text": for_markdown(&message.title),
            },
            {"type": "FactSet", "facts": facts.collect::<Vec<_>>()},
        ],
    });
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✅",
        Tone::Bad => "❌",
        Tone::Neutral => "⚠️",
    }
}

/// Text that no reader of Markdown takes for markup, links or mentions.
fn for_markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            // Who is mentioned is not for a task's name to say.
            '@' => safe.push('＠'),
            c => safe.push(c),
        }
    }
    safe
}

fn cut(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let short = text.chars().take(characters.saturating_sub(1));
    short.chain(['…']).collect()
}

fn cut_bytes(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = (0..=bytes.saturating_sub('…'.len_utf8()))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    format!("{}…", &text[..end])
}
