//! `user reset-password`: the way back in for whoever runs the machine.

use super::say;
use crate::{
    identity::reset_password,
    store::{DatabaseUrl, Store},
};
use anyhow::{Context, Result, ensure};
use secrecy::{ExposeSecret as _, SecretString};
use std::path::Path;

/// Runs the command. A password that was made is printed, once; one that was given is not.
pub(super) async fn run(database: &DatabaseUrl, username: &str, file: Option<&Path>) -> Result<()> {
    let chosen = file.map(read).transpose()?;
    let was_chosen = chosen.is_some();
    // Beside a coordinator that serves, or alone.
    let store = Store::attach(database).await?;
    let password = reset_password(&store, username, chosen).await?;
    say(&format!(
        "{username}: the password was reset and must be changed at the next log-in; other log-ins have ended"
    ))?;
    if !was_chosen {
        say(&format!("the new password is {}", password.expose_secret()))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<SecretString> {
    let named = || format!("--password-file {}", path.display());
    let text = std::fs::read_to_string(path).with_context(named)?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    ensure!(!password.is_empty(), "{}: is empty", named());
    Ok(password.into())
}
