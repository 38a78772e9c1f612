//! What an answer means. Chat services answer 200 with an error code in the body, which is a failure.

use crate::domain::{
    channel::ChannelKind,
    delivery::{Attempt, Verdict},
};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde_json::Value;

/// Longest part of an answer that is repeated, in characters.
const SHOWN: usize = 300;

/// Judges an answer by the rule of its service.
pub(super) fn judge(kind: ChannelKind, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Attempt {
    let text = String::from_utf8_lossy(body);
    let shown: String = text.trim().chars().take(SHOWN).collect();
    let problem = if status.is_redirection() {
        Some(format!("answered {status}; redirects are not followed"))
    } else if status.is_success() {
        refusal(kind, &text).map(|why| format!("answered {why}"))
    } else {
        Some(format!("answered {status}: {shown}"))
    };
    match problem {
        None => Attempt {
            verdict: Verdict::Delivered,
            status: status.as_u16(),
            message: String::new(),
        },
        Some(message) => Attempt {
            verdict: Verdict::Later(retry_after(headers)),
            status: status.as_u16(),
            message,
        },
    }
}

/// What an answer with a good status says against it.
fn refusal(kind: ChannelKind, text: &str) -> Option<String> {
    match kind {
        // Any 2xx: programs, and workflows of Teams, which answer 202.
        ChannelKind::Webhook | ChannelKind::Teams | ChannelKind::Email => None,
        ChannelKind::Slack => (text.trim() != "ok").then(|| shortened(text)),
        ChannelKind::DingTalk | ChannelKind::WeCom => code(text, &["errcode"], "errmsg"),
        // Older bots answer with the second field.
        ChannelKind::Feishu => code(text, &["code", "StatusCode"], "msg"),
    }
}

/// The code must be there and be 0.
fn code(text: &str, names: &[&str], words: &str) -> Option<String> {
    let Ok(json) = serde_json::from_str::<Value>(text) else {
        return Some(format!("no JSON: {}", shortened(text)));
    };
    let found = names.iter().find_map(|name| json.get(name).map(|value| (*name, value)));
    match found {
        Some((_, value)) if value.as_i64() == Some(0) => None,
        Some((name, value)) => {
            let words = json.get(words).and_then(Value::as_str).unwrap_or_default();
            Some(format!("{name} {value}: {}", shortened(words)))
        }
        None => Some(format!("no {}: {}", names.join(" and no "), shortened(text))),
    }
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(SHOWN).collect()
}

/// How long the receiver asks to be left alone, in milliseconds; it says seconds or a date.
fn retry_after(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait_ms = match text.parse::<i64>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        Err(_no_number) => {
            let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
            date.timestamp_millis() - chrono::Utc::now().timestamp_millis()
        }
    };
    (wait_ms > 0).then_some(wait_ms)
}
