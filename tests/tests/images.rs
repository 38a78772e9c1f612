//! The product's images: small, labelled, without a shell, as the user they promise, and they start.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use ips_tests::product::{Builder, Image, source};
use serde_json::Value;

const MEGABYTE: u64 = 1_000_000;

#[tokio::test]
async fn images_are_small_labelled_and_start() {
    let builder = Builder::new().expect("a builder");
    for (image, limit, user) in [
        (Image::Agent, 25 * MEGABYTE, "0:0"),
        (Image::Coordinator, 60 * MEGABYTE, "65532:65532"),
    ] {
        builder.build(image).await.expect("it builds");
        let (manifest, config) = builder.layout(image).await.expect("a layout");
        let layers = manifest["layers"].as_array().expect("layers");
        let size = layers
            .iter()
            .map(|layer| layer["size"].as_u64().unwrap_or_default())
            .sum::<u64>();
        println!("{}: {} kB compressed", image.name(), size / 1000);
        assert!(size < limit, "{} has {size} bytes, {limit} are allowed", image.name());

        let config = &config["config"];
        assert_eq!(config["User"], user);
        let entrypoint = format!("/usr/local/bin/{}", image.name());
        assert_eq!(config["Entrypoint"][0], entrypoint);
        let labels = &config["Labels"];
        for label in ["title", "description", "version", "revision", "created", "licenses"] {
            let value = labels[format!("org.opencontainers.image.{label}")].as_str();
            assert!(value.is_some_and(|value| !value.is_empty()), "{label}: {labels}");
        }
        assert_eq!(
            labels["org.opencontainers.image.version"],
            env!("CARGO_PKG_VERSION"),
            "the Dockerfile's VERSION"
        );
        let version = builder
            .run(image, &[&entrypoint, "--version"])
            .await
            .expect("it starts");
        assert_eq!(
            version.trim(),
            format!("{} {}", image.name(), env!("CARGO_PKG_VERSION"))
        );
        let shell = builder.run(image, &["/bin/sh", "-c", "true"]).await;
        assert!(shell.is_err(), "{} has a shell", image.name());
    }

    // Its own user can make the database where the image says.
    let made = builder
        .run(Image::Coordinator, &["ips-coordinator", "db", "migrate"])
        .await;
    made.expect("a database in the image's volume");
    builder
        .run(Image::Coordinator, &["ips", "--version"])
        .await
        .expect("the command line is there");
}

#[test]
fn the_list_of_what_is_in_an_image_names_programs_libraries_and_licences() {
    let folder = ips_tests::folder::Folder::new("sbom").expect("a folder");
    let root = folder.join("root");
    let made = std::process::Command::new(source("deploy/image/assemble.sh"))
        .arg(&root)
        .arg("ips-agent")
        .arg(ips_tests::cache::program("ips-agent").expect("the agent"))
        .status()
        .expect("a shell");
    assert!(made.success());
    let list = std::fs::read(root.join("usr/share/sbom/ips-agent.cdx.json")).expect("the list");
    let list: Value = serde_json::from_slice(&list).expect("JSON");
    assert_eq!(list["bomFormat"], "CycloneDX");
    let components = list["components"].as_array().expect("components");
    let find = |name: &str| components.iter().find(|component| component["name"] == name);
    let tonic = find("tonic").expect("a crate");
    assert!(
        tonic["purl"]
            .as_str()
            .is_some_and(|purl| purl.starts_with("pkg:cargo/tonic@0."))
    );
    assert_eq!(tonic["licenses"][0]["expression"], "MIT");
    assert!(find("libc6").is_some(), "the C library");
    assert!(find("sqlx").is_none(), "sqlx is the coordinator's");
}
