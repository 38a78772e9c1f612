//! A reverse proxy before a registry that misbehaves on order and remembers every request, so that a test can say what
//! the registry was asked and by whom. It speaks plain HTTP and never changes a byte that it lets through.

mod body;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::http as rest;

/// What goes wrong; the default is nothing. Changes take effect at once, also for answers that are under way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// So many bytes a second for each blob answer.
    pub blob_bytes_per_second: Option<u64>,
    /// A blob answer stands still after so many bytes, with the connection open.
    pub blob_stalls_after: Option<u64>,
    /// A blob answer's connection breaks after so many bytes.
    pub blob_breaks_after: Option<u64>,
    /// Blobs smaller than this are never slowed down, stalled or broken (configurations are blobs too).
    pub spare_blobs_below: u64,
    /// Manifests are answered with this status.
    pub manifest_status: Option<u16>,
    /// Blobs are answered with this status.
    pub blob_status: Option<u16>,
    /// Manifests are not answered until this is switched off.
    pub manifest_stalls: bool,
    /// Statuses and standing manifests are for containerd only; the coordinator is served well.
    pub only_containerd: bool,
}

/// What a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `/v2/`.
    Ping,
    /// A manifest or an index.
    Manifest,
    /// A layer or a configuration.
    Blob,
}

/// One request that arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What it was for.
    pub kind: Kind,
    /// GET, HEAD.
    pub method: Method,
    /// The path.
    pub path: String,
    /// Who asked: the user agent.
    pub agent: String,
    /// The login that came with it, as it stood in the header; `None` when there was none.
    pub login: Option<String>,
    /// What was answered.
    pub status: StatusCode,
}

impl Seen {
    /// Whether containerd asked (and not the coordinator).
    pub fn by_containerd(&self) -> bool {
        self.agent.starts_with(CONTAINERD)
    }
}

/// How containerd's user agent begins.
const CONTAINERD: &str = "containerd/";

#[derive(Debug)]
struct Shared {
    upstream: String,
    client: reqwest::Client,
    faults: watch::Sender<Faults>,
    seen: Mutex<Vec<Seen>>,
}

/// See the module.
#[derive(Debug)]
pub struct FaultProxy {
    shared: Arc<Shared>,
    address: String,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Starts a faultless proxy before the registry at `host:port`.
    pub async fn start(upstream: String) -> Result<Self> {
        Self::start_at(IpAddr::V4(Ipv4Addr::LOCALHOST), upstream).await
    }

    /// The same at an address that pods can reach, too: a bridge of this machine.
    pub async fn start_at(at: IpAddr, upstream: String) -> Result<Self> {
        let listener = TcpListener::bind((at, 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (faults, _) = watch::channel(Faults::default());
        let shared = Arc::new(Shared {
            upstream,
            client: rest::client(),
            faults,
            seen: Mutex::default(),
        });
        let router = axum::Router::new().fallback(forward).with_state(shared.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the fault proxy ended: {error}");
            }
        });
        Ok(Self { shared, address, task })
    }

    /// `address:port`, the host part of image references that go through it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A reference to `repository:tag` through the proxy.
    pub fn reference(&self, image: &str) -> String {
        format!("{}/{image}", self.address)
    }

    /// Replaces all faults.
    pub fn set(&self, faults: Faults) {
        self.shared.faults.send_replace(faults);
    }

    /// Every request so far, in order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every login that containerd has handed over, in order and with repetitions.
    pub fn logins_of_containerd(&self) -> Vec<String> {
        let own = self.seen().into_iter().filter(Seen::by_containerd);
        own.filter_map(|seen| seen.login).collect()
    }

    /// How often containerd asked for blobs or manifests, with any method.
    pub fn asked_by_containerd(&self, kind: Kind) -> usize {
        self.seen()
            .iter()
            .filter(|seen| seen.kind == kind && seen.by_containerd())
            .count()
    }

    /// How often containerd has begun to download each blob, by digest.
    pub fn downloads(&self) -> BTreeMap<String, usize> {
        let mut downloads = BTreeMap::new();
        let asked = |seen: &Seen| seen.kind == Kind::Blob && seen.method == Method::GET && seen.by_containerd();
        for seen in self
            .seen()
            .iter()
            .filter(|seen| asked(seen) && seen.status.is_success())
        {
            let digest = seen.path.rsplit('/').next().unwrap_or_default();
            *downloads.entry(digest.to_owned()).or_default() += 1;
        }
        downloads
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn kind(path: &str) -> Kind {
    if path.contains("/manifests/") {
        Kind::Manifest
    } else if path.contains("/blobs/") {
        Kind::Blob
    } else {
        Kind::Ping
    }
}

/// The status that the faults order for a request of this kind.
fn ordered_status(faults: &Faults, kind: Kind) -> Option<StatusCode> {
    let own = match kind {
        Kind::Ping => None,
        Kind::Manifest => faults.manifest_status,
        Kind::Blob => faults.blob_status,
    };
    own.and_then(|status| StatusCode::from_u16(status).ok())
}

async fn forward(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let agent = request
        .headers()
        .get(header::USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let login = request.headers().get(header::AUTHORIZATION);
    let login = login.map(|login| String::from_utf8_lossy(login.as_bytes()).into_owned());
    let kind = kind(&path);
    let concerned = |faults: &Faults| !faults.only_containerd || agent.starts_with(CONTAINERD);
    let mut faults = shared.faults.subscribe();
    let stalls = |faults: &Faults| kind == Kind::Manifest && faults.manifest_stalls && concerned(faults);
    // Ends when the fault is switched off; an error means that the proxy itself is going away.
    let _ = faults.wait_for(|faults| !stalls(faults)).await;
    let ordered = Some(faults.borrow().clone())
        .filter(concerned)
        .and_then(|faults| ordered_status(&faults, kind));
    let response = match ordered {
        Some(status) => refuse(status),
        None => pass(&shared, kind, request).await,
    };
    let seen = Seen {
        kind,
        method,
        path,
        agent,
        login,
        status: response.status(),
    };
    shared.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    response
}

/// An error as registries word it.
fn refuse(status: StatusCode) -> Response {
    let code = match status.as_u16() {
        401 => "UNAUTHORIZED",
        404 => "MANIFEST_UNKNOWN",
        429 => "TOOMANYREQUESTS",
        _ => "UNKNOWN",
    };
    let body = serde_json::json!({"errors": [{"code": code, "message": "ordered by the test"}]});
    let mut headers = HeaderMap::new();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(
            header::WWW_AUTHENTICATE,
            header::HeaderValue::from_static("Basic realm=\"ips\""),
        );
    }
    (status, headers, axum::Json(body)).into_response()
}

async fn pass(shared: &Arc<Shared>, kind: Kind, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut headers = request.headers().clone();
    headers.remove(header::HOST);
    let upstream = shared
        .client
        .request(request.method().clone(), format!("http://{}{path}", shared.upstream));
    let Ok(answer) = upstream.headers(headers).send().await else {
        return refuse(StatusCode::BAD_GATEWAY);
    };
    let mut response = Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        headers.clone_from(answer.headers());
        headers.remove(header::TRANSFER_ENCODING);
    }
    let body = match kind {
        Kind::Blob if answer.status().is_success() => body::faulty(answer, shared.faults.subscribe()),
        Kind::Ping | Kind::Manifest | Kind::Blob => Body::from_stream(answer.bytes_stream()),
    };
    response.body(body).unwrap_or_else(|_| refuse(StatusCode::BAD_GATEWAY))
}
