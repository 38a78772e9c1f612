//! The REST edge: one route table, one file per noun. Handlers extract, convert, call the engine once and convert; they never
//! query and hold no rules.

mod audit;
mod auth;
mod bulk;
mod channels;
mod console;
mod cookie;
mod declared;
mod deliveries;
mod dto;
mod error;
mod events;
mod executions;
mod extract;
mod follower;
mod guard;
mod health;
mod library;
mod limits;
mod login;
mod node_groups;
mod nodes;
mod observe;
mod openapi;
mod page;
mod policies;
mod preview;
mod pulls;
mod purges;
mod request_id;
mod schedules;
mod secrets;
mod sso;
mod sso_page;
mod stats;
mod system;
mod task_life;
mod tasks;
mod tenants;
mod tokens;
mod users;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use crate::{
    domain::{caller::Caller, task::Task},
    engine::{Engine, door::Door, views::TaskView},
    identity::Identity,
    metrics::Metrics,
};
use axum::{
    Router,
    body::Body,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
pub use declared::{declared_policy, declared_task};
use error::ApiError;
pub use follower::{Following, follower_probes};
use std::{any::Any, sync::Arc};
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa_axum::{router::OpenApiRouter, routes};

/// What handlers work with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HttpState {
    /// Everything that is asked or ordered.
    pub engine: Door,
    /// Who calls.
    pub identity: Identity,
    /// Figures of the edge, and what `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// Ends streams of events; cancel it before waiting for the server to drain.
    pub shutdown: CancellationToken,
}

impl HttpState {
    /// The engine as the caller sees it, or the part of that which belongs to one tenant.
    fn engine_for(&self, caller: &Caller, tenant: Option<&str>) -> Result<Engine, ApiError> {
        Ok(self.engine.of(caller).narrowed(tenant.unwrap_or_default())?)
    }
}

/// The API and its description.
fn api() -> (Router<HttpState>, openapi::Document) {
    let (router, document) = table().split_for_parts();
    (router, openapi::with_errors(document))
}

/// The routes of the API, each with its description. Whatever is not here does not exist.
fn table() -> OpenApiRouter<HttpState> {
    OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(health::health))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(login::login))
        .routes(routes!(login::refresh))
        .routes(routes!(login::logout))
        .routes(routes!(login::who_am_i))
        .routes(routes!(sso::login_methods))
        .routes(routes!(sso::oidc_login))
        .routes(routes!(sso::oidc_callback))
        .routes(routes!(sso::oidc_token))
        .routes(routes!(users::list_users, users::create_user))
        .routes(routes!(users::get_user, users::update_user, users::delete_user))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(tenants::get_own_tenant))
        .routes(routes!(tenants::list_tenants, tenants::create_tenant))
        .routes(routes!(
            tenants::get_tenant,
            tenants::update_tenant,
            tenants::delete_tenant
        ))
        .routes(routes!(purges::purge_images))
        .routes(routes!(stats::get_stats))
        .routes(routes!(system::get_system))
        .routes(routes!(system::set_log_level))
        .routes(routes!(tasks::create_task, tasks::list_tasks))
        .routes(routes!(tasks::get_task, tasks::delete_task))
        .routes(routes!(tasks::cancel_task))
        .routes(routes!(tasks::clone_task))
        .routes(routes!(preview::preview_task))
        .routes(routes!(bulk::bulk_tasks))
        .routes(routes!(task_life::pause_task))
        .routes(routes!(task_life::resume_task))
        .routes(routes!(task_life::retry_task))
        .routes(routes!(limits::get_limits, limits::set_limits, limits::update_limits))
        .routes(routes!(pulls::list_pulls))
        .routes(routes!(schedules::create_schedule, schedules::list_schedules))
        .routes(routes!(
            schedules::get_schedule,
            schedules::update_schedule,
            schedules::delete_schedule
        ))
        .routes(routes!(schedules::enable_schedule))
        .routes(routes!(schedules::disable_schedule))
        .routes(routes!(schedules::trigger_schedule))
        .routes(routes!(executions::list_executions))
        .routes(routes!(executions::get_execution))
        .routes(routes!(policies::create_policy, policies::list_policies))
        .routes(routes!(
            policies::get_policy,
            policies::update_policy,
            policies::delete_policy
        ))
        .routes(routes!(policies::pause_policy))
        .routes(routes!(policies::resume_policy))
        .routes(routes!(policies::get_policy_coverage))
        .routes(routes!(library::list_library, library::add_to_library))
        .routes(routes!(library::import_library))
        .routes(routes!(library::update_library, library::delete_library))
        .routes(routes!(secrets::list_secrets, secrets::create_secret))
        .routes(routes!(
            secrets::get_secret,
            secrets::update_secret,
            secrets::delete_secret
        ))
        .routes(routes!(secrets::test_secret))
        .routes(routes!(channels::list_channels, channels::create_channel))
        .routes(routes!(
            channels::get_channel,
            channels::update_channel,
            channels::delete_channel
        ))
        .routes(routes!(channels::test_channel))
        .routes(routes!(deliveries::list_channel_deliveries))
        .routes(routes!(deliveries::list_deliveries))
        .routes(routes!(deliveries::replay_delivery))
        .routes(routes!(audit::list_audit))
        .routes(routes!(audit::export_audit))
        .routes(routes!(nodes::list_nodes))
        .routes(routes!(node_groups::group_nodes))
        .routes(routes!(nodes::list_node_pulls))
        .routes(routes!(nodes::get_node))
        .layer(from_fn(guard::time_limit))
        // Streams of events are not limited in time.
        .routes(routes!(events::events))
}

/// The whole HTTP port: API, its description, console.
pub fn router(state: HttpState) -> Router {
    let (api, document) = api();
    let router = api
        .merge(openapi::routes(&document))
        .merge(console::routes())
        .fallback(console::page)
        .method_not_allowed_fallback(no_route);
    finish(router, state)
}

/// A task as the API shows it, for whoever else tells of tasks.
pub fn task_document(task: &Task) -> serde_json::Value {
    let view = TaskView {
        bytes: task.settled_bytes,
        throughput: 0,
        estimated_completion: None,
        waiting_for: String::new(),
        task: task.clone(),
    };
    serde_json::to_value(dto::task::TaskJson::from(&view)).unwrap_or_default()
}

/// The port for probes and scrapers (`/metrics`, `/health`, `/healthz`, `/readyz`): no log-in, no check of the host name, nothing to
/// change.
pub fn probes(state: HttpState) -> Router {
    let (router, _document) = OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .layer(from_fn(guard::time_limit))
        .split_for_parts();
    let router = router.fallback(no_route).method_not_allowed_fallback(no_route);
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(error::render))
        .layer(from_fn(guard::security_headers))
        .layer(from_fn(request_id::assign))
        .with_state(state)
}

/// What every request goes through; the last layer is the outermost.
fn finish(router: Router<HttpState>, state: HttpState) -> Router {
    router
        .layer(DefaultBodyLimit::max(extract::BODY_LIMIT))
        .layer(from_fn_with_state(state.clone(), auth::identify))
        .layer(from_fn_with_state(state.clone(), guard::same_site))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(error::render))
        .layer(CompressionLayer::new().quality(tower_http::CompressionLevel::Fastest))
        .layer(from_fn(guard::security_headers))
        .layer(from_fn_with_state(state.clone(), audit::recorder::record))
        .layer(from_fn_with_state(state.clone(), observe::observe))
        .layer(from_fn(request_id::assign))
        .with_state(state)
}

async fn no_route() -> ApiError {
    ApiError::no_route()
}

fn panicked(panic: Box<dyn Any + Send>) -> Response<Body> {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError::internal(format!("panic: {}", text.unwrap_or("without a text"))).into_response()
}
