//! containerd's image records: what a name points at, and which names are pinned. CRI cannot pin.

use super::{
    Containerd,
    errors::{absent, refused},
};
use crate::{pull::reference::full_name, runtime::RuntimeError};
use containerd_client::services::v1::{
    DeleteImageRequest, GetImageRequest, Image, ListImagesRequest, UpdateImageRequest, images_client::ImagesClient,
};
use containerd_client::types::Descriptor;
use prost_types::FieldMask;
use std::collections::{BTreeMap, HashMap};

/// The label that CRI reads.
const PINNED: &str = "io.cri-containerd.pinned";
/// Its only value.
const IS_PINNED: &str = "pinned";
/// The label by which we know our own pins.
const OWNER: &str = "ips.dev/pinned-by";
/// Its value.
const OURS: &str = "ips";

pub(super) async fn target(containerd: &Containerd, reference: &str) -> Result<Option<String>, RuntimeError> {
    let target = descriptor(containerd, full_name(reference)).await?;
    Ok(target.map(|target| target.digest))
}

async fn descriptor(containerd: &Containerd, name: String) -> Result<Option<Descriptor>, RuntimeError> {
    let mut client = ImagesClient::new(containerd.channel.clone());
    let request = containerd.request(GetImageRequest { name });
    let image = absent(client.get(request).await)?.and_then(|answer| answer.into_inner().image);
    Ok(image.and_then(|image| image.target))
}

pub(super) async fn pins(containerd: &Containerd) -> Result<BTreeMap<String, bool>, RuntimeError> {
    let mut client = ImagesClient::new(containerd.channel.clone());
    let request = containerd.request(ListImagesRequest {
        filters: vec![format!(r#"labels."{PINNED}"=={IS_PINNED}"#)],
    });
    let answer = client.list(request).await.map_err(|status| refused(&status))?;
    let own = |image: &Image| image.labels.get(OWNER).is_some_and(|owner| owner == OURS);
    let images = answer.into_inner().images.into_iter();
    Ok(images.map(|image| (image.name.clone(), own(&image))).collect())
}

/// An empty label is none. Other labels stay as they are. The target is not in the mask, but containerd 1.7 and 2.1 end with a nil
/// pointer when an update has none.
pub(super) async fn pin(containerd: &Containerd, name: &str, pinned: bool) -> Result<(), RuntimeError> {
    let Some(target) = descriptor(containerd, name.to_owned()).await? else {
        // An image that is gone has no pin.
        return Ok(());
    };
    let label = |key: &str, value: &str| (key.to_owned(), if pinned { value.to_owned() } else { String::new() });
    let image = Image {
        name: name.to_owned(),
        labels: HashMap::from([label(PINNED, IS_PINNED), label(OWNER, OURS)]),
        target: Some(target),
        ..Image::default()
    };
    let mut client = ImagesClient::new(containerd.channel.clone());
    let request = containerd.request(UpdateImageRequest {
        image: Some(image),
        update_mask: Some(FieldMask {
            paths: [PINNED, OWNER].map(|key| format!("labels.{key}")).to_vec(),
        }),
        ..UpdateImageRequest::default()
    });
    absent(client.update(request).await).map(|_| ())
}

pub(super) async fn forget(containerd: &Containerd, name: &str) -> Result<(), RuntimeError> {
    let mut client = ImagesClient::new(containerd.channel.clone());
    let request = containerd.request(DeleteImageRequest {
        name: name.to_owned(),
        sync: true,
        ..DeleteImageRequest::default()
    });
    absent(client.delete(request).await).map(|_| ())
}
