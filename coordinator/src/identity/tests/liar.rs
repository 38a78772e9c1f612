//! A provider of log-ins that says whatever a test wants: the right thing, or any lie. A real one cannot be made to lie; the stories with a real one
//! stand in the test bed.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

/// A key with the name that it has in tokens.
pub(super) struct Key {
    pub(super) kid: &'static str,
    pair: rcgen::KeyPair,
}

impl Key {
    pub(super) fn new(kid: &'static str) -> Self {
        let pair = rcgen::KeyPair::generate().unwrap();
        Self { kid, pair }
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        let header = Header {
            kid: Some(self.kid.to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        let key = EncodingKey::from_ec_der(&self.pair.serialize_der());
        encode(&header, claims, &key).unwrap()
    }

    /// The public half, as its point.
    pub(super) fn public(&self) -> Vec<u8> {
        self.pair.public_key_raw().to_vec()
    }

    fn jwk(&self) -> Value {
        let point = self.public();
        let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid, "x": part(1..33), "y": part(33..65)})
    }
}

/// What it says.
#[derive(Default)]
pub(super) struct Says {
    /// The answer to a code; a code that is spent otherwise has none.
    pub(super) tokens: Option<Value>,
    /// What it tells of the person where it is asked.
    pub(super) userinfo: Value,
    /// Its keys.
    pub(super) keys: Vec<Value>,
    /// What it calls itself; its address where this is empty.
    pub(super) issuer: String,
    /// It does not answer.
    pub(super) is_away: bool,
}

#[derive(Default)]
struct Shared {
    says: Mutex<Says>,
    url: Mutex<String>,
    asked: AtomicUsize,
}

/// See the module.
pub(super) struct Liar {
    shared: Arc<Shared>,
    pub(super) url: String,
    pub(super) key: Key,
}

impl Liar {
    pub(super) async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        url.clone_into(&mut shared.url.lock().unwrap());
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .route("/me", get(me))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let key = Key::new("first");
        shared.says.lock().unwrap().keys = vec![key.jwk()];
        Self { shared, url, key }
    }

    pub(super) fn says(&self, change: impl FnOnce(&mut Says)) {
        change(&mut self.shared.says.lock().unwrap());
    }

    /// How often its description was asked for.
    pub(super) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::Relaxed)
    }

    /// It answers the next code with this token.
    pub(super) fn gives(&self, id_token: &str) {
        let tokens = json!({"access_token": "opaque", "token_type": "Bearer", "expires_in": 60, "id_token": id_token});
        self.says(|says| says.tokens = Some(tokens));
    }

    /// It signs with another key from now on.
    pub(super) fn changes_its_key(&mut self) {
        self.key = Key::new("second");
        let jwk = self.key.jwk();
        self.says(|says| says.keys = vec![jwk]);
    }
}

async fn discovery(State(shared): State<Arc<Shared>>) -> Response {
    shared.asked.fetch_add(1, Ordering::Relaxed);
    let says = shared.says.lock().unwrap();
    if says.is_away {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let url = shared.url.lock().unwrap().clone();
    let issuer = if says.issuer.is_empty() { &url } else { &says.issuer };
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{url}/auth"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/me"),
        "jwks_uri": format!("{url}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
    }))
    .into_response()
}

async fn jwks(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({"keys": shared.says.lock().unwrap().keys}))
}

async fn token(State(shared): State<Arc<Shared>>) -> Response {
    match shared.says.lock().unwrap().tokens.take() {
        Some(tokens) => Json(tokens).into_response(),
        None => (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response(),
    }
}

async fn me(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.says.lock().unwrap().userinfo.clone())
}
