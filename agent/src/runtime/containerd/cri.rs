//! CRI v1 `ImageService`: pull, status, list, remove and the image file system. The only way images are pulled.

use super::{CALL_TIMEOUT, Containerd, LARGEST_ANSWER, errors::refused};
use crate::{
    pull::{Credential, reference::registry_url},
    runtime::{ImageFilesystem, ImageRecord, RuntimeError},
};
use k8s_cri::v1::{
    AuthConfig, Image, ImageFsInfoRequest, ImageSpec, ImageStatusRequest, ListImagesRequest, PullImageRequest,
    RemoveImageRequest, image_service_client::ImageServiceClient,
};
use tonic::{Request, transport::Channel};

fn client(containerd: &Containerd) -> ImageServiceClient<Channel> {
    ImageServiceClient::new(containerd.channel.clone()).max_decoding_message_size(LARGEST_ANSWER)
}

pub(super) fn timed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL_TIMEOUT);
    request
}

fn spec(reference: &str) -> Option<ImageSpec> {
    Some(ImageSpec {
        image: reference.to_owned(),
        ..ImageSpec::default()
    })
}

pub(super) async fn pull(
    containerd: &Containerd,
    reference: &str,
    credential: Option<&Credential>,
) -> Result<(), RuntimeError> {
    let auth = credential.map(|login| AuthConfig {
        username: login.username.clone(),
        password: login.password.clone(),
        server_address: registry_url(&login.server_address, reference),
        ..AuthConfig::default()
    });
    let request = PullImageRequest {
        image: spec(reference),
        auth,
        sandbox_config: None,
    };
    client(containerd)
        .pull_image(request)
        .await
        .map_err(|status| refused(&status))?;
    Ok(())
}

pub(super) async fn status(containerd: &Containerd, reference: &str) -> Result<Option<ImageRecord>, RuntimeError> {
    let request = timed(ImageStatusRequest {
        image: spec(reference),
        verbose: false,
    });
    let answer = client(containerd)
        .image_status(request)
        .await
        .map_err(|status| refused(&status))?;
    Ok(answer.into_inner().image.map(record))
}

pub(super) async fn list(containerd: &Containerd) -> Result<Vec<ImageRecord>, RuntimeError> {
    let request = timed(ListImagesRequest { filter: None });
    let answer = client(containerd)
        .list_images(request)
        .await
        .map_err(|status| refused(&status))?;
    Ok(answer.into_inner().images.into_iter().map(record).collect())
}

pub(super) async fn remove(containerd: &Containerd, reference: &str) -> Result<(), RuntimeError> {
    let request = timed(RemoveImageRequest { image: spec(reference) });
    client(containerd)
        .remove_image(request)
        .await
        .map_err(|status| refused(&status))?;
    Ok(())
}

pub(super) async fn filesystem(containerd: &Containerd) -> Result<ImageFilesystem, RuntimeError> {
    let answer = client(containerd)
        .image_fs_info(timed(ImageFsInfoRequest {}))
        .await
        .map_err(|status| refused(&status))?
        .into_inner();
    let first = answer.image_filesystems.into_iter().next().unwrap_or_default();
    Ok(ImageFilesystem {
        path: first.fs_id.unwrap_or_default().mountpoint,
        used_bytes: first.used_bytes.unwrap_or_default().value,
    })
}

fn record(image: Image) -> ImageRecord {
    ImageRecord {
        id: image.id,
        tags: image.repo_tags,
        digests: image.repo_digests,
        size: image.size,
        pinned: image.pinned,
    }
}
