//! One HTTP POST: to an address that may be reached, without redirects, in bounded time, with a bounded answer.

use super::{NotifySettings, answer, later, never};
use crate::{
    domain::{channel::ChannelKind, delivery::Attempt, reach::Reach},
    outbound::{GuardedResolver, cause_of, forbidden},
};
use reqwest::{Certificate, Client, ClientBuilder, Url, header, redirect::Policy};
use std::{net::IpAddr, time::Duration};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Largest answer that is read; more is cut off.
const MAX_ANSWER: usize = 64 * 1024;
/// The name that receivers of the original know.
const USER_AGENT: &str = "IPS-Webhook/1.0";

/// What is sent.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) url: Url,
    pub(super) body: Vec<u8>,
    /// Besides those that each request has.
    pub(super) headers: Vec<(&'static str, String)>,
}

/// The client for all receivers.
pub(super) fn client(settings: &NotifySettings) -> Result<Client, String> {
    // Whoever was first has installed one; both outcomes are fine.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let trusted = Certificate::from_pem_bundle(&settings.authorities).unwrap_or_default();
    let with_roots = builder(settings).tls_certs_merge(trusted.clone()).build();
    // The first fails on a machine without root certificates; plain HTTP and what is configured are still possible there.
    let client = with_roots.or_else(|_no_roots| builder(settings).tls_certs_only(trusted).build());
    client.map_err(|error| cause_of(&error))
}

fn builder(settings: &NotifySettings) -> ClientBuilder {
    let resolver = GuardedResolver {
        reach: settings.reach.clone(),
        exempt: None,
    };
    Client::builder()
        .user_agent(USER_AGENT)
        .dns_resolver(resolver)
        .redirect(Policy::none())
        .connect_timeout(CONNECT_LIMIT)
        .timeout(settings.limit)
        .no_proxy()
}

/// The URL, unless what stands in it is forbidden already. Names are judged when they are looked up, by the resolver.
pub(super) fn checked_url(text: &str, reach: &Reach) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_not_repeated| "the address is not a URL".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the address must begin with http:// or https://".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address must not carry a user name or password".into());
    }
    let host = url.host_str().unwrap_or_default();
    // The parser has already made plain addresses of 0x7f.1, 2130706433 and the like.
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        reach.check(address).map_err(|forbidden| forbidden.to_string())?;
    }
    Ok(url)
}

/// Sends it and judges the answer.
pub(super) async fn post(client: &Client, request: Request, kind: ChannelKind) -> Attempt {
    let mut call = client
        .post(request.url)
        .header(header::CONTENT_TYPE, "application/json")
        .body(request.body);
    for (name, value) in request.headers {
        call = call.header(name, value);
    }
    let mut response = match call.send().await {
        Ok(response) => response,
        Err(error) => return failure(&error),
    };
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return failure(&error),
        }
        if body.len() >= MAX_ANSWER {
            body.truncate(MAX_ANSWER);
            break;
        }
    }
    answer::judge(kind, status, &headers, &body)
}

fn failure(error: &reqwest::Error) -> Attempt {
    match forbidden(error) {
        Some(forbidden) => never(format!("the address is refused: {forbidden}")),
        None => later(cause_of(error)),
    }
}
