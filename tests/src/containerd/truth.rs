//! What containerd itself says, asked by clients that share no code with our agent: CRI's image service and containerd's
//! own content, image and snapshot services.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use containerd_client::services::v1 as native;
use containerd_client::services::v1::snapshots as snapshot;
use containerd_client::with_namespace;
use k8s_cri::v1 as cri;
use k8s_cri::v1::image_service_client::ImageServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// Where CRI keeps its images.
const NAMESPACE: &str = "k8s.io";

/// A blob that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingest {
    /// `layer-sha256:…` or `config-sha256:…` for a CRI pull.
    pub name: String,
    /// Bytes written.
    pub offset: u64,
    /// Bytes expected.
    pub total: u64,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Truth {
    channel: Channel,
    snapshotter: &'static str,
}

impl Truth {
    /// Connects to a socket.
    pub async fn connect(socket: &Path, snapshotter: &'static str) -> Result<Self> {
        let channel = tokio::time::timeout(Duration::from_secs(5), containerd_client::connect(socket)).await??;
        Ok(Self { channel, snapshotter })
    }

    fn cri(&self) -> ImageServiceClient<Channel> {
        ImageServiceClient::new(self.channel.clone()).max_decoding_message_size(64 << 20)
    }

    /// Its version.
    pub async fn version(&self) -> Result<String> {
        let mut client = native::version_client::VersionClient::new(self.channel.clone());
        Ok(client.version(()).await?.into_inner().version)
    }

    /// Pulls through CRI as the kubelet would, without credentials, and gives back the image id.
    pub async fn pull(&self, reference: &str) -> Result<String, Status> {
        self.pull_with(reference, None).await
    }

    /// The same with a login: user, password and the registry that it is for.
    pub async fn pull_with(&self, reference: &str, login: Option<[&str; 3]>) -> Result<String, Status> {
        let auth = login.map(|[username, password, server_address]| cri::AuthConfig {
            username: username.to_owned(),
            password: password.to_owned(),
            server_address: server_address.to_owned(),
            ..Default::default()
        });
        let request = cri::PullImageRequest {
            image: Some(spec(reference)),
            auth,
            ..Default::default()
        };
        Ok(self.cri().pull_image(request).await?.into_inner().image_ref)
    }

    /// CRI's ImageStatus.
    pub async fn image_status(&self, reference: &str) -> Result<Option<cri::Image>> {
        let request = cri::ImageStatusRequest {
            image: Some(spec(reference)),
            verbose: false,
        };
        Ok(self.cri().image_status(request).await?.into_inner().image)
    }

    /// CRI's ListImages.
    pub async fn images(&self) -> Result<Vec<cri::Image>> {
        Ok(self
            .cri()
            .list_images(cri::ListImagesRequest::default())
            .await?
            .into_inner()
            .images)
    }

    /// Removes an image through CRI, as the kubelet's garbage collection would.
    pub async fn remove_image(&self, reference: &str) -> Result<()> {
        self.cri()
            .remove_image(cri::RemoveImageRequest {
                image: Some(spec(reference)),
            })
            .await?;
        Ok(())
    }

    /// The digest that the image record of exactly this reference points at.
    pub async fn target(&self, reference: &str) -> Result<Option<String>> {
        let mut client = native::images_client::ImagesClient::new(self.channel.clone());
        let request = with_namespace!(
            native::GetImageRequest {
                name: reference.to_owned()
            },
            NAMESPACE
        );
        match client.get(request).await {
            Ok(answer) => Ok(answer
                .into_inner()
                .image
                .and_then(|image| image.target)
                .map(|target| target.digest)),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(status).context("getting an image record"),
        }
    }

    /// Whether a snapshot of this name is committed.
    pub async fn snapshot_committed(&self, chain_id: &str) -> Result<bool> {
        let mut client = snapshot::snapshots_client::SnapshotsClient::new(self.channel.clone());
        let request = snapshot::StatSnapshotRequest {
            snapshotter: self.snapshotter.to_owned(),
            key: chain_id.to_owned(),
        };
        match client.stat(with_namespace!(request, NAMESPACE)).await {
            Ok(answer) => Ok(answer
                .into_inner()
                .info
                .is_some_and(|info| info.kind == snapshot::Kind::Committed as i32)),
            Err(status) if status.code() == Code::NotFound => Ok(false),
            Err(status) => Err(status).context("asking for a snapshot"),
        }
    }

    /// Whether a blob is in the content store, whole.
    pub async fn has_blob(&self, digest: &str) -> Result<bool> {
        let mut client = native::content_client::ContentClient::new(self.channel.clone());
        match client
            .info(with_namespace!(
                native::InfoRequest {
                    digest: digest.to_owned()
                },
                NAMESPACE
            ))
            .await
        {
            Ok(_) => Ok(true),
            Err(status) if status.code() == Code::NotFound => Ok(false),
            Err(status) => Err(status).context("asking for a blob"),
        }
    }

    /// The blobs that are being written now, by name.
    pub async fn ingests(&self) -> Result<HashMap<String, Ingest>> {
        let mut client = native::content_client::ContentClient::new(self.channel.clone());
        let request = with_namespace!(native::ListStatusesRequest { filters: Vec::new() }, NAMESPACE);
        let statuses = client.list_statuses(request).await?.into_inner().statuses;
        Ok(statuses
            .into_iter()
            .map(|status| (status.r#ref.clone(), ingest(status)))
            .collect())
    }
}

fn ingest(status: native::Status) -> Ingest {
    let bytes = |number: i64| u64::try_from(number).unwrap_or_default();
    Ingest {
        name: status.r#ref,
        offset: bytes(status.offset),
        total: bytes(status.total),
    }
}

fn spec(reference: &str) -> cri::ImageSpec {
    cri::ImageSpec {
        image: reference.to_owned(),
        ..Default::default()
    }
}
