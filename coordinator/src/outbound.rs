//! For HTTP clients that are sent to names which somebody else chose: a resolver that answers only with addresses that may be asked, and what
//! errors mean without the URLs that they repeat. A client connects to exactly the addresses that the resolver gave, so a name that changes
//! its address between a check and the connection gains nothing.

use crate::domain::reach::{Forbidden, Reach};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{error::Error, net::SocketAddr};

/// See the module.
#[derive(Debug, Clone)]
pub struct GuardedResolver {
    /// What may be asked.
    pub reach: Reach,
    /// A name that is not checked: the proxy's, which the operator chose.
    pub exempt: Option<String>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let exempt = self.exempt.as_deref() == Some(name.as_str());
        let reach = self.reach.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            if exempt {
                return Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs);
            }
            Ok(Box::new(allowed(found, &reach)?.into_iter()) as Addrs)
        })
    }
}

/// The addresses that may be asked; an error when there are only others.
///
/// # Errors
/// The rule that one of them breaks.
pub fn allowed(found: impl Iterator<Item = SocketAddr>, reach: &Reach) -> Result<Vec<SocketAddr>, Forbidden> {
    let mut allowed = vec![];
    let mut refusal = None;
    for address in found {
        match reach.check(address.ip()) {
            Ok(()) => allowed.push(address),
            Err(forbidden) => refusal = Some(forbidden),
        }
    }
    match refusal {
        Some(forbidden) if allowed.is_empty() => Err(forbidden),
        Some(_) | None => Ok(allowed),
    }
}

/// The rule that an address broke, if that is why a request failed.
pub fn forbidden(error: &reqwest::Error) -> Option<&Forbidden> {
    causes(error).find_map(|inner| inner.downcast_ref::<Forbidden>())
}

/// The innermost cause: the outer ones only repeat the URL, which may carry a signature or a secret.
pub fn cause_of(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let kind = if error.is_connect() { "cannot connect: " } else { "" };
    match causes(error).last() {
        Some(cause) => format!("{kind}{cause}"),
        None => format!("{kind}request failed"),
    }
}

/// What is behind an error, from the outside in.
pub fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |inner: &&'a (dyn Error + 'static)| (**inner).source())
}
