//! Why an image could not be resolved, in words that people see beside the image. No secret and no body of an answer in them.

use std::time::Duration;

/// Why an image could not be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The registry has no such repository, tag or digest.
    #[error("not found at {registry}: {name}")]
    NotFound {
        /// Registry host.
        registry: String,
        /// Repository with tag or digest.
        name: String,
    },
    /// The registry wants a credential, or refuses anonymous reading. Some answer so for what does not exist.
    #[error("{registry} refuses to show it {} (HTTP {status})", with(*login))]
    Unauthorized {
        /// Registry host.
        registry: String,
        /// Whether a login was shown.
        login: bool,
        /// HTTP status.
        status: u16,
    },
    /// Too many requests.
    #[error("{registry} limits the rate of requests (HTTP 429){}", after(*retry_after_seconds))]
    RateLimited {
        /// Registry host.
        registry: String,
        /// What it asks us to wait, if it says.
        retry_after_seconds: Option<u64>,
    },
    /// The registry could not be reached or had an error of its own.
    #[error("{registry}: {why}")]
    Network {
        /// Registry host.
        registry: String,
        /// What happened.
        why: String,
    },
    /// The other side cannot be trusted, or does not speak TLS.
    #[error("{registry}: TLS: {why}")]
    Tls {
        /// Registry host.
        registry: String,
        /// What happened.
        why: String,
    },
    /// The login that is meant for it cannot be used.
    #[error("{0}")]
    Credential(String),
    /// All requests together took too long.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// An address that is never asked.
    #[error("{host}: {why}")]
    Refused {
        /// Host as named by the reference, a redirect or a token service.
        host: String,
        /// The rule.
        why: String,
    },
    /// Larger than what is read.
    #[error("{what} is larger than {limit}")]
    TooLarge {
        /// What.
        what: String,
        /// Limit with its unit.
        limit: String,
    },
    /// The bytes are not those that were asked for.
    #[error("the registry answered with other content than it names: expected {expected}, found {found}")]
    WrongDigest {
        /// Digest named by the reference, the index or the answer's header.
        expected: String,
        /// Digest of the bytes.
        found: String,
    },
    /// Not an image as this program knows it.
    #[error("{what} is not understood: {why}")]
    Malformed {
        /// Which document.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// The image has no variant for any of the platforms.
    #[error("no variant for {wanted}; the image has {available}")]
    WrongPlatform {
        /// Platforms asked for.
        wanted: String,
        /// Platforms that exist.
        available: String,
    },
}

fn with(login: bool) -> &'static str {
    if login {
        "with the login that is meant for it"
    } else {
        "without a credential"
    }
}

fn after(seconds: Option<u64>) -> String {
    seconds.map_or_else(String::new, |seconds| format!("; it asks to wait {seconds} s"))
}
