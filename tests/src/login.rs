//! The log-in of tests, benches and the demo: as the first admin, whose password a file gives at the first start.

use std::path::Path;

use anyhow::{Result, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::http::Api;

/// The admin's name.
pub const ADMIN: &str = "admin";
/// What the admin's password is at the first start.
pub const FIRST_PASSWORD: &str = "the first password";
/// What it is after the first log-in.
pub const PASSWORD: &str = "the password of the tests";

/// What lets agents of tests, benches and the demo in.
pub const BOOTSTRAP_TOKEN: &str = "ips-bootstrap-for-tests-and-the-demo-alone";

/// Logs the admin in, and changes its first password where that is due; gives back the token.
pub async fn admin(base: &str) -> Result<String> {
    admin_trusting(base, None).await
}

/// The same with the certificates that the server's is checked with.
pub async fn admin_trusting(base: &str, ca: Option<&Path>) -> Result<String> {
    let api = Api::trusting(base, "", ca);
    let (status, body) = attempt(&api, PASSWORD).await?;
    if status == StatusCode::OK {
        return Ok(text(&body["token"]));
    }
    let (status, body) = attempt(&api, FIRST_PASSWORD).await?;
    ensure!(status == StatusCode::OK, "the first log-in: {status} {body}");
    let changed = Api::trusting(base, &text(&body["token"]), ca);
    let path = format!("/api/v1/users/{}", body["user"]["id"]);
    let change = json!({"currentPassword": FIRST_PASSWORD, "password": PASSWORD});
    let (status, body) = changed.call(reqwest::Method::PUT, &path, Some(&change)).await?;
    ensure!(status == StatusCode::OK, "changing the first password: {status} {body}");
    let (status, body) = attempt(&api, PASSWORD).await?;
    ensure!(status == StatusCode::OK, "the log-in: {status} {body}");
    Ok(text(&body["token"]))
}

async fn attempt(api: &Api, password: &str) -> Result<(StatusCode, Value)> {
    api.post("/api/v1/login", &json!({"username": ADMIN, "password": password}))
        .await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Puts a token on every gRPC call.
#[derive(Debug, Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    /// With this token.
    pub fn new(token: &str) -> Self {
        Self(format!("Bearer {token}").parse().expect("a token"))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}
