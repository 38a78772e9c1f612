//! CRI v1 `RuntimeService`: who uses which image. Only asked, never told anything.

use super::{Containerd, LARGEST_ANSWER, cri::timed, errors::refused};
use crate::runtime::RuntimeError;
use k8s_cri::v1::{ListContainersRequest, StatusRequest, runtime_service_client::RuntimeServiceClient};
use serde::Deserialize;
use tonic::transport::Channel;

fn client(containerd: &Containerd) -> RuntimeServiceClient<Channel> {
    RuntimeServiceClient::new(containerd.channel.clone()).max_decoding_message_size(LARGEST_ANSWER)
}

/// Containers that have ended count, too: they can be looked into as long as they are there.
pub(super) async fn used_images(containerd: &Containerd) -> Result<Vec<String>, RuntimeError> {
    let answer = client(containerd)
        .list_containers(timed(ListContainersRequest { filter: None }))
        .await
        .map_err(|status| refused(&status))?;
    let names = answer.into_inner().containers.into_iter().flat_map(|container| {
        let named = container.image.map(|image| image.image).unwrap_or_default();
        [named, container.image_ref, container.image_id]
    });
    Ok(names.filter(|name| !name.is_empty()).collect())
}

/// What of the configuration that containerd shows is of interest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    sandbox_image: Option<String>,
}

pub(super) async fn sandbox_image(containerd: &Containerd) -> Result<Option<String>, RuntimeError> {
    let answer = client(containerd)
        .status(timed(StatusRequest { verbose: true }))
        .await
        .map_err(|status| refused(&status))?;
    let info = answer.into_inner().info;
    let shown = info
        .get("config")
        .and_then(|text| serde_json::from_str::<Shown>(text).ok());
    Ok(shown
        .and_then(|shown| shown.sandbox_image)
        .filter(|name| !name.is_empty()))
}
