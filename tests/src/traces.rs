//! Looks for secrets where none may be: command lines of all processes, logs, and files below a folder.

use std::fs;
use std::path::{Path, PathBuf};

/// Asserts that no command line of a running process holds one of the secrets.
pub fn assert_none_in_command_lines(secrets: &[&str]) {
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    // Processes that have ended meanwhile have none.
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    for line in lines {
        assert_none_in("a command line", &line, secrets);
    }
}

/// Asserts that no file below a folder holds one of the secrets.
pub fn assert_none_below(folder: &Path, secrets: &[&str]) {
    for file in files(folder) {
        assert_none_in(
            &file.display().to_string(),
            &fs::read(&file).unwrap_or_default(),
            secrets,
        );
    }
}

/// Asserts that some bytes hold none of the secrets.
pub fn assert_none_in(place: &str, bytes: &[u8], secrets: &[&str]) {
    for secret in secrets {
        let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found, "{secret} stands in {place}");
    }
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}
