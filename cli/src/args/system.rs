//! `ips system …` as types.

use clap::Subcommand;

/// Commands about the coordinator itself.
#[derive(Debug, Subcommand)]
pub enum SystemCommand {
    /// Show its version and how each of its parts is
    Get,
    /// Set what it logs until it ends; then its settings hold again
    LogLevel {
        /// error, warn, info, debug or trace, or a list of target=level such as info,ips_coordinator::engine=debug
        filter: String,
    },
}
