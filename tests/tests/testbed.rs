//! The test bed works on every version of containerd: real start, real registry, real pull, and it tells the truth.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::containerd::{Containerd, ContainerdOptions, ContainerdVersion};
use ips_tests::fault_proxy::{FaultProxy, Faults, Kind};
use ips_tests::registry::{Access, Registry};
use ips_tests::wait::wait_until;
use rstest::rstest;

#[rstest]
#[case(ContainerdVersion::V1_6)]
#[case(ContainerdVersion::V1_7)]
#[case(ContainerdVersion::V2_1)]
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_is_seen_as_it_is(#[case] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let mut containerd = Containerd::start(version, ContainerdOptions::default()).await.unwrap();
    let truth = containerd.truth().await;
    let running = truth.version().await.unwrap();
    println!("containerd {version}: {running}");
    assert!(
        running.trim_start_matches('v').starts_with(version.minor()),
        "{running} is not {version}"
    );

    let reference = registry.reference("multi:v1");
    let digests = registry.client().digests("multi:v1").await.unwrap();
    assert_eq!(truth.image_status(&reference).await.unwrap(), None);
    let id = truth.pull(&reference).await.unwrap();
    let image = truth
        .image_status(&reference)
        .await
        .unwrap()
        .expect("the image is there");
    assert_eq!((id, image.id), (digests.config.clone(), digests.config.clone()));
    assert_eq!(truth.target(&reference).await.unwrap().as_ref(), Some(&digests.target));
    assert_eq!(
        containerd.ctr_digest(&reference).await.unwrap().as_ref(),
        Some(&digests.target)
    );
    assert!(truth.snapshot_committed(digests.top_snapshot()).await.unwrap());

    containerd.kill();
    containerd.restart().await.unwrap();
    let truth = containerd.truth().await;
    assert!(
        truth.image_status(&reference).await.unwrap().is_some(),
        "an image survives a kill"
    );
    truth.remove_image(&reference).await.unwrap();
    assert_eq!(containerd.ctr_digest(&reference).await.unwrap(), None);
}

#[rstest]
#[case(ContainerdVersion::V1_6)]
#[case(ContainerdVersion::V1_7)]
#[case(ContainerdVersion::V2_1)]
#[tokio::test(flavor = "multi_thread")]
async fn a_fetched_image_is_not_unpacked(#[case] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let containerd = Containerd::start(version, ContainerdOptions::default()).await.unwrap();
    let truth = containerd.truth().await;
    let reference = registry.reference("library:v1");
    let digests = registry.client().digests("library:v1").await.unwrap();
    containerd.fetch_only(&reference).await.unwrap();
    wait_until("CRI to know the fetched image", Duration::from_secs(10), async || {
        truth.image_status(&reference).await.unwrap().is_some()
    })
    .await;
    assert!(truth.has_blob(&digests.layers[0].digest).await.unwrap());
    assert!(!truth.snapshot_committed(digests.top_snapshot()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_seen_by_containerd() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let containerd = Containerd::start(ContainerdVersion::V1_7, ContainerdOptions::default())
        .await
        .unwrap();
    let truth = containerd.truth().await;
    let reference = proxy.reference("library:v1");

    proxy.set(Faults {
        manifest_status: Some(404),
        ..Faults::default()
    });
    assert_eq!(truth.pull(&reference).await.unwrap_err().code(), tonic::Code::NotFound);
    assert!(proxy.asked_by_containerd(Kind::Manifest) > 0);
    assert_eq!(proxy.asked_by_containerd(Kind::Blob), 0);

    proxy.set(Faults {
        blob_stalls_after: Some(1 << 20),
        spare_blobs_below: 1 << 20,
        ..Faults::default()
    });
    let pull = tokio::spawn({
        let (truth, reference) = (truth.clone(), reference.clone());
        async move { truth.pull(&reference).await }
    });
    wait_until("a layer to stand still at 1 MiB", Duration::from_secs(20), async || {
        let ingests = truth.ingests().await.unwrap();
        ingests
            .values()
            .any(|ingest| ingest.name.starts_with("layer-sha256:") && ingest.offset == 1 << 20)
    })
    .await;
    proxy.set(Faults::default());
    pull.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_with_a_login_refuses_strangers_and_survives_a_kill() {
    let mut registry = Registry::start(Access::Login).await.unwrap();
    let pushed = registry.client().push("small", "small:v1").await.unwrap();
    let containerd = Containerd::start(ContainerdVersion::V2_1, ContainerdOptions::default())
        .await
        .unwrap();
    let refused = containerd
        .truth()
        .await
        .pull(&registry.reference("small:v1"))
        .await
        .unwrap_err();
    assert!(
        refused.message().contains("401") || refused.message().contains("authorization"),
        "{refused}"
    );
    registry.kill();
    registry.restart().await.unwrap();
    assert_eq!(registry.client().digests("small:v1").await.unwrap(), pushed);
}
