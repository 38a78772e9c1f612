//! `ips doctor …` as types.

use super::parse_duration;
use clap::Args;
use std::time::Duration;

/// What to look at.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// How far back failed deliveries and runs are looked for
    #[arg(long, default_value = "24h", value_parser = parse_duration, value_name = "DURATION")]
    pub since: Duration,
    /// Do not try saved logins at their registries
    #[arg(long)]
    pub skip_registries: bool,
}
