//! Requests to the provider: in bounded time, with bounded answers, without redirects. A log-in that fails has a reason without the answer's
//! text, which may hold tokens.

use crate::{domain::version::VERSION, outbound::cause_of};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Certificate, Client, ClientBuilder, redirect::Policy};
use std::{pin::Pin, time::Duration};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(10);
/// Largest answer that is read, in bytes.
const LARGEST: usize = 1 << 20;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// It was not sent, or its answer did not come.
    #[error("{0}")]
    Failed(String),
    /// The answer is too large.
    #[error("its answer is larger than {LARGEST} bytes")]
    TooLarge,
    /// The answer is none.
    #[error("its answer is not HTTP")]
    Odd(#[from] http::Error),
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        Self::Failed(cause_of(&error))
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Fetcher {
    client: Client,
}

impl Fetcher {
    /// One that trusts these certificates, too.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn new(authorities: &[u8]) -> Result<Self, String> {
        // Whoever was first has installed one; both outcomes are fine.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let trusted = Certificate::from_pem_bundle(authorities).map_err(|error| cause_of(&error))?;
        let with_roots = builder().tls_certs_merge(trusted.clone()).build();
        // The first fails on a machine without root certificates.
        let client = with_roots.or_else(|_no_roots| builder().tls_certs_only(trusted).build());
        let client = client.map_err(|error| cause_of(&error))?;
        Ok(Self { client })
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let (parts, body) = request.into_parts();
        let mut response = self
            .client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body)
            .send()
            .await?;
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            headers.clone_from(response.headers());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return Err(FetchError::TooLarge);
            }
        }
        Ok(answer.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Fetcher {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.fetch(request))
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
        .user_agent(format!("ips-coordinator/{VERSION}"))
        .redirect(Policy::none())
        .connect_timeout(CONNECT_LIMIT)
        .timeout(LIMIT)
        .no_proxy()
}
