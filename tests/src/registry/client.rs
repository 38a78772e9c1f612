//! The registry's HTTP API as tests need it: push from the layout, read digests, move tags.

use anyhow::{Context, Result, ensure};
use reqwest::{Body, Method, RequestBuilder, StatusCode};
use sha2::{Digest, Sha256};

use crate::http;
use crate::layout::{self, Descriptor, INDEX, Index, Layout, MANIFEST, Manifest};
use crate::registry::{PASSWORD, USER};

/// What an image is made of, as the registry tells it for this machine's platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// What the tag points at: an index or a manifest. CRI's repo digests show it.
    pub target: String,
    /// The platform's manifest.
    pub manifest: String,
    /// The configuration: CRI's image id.
    pub config: String,
    /// Compressed layers, lowest first.
    pub layers: Vec<Descriptor>,
    /// Names of the committed snapshots, lowest first.
    pub chain_ids: Vec<String>,
}

impl Digests {
    /// Compressed bytes of all layers.
    pub fn layer_bytes(&self) -> u64 {
        self.layers.iter().map(|layer| layer.size).sum()
    }

    /// The snapshot that holds the whole file system.
    pub fn top_snapshot(&self) -> &str {
        self.chain_ids.last().map_or("", String::as_str)
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct RegistryClient {
    client: reqwest::Client,
    address: String,
    login: bool,
}

impl RegistryClient {
    /// A client of the registry at `host:port`.
    pub fn new(address: String, login: bool) -> Self {
        Self {
            client: http::client(),
            address,
            login,
        }
    }

    fn request(&self, method: Method, repository: &str, rest: &str) -> RequestBuilder {
        let url = format!("http://{}/v2/{repository}/{rest}", self.address);
        let request = self.client.request(method, url);
        if self.login {
            request.basic_auth(USER, Some(PASSWORD))
        } else {
            request
        }
    }

    /// Pushes an image of the layout as `repository:tag`, with everything it refers to.
    pub async fn push(&self, image: &str, target: &str) -> Result<Digests> {
        let layout = Layout::open()?;
        let (repository, tag) = target.rsplit_once(':').context("a target is repository:tag")?;
        let descriptor = layout.image(image)?;
        for manifest in layout.manifests(&descriptor)? {
            let content: Manifest = serde_json::from_slice(&layout.read(&manifest.digest)?)?;
            for blob in content.layers.iter().chain([&content.config]) {
                self.push_blob(&layout, repository, blob).await?;
            }
            self.put_manifest(repository, &manifest.digest, MANIFEST, layout.read(&manifest.digest)?)
                .await?;
        }
        self.put_manifest(
            repository,
            tag,
            &descriptor.media_type,
            layout.read(&descriptor.digest)?,
        )
        .await?;
        self.digests(target).await
    }

    async fn push_blob(&self, layout: &Layout, repository: &str, blob: &Descriptor) -> Result<()> {
        let path = format!("blobs/{}", blob.digest);
        if self.request(Method::HEAD, repository, &path).send().await?.status() == StatusCode::OK {
            return Ok(());
        }
        let begun = self
            .request(Method::POST, repository, "blobs/uploads/")
            .send()
            .await?
            .error_for_status()?;
        let location = begun
            .headers()
            .get("location")
            .context("no upload location")?
            .to_str()?
            .to_owned();
        let file = tokio::fs::File::open(layout.blob(&blob.digest)).await?;
        let bytes = futures::stream::unfold(file, async |mut file| {
            let mut buffer = vec![0; 1 << 20];
            match tokio::io::AsyncReadExt::read(&mut file, &mut buffer).await {
                Ok(0) => None,
                Ok(read) => {
                    buffer.truncate(read);
                    Some((Ok(buffer), file))
                }
                Err(error) => Some((Err(error), file)),
            }
        });
        let mut put = self
            .client
            .put(format!("{location}&digest={}", blob.digest))
            .header("content-length", blob.size);
        if self.login {
            put = put.basic_auth(USER, Some(PASSWORD));
        }
        put.body(Body::wrap_stream(bytes))
            .send()
            .await?
            .error_for_status()
            .context("pushing a blob")?;
        Ok(())
    }

    async fn put_manifest(&self, repository: &str, reference: &str, media_type: &str, content: Vec<u8>) -> Result<()> {
        let put = self.request(Method::PUT, repository, &format!("manifests/{reference}"));
        put.header("content-type", media_type)
            .body(content)
            .send()
            .await?
            .error_for_status()
            .context("pushing a manifest")?;
        Ok(())
    }

    async fn manifest(&self, repository: &str, reference: &str) -> Result<(String, String, Vec<u8>)> {
        let get = self.request(Method::GET, repository, &format!("manifests/{reference}"));
        let answer = get.header("accept", format!("{INDEX}, {MANIFEST}")).send().await?;
        ensure!(
            answer.status().is_success(),
            "{repository}:{reference}: {}",
            answer.status()
        );
        let header = |name| {
            answer
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let (digest, media_type) = (header("docker-content-digest"), header("content-type"));
        Ok((digest, media_type, answer.bytes().await?.to_vec()))
    }

    /// What `repository:tag` is made of on this machine's platform (or on the only one that it has).
    pub async fn digests(&self, image: &str) -> Result<Digests> {
        let (repository, tag) = image.rsplit_once(':').context("an image is repository:tag")?;
        let (target, media_type, content) = self.manifest(repository, tag).await?;
        let (manifest, content) = if media_type == INDEX {
            let own = |entry: &Descriptor| {
                entry
                    .platform
                    .as_ref()
                    .is_some_and(|p| p.architecture == layout::architecture())
            };
            let index: Index = serde_json::from_slice(&content)?;
            let entry = index
                .manifests
                .into_iter()
                .find(own)
                .context("the index lacks this platform")?;
            (entry.digest.clone(), self.manifest(repository, &entry.digest).await?.2)
        } else {
            (target.clone(), content)
        };
        let content: Manifest = serde_json::from_slice(&content)?;
        let config = self.request(Method::GET, repository, &format!("blobs/{}", content.config.digest));
        let config: serde_json::Value =
            serde_json::from_slice(&config.send().await?.error_for_status()?.bytes().await?)?;
        let diff_ids = serde_json::from_value::<Vec<String>>(config["rootfs"]["diff_ids"].clone())?;
        Ok(Digests {
            target,
            manifest,
            config: content.config.digest,
            layers: content.layers,
            chain_ids: chain_ids(&diff_ids),
        })
    }

    /// Lets `repository:tag` point at another image of the layout.
    pub async fn move_tag(&self, image: &str, target: &str) -> Result<Digests> {
        self.push(image, target).await
    }
}

/// The chain id of each layer: its own diff id for the lowest, then the digest of "parent own".
fn chain_ids(diff_ids: &[String]) -> Vec<String> {
    let mut chain = Vec::<String>::new();
    for diff in diff_ids {
        let next = match chain.last() {
            None => diff.clone(),
            Some(parent) => {
                let digest = Sha256::digest(format!("{parent} {diff}"));
                format!(
                    "sha256:{}",
                    digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
                )
            }
        };
        chain.push(next);
    }
    chain
}
