//! The description of the API: the document at `/api/v1/openapi.json` and a browser for it at `/api/v1/docs/`, both offline.

use super::{
    HttpState,
    dto::event::{DeltaJson, SnapshotJson},
    error::ErrorJson,
};
use axum::{
    Router,
    http::{HeaderValue, header},
    middleware::map_response,
    response::Response,
    routing::get,
};
use utoipa::{
    OpenApi,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder},
};
use utoipa_swagger_ui::{Config, SwaggerUi};

pub(super) use utoipa::openapi::OpenApi as Document;

/// Path of the document.
pub(super) const DOCUMENT_PATH: &str = "/api/v1/openapi.json";

/// The browser styles itself from scripts and draws its icons from data.
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What the document says before any route.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "IPS",
        description = "Image Prewarm Service: puts container images on nodes before pods need them. Times are RFC 3339 in UTC, \
                       sizes are bytes. Every answer carries X-Request-Id.",
        license(name = "MIT", identifier = "MIT"),
    ),
    components(schemas(SnapshotJson, DeltaJson, ErrorJson)),
    tags(
        (name = "users", description = "Log-in, people and programs"),
        (name = "tenants", description = "Who owns things, and what the work of each may do"),
        (name = "tasks", description = "Prewarm operations and their pulls"),
        (name = "scheduled-tasks", description = "Tasks that are started again and again by a timetable"),
        (name = "policies", description = "Images that are kept warm on every node that matches"),
        (name = "limits", description = "What the operator allows at one time"),
        (name = "nodes", description = "Nodes and what they have"),
        (name = "library", description = "Images that people use again"),
        (name = "secrets", description = "Credentials of registries"),
        (name = "channels", description = "Where notifications go, and the log of their deliveries"),
        (name = "audit", description = "Who did what, when, from where, with what result"),
        (name = "events", description = "What changes, live"),
        (name = "system", description = "The coordinator itself: its parts and what it logs"),
        (name = "health", description = "Probes and metrics"),
    )
)]
struct Head;

/// The document without routes.
pub(super) fn head() -> Document {
    Head::openapi()
}

/// Says of every operation what an error looks like.
pub(super) fn with_errors(mut document: Document) -> Document {
    let error = RefOr::Ref(Ref::from_schema_name("Error"));
    let content = ContentBuilder::new().schema(Some(error)).build();
    let response = ResponseBuilder::new()
        .description("Any other error")
        .content("application/json", content)
        .build();
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.delete,
            &mut item.put,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            responses.insert("default".to_owned(), response.clone().into());
        }
    }
    document
}

/// The document as it is served and kept in `docs/openapi.json`.
pub(super) fn text(document: &Document) -> String {
    document.to_pretty_json().unwrap_or_default()
}

/// Serves the document and the browser.
pub(super) fn routes(document: &Document) -> Router<HttpState> {
    let json = text(document);
    let served = get(move || async { ([(header::CONTENT_TYPE, "application/json")], json) });
    let browser: Router<HttpState> = SwaggerUi::new("/api/v1/docs")
        .config(Config::from(DOCUMENT_PATH))
        .into();
    browser.layer(map_response(with_policy)).route(DOCUMENT_PATH, served)
}

async fn with_policy(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, DOCS_POLICY);
    response
}
