//! Runs a plugin's program once: request on standard input, answer on standard output, with limits of time and size. What it
//! answers may hold passwords, so nothing of it is ever shown; the end of what it says on standard error is, when it fails.

use crate::pull::scrub::scrub;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    env, io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, copy, sink},
    process::{Child, Command},
    time::{sleep, timeout},
};
use zeroize::Zeroizing;

/// Largest answer. In bytes.
const LARGEST_ANSWER: u64 = 1 << 20;
/// So much of the end of standard error is shown. In characters.
const LAST_WORDS: usize = 300;
/// So much of standard error is read at all. In bytes.
const MOST_WORDS: u64 = 64 << 10;
/// How often a program that is being written at this moment is tried again.
const BUSY_TRIES: u32 = 5;

/// Why a program gave no answer.
#[derive(Debug, Error)]
pub(super) enum ProgramError {
    #[error("cannot be started: {0}")]
    Start(io::Error),
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("its answer is larger than {LARGEST_ANSWER} bytes")]
    TooLarge,
    #[error("ended with {status}: {words}")]
    Failed { status: ExitStatus, words: String },
    #[error("cannot be spoken to: {0}")]
    Broken(io::Error),
}

/// What to run.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    /// Longest time that it may take.
    pub(super) limit: Duration,
}

impl Program {
    /// Runs it and gives back what it answered.
    pub(super) async fn run(&self, request: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProgramError> {
        let run = async {
            let child = self.start().await.map_err(ProgramError::Start)?;
            converse(child, request).await
        };
        timeout(self.limit, run)
            .await
            .map_err(|_| ProgramError::TimedOut(self.limit))?
    }

    async fn start(&self) -> io::Result<Child> {
        let mut tries = 0;
        loop {
            match self.command().spawn() {
                Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES => {
                    tries += 1;
                    sleep(Duration::from_millis(50)).await;
                }
                other => return other,
            }
        }
    }

    /// The kubelet's environment is the plugin's, and so is the agent's, but for the agent's own settings.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.args);
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("IPS_")) {
            command.env_remove(name);
        }
        command
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }
}

/// Kills a program and whatever it started, unless it has ended by itself.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended in this moment.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

async fn converse(mut child: Child, request: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProgramError> {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    let mut group = Group(pid.map(Pid::from_raw));
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let speak = async {
        if let Some(mut input) = input {
            // A program that does not read its request may still know the answer.
            let _ = input.write_all(request).await;
        }
    };
    let ((), answer, words) = tokio::join!(speak, answer(output), words(errors));
    let answer = answer?;
    let status = child.wait().await.map_err(ProgramError::Broken)?;
    group.0 = None;
    if status.success() {
        Ok(answer)
    } else {
        Err(ProgramError::Failed { status, words })
    }
}

async fn answer(output: Option<impl AsyncRead + Unpin>) -> Result<Zeroizing<Vec<u8>>, ProgramError> {
    let mut answer = Zeroizing::new(Vec::with_capacity(64 << 10));
    if let Some(output) = output {
        let mut bounded = output.take(LARGEST_ANSWER + 1);
        bounded.read_to_end(&mut answer).await.map_err(ProgramError::Broken)?;
    }
    if answer.len() as u64 > LARGEST_ANSWER {
        return Err(ProgramError::TooLarge);
    }
    Ok(answer)
}

/// The end of what a program complains about, in one line. Everything is read, so that it never blocks on it.
async fn words(errors: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut errors) = errors else {
        return String::new();
    };
    let mut heard = Vec::new();
    // A pipe that breaks has said what it had to say.
    let _ = (&mut errors).take(MOST_WORDS).read_to_end(&mut heard).await;
    let _ = copy(&mut errors, &mut sink()).await;
    let text = scrub(&String::from_utf8_lossy(&heard));
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let skip = line.chars().count().saturating_sub(LAST_WORDS);
    line.chars().skip(skip).collect()
}
