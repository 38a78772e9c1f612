//! The agent as a process: how it starts, says what is missing, and stops.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ips-agent");

/// A running agent without a coordinator and without a runtime.
struct Agent {
    child: Child,
    health: String,
    _state: TempDir,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(state: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().args([
        "--node-name",
        "node-a",
        "--node-uid",
        "uid-a",
        "--health-address",
        "127.0.0.1:0",
    ]);
    command.args(["--coordinator", "http://127.0.0.1:1"]);
    command.env("IPS_STATE_DIR", state.join("state"));
    command.arg("--runtime-socket").arg(state.join("containerd.sock"));
    command.arg("--ready-file").arg(state.join("ready.json"));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn start() -> Agent {
    let state = tempfile::tempdir().unwrap();
    let child = command(state.path()).spawn().unwrap();
    let ready = state.path().join("ready.json");
    wait(|| ready.exists());
    let text: serde_json::Value = serde_json::from_slice(&fs::read(ready).unwrap()).unwrap();
    Agent {
        child,
        health: text["health"].as_str().unwrap().to_owned(),
        _state: state,
    }
}

fn wait(condition: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < limit, "not in time");
        std::thread::yield_now();
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn refused(arguments: &[&str]) -> Output {
    let state = tempfile::tempdir().unwrap();
    command(state.path()).args(arguments).output().unwrap()
}

#[test]
fn a_wrong_setting_stops_the_start_with_one_line() {
    let output = refused(&["--max-concurrent-pulls", "none"]);
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        line,
        "ips-agent: --max-concurrent-pulls (IPS_MAX_CONCURRENT_PULLS): \"none\" cannot be used; allowed: a whole number from 1 to 64\n"
    );
}

#[test]
fn a_state_folder_that_cannot_be_written_stops_the_start() {
    let output = refused(&["--state-dir", "/proc/nowhere"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("--state-dir (IPS_STATE_DIR)"), "{text}");
}

#[test]
fn without_runtime_and_coordinator_it_lives_and_says_so() {
    let agent = start();
    assert!(get(&agent.health, "/healthz").starts_with("HTTP/1.1 200"));
    wait(|| get(&agent.health, "/readyz").contains("No such file or directory"));
    wait(|| get(&agent.health, "/readyz").contains("coordinator: Unavailable"));
    assert!(get(&agent.health, "/readyz").starts_with("HTTP/1.1 503"));
}

#[test]
fn a_signal_ends_it_well() {
    let mut agent = start();
    let pid = Pid::from_raw(i32::try_from(agent.child.id()).unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    let status = agent.child.wait().unwrap();
    assert!(status.success(), "{status}");
}
