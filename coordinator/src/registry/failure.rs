//! What the HTTP client's errors mean, without the URLs that they repeat.

use super::{address::Forbidden, error::ResolveError};
use reqwest::Url;
use std::{error::Error, io};

/// What a request that got no answer means for a registry.
pub(super) fn of(registry: &str, url: &Url, error: &reqwest::Error) -> ResolveError {
    let registry = registry.to_owned();
    if let Some(forbidden) = chain(error).find_map(|inner| inner.downcast_ref::<Forbidden>()) {
        return ResolveError::Refused {
            host: url.host_str().unwrap_or_default().to_owned(),
            why: forbidden.to_string(),
        };
    }
    let why = cause_of(error);
    if chain(error).any(is_tls) {
        return ResolveError::Tls { registry, why };
    }
    ResolveError::Network { registry, why }
}

/// The innermost cause: the outer ones only repeat the URL, which may carry a signature.
pub(super) fn cause_of(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let kind = if error.is_connect() { "cannot connect: " } else { "" };
    match chain(error).last() {
        Some(cause) => format!("{kind}{cause}"),
        None => format!("{kind}request failed"),
    }
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    // An I/O error shows what it holds here and not among its sources.
    let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || held.is_some_and(|inner| is_tls(inner))
}

fn chain<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |inner: &&'a (dyn Error + 'static)| (**inner).source())
}
