//! Receivers, each as strict as its service: what breaks a published rule is answered as the service answers it.

use axum::{
    Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

/// The secret of every receiver that signs.
pub const SECRET: &str = "SEC-of-the-test";

/// One request that came in.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub query: BTreeMap<String, String>,
    pub text: String,
    pub json: Value,
}

/// Status, text, and how long to be left alone.
type Scripted = (u16, &'static str, Option<String>);

#[derive(Default)]
struct Inner {
    received: Mutex<Vec<Received>>,
    /// What is answered first, before the rules hold.
    scripted: Mutex<VecDeque<Scripted>>,
    delay: Mutex<Duration>,
}

/// All receivers on one port.
#[derive(Clone)]
pub struct Receivers {
    inner: Arc<Inner>,
    address: std::net::SocketAddr,
}

impl Receivers {
    pub async fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let router = Router::new()
            .route("/hook", post(hook))
            .route("/services/T000/B000/XXXX", post(slack))
            .route("/robot/send", post(dingtalk))
            .route("/open-apis/bot/v2/hook/hook-token", post(feishu))
            .route("/cgi-bin/webhook/send", post(wecom))
            .route("/workflows/teams-token", post(teams))
            .with_state(Arc::clone(&inner));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, address }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn received(&self) -> Vec<Received> {
        self.inner.received.lock().unwrap().clone()
    }

    pub fn only(&self) -> Received {
        let mut all = self.received();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    pub fn answer_first(&self, status: u16, text: &'static str) {
        self.inner.scripted.lock().unwrap().push_back((status, text, None));
    }

    /// Asks to be left alone for so long, first.
    pub fn ask_for_a_pause(&self, retry_after: impl Into<String>) {
        let scripted = (429, "later", Some(retry_after.into()));
        self.inner.scripted.lock().unwrap().push_back(scripted);
    }

    pub fn answer_after(&self, delay: Duration) {
        *self.inner.delay.lock().unwrap() = delay;
    }
}

/// Keeps the request; a scripted answer comes before any rule.
async fn keep(
    inner: &Inner,
    headers: HeaderMap,
    query: BTreeMap<String, String>,
    body: &Bytes,
) -> Result<Received, Response> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let received = Received {
        json: serde_json::from_str(&text).unwrap_or_default(),
        headers,
        query,
        text,
    };
    assert_eq!(received.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(received.headers[header::USER_AGENT], "IPS-Webhook/1.0");
    inner.received.lock().unwrap().push(received.clone());
    let delay = *inner.delay.lock().unwrap();
    tokio::time::sleep(delay).await;
    match inner.scripted.lock().unwrap().pop_front() {
        Some((status, text, pause)) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), text).into_response();
            if status == 302 {
                let to = header::HeaderValue::from_static("http://169.254.169.254/");
                response.headers_mut().insert(header::LOCATION, to);
            }
            let pause = pause.map(|pause| (header::RETRY_AFTER, pause.parse().unwrap()));
            response.headers_mut().extend(pause);
            Err(response)
        }
        None => Ok(received),
    }
}

fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

fn is_fresh(seconds: i64, within: i64) -> bool {
    (chrono::Utc::now().timestamp() - seconds).abs() <= within
}

/// Ours: an old or forged message is refused.
async fn hook(
    State(inner): State<Arc<Inner>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let received = match keep(&inner, headers, query, &body).await {
        Ok(received) => received,
        Err(scripted) => return scripted,
    };
    let text = |name: &str| {
        received
            .headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
            .to_owned()
    };
    let seconds = text("x-ips-timestamp");
    if !is_fresh(seconds.parse().unwrap(), 60) {
        return (StatusCode::UNAUTHORIZED, "old").into_response();
    }
    assert_eq!(received.json["id"], text("x-ips-delivery"));
    if received.query.contains_key("signed") {
        let signed = [seconds.as_bytes(), b".", &body].concat();
        let hex: String = hmac(SECRET.as_bytes(), &signed)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if text("x-ips-signature") != format!("sha256={hex}") {
            return (StatusCode::UNAUTHORIZED, "forged").into_response();
        }
    }
    StatusCode::NO_CONTENT.into_response()
}

/// Block Kit: at most 50 blocks, plain text of a header at most 150 characters, text of a section at most 3000.
async fn slack(
    State(inner): State<Arc<Inner>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let received = match keep(&inner, headers, query, &body).await {
        Ok(received) => received,
        Err(scripted) => return scripted,
    };
    let block_fits = |block: &Value| {
        let text = block["text"]["text"].as_str().unwrap_or_default();
        let length = text.chars().count();
        match (block["type"].as_str(), block["text"]["type"].as_str()) {
            (Some("header"), Some("plain_text")) => (1..=150).contains(&length),
            // A bare < would be the beginning of a link or a mention.
            (Some("section"), Some("mrkdwn")) => (1..=3000).contains(&length) && !text.contains(['<', '>']),
            _ => false,
        }
    };
    let blocks = received.json["blocks"].as_array().cloned().unwrap_or_default();
    let fallback = received.json["text"].as_str().is_some_and(|text| !text.is_empty());
    if fallback && (1..=50).contains(&blocks.len()) && blocks.iter().all(block_fits) {
        (StatusCode::OK, "ok").into_response()
    } else {
        (StatusCode::BAD_REQUEST, "invalid_payload").into_response()
    }
}

/// The signature is of the query, within an hour; errors have status 200.
async fn dingtalk(
    State(inner): State<Arc<Inner>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let received = match keep(&inner, headers, query, &body).await {
        Ok(received) => received,
        Err(scripted) => return scripted,
    };
    let query = |name: &str| received.query.get(name).cloned().unwrap_or_default();
    let error = |code: i64, message: &str| axum::Json(json!({"errcode": code, "errmsg": message})).into_response();
    if query("access_token") != "robot-token" {
        return error(300_005, "token is not exist");
    }
    let millis = query("timestamp");
    let fresh = millis.parse().is_ok_and(|millis: i64| is_fresh(millis / 1000, 3600));
    let sign = STANDARD.encode(hmac(SECRET.as_bytes(), format!("{millis}\n{SECRET}").as_bytes()));
    if !fresh || query("sign") != sign {
        return error(310_000, "sign not match");
    }
    let markdown = &received.json["markdown"];
    let keys: Vec<&String> = received.json.as_object().unwrap().keys().collect();
    let text = markdown["text"].as_str().unwrap_or_default();
    let fits =
        keys == ["markdown", "msgtype"] && received.json["msgtype"] == "markdown" && markdown["title"].is_string();
    if fits && (1..=20_000).contains(&text.len()) {
        error(0, "ok")
    } else {
        error(40_035, "invalid parameter")
    }
}

/// The signature is in the body, within an hour; errors have status 200.
async fn feishu(
    State(inner): State<Arc<Inner>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let received = match keep(&inner, headers, query, &body).await {
        Ok(received) => received,
        Err(scripted) => return scripted,
    };
    let error =
        |code: i64, message: &str| axum::Json(json!({"code": code, "msg": message, "data": {}})).into_response();
    let seconds = received.json["timestamp"].as_str().unwrap_or_default();
    let fresh = seconds.parse().is_ok_and(|seconds: i64| is_fresh(seconds, 3600));
    let sign = STANDARD.encode(hmac(format!("{seconds}\n{SECRET}").as_bytes(), b""));
    if !fresh || received.json["sign"] != sign {
        return error(
            19_021,
            "sign match fail or timestamp is not within one hour from current time",
        );
    }
    let post = &received.json["content"]["post"];
    let locale = post.as_object().and_then(|locales| locales.iter().next());
    let fits = locale.is_some_and(|(name, post)| {
        let lines = post["content"].as_array().cloned().unwrap_or_default();
        let line_fits = |line: &Value| {
            let elements = line.as_array().cloned().unwrap_or_default();
            !elements.is_empty() && elements.iter().all(|it| it["tag"] == "text" && it["text"].is_string())
        };
        ["zh_cn", "en_us"].contains(&name.as_str())
            && post["title"].is_string()
            && !lines.is_empty()
            && lines.iter().all(line_fits)
    });
    if received.json["msg_type"] == "post" && fits && received.text.len() <= 20 * 1024 {
        axum::Json(json!({"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}))
            .into_response()
    } else {
        error(9499, "Bad Request")
    }
}

/// At most 4096 bytes; errors have status 200.
async fn wecom(
    State(inner): State<Arc<Inner>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let received = match keep(&inner, headers, query, &body).await {
        Ok(received) => received,
        Err(scripted) => return scripted,
    };
    let error = |code: i64, message: &str| axum::Json(json!({"errcode": code, "errmsg": message})).into_response();
    if received.query.get("key").map(String::as_str) != Some("robot-key") {
        return error(93_000, "invalid webhook url");
    }
    let content = received.json["markdown"]["content"].as_str().unwrap_or_default();
    if received.json["msgtype"] != "markdown" {
        return error(40_008, "invalid message type");
    }
    if (1..=4096).contains(&content.len()) {
        error(0, "ok")
    } else {
        error(40_058, "markdown.content exceed max length 4096")
    }
}

/// A workflow takes a message with one adaptive card of at most 28 KB and answers 202 without a body.
async fn teams(
    State(inner): State<Arc<Inner>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let received = match keep(&inner, headers, query, &body).await {
        Ok(received) => received,
        Err(scripted) => return scripted,
    };
    let attachment = &received.json["attachments"][0];
    let card = &attachment["content"];
    let elements = card["body"].as_array().cloned().unwrap_or_default();
    let element_fits = |element: &Value| match element["type"].as_str() {
        Some("TextBlock") => element["text"].is_string(),
        Some("FactSet") => element["facts"].as_array().is_some_and(|facts| {
            facts
                .iter()
                .all(|fact| fact["title"].is_string() && fact["value"].is_string())
        }),
        _ => false,
    };
    let fits = received.json["type"] == "message"
        && received.json["attachments"].as_array().map(Vec::len) == Some(1)
        && attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        && card["type"] == "AdaptiveCard"
        && card["version"] == "1.4"
        && !elements.is_empty()
        && elements.iter().all(element_fits)
        && received.text.len() <= 28 * 1024;
    if fits {
        StatusCode::ACCEPTED.into_response()
    } else {
        (
            StatusCode::BAD_REQUEST,
            r#"{"error":{"code":"TriggerInputSchemaMismatch"}}"#,
        )
            .into_response()
    }
}
