//! Settings of the taint that is taken off nodes when they are warm.

use super::{ConfigError, HOUR, duration};
use crate::domain::startup_taint::StartupTaint;
use clap::Args;
use std::time::Duration;

const TAINT: &str = "--startup-taint";
const LIMIT: &str = "--startup-taint-limit";

/// Flags and environment names.
#[derive(Debug, Args)]
pub(super) struct TaintArguments {
    /// Key of a taint that is taken off a node of the cluster when what policies want there is warm, such as ips.dev/cold; empty takes none
    /// off. Whoever makes the nodes puts it on them. It needs --kubernetes on and the right to patch nodes.
    #[arg(long, env = "IPS_STARTUP_TAINT", value_name = "KEY", default_value = "")]
    startup_taint: String,
    /// How long that taint may stay on a node where something is cold (10s to 1d), counted from when it was seen first.
    #[arg(
        long,
        env = "IPS_STARTUP_TAINT_LIMIT",
        value_name = "DURATION",
        default_value = "10m"
    )]
    startup_taint_limit: String,
}

impl TaintArguments {
    /// The taint, if there is one.
    ///
    /// # Errors
    /// A key that is none, a time out of range, or no cluster.
    pub(super) fn check(self, has_cluster: bool) -> Result<Option<StartupTaint>, ConfigError> {
        let limit = duration(LIMIT, &self.startup_taint_limit, Duration::from_secs(10), 24 * HOUR)?;
        let key = self.startup_taint.trim().to_owned();
        if key.is_empty() {
            return Ok(None);
        }
        StartupTaint::check_key(&key).map_err(|rule| ConfigError::new(TAINT, &key, rule))?;
        if !has_cluster {
            return Err(ConfigError::new(TAINT, &key, "needs --kubernetes on"));
        }
        Ok(Some(StartupTaint {
            key,
            limit_ms: limit.as_millis() as i64,
        }))
    }
}
