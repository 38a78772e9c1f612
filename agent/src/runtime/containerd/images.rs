//! containerd's image records: what a name points at.

use super::{Containerd, errors::absent};
use crate::{pull::reference::full_name, runtime::RuntimeError};
use containerd_client::services::v1::{GetImageRequest, images_client::ImagesClient};

pub(super) async fn target(containerd: &Containerd, reference: &str) -> Result<Option<String>, RuntimeError> {
    let mut client = ImagesClient::new(containerd.channel.clone());
    let request = containerd.request(GetImageRequest {
        name: full_name(reference),
    });
    let image = absent(client.get(request).await)?.and_then(|answer| answer.into_inner().image);
    Ok(image.and_then(|image| image.target).map(|target| target.digest))
}
