//! Logs: sets up where they go and what they look like, and changes what is logged while the program runs. Nothing else.

use crate::domain::Invalid;
use std::{
    io::IsTerminal,
    sync::{Mutex, OnceLock, PoisonError},
};
use tracing_subscriber::{
    EnvFilter, Registry,
    filter::{LevelFilter, ParseError, Targets},
    layer::{Layer as _, SubscriberExt},
    reload,
    util::{SubscriberInitExt, TryInitError},
};

/// Longest filter, in bytes.
const LONGEST: usize = 1000;
/// What stands before every filter: at trace, transports log whole frames, and with them passwords.
const TRANSPORTS: [&str; 8] = [
    "h2",
    "hyper",
    "hyper_util",
    "reqwest",
    "rustls",
    "tonic",
    "tower",
    "sqlx",
];

/// What a log line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// One line for people.
    Text,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error(
        "log filter {filter:?} is not valid: {source}; write a level (error, warn, info, debug, trace) or target=level pairs"
    )]
    Filter {
        /// As given.
        filter: String,
        /// What is wrong with it.
        source: ParseError,
    },
    /// Logging was set up before.
    #[error("logging was set up twice")]
    Twice(#[from] TryInitError),
}

/// The one log of the process, once it is set up.
static CONTROL: OnceLock<Control> = OnceLock::new();

struct Control {
    handle: reload::Handle<EnvFilter, Registry>,
    /// As it was given.
    filter: Mutex<String>,
}

/// Sends the process's logs to standard error. `filter` is a level or a list such as `info,ips_coordinator=debug`.
///
/// # Errors
/// A filter that cannot be parsed; a second call in the same process.
pub fn init(filter: &str, format: LogFormat) -> Result<(), TelemetryError> {
    let (reloadable, handle) = reload::Layer::new(parse(filter)?);
    let registry = tracing_subscriber::registry().with(reloadable);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Json => registry
            .with(lines.json().flatten_event(true).with_filter(bounds()))
            .try_init()?,
        LogFormat::Text => registry.with(lines.with_filter(bounds())).try_init()?,
    }
    let filter = Mutex::new(filter.to_owned());
    // The registry took it once only, so this is the first.
    let _first = CONTROL.set(Control { handle, filter });
    Ok(())
}

/// What is logged; empty where logs were not set up by this program.
pub fn filter() -> String {
    let filter = CONTROL
        .get()
        .map(|control| control.filter.lock().unwrap_or_else(PoisonError::into_inner));
    filter.map(|filter| filter.clone()).unwrap_or_default()
}

/// Logs something else from now on.
///
/// # Errors
/// A filter that is not one; then nothing changes.
pub fn set_filter(filter: &str) -> Result<(), Invalid> {
    if filter.trim().is_empty() || filter.len() > LONGEST {
        return Err(Invalid::new("filter", format!("must have 1 to {LONGEST} bytes")));
    }
    let refusal = |error: TelemetryError| Invalid::new("filter", error.to_string());
    let fresh = parse(filter).map_err(refusal)?;
    let Some(control) = CONTROL.get() else {
        return Err(Invalid::new(
            "filter",
            "cannot be set: this process does not log by itself",
        ));
    };
    let gone = |error: reload::Error| Invalid::new("filter", error.to_string());
    control.handle.reload(fresh).map_err(gone)?;
    filter.clone_into(&mut control.filter.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(())
}

/// What no filter can go beyond.
fn bounds() -> Targets {
    let debug = TRANSPORTS.map(|target| (target, LevelFilter::DEBUG));
    Targets::new().with_default(LevelFilter::TRACE).with_targets(debug)
}

fn parse(filter: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::try_new(filter).map_err(|source| TelemetryError::Filter {
        filter: filter.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_checked() {
        assert!(parse("info,ips_coordinator=debug").is_ok());
        let refusal = parse("info,=").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refusal.contains("\"info,=\"") && refusal.contains("trace"), "{refusal}");
    }

    #[test]
    fn transports_never_say_all() {
        let bounds = bounds();
        assert!(!bounds.would_enable("h2::codec::framed_write", &tracing::Level::TRACE));
        assert!(bounds.would_enable("h2::client", &tracing::Level::DEBUG));
        assert!(bounds.would_enable("ips_coordinator::engine", &tracing::Level::TRACE));
    }

    #[test]
    fn what_is_no_filter_changes_nothing() {
        for bad in ["", " ", "info,=", &"x".repeat(1001)] {
            assert_eq!(
                set_filter(bad).err().map(|invalid| invalid.field),
                Some("filter".to_owned()),
                "{bad:.20}"
            );
        }
    }
}
