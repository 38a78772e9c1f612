//! Reads a password: from standard input, a file, or a person. Never from an argument, and it is never shown.

use crate::{args::PasswordSource, error::CliError};
use std::{
    io::{IsTerminal as _, Read as _},
    path::Path,
};

/// The password that is given; `None` when none is.
pub fn given(source: &PasswordSource) -> Result<Option<String>, CliError> {
    match &source.password_file {
        Some(path) => of_file("--password-file", path).map(Some),
        None if source.password_stdin => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| CliError::Usage(format!("--password-stdin: {error}")))?;
            first_line(&text).map(Some)
        }
        None => Ok(None),
    }
}

/// The password in a file.
pub fn of_file(flag: &str, path: &Path) -> Result<String, CliError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| CliError::Usage(format!("{flag} {}: {error}", path.display())))?;
    first_line(&text)
}

/// Without the line break at the end.
fn first_line(text: &str) -> Result<String, CliError> {
    let password = text.strip_suffix('\n').unwrap_or(text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(CliError::Usage("the password is empty".into()));
    }
    Ok(password.to_owned())
}

/// The password that is given, or that a person types unseen.
pub fn needed(source: &PasswordSource) -> Result<String, CliError> {
    match given(source)? {
        Some(password) => Ok(password),
        None => ask("Password: ", true),
    }
}

/// The address of a channel, which is a secret too: the one that is given, or that a person types unseen.
pub fn needed_address(source: &PasswordSource) -> Result<String, CliError> {
    match given(source)? {
        Some(address) => Ok(address),
        None if std::io::stdin().is_terminal() => ask("Address: ", true),
        None => Err(CliError::Usage(
            "the address is missing: give --url-stdin or --url-file".into(),
        )),
    }
}

/// What a person types, unseen if it is secret.
pub fn ask(question: &str, secret: bool) -> Result<String, CliError> {
    if !std::io::stdin().is_terminal() {
        let what = if secret { "the password" } else { "the user name" };
        let flags = if secret {
            "--password-stdin or --password-file"
        } else {
            "--username"
        };
        return Err(CliError::Usage(format!("{what} is missing: give {flags}")));
    }
    let terminal = console::Term::stderr();
    terminal.write_str(question)?;
    Ok(if secret {
        terminal.read_secure_line()?
    } else {
        terminal.read_line()?
    })
}

/// A new password that a person types twice, unseen.
pub fn chosen(question: &str) -> Result<String, CliError> {
    let first = ask(question, true)?;
    if first != ask("Once more: ", true)? {
        return Err(CliError::Usage("the two passwords differ".into()));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn one_line_break_at_the_end_of_a_file_is_left_out() {
        let path = std::env::temp_dir().join(format!("ips-password-{}", std::process::id()));
        let source = PasswordSource {
            password_stdin: false,
            password_file: Some(path.clone()),
        };
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            given(&source)
        };
        assert_eq!(read("a b\n").unwrap().as_deref(), Some("a b"));
        assert_eq!(read("a\nb\r\n").unwrap().as_deref(), Some("a\nb"));
        assert_eq!(read("a\n\n").unwrap().as_deref(), Some("a\n"));
        assert!(read("\n").is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(given(&source).unwrap_err().to_string().contains("--password-file"));
    }
}
