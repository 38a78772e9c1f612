//! What the program does instead of serving: `ips-coordinator db …`, `credentials …`, `agents …` and `tls …`. Says on standard output what was done, and gives back whether all
//! is well. Knows no SQL and no table.

pub mod agents;
pub mod kitsnail;
mod rotate;

use crate::{
    store::{DatabaseUrl, Store, check, transfer},
    tls,
    vault::KeySettings,
};
use anyhow::{Context, Result};
use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

/// What to do with the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Bring the schema up to date.
    Migrate,
    /// Look whether it is sound.
    Check,
    /// Write it to a file; `-` is standard output.
    Export(PathBuf),
    /// Fill an empty one from a file; `-` is standard input.
    Import(PathBuf),
    /// Take over what the original IPS has in its file.
    ImportKitsnailIps(PathBuf, kitsnail::Choices),
    /// Decide which agents may join.
    Agents(agents::AgentsCommand),
    /// Print the certificate of the own authority.
    Authority,
    /// Forget the own authority.
    ForgetAuthority,
    /// Encrypt every stored password with the newest key.
    Rotate {
        /// Make that key first.
        new_key: bool,
    },
}

/// Does it. False when a check found something, or a password could not be read.
///
/// # Errors
/// What kept it from being done; then nothing has changed.
pub async fn run(command: &Command, database: &DatabaseUrl, keys: &KeySettings) -> Result<bool> {
    match command {
        Command::Migrate => {
            let done = Store::migrate(database).await?;
            say(&format!("{database}: the schema is up to date, migrations {done:?}"))?;
        }
        Command::Check => return checked(database).await,
        Command::Rotate { new_key } => return rotate::run(database, keys, *new_key).await,
        Command::Agents(command) => return agents::run(command, database).await,
        Command::Authority => {
            let certificate = tls::certificate(&Store::attach(database).await?).await?;
            let none =
                "there is no authority yet; it is made when a coordinator first speaks TLS without --tls-cert-file";
            say(certificate.context(none)?.trim_end())?;
        }
        Command::ForgetAuthority => {
            let forgotten = tls::forget(&Store::attach(database).await?).await?;
            say(if forgotten {
                "the authority is forgotten; the next start makes a new one"
            } else {
                "there is no authority"
            })?;
        }
        Command::Export(path) => {
            let counts = exported(path, database).await?;
            // Standard output may be the file.
            eprintln!("{}", counted("exported", &counts));
        }
        Command::Import(path) => {
            let counts = if path == Path::new("-") {
                transfer::import(database, io::stdin().lock()).await?
            } else {
                let file = File::open(path).with_context(|| path.display().to_string())?;
                transfer::import(database, BufReader::new(file)).await?
            };
            say(&counted("imported", &counts))?;
        }
        Command::ImportKitsnailIps(path, choices) => {
            let report = kitsnail::import(path, database, keys, *choices).await?;
            say(report.to_string().trim_end())?;
        }
    }
    Ok(true)
}

async fn checked(database: &DatabaseUrl) -> Result<bool> {
    let findings = check(database).await?;
    for finding in &findings {
        say(&finding.to_string())?;
    }
    if findings.is_empty() {
        say(&format!("{database}: sound"))?;
    }
    Ok(findings.is_empty())
}

/// A file appears under its name only when it is whole.
async fn exported(path: &Path, database: &DatabaseUrl) -> Result<transfer::RowCounts> {
    if path == Path::new("-") {
        return Ok(transfer::export(database, &mut BufWriter::new(io::stdout().lock())).await?);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    let partial = PathBuf::from(name);
    let file = private(&partial).with_context(|| partial.display().to_string())?;
    let mut file = BufWriter::new(file);
    let counts = transfer::export(database, &mut file).await?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&partial, path).with_context(|| path.display().to_string())?;
    Ok(counts)
}

/// Password hashes and encrypted passwords are in it, so it is the owner's alone.
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

fn counted(done: &str, counts: &transfer::RowCounts) -> String {
    let tables = counts.iter().map(|(table, rows)| format!("{rows} {table}"));
    format!("{done}: {}", tables.collect::<Vec<_>>().join(", "))
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
