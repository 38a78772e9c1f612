//! Logins that the node itself has: the kubelet's credential-provider plugins (ECR, GCR, ACR and the like), run as the kubelet
//! runs them. Asked only for images whose order carries no login; where they give none either, none is sent to the runtime, which
//! then uses what its own configuration says. A plugin that fails is a remark on the pull and never its end.

mod cache;
mod config;
pub(crate) mod duration;
mod keyring;
mod plugin;
mod program;
#[cfg(test)]
mod tests;

pub use config::ConfigError;

use crate::pull::{
    Credential,
    reference::{host_and_repository, registry_url},
};
use futures::future::join_all;
use keyring::Entry;
use plugin::Plugin;
use std::path::Path;
use tokio::time::Instant;

/// The node's plugins, read once when the agent starts.
#[derive(Debug, Default)]
pub struct NodeCredentials {
    plugins: Vec<Plugin>,
}

/// What the plugins said about one image.
#[derive(Debug, Default)]
pub struct Found {
    /// Logins for the image's registry, the most specific first.
    pub logins: Vec<Credential>,
    /// What went wrong on the way, each one line without secrets.
    pub notes: Vec<String>,
}

impl NodeCredentials {
    /// Reads the kubelet's `CredentialProviderConfig`, a file or a folder of files, whose plugins lie in `programs`.
    ///
    /// # Errors
    /// When a file cannot be read or breaks one of the kubelet's rules.
    pub fn read(config: &Path, programs: &Path) -> Result<Self, ConfigError> {
        let providers = config::read(config)?;
        let plugins = providers
            .into_iter()
            .map(|provider| Plugin::new(provider, programs))
            .collect();
        Ok(Self { plugins })
    }

    /// Names of the plugins, in the order of the configuration, and whether the program of each is there.
    pub fn programs(&self) -> impl Iterator<Item = (&str, bool)> {
        self.plugins
            .iter()
            .map(|plugin| (plugin.name(), plugin.program().is_file()))
    }

    /// True when some plugin may have a login for the image.
    #[must_use]
    pub fn concerns(&self, reference: &str) -> bool {
        let image = name_of(reference);
        self.plugins.iter().any(|plugin| plugin.concerns(&image))
    }

    /// Asks all plugins that are configured for the image. Takes at most a minute.
    pub async fn find(&self, reference: &str) -> Found {
        let image = name_of(reference);
        let concerned = self.plugins.iter().filter(|plugin| plugin.concerns(&image));
        let answers = join_all(concerned.map(|plugin| plugin.ask(&image, Instant::now()))).await;
        let mut entries: Vec<Entry> = Vec::new();
        let mut notes = Vec::new();
        for answer in answers {
            match answer {
                Ok(found) => entries.extend(found),
                Err(error) => notes.push(error.to_string()),
            }
        }
        let logins = ips_keyring::choose(&entries, &image);
        Found {
            logins: logins
                .map(|login| login.for_registry(registry_url("", reference)))
                .collect(),
            notes,
        }
    }

    /// A registry refused what the plugins gave for the image: they are asked afresh next time.
    pub fn forget(&self, reference: &str) {
        let image = name_of(reference);
        for plugin in &self.plugins {
            plugin.forget(&image);
        }
    }
}

/// The image as the kubelet names it to plugins: host and repository, without tag or digest.
fn name_of(reference: &str) -> String {
    let (host, repository) = host_and_repository(reference);
    format!("{host}/{repository}")
}
