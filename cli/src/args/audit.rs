//! `ips audit …` as types.

use chrono::{DateTime, FixedOffset};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Commands about the audit.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List what was done, newest first
    #[command(visible_alias = "list")]
    Ls {
        /// Which records
        #[command(flatten)]
        filter: AuditFilterArgs,
        /// Largest number to show, 1 to 1000
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// How many to pass over
        #[arg(long, default_value_t = 0)]
        offset: u32,
    },
    /// Write everything that matches, oldest first
    Export {
        /// Which records
        #[command(flatten)]
        filter: AuditFilterArgs,
        /// How to write it
        #[arg(long, value_enum, default_value_t = AuditFormat::Ndjson)]
        format: AuditFormat,
        /// Write to this file, which is complete only when the command succeeds; by default to standard output
        #[arg(long, value_name = "FILE")]
        to_file: Option<PathBuf>,
    },
}

/// How an export is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AuditFormat {
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values, with a first line of names
    Csv,
}

/// What came of it.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AuditResultArg {
    /// It was done
    Ok,
    /// Who asked may not
    Denied,
    /// What was asked for breaks a rule
    Refused,
    /// It could not be done
    Failed,
}

/// Which records.
#[derive(Debug, Args)]
pub struct AuditFilterArgs {
    /// Not before this time, like 2026-11-24T02:00:00Z
    #[arg(long, value_name = "TIME")]
    pub from: Option<DateTime<FixedOffset>>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<DateTime<FixedOffset>>,
    /// Of this person or program
    #[arg(long, value_name = "NAME")]
    pub subject: Option<String>,
    /// Of this operation, like create_task
    #[arg(long, value_name = "NAME")]
    pub operation: Option<String>,
    /// To this resource or what is below it, like tasks/nightly
    #[arg(long, value_name = "PATH")]
    pub resource: Option<String>,
    /// Only with these results, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    pub result: Vec<AuditResultArg>,
}
