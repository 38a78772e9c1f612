//! What the HTTP client's errors mean, without the URLs that they repeat.

use super::error::ResolveError;
pub(super) use crate::outbound::cause_of;
use crate::outbound::{causes, forbidden};
use reqwest::Url;
use std::{error::Error, io};

/// What a request that got no answer means for a registry.
pub(super) fn of(registry: &str, url: &Url, error: &reqwest::Error) -> ResolveError {
    let registry = registry.to_owned();
    if let Some(forbidden) = forbidden(error) {
        return ResolveError::Refused {
            host: url.host_str().unwrap_or_default().to_owned(),
            why: forbidden.to_string(),
        };
    }
    let why = cause_of(error);
    if causes(error).any(is_tls) {
        return ResolveError::Tls { registry, why };
    }
    ResolveError::Network { registry, why }
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    // An I/O error shows what it holds here and not among its sources.
    let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || held.is_some_and(|inner| is_tls(inner))
}
