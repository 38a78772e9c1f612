//! The address that a call came from, also where a proxy that is believed stands in between.

use crate::domain::{forwarded, reach::Network};
use http::{Extensions, HeaderMap, header::FORWARDED};
use std::{net::IpAddr, sync::Arc};
use tonic::transport::server::TcpConnectInfo;

/// Where a call came from, as far as that was looked at.
#[derive(Debug, Clone, Copy)]
struct ClientAddress(IpAddr);

/// Puts the address that a call really came from where everybody looks for it; the outermost of all layers.
#[derive(Debug, Clone)]
pub struct ClientLayer {
    proxies: Arc<[Network]>,
}

impl ClientLayer {
    /// A layer that believes these proxies.
    pub fn new(proxies: Arc<[Network]>) -> Self {
        Self { proxies }
    }
}

impl<S> tower::Layer<S> for ClientLayer {
    type Service = Located<S>;

    fn layer(&self, inner: S) -> Located<S> {
        let proxies = Arc::clone(&self.proxies);
        Located { inner, proxies }
    }
}

/// A service that knows where its calls come from.
#[derive(Debug, Clone)]
pub struct Located<S> {
    inner: S,
    proxies: Arc<[Network]>,
}

impl<S, B> tower::Service<http::Request<B>> for Located<S>
where
    S: tower::Service<http::Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<B>) -> S::Future {
        if let Some(peer) = address(request.extensions()).filter(|_| !self.proxies.is_empty()) {
            let client = behind(request.headers(), peer, &self.proxies);
            request.extensions_mut().insert(ClientAddress(client));
        }
        self.inner.call(request)
    }
}

/// Where a call came from, if that is known.
pub(super) fn address(extensions: &Extensions) -> Option<IpAddr> {
    let located = extensions.get::<ClientAddress>().map(|ClientAddress(address)| *address);
    let peer = || extensions.get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
    located.or_else(|| peer().map(|peer| peer.ip()))
}

fn behind(headers: &HeaderMap, peer: IpAddr, proxies: &[Network]) -> IpAddr {
    let standard = headers.get_all(FORWARDED).into_iter();
    let usual = headers.get_all("x-forwarded-for").into_iter();
    let standard = standard.map(|value| value.to_str().unwrap_or(""));
    forwarded::client(peer, proxies, standard, usual.map(|value| value.to_str().unwrap_or("")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn headers_count_from_proxies_that_were_named_alone() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "6.6.6.6".parse().unwrap());
        headers.append("x-forwarded-for", "203.0.113.7".parse().unwrap());
        let proxies = [Network::parse("10.0.0.0/8").unwrap()];
        let seen = |peer: &str| behind(&headers, peer.parse().unwrap(), &proxies).to_string();
        assert_eq!(
            (seen("10.1.1.1"), seen("192.0.2.1")),
            ("203.0.113.7".into(), "192.0.2.1".into())
        );
    }
}
