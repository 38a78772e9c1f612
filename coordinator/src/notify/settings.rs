//! How receivers may be reached.

use crate::domain::reach::Reach;
use reqwest::Certificate;
use std::{fmt, path::Path, time::Duration};

/// Settings of outgoing notifications.
#[derive(Clone)]
pub struct NotifySettings {
    /// Which addresses may be told anything.
    pub reach: Reach,
    /// Longest attempt.
    pub limit: Duration,
    /// Further certificates in PEM that are trusted.
    pub authorities: Vec<u8>,
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self {
            reach: Reach::default(),
            limit: Duration::from_secs(10),
            authorities: vec![],
        }
    }
}

impl NotifySettings {
    /// Reads a file of certificates.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn read_authorities(path: &Path) -> Result<Vec<u8>, String> {
        let pem = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
        match Certificate::from_pem_bundle(&pem) {
            Ok(certificates) if !certificates.is_empty() => Ok(pem),
            Ok(_) | Err(_) => Err("holds no certificate in PEM".into()),
        }
    }
}

impl fmt::Debug for NotifySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotifySettings")
            .field("reach", &self.reach)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
