//! The command line of `ips-coordinator db …`.

use crate::maintenance::Command;
use clap::Subcommand;
use std::path::PathBuf;

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub(super) enum Instead {
    /// Work on the database that --database names, without serving.
    Db {
        /// What to do.
        #[command(subcommand)]
        what: What,
    },
}

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Bring the schema up to date. The coordinator does so by itself at its start.
    Migrate,
    /// Look whether the database is sound; exit code 1 and a line for each finding when it is not.
    Check,
    /// Write all of it to a file, whichever kind of database it is; passwords stay encrypted, their keys are not in the file.
    Export {
        /// File to write; - is standard output.
        file: PathBuf,
    },
    /// Fill an empty database of any kind from an exported file, wholly or not at all.
    Import {
        /// File to read; - is standard input.
        file: PathBuf,
    },
}

impl From<Instead> for Command {
    fn from(Instead::Db { what }: Instead) -> Self {
        match what {
            What::Migrate => Self::Migrate,
            What::Check => Self::Check,
            What::Export { file } => Self::Export(file),
            What::Import { file } => Self::Import(file),
        }
    }
}
