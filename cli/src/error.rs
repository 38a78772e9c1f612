//! What ends a command early: one line on standard error and an exit code. Never a stack.

use crate::human::one_line;
use std::{io, process::ExitCode};
use tonic::{Code, Status};

/// The task failed or was cancelled, or the command itself failed.
pub const FAILURE: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// Ctrl-C, as shells count it.
pub const INTERRUPTED: u8 = 130;

/// Why a command ends early.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line is wrong in a way that the parser cannot see.
    #[error("{0}")]
    Usage(String),
    /// Nobody answers at the address.
    #[error("cannot reach the coordinator at {server}: {why} (set --server or IPS_SERVER)")]
    Unreachable {
        /// Address.
        server: String,
        /// Innermost cause.
        why: String,
    },
    /// The coordinator refused.
    #[error("{}", refusal(.0))]
    Refused(Box<Status>),
    /// Name and password do not fit.
    #[error("invalid username or password")]
    WrongPassword,
    /// Standard output is gone or broken.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
    /// The person pressed Ctrl-C; what was to be said is said already.
    #[error("interrupted")]
    Interrupted,
}

impl CliError {
    /// Says what happened and tells the exit code.
    pub fn report(&self) -> ExitCode {
        match self {
            // A reader that closes the pipe early (head) has what it wants.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Interrupted => ExitCode::from(INTERRUPTED),
            Self::Usage(_) => self.say(USAGE),
            Self::Unreachable { .. } | Self::Refused(_) | Self::WrongPassword | Self::Output(_) => self.say(FAILURE),
        }
    }

    fn say(&self, code: u8) -> ExitCode {
        eprintln!("error: {}", one_line(&self.to_string()));
        ExitCode::from(code)
    }
}

fn refusal(status: &Status) -> String {
    let kind = match status.code() {
        Code::InvalidArgument => "invalid request",
        Code::NotFound => "not found",
        Code::AlreadyExists => "already exists",
        Code::FailedPrecondition => "not possible now",
        Code::Unavailable => "unavailable",
        Code::DeadlineExceeded | Code::Cancelled => "no answer in time",
        Code::Unimplemented => "the coordinator does not know this call (is it older than this client?)",
        Code::Unauthenticated => "not logged in (log in with: ips login)",
        Code::PermissionDenied => "not allowed",
        Code::ResourceExhausted => "too much at once",
        Code::Ok | Code::Unknown | Code::Aborted | Code::OutOfRange | Code::Internal | Code::DataLoss => {
            "the coordinator answered with an error"
        }
    };
    if status.message().is_empty() {
        kind.to_owned()
    } else {
        format!("{kind}: {}", status.message())
    }
}
