//! The console: files that the web build left in `web/dist`, embedded, or a page that says how to build them. Hashed assets may be
//! kept for ever, everything else is checked again; a page route answers with index.html, a missing file with 404.

use super::{HttpState, error::ApiError};
use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;

/// Scripts and styles only from our own files.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const CHECK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

const NOT_BUILT: &str = include_str!("console/not_built.html");

#[derive(RustEmbed)]
#[folder = "$IPS_WEB_DIST"]
struct Dist;

/// Finds a file of the console by its path below the root.
type Find = fn(&str) -> Option<EmbeddedFile>;

/// Assets, and the old address of the console.
pub(super) fn routes() -> Router<HttpState> {
    Router::new()
        .route("/assets/{*path}", get(asset))
        .route("/web", get(moved))
        .route("/web/", get(moved))
        .route("/web/{*path}", get(moved))
}

/// Whatever no route has: the root, files beside index.html, pages of the console, or nothing.
pub(super) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if !matches!(method, Method::GET | Method::HEAD) || path.starts_with("/api/") {
        return ApiError::no_route().into_response();
    }
    serve(Dist::get, path, &headers).unwrap_or_else(|| ApiError::no_route().into_response())
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("assets/{path}");
    match find(Dist::get, &path, &headers) {
        Some(found) => found.into_response(FOR_EVER, &headers),
        None => ApiError::no_route().into_response(),
    }
}

/// `/web/tasks?x=y` -> `/tasks?x=y`. Leading slashes are dropped: `//name` would lead to another site.
async fn moved(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches("/web").trim_start_matches(['/', '\\']);
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    match HeaderValue::try_from(format!("/{path}{query}")) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => ApiError::no_route().into_response(),
    }
}

fn serve(find_in: Find, path: &str, headers: &HeaderMap) -> Option<Response> {
    let file = path.trim_start_matches('/');
    if !file.is_empty()
        && let Some(found) = find(find_in, file, headers)
    {
        return Some(found.into_response(CHECK_AGAIN, headers));
    }
    let is_page = file.is_empty() || wants_page(headers);
    is_page.then(|| match find(find_in, "index.html", headers) {
        Some(found) => found.into_response(CHECK_AGAIN, headers),
        None => not_built(),
    })
}

/// Browsers that open an address ask for HTML; scripts, images and programs do not.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

fn not_built() -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, CHECK_AGAIN),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, NOT_BUILT).into_response()
}

/// A file and how it is packed.
struct Found {
    content_type: HeaderValue,
    encoding: Option<&'static str>,
    file: EmbeddedFile,
}

/// Finds a file, packed if the client takes that and the build has packed it.
fn find(find_in: Find, path: &str, headers: &HeaderMap) -> Option<Found> {
    let plain = find_in(path)?;
    let content_type = mime_guess::from_path(path).first_or_octet_stream();
    let content_type = match (content_type.type_(), content_type.subtype()) {
        (mime_guess::mime::TEXT, _) => format!("{content_type}; charset=utf-8"),
        _ => content_type.to_string(),
    };
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .find_map(|(encoding, suffix)| {
            let file = takes(headers, encoding).then(|| find_in(&format!("{path}.{suffix}")))??;
            Some((encoding, file))
        });
    let (encoding, file) = packed.map_or((None, plain), |(encoding, file)| (Some(encoding), file));
    Some(Found {
        content_type: HeaderValue::try_from(content_type).ok()?,
        encoding,
        file,
    })
}

fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    accepted.unwrap_or("").split(',').any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let refused = matches!(
            weight.trim().replace(' ', "").as_str(),
            "q=0" | "q=0.0" | "q=0.00" | "q=0.000"
        );
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

impl Found {
    fn into_response(self, caching: HeaderValue, request: &HeaderMap) -> Response {
        let hash = self.file.metadata.sha256_hash();
        let tag: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let tag = format!("\"{tag}\"");
        let is_known = request
            .get(header::IF_NONE_MATCH)
            .is_some_and(|sent| sent.as_bytes() == tag.as_bytes());
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.contents()
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, caching);
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(header::ETAG, tag);
        }
        response
    }

    fn contents(self) -> Response {
        let body = match self.file.data {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
        let mut response = ([(header::CONTENT_TYPE, self.content_type)], body).into_response();
        if let Some(encoding) = self.encoding {
            let value = HeaderValue::from_static(encoding);
            response.headers_mut().insert(header::CONTENT_ENCODING, value);
        }
        response
    }
}

#[cfg(test)]
mod tests;
