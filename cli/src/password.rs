//! Reads a password: from standard input, a file, or a person. Never from an argument, and it is never shown.

use crate::{args::PasswordSource, error::CliError};
use std::io::{IsTerminal as _, Read as _};

/// The password that is given; `None` when none is.
pub fn given(source: &PasswordSource) -> Result<Option<String>, CliError> {
    let text = match &source.password_file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| CliError::Usage(format!("--password-file {}: {error}", path.display())))?,
        None if source.password_stdin => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| CliError::Usage(format!("--password-stdin: {error}")))?;
            text
        }
        None => return Ok(None),
    };
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(CliError::Usage("the password is empty".into()));
    }
    Ok(Some(password.to_owned()))
}

/// The password that is given, or that a person types unseen.
pub fn needed(source: &PasswordSource) -> Result<String, CliError> {
    needed_as("password", source)
}

/// Another secret, of this name; its flags begin with the same word, or with `--url` for an address.
pub fn needed_as(what: &str, source: &PasswordSource) -> Result<String, CliError> {
    let flag = if what == "address" { "url" } else { what };
    if let Some(password) = given(source)? {
        return Ok(password);
    }
    if !std::io::stdin().is_terminal() {
        let rule = format!("the {what} is missing: give --{flag}-stdin or --{flag}-file");
        return Err(CliError::Usage(rule));
    }
    let terminal = console::Term::stderr();
    terminal.write_str(&format!("The {what}: "))?;
    Ok(terminal.read_secure_line()?)
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
