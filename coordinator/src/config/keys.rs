//! Settings of the keys that encrypt stored passwords.

use super::ConfigError;
use crate::vault::KeySettings;
use clap::Args;
use std::path::PathBuf;

/// A key in the environment; there is no flag for it, because arguments are seen by everybody on the machine.
const INLINE: &str = "IPS_ENCRYPTION_KEY";

/// Flags and environment names.
#[derive(Debug, Args)]
pub(super) struct KeyArguments {
    /// File with the keys that encrypt stored passwords, 32 bytes each as base64 or hex, the newest first. Without it, and without
    /// IPS_ENCRYPTION_KEY, one is made beside the SQLite file.
    #[arg(long, env = "IPS_ENCRYPTION_KEY_FILE", value_name = "FILE", global = true)]
    encryption_key_file: Option<PathBuf>,
}

impl KeyArguments {
    /// The settings; `beside` is the SQLite file, if it is one.
    ///
    /// # Errors
    /// When both kinds of key are set.
    pub(super) fn check(self, beside: Option<PathBuf>) -> Result<KeySettings, ConfigError> {
        let inline = std::env::var(INLINE).ok().filter(|text| !text.trim().is_empty());
        let file = self.encryption_key_file.filter(|path| !path.as_os_str().is_empty());
        if let (Some(path), Some(_)) = (&file, &inline) {
            let rule = "cannot stand beside IPS_ENCRYPTION_KEY";
            return Err(ConfigError::new("--encryption-key-file", path.display(), rule));
        }
        Ok(KeySettings {
            file,
            inline: inline.map(Into::into),
            generated: beside.map(|path| {
                let mut name = path.into_os_string();
                name.push(".key");
                PathBuf::from(name)
            }),
        })
    }
}
