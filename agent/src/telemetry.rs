//! Logs: one line each on standard error, with the level and form that the settings say. Never a credential.

use crate::config::{Config, LogFormat};
use tracing_subscriber::EnvFilter;

/// The transports would log every frame at debug and trace; whoever wants that names them.
const TRANSPORT_LEVELS: &str = "h2=info,hyper=info,hyper_util=info,tower=info,tonic=info";

/// Starts logging. A second call in one process changes nothing.
pub fn start(config: &Config) {
    let filter = EnvFilter::new(format!("{TRANSPORT_LEVELS},{}", config.log));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    let _ = match config.log_format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}
