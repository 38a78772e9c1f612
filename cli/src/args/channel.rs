//! `ips channel …` as types. Addresses and keys are never arguments: everybody on a machine sees those.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Commands about channels of notifications.
#[derive(Debug, Subcommand)]
pub enum ChannelCommand {
    /// Save a channel; without --url-stdin or --url-file its address is asked for
    Create {
        /// webhook, slack, dingtalk, feishu, wecom, teams or email
        #[arg(long)]
        kind: String,
        /// Unique name, by which tasks name it
        #[arg(long)]
        name: String,
        /// What else it is like
        #[command(flatten)]
        fields: ChannelFields,
    },
    /// List channels, newest first
    #[command(visible_alias = "list")]
    Ls {
        /// Largest number to show, 1 to 1000
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// How many to pass over
        #[arg(long, default_value_t = 0)]
        offset: u32,
    },
    /// Show one channel
    Get {
        /// Number of the channel
        id: i64,
    },
    /// Change a channel; what is not given stays, its address and key too
    Update {
        /// Number of the channel
        id: i64,
        /// Name
        #[arg(long)]
        name: Option<String>,
        /// Signs no more
        #[arg(long, conflicts_with = "secret_file")]
        no_secret: bool,
        /// What changes
        #[command(flatten)]
        fields: ChannelFields,
    },
    /// Remove channels that no schedule and no open task names
    #[command(visible_alias = "delete")]
    Rm {
        /// Numbers of the channels
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
    /// Send a test message now and say what came of it; exit 1 unless it was delivered
    Test {
        /// Number of the channel
        id: i64,
    },
    /// List deliveries, newest first
    Deliveries(DeliveriesArgs),
    /// Have deliveries that ended tried again, under their old ids
    Replay {
        /// Ids of the deliveries
        #[arg(required = true, value_name = "DELIVERY")]
        ids: Vec<String>,
    },
}

/// What a channel is like.
#[derive(Debug, Args)]
pub struct ChannelFields {
    /// Whether it is told anything
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub enabled: Option<bool>,
    /// Language of its messages: en or zh
    #[arg(long)]
    pub language: Option<String>,
    /// Event that it is told of without being named, like task.failed or node.lost; repeat it for more
    #[arg(long = "event", value_name = "EVENT")]
    pub events: Vec<String>,
    /// It is told of nothing without being named
    #[arg(long, conflicts_with = "events")]
    pub no_events: bool,
    /// Read the address from standard input
    #[arg(long, conflicts_with = "url_file")]
    pub url_stdin: bool,
    /// Read the address from a file; a line break at its end is left out
    #[arg(long, value_name = "FILE")]
    pub url_file: Option<PathBuf>,
    /// Read the key of signatures from a file (webhook, dingtalk, feishu)
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Where mail goes
    #[command(flatten)]
    pub mail: MailFields,
}

/// Where mail goes, and how.
#[derive(Debug, Args)]
pub struct MailFields {
    /// Mail server
    #[arg(long, value_name = "HOST", requires = "from", requires = "to")]
    pub smtp_host: Option<String>,
    /// Its port; by default 465, 587 or 25
    #[arg(long, value_name = "PORT", requires = "smtp_host")]
    pub smtp_port: Option<u16>,
    /// tls, starttls or none; by default starttls
    #[arg(long, value_name = "WORD", requires = "smtp_host")]
    pub smtp_security: Option<String>,
    /// User name at the mail server
    #[arg(long, value_name = "NAME", requires = "smtp_host")]
    pub smtp_username: Option<String>,
    /// Read the password at the mail server from a file
    #[arg(long, value_name = "FILE", requires = "smtp_username")]
    pub smtp_password_file: Option<PathBuf>,
    /// Sender
    #[arg(long, value_name = "ADDRESS", requires = "smtp_host")]
    pub from: Option<String>,
    /// Receiver; repeat it for more
    #[arg(long, value_name = "ADDRESS", requires = "smtp_host")]
    pub to: Vec<String>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum DeliveryStatus {
    /// Its next attempt is still to come
    Queued,
    /// The receiver took it
    Delivered,
    /// It was given up
    Failed,
}

/// Which deliveries to list.
#[derive(Debug, Args)]
pub struct DeliveriesArgs {
    /// Number of the channel; without it those of all, addresses of tasks included
    pub id: Option<i64>,
    /// Only about the task or schedule of this id, or the node of this name
    #[arg(long, value_name = "NAME")]
    pub about: Option<String>,
    /// Only in these states, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    pub status: Vec<DeliveryStatus>,
    /// Largest number to show, 1 to 1000
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// How many to pass over
    #[arg(long, default_value_t = 0)]
    pub offset: u32,
}
