//! Who calls, before any service: looks the method up in the one table, asks identity, and puts the [`Caller`] and the operation into the
//! extensions of request and answer. A method that is not in the table does not answer.

use super::status;
use crate::{
    domain::{
        caller::Caller,
        permission::{Access, Operation},
    },
    engine::{Engine, door::Door},
    identity::{Identity, IdentityError},
};
use futures::Stream;
use http::HeaderMap;
use std::{
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
    task::{Context, Poll},
};
use tonic::{Request, Status, transport::server::TcpConnectInfo};

/// Services that say nothing of what runs: health, and the description of the protocol.
const OPEN: [&str; 3] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

/// Whether a method that is answered well says who calls. A log-in says it only to whoever reads on.
pub fn identifies(path: &str) -> bool {
    Operation::by_rpc(path).is_some_and(|operation| operation.access != Access::Public)
}

/// Wraps every service.
#[derive(Debug, Clone)]
pub struct IdentityLayer {
    identity: Identity,
}

impl IdentityLayer {
    /// A layer that asks this identity.
    pub fn new(identity: Identity) -> Self {
        Self { identity }
    }
}

impl<S> tower::Layer<S> for IdentityLayer {
    type Service = Identified<S>;

    fn layer(&self, inner: S) -> Identified<S> {
        Identified {
            inner,
            identity: self.identity.clone(),
        }
    }
}

/// A service whose callers are known.
#[derive(Debug, Clone)]
pub struct Identified<S> {
    inner: S,
    identity: Identity,
}

impl<S, B, R> tower::Service<http::Request<B>> for Identified<S>
where
    S: tower::Service<http::Request<B>, Response = http::Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Send + 'static,
    R: Default + Send + 'static,
{
    type Response = http::Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        // The one that was asked whether it is ready is the one that serves.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let path = request.uri().path();
        if OPEN.iter().any(|open| path.starts_with(open)) {
            return Box::pin(inner.call(request));
        }
        let Some(operation) = Operation::by_rpc(path) else {
            return Box::pin(async { Ok(Status::unimplemented("no such method").into_http()) });
        };
        if operation.access == Access::Agents {
            return Box::pin(inner.call(request));
        }
        let identity = self.identity.clone();
        Box::pin(async move {
            let admitted = identity.admit(operation, authorization(request.headers())).await;
            let (mut response, caller) = match admitted {
                Ok(caller) => {
                    request.extensions_mut().insert(operation);
                    if let Some(caller) = caller.clone() {
                        request.extensions_mut().insert(caller);
                    }
                    (inner.call(request).await?, caller)
                }
                Err(refused) => (status::of_identity(refused.error).into_http(), refused.caller),
            };
            response.extensions_mut().insert(operation);
            // A log-in has put in who logged in.
            if let Some(caller) = caller
                && operation.access != Access::Public
            {
                response.extensions_mut().insert(caller);
            }
            Ok(response)
        })
    }
}

/// The header, if there is exactly one that can be read.
fn authorization(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(http::header::AUTHORIZATION).iter();
    match (all.next(), all.next()) {
        (Some(one), None) => Some(one.to_str().unwrap_or("")),
        (Some(_), Some(_)) => Some(""),
        (None, _) => None,
    }
}

/// The caller of a request.
pub(super) fn caller<T>(request: &Request<T>) -> Result<Caller, Status> {
    let caller = request.extensions().get::<Caller>().cloned();
    caller.ok_or_else(|| status::of_identity(IdentityError::NoLogin))
}

/// The engine as the caller of a request sees it.
pub(super) fn engine_of<T>(door: &Door, request: &Request<T>) -> Result<Engine, Status> {
    Ok(door.of(&caller(request)?))
}

/// The address that a request came from.
pub(super) fn source<T>(request: &Request<T>) -> IpAddr {
    let peer = request.extensions().get::<TcpConnectInfo>();
    let address = peer.and_then(TcpConnectInfo::remote_addr);
    address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip())
}

/// Ends a stream as soon as its caller is refused, and says so.
pub(super) fn until<T: Send + 'static>(
    refused: impl Future<Output = ()> + Send + 'static,
    mut stream: Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>,
) -> Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>> {
    let mut refused = Box::pin(refused);
    let mut is_over = false;
    Box::pin(futures::stream::poll_fn(move |context| {
        if is_over {
            return Poll::Ready(None);
        }
        if refused.as_mut().poll(context).is_ready() {
            is_over = true;
            return Poll::Ready(Some(Err(status::of_identity(IdentityError::BadToken))));
        }
        stream.as_mut().poll_next(context)
    }))
}
