//! A small JSON client for REST, with a time-out and without connection surprises.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, Method, StatusCode};
use serde_json::Value;

/// An HTTP client; ours are built without a TLS provider, so that one is chosen first.
pub fn client() -> Client {
    client_trusting("", None)
}

/// A client for whoever has this token (if it is none), which checks servers with these certificates (if they are given).
pub fn client_trusting(token: &str, ca: Option<&Path>) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder().connect_timeout(Duration::from_secs(5)).no_proxy();
    if let Some(ca) = ca {
        let pem = std::fs::read(ca).expect("the certificates");
        client = client.tls_certs_only([Certificate::from_pem(&pem).expect("a certificate")]);
    }
    if !token.is_empty() {
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).expect("a token");
        value.set_sensitive(true);
        client = client.default_headers(HeaderMap::from_iter([(AUTHORIZATION, value)]));
    }
    client.build().expect("an HTTP client")
}

/// One REST API by its base URL.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    base: String,
}

impl Api {
    /// An API at `http://host:port`.
    pub fn new(base: impl Into<String>) -> Self {
        Self {
            client: client(),
            base: base.into(),
        }
    }

    /// The same, as whoever has this token.
    pub fn with_token(base: impl Into<String>, token: &str) -> Self {
        Self::trusting(base, token, None)
    }

    /// The same with the certificates that the server's is checked with.
    pub fn trusting(base: impl Into<String>, token: &str, ca: Option<&Path>) -> Self {
        Self {
            client: client_trusting(token, ca),
            base: base.into(),
        }
    }

    /// The full URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// One call: status and JSON (null where the body is not JSON).
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(StatusCode, Value)> {
        let mut request = self
            .client
            .request(method, self.url(path))
            .timeout(Duration::from_secs(30));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("calling {path}"))?;
        let status = answer.status();
        Ok((
            status,
            serde_json::from_slice(&answer.bytes().await?).unwrap_or_default(),
        ))
    }

    /// GET that must succeed.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let (status, body) = self.call(Method::GET, path, None).await?;
        anyhow::ensure!(status.is_success(), "GET {path}: {status} {body}");
        Ok(body)
    }

    /// POST with any outcome.
    pub async fn post(&self, path: &str, body: &Value) -> Result<(StatusCode, Value)> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// The client itself, for streams.
    pub fn client(&self) -> &Client {
        &self.client
    }
}
