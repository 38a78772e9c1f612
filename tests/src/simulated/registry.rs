//! The registry of the invented images: any repository exists, and its manifest follows from its name.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};

use super::image;

/// `/v2/` and below.
pub fn routes() -> Router {
    Router::new()
        .route("/v2/", routing::get(|| async { "{}" }))
        .route("/v2/{*path}", routing::get(answer))
}

async fn answer(Path(path): Path<String>) -> Response {
    let json = |kind: &'static str, body: String| ([(header::CONTENT_TYPE, kind)], body).into_response();
    if let Some((repository, _)) = path.split_once("/manifests/") {
        json(
            "application/vnd.oci.image.manifest.v1+json",
            image::manifest(repository),
        )
    } else if let Some((repository, _)) = path.split_once("/blobs/") {
        json("application/vnd.oci.image.config.v1+json", image::config(repository))
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}
