//! The kubelet's `CredentialProviderConfig`: versions, forms and rules as the kubelet has them. Fields that only newer kubelets
//! know are passed over.

use super::duration;
use ips_keyring::is_pattern;
use serde::Deserialize;
use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};
use thiserror::Error;

/// Versions of the file.
const FILE_VERSIONS: [&str; 3] = [
    "kubelet.config.k8s.io/v1",
    "kubelet.config.k8s.io/v1beta1",
    "kubelet.config.k8s.io/v1alpha1",
];
/// Versions in which plugins may be spoken to.
const PLUGIN_VERSIONS: [&str; 3] = [
    "credentialprovider.kubelet.k8s.io/v1",
    "credentialprovider.kubelet.k8s.io/v1beta1",
    "credentialprovider.kubelet.k8s.io/v1alpha1",
];

/// Why the configuration cannot be used. One line that names the file and the field.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("{file}: cannot be read: {why}")]
    Unreadable {
        /// The file or folder.
        file: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// It is neither YAML nor JSON of the expected shape.
    #[error("{file}: {why}")]
    Malformed {
        /// The file.
        file: PathBuf,
        /// Where and why, in one line.
        why: String,
    },
    /// A field breaks a rule.
    #[error("{file}: {field}: {rule}")]
    Rule {
        /// The file.
        file: PathBuf,
        /// The field, as a path within the file.
        field: String,
        /// What is allowed.
        rule: String,
    },
}

/// One plugin as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) match_images: Vec<String>,
    pub(super) default_cache_duration: Duration,
    /// How the plugin is spoken to, one of `PLUGIN_VERSIONS`.
    pub(super) api_version: String,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    /// True when it works only with the token of a pod's service account, which only the kubelet has.
    pub(super) needs_pod: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    providers: Vec<Written>,
}

/// A plugin as written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(default)]
    name: String,
    match_images: Option<Vec<String>>,
    default_cache_duration: Option<String>,
    #[serde(default)]
    api_version: String,
    args: Option<Vec<String>>,
    env: Option<Vec<Variable>>,
    token_attributes: Option<TokenAttributes>,
}

#[derive(Debug, Deserialize)]
struct Variable {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenAttributes {
    require_service_account: Option<bool>,
}

/// Reads a file, or all `.json`, `.yaml` and `.yml` files of a folder in the order of their names.
pub(super) fn read(path: &Path) -> Result<Vec<Provider>, ConfigError> {
    let (mut providers, mut names) = (Vec::new(), HashSet::new());
    for file in files(path).map_err(|why| unreadable(path, why))? {
        let text = fs::read_to_string(&file).map_err(|why| unreadable(&file, why))?;
        for provider in parse(&file, &text)? {
            if !names.insert(provider.name.clone()) {
                return Err(rule(
                    &file,
                    "providers[].name",
                    &format!("{:?} stands there twice", provider.name),
                ));
            }
            providers.push(provider);
        }
    }
    if providers.is_empty() {
        return Err(rule(path, "providers", "at least one is needed"));
    }
    Ok(providers)
}

fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        let extension = file.extension().and_then(|extension| extension.to_str());
        if matches!(extension, Some("json" | "yaml" | "yml")) && file.is_file() {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}

fn parse(file: &Path, text: &str) -> Result<Vec<Provider>, ConfigError> {
    let malformed = |why: String| ConfigError::Malformed {
        file: file.to_owned(),
        why: why.lines().next().unwrap_or_default().to_owned(),
    };
    let written: File = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?
    } else {
        serde_saphyr::from_str(text).map_err(|error| malformed(error.to_string()))?
    };
    if written.kind != "CredentialProviderConfig" {
        return Err(rule(file, "kind", "CredentialProviderConfig"));
    }
    if !FILE_VERSIONS.contains(&written.api_version.as_str()) {
        return Err(rule(
            file,
            "apiVersion",
            &format!("one of {}", FILE_VERSIONS.join(", ")),
        ));
    }
    let check = |(index, provider)| {
        check(provider).map_err(|(field, text)| rule(file, &format!("providers[{index}].{field}"), &text))
    };
    written.providers.into_iter().enumerate().map(check).collect()
}

/// The kubelet's rules for one plugin; the error is the field and its rule.
fn check(written: Written) -> Result<Provider, (&'static str, String)> {
    let name = written.name;
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', ' ']) {
        return Err(("name", "the name of a program, without '/' and spaces".into()));
    }
    if !PLUGIN_VERSIONS.contains(&written.api_version.as_str()) {
        return Err(("apiVersion", format!("one of {}", PLUGIN_VERSIONS.join(", "))));
    }
    let match_images = written.match_images.unwrap_or_default();
    if match_images.is_empty() {
        return Err(("matchImages", "at least one pattern is needed".into()));
    }
    if let Some(bad) = match_images.iter().find(|pattern| !is_pattern(pattern)) {
        return Err((
            "matchImages",
            format!("{bad:?} is no host with an optional port and path"),
        ));
    }
    let cached = written.default_cache_duration.as_deref().and_then(duration::parse);
    let default_cache_duration = cached.ok_or((
        "defaultCacheDuration",
        "a duration such as 12h or 0s is needed".to_owned(),
    ))?;
    let env = written.env.unwrap_or_default();
    Ok(Provider {
        name,
        match_images,
        default_cache_duration,
        api_version: written.api_version,
        args: written.args.unwrap_or_default(),
        env: env
            .into_iter()
            .map(|variable| (variable.name, variable.value))
            .collect(),
        needs_pod: written
            .token_attributes
            .is_some_and(|attributes| attributes.require_service_account != Some(false)),
    })
}

fn unreadable(file: &Path, why: io::Error) -> ConfigError {
    ConfigError::Unreadable {
        file: file.to_owned(),
        why,
    }
}

fn rule(file: &Path, field: &str, rule: &str) -> ConfigError {
    ConfigError::Rule {
        file: file.to_owned(),
        field: field.to_owned(),
        rule: rule.to_owned(),
    }
}
