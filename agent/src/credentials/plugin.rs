//! One plugin: which images it is for, what it is asked, what its answer means, and how long that holds.

use super::{
    cache::{Cache, Key},
    config::Provider,
    duration,
    keyring::{Entry, Login},
    program::{Program, ProgramError},
};
use ips_keyring::fits;
use serde::Deserialize;
use serde_json::json;
use std::{collections::BTreeMap, path::Path, time::Duration};
use thiserror::Error;
use tokio::time::Instant;

/// Longest time that a plugin may take, as the kubelet has it.
const LIMIT: Duration = Duration::from_secs(60);

/// Why a plugin gave no login. One line without secrets.
#[derive(Debug, Error)]
#[error("credential provider {name}: {why}")]
pub(super) struct PluginError {
    name: String,
    why: Why,
}

#[derive(Debug, Error)]
enum Why {
    #[error("{0}")]
    Program(#[from] ProgramError),
    #[error("its answer is no CredentialProviderResponse of {0}")]
    Answer(String),
    #[error("cacheKeyType is none of Image, Registry, Global")]
    CacheKeyType,
    #[error("cacheDuration is no duration")]
    CacheDuration,
    #[error("it needs the service account of a pod, which only the kubelet has")]
    NeedsPod,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Plugin {
    provider: Provider,
    program: Program,
    cache: Cache,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    api_version: String,
    kind: String,
    #[serde(default)]
    cache_key_type: String,
    cache_duration: Option<String>,
    auth: Option<BTreeMap<String, Option<Auth>>>,
}

#[derive(Deserialize)]
struct Auth {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

impl Plugin {
    pub(super) fn new(provider: Provider, programs: &Path) -> Self {
        let program = Program {
            path: programs.join(&provider.name),
            args: provider.args.clone(),
            env: provider.env.clone(),
            limit: LIMIT,
        };
        Self {
            provider,
            program,
            cache: Cache::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn limit(&mut self, limit: Duration) {
        self.program.limit = limit;
    }

    pub(super) fn name(&self) -> &str {
        &self.provider.name
    }

    pub(super) fn program(&self) -> &Path {
        &self.program.path
    }

    /// True when the plugin is configured for the image.
    pub(super) fn concerns(&self, image: &str) -> bool {
        self.provider.match_images.iter().any(|pattern| fits(pattern, image))
    }

    pub(super) fn forget(&self, image: &str) {
        self.cache.forget(image);
    }

    /// The logins that the plugin has, kept or fresh.
    pub(super) async fn ask(&self, image: &str, now: Instant) -> Result<Vec<Entry>, PluginError> {
        if let Some(kept) = self.cache.get(image, now) {
            return Ok(kept);
        }
        let name = self.provider.name.clone();
        self.ask_afresh(image).await.map_err(|why| PluginError { name, why })
    }

    async fn ask_afresh(&self, image: &str) -> Result<Vec<Entry>, Why> {
        if self.provider.needs_pod {
            return Err(Why::NeedsPod);
        }
        let api_version = &self.provider.api_version;
        let request = json!({"kind": "CredentialProviderRequest", "apiVersion": api_version, "image": image});
        let answer = self.program.run(request.to_string().as_bytes()).await?;
        // The parser's own words may quote the answer.
        let unusable = || Why::Answer(api_version.clone());
        let response: Response = serde_json::from_slice(&answer).map_err(|_| unusable())?;
        if response.kind != "CredentialProviderResponse" || response.api_version != *api_version {
            return Err(unusable());
        }
        let key = match response.cache_key_type.as_str() {
            "Image" => Key::Image(image.to_owned()),
            "Registry" => Key::registry(image),
            "Global" => Key::Global,
            _ => return Err(Why::CacheKeyType),
        };
        let good_for = match response.cache_duration.as_deref() {
            None => self.provider.default_cache_duration,
            Some(text) => duration::parse(text).ok_or(Why::CacheDuration)?,
        };
        let entries = entries(response.auth.unwrap_or_default());
        self.cache.put(key, entries.clone(), Instant::now(), good_for);
        Ok(entries)
    }
}

/// A key without a login, or with an empty one, says that there is none.
fn entries(auth: BTreeMap<String, Option<Auth>>) -> Vec<Entry> {
    let login = |auth: Auth| Login {
        username: auth.username,
        password: auth.password,
    };
    let is_some = |login: &Login| !(login.username.is_empty() && login.password.is_empty());
    auth.into_iter()
        .filter_map(|(key, auth)| Some(Entry::new(&key, auth.map(login).filter(is_some)?)))
        .collect()
}
