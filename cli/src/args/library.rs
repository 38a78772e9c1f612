//! `ips library …` as types.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Commands about the library of images.
#[derive(Debug, Subcommand)]
pub enum LibraryCommand {
    /// Add an image
    Add(AddArgs),
    /// List images, newest first
    #[command(visible_alias = "list")]
    Ls {
        /// Only images with this tag
        #[arg(short, long)]
        tag: Option<String>,
        /// Largest number to show, 1 to 1000
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// How many to pass over
        #[arg(long, default_value_t = 0)]
        offset: u32,
    },
    /// Remove images
    #[command(visible_alias = "delete")]
    Rm {
        /// Numbers of the entries
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
    /// Add the images of a file, one a line: reference, and after it a name if there is one; exit 1 when one was refused
    Import {
        /// File; - reads standard input
        file: PathBuf,
        /// Tag for all of them; repeat it for more
        #[arg(short, long = "tag", value_name = "TAG")]
        tags: Vec<String>,
    },
    /// Replace the tags of an image; none given removes them
    Tag {
        /// Number of the entry
        id: i64,
        /// Tags
        #[arg(value_name = "TAG")]
        tags: Vec<String>,
    },
}

/// An image to add.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Reference as pods write it
    pub image: String,
    /// Name
    #[arg(short, long, default_value = "")]
    pub name: String,
    /// Tag; repeat it for more
    #[arg(short, long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
}
