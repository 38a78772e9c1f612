//! What a reference stands for, asked of its registry: digests and size for each platform. The only place that speaks HTTP to
//! registries. A registry is not trusted: every body is checked against its digest, every address against the rules of `address`.

mod address;
mod challenge;
mod clients;
mod error;
mod failure;
mod login;
mod pauses;
mod platform;
mod settings;
mod transport;

pub use error::ResolveError;
pub use settings::{Authority, Mirror, ProxySettings, RegistrySettings, check_mirrors, read_token_host};

use crate::domain::{
    credential::Logins,
    image::{ImageDigests, ImageRef, Platform, ResolvedImage},
};
use oci_spec::image::{Descriptor, ImageIndex, ImageManifest};
use serde::Deserialize;
use std::time::Duration;
use transport::{Document, Transport};

/// Longest time for one image, all requests to its registry together.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The same for each mirror, which must not keep the registry waiting.
const MIRROR_TIME_LIMIT: Duration = Duration::from_secs(4);
/// More entries than any honest index has.
const MAX_INDEX_ENTRIES: usize = 512;
/// Entries of an index that name no platform and are looked into, at most.
const MAX_UNNAMED_ENTRIES: usize = 4;

/// Asks registries. Cheap to clone; keeps connections, no state.
#[derive(Debug, Clone)]
pub struct Registry {
    transport: Transport,
}

/// The part of an image configuration that says what it runs on.
#[derive(Debug, Deserialize)]
struct ConfigPlatform {
    os: String,
    architecture: String,
    #[serde(default)]
    variant: String,
}

impl Registry {
    /// A client with these settings. Without root certificates on this machine it still works over plain HTTP.
    pub fn new(settings: RegistrySettings) -> Self {
        Self {
            transport: Transport::new(settings),
        }
    }

    /// What the reference is on each of the platforms. A platform that the image does not have is left out. Mirrors are asked first;
    /// a login for the registry is never shown to them.
    ///
    /// # Errors
    /// Why the registry did not answer or cannot be believed; `WrongPlatform` when the image has none of the platforms.
    pub async fn resolve(
        &self,
        image: &ImageRef,
        platforms: &[Platform],
        logins: &dyn Logins,
    ) -> Result<Vec<ResolvedImage>, ResolveError> {
        let parts = image.parts();
        let name = parts.digest.as_deref().or(parts.tag.as_deref()).unwrap_or("latest");
        let mirrors = self.transport.settings.mirrors.iter();
        for mirror in mirrors.filter(|mirror| mirror.of.eq_ignore_ascii_case(&parts.registry)) {
            let repository = mirror.repository(&parts.repository);
            let question = self.ask(mirror.at.host(), &repository, name, platforms, logins);
            match limited(MIRROR_TIME_LIMIT, question).await {
                Ok(found) => return Ok(found),
                Err(error) => tracing::debug!(mirror = %mirror.at, %image, %error, "a mirror did not help"),
            }
        }
        let question = self.ask(&parts.registry, &parts.repository, name, platforms, logins);
        limited(TIME_LIMIT, question).await
    }

    async fn ask(
        &self,
        registry: &str,
        repository: &str,
        name: &str,
        platforms: &[Platform],
        logins: &dyn Logins,
    ) -> Result<Vec<ResolvedImage>, ResolveError> {
        let login = logins.login(registry, repository).map_err(ResolveError::Credential)?;
        let mut session = self.transport.session(registry, repository, login)?;
        let target = session.manifest(name).await?;
        if is_index(&target)? {
            from_index(&mut session, &target, platforms).await
        } else {
            from_single(&mut session, &target, platforms).await
        }
    }
}

async fn limited<T>(
    limit: Duration,
    question: impl Future<Output = Result<T, ResolveError>>,
) -> Result<T, ResolveError> {
    match tokio::time::timeout(limit, question).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(ResolveError::TimedOut(limit)),
    }
}

async fn from_index(
    session: &mut transport::Session<'_>,
    target: &Document,
    platforms: &[Platform],
) -> Result<Vec<ResolvedImage>, ResolveError> {
    let index: ImageIndex = target.parse("index")?;
    if index.manifests().len() > MAX_INDEX_ENTRIES {
        return Err(ResolveError::TooLarge {
            what: "the index".into(),
            limit: format!("{MAX_INDEX_ENTRIES} entries"),
        });
    }
    let mut entries = named_entries(&index);
    if platforms
        .iter()
        .any(|wanted| platform::best(wanted, &entries).is_none())
    {
        entries.extend(unnamed_entries(session, &index).await?);
    }
    let mut found: Vec<ResolvedImage> = vec![];
    for wanted in platforms {
        let Some(entry) = platform::best(wanted, &entries) else {
            continue;
        };
        let manifest = session.manifest(entry.digest().as_ref()).await?;
        found.push(resolved(wanted, target, &manifest)?);
    }
    or_wrong_platform(
        found,
        platforms,
        entries.iter().map(|(platform, _)| platform.clone()).collect(),
    )
}

async fn from_single(
    session: &mut transport::Session<'_>,
    target: &Document,
    platforms: &[Platform],
) -> Result<Vec<ResolvedImage>, ResolveError> {
    let own = own_platform(session, target).await?;
    let fitting = platforms.iter().filter(|wanted| platform::rank(wanted, &own).is_some());
    let found = fitting
        .map(|wanted| resolved(wanted, target, target))
        .collect::<Result<_, _>>()?;
    or_wrong_platform(found, platforms, vec![own])
}

/// The platform that a manifest's configuration names.
async fn own_platform(session: &mut transport::Session<'_>, manifest: &Document) -> Result<Platform, ResolveError> {
    let parsed: ImageManifest = manifest.parse("manifest")?;
    let config: ConfigPlatform = session
        .blob(parsed.config().digest().as_ref())
        .await?
        .parse("configuration")?;
    Ok(Platform {
        os: config.os,
        architecture: config.architecture,
        variant: config.variant,
    })
}

fn named_entries(index: &ImageIndex) -> Vec<(Platform, Descriptor)> {
    let named = index.manifests().iter().filter_map(|entry| {
        let platform = entry.platform().as_ref()?;
        let platform = Platform {
            os: platform.os().to_string(),
            architecture: platform.architecture().to_string(),
            variant: platform.variant().clone().unwrap_or_default(),
        };
        // Attestations hang in the index under this name; they are no images.
        (platform.os != "unknown").then(|| (platform, entry.clone()))
    });
    named.collect()
}

/// Entries without a platform are looked into, as the runtime does.
async fn unnamed_entries(
    session: &mut transport::Session<'_>,
    index: &ImageIndex,
) -> Result<Vec<(Platform, Descriptor)>, ResolveError> {
    let unnamed = index.manifests().iter().filter(|entry| entry.platform().is_none());
    let mut entries = vec![];
    for entry in unnamed.take(MAX_UNNAMED_ENTRIES) {
        let manifest = session.manifest(entry.digest().as_ref()).await?;
        if !is_index(&manifest)? {
            entries.push((own_platform(session, &manifest).await?, entry.clone()));
        }
    }
    Ok(entries)
}

/// An index has `manifests`, a manifest has `config`; a document with both is ambiguous and refused, as the runtime does.
fn is_index(document: &Document) -> Result<bool, ResolveError> {
    #[derive(Deserialize)]
    struct Shape {
        manifests: Option<serde::de::IgnoredAny>,
        config: Option<serde::de::IgnoredAny>,
    }
    let shape: Shape = document.parse("manifest")?;
    match (shape.manifests.is_some(), shape.config.is_some()) {
        (true, false) => Ok(true),
        (false, true) => Ok(false),
        (true, true) | (false, false) => Err(ResolveError::Malformed {
            what: "manifest",
            why: "it must have either config or manifests (very old images have neither and must be pushed again)"
                .into(),
        }),
    }
}

fn resolved(wanted: &Platform, target: &Document, manifest: &Document) -> Result<ResolvedImage, ResolveError> {
    let parsed: ImageManifest = manifest.parse("manifest")?;
    let layers = parsed.layers().iter().map(Descriptor::size);
    let size_bytes = layers.fold(parsed.config().size(), u64::saturating_add);
    Ok(ResolvedImage {
        platform: wanted.clone(),
        digests: ImageDigests {
            target: target.digest.clone(),
            manifest: manifest.digest.clone(),
            config: parsed.config().digest().to_string(),
        },
        // Bounded, because it is stored in a signed column.
        size_bytes: size_bytes.min(i64::MAX as u64),
    })
}

fn or_wrong_platform(
    found: Vec<ResolvedImage>,
    wanted: &[Platform],
    available: Vec<Platform>,
) -> Result<Vec<ResolvedImage>, ResolveError> {
    if found.is_empty() && !wanted.is_empty() {
        return Err(ResolveError::WrongPlatform {
            wanted: platform::join(wanted),
            available: platform::join(&available),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
