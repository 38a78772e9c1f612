//! A small client of the API server, as one user.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Certificate, Client, Method, StatusCode};
use serde_json::Value;

/// Longest answer.
const LIMIT: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug, Clone)]
pub struct KubeClient {
    client: Client,
    base: String,
    token: String,
}

impl KubeClient {
    pub(super) fn new(base: &str, authority: &Path, token: &str) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let trusted = Certificate::from_pem(&std::fs::read(authority)?)?;
        let client = Client::builder()
            .tls_certs_only([trusted])
            .connect_timeout(Duration::from_secs(5))
            .timeout(LIMIT)
            .no_proxy()
            .build()?;
        Ok(Self {
            client,
            base: base.to_owned(),
            token: token.to_owned(),
        })
    }

    /// One call with any outcome; a body of PATCH is a merge patch.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(StatusCode, Value)> {
        let kind = if method == Method::PATCH {
            "application/merge-patch+json"
        } else {
            "application/json"
        };
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, kind).body(body.to_string());
        }
        let answer = request.send().await.with_context(|| format!("calling {path}"))?;
        let status = answer.status();
        let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        Ok((status, body))
    }

    async fn must(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, answer) = self.call(method.clone(), path, body).await?;
        ensure!(status.is_success(), "{method} {path}: {status} {answer}");
        Ok(answer)
    }

    /// Reads an object or a list.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.must(Method::GET, path, None).await
    }

    /// Creates an object below the path of its kind.
    pub async fn create(&self, path: &str, object: &Value) -> Result<Value> {
        self.must(Method::POST, path, Some(object)).await
    }

    /// Changes an object by a merge patch.
    pub async fn patch(&self, path: &str, patch: &Value) -> Result<Value> {
        self.must(Method::PATCH, path, Some(patch)).await
    }

    /// Deletes an object at once.
    pub async fn delete(&self, path: &str) -> Result<Value> {
        let at_once = serde_json::json!({"gracePeriodSeconds": 0});
        self.must(Method::DELETE, path, Some(&at_once)).await
    }

    /// Whether all of the server's parts are ready.
    pub async fn is_ready(&self) -> bool {
        matches!(self.call(Method::GET, "/readyz", None).await, Ok((StatusCode::OK, _)))
    }
}
