//! The end of the demo: a table of digests, and how to look further.

use anyhow::Result;
use ips_tests::cache;
use ips_tests::login;
use ips_tests::registry::{Digests, Registry};
use ips_tests::stand::{Node, Stand};

/// Digits of a digest that are shown.
const SHOWN: usize = "sha256:".len() + 16;

/// Prints a row for each node and image; true if every one of them is warm and the same as in the registry.
pub async fn print(registry: &Registry, stand: &Stand, images: &[&str]) -> Result<bool> {
    println!(
        "{:<10}{:<16}{:<26}{:<26}verdict",
        "node", "image", "registry", "ctr on the node"
    );
    let mut all_warm = true;
    for node in &stand.nodes {
        for image in images {
            let name = format!("{image}:v1");
            let digests = registry.client().digests(&name).await?;
            let found = node.containerd.ctr_digest(&registry.reference(&name)).await?;
            let verdict = verdict(node, &digests, found.as_deref()).await?;
            all_warm &= verdict == "warm";
            let (there, here) = (short(&digests.target), found.as_deref().map_or("-".to_owned(), short));
            println!("{:<10}{name:<16}{there:<26}{here:<26}{verdict}", node.agent.node());
        }
    }
    Ok(all_warm)
}

async fn verdict(node: &Node, digests: &Digests, found: Option<&str>) -> Result<&'static str> {
    Ok(match found {
        None => "missing",
        Some(found) if found != digests.target => "another image",
        Some(_)
            if !node
                .containerd
                .truth()
                .await
                .snapshot_committed(digests.top_snapshot())
                .await? =>
        {
            "not unpacked"
        }
        Some(_) => "warm",
    })
}

fn short(digest: &str) -> String {
    digest.chars().take(SHOWN).collect()
}

/// Prints commands that can be pasted while everything runs.
pub fn look_further(stand: &Stand, id: &str) -> Result<()> {
    let server = stand.coordinator.grpc_url();
    let ips = cache::program("ips")?;
    println!("\nTo look further, run KEEP=1 make demo, and then:");
    println!("  {}                   the console", stand.coordinator.api().url("/"));
    println!(
        "  {} --server {server} login -u {}       with the password {:?}, for the console too",
        ips.display(),
        login::ADMIN,
        login::PASSWORD
    );
    println!("  {} --server {server} task get {id}", ips.display());
    println!("  {} --server {server} node ls", ips.display());
    println!(
        "  curl -s -H 'Authorization: Bearer {}' {}",
        stand.coordinator.token(),
        stand.coordinator.api().url(&format!("/api/v1/tasks/{id}/pulls"))
    );
    for node in &stand.nodes {
        let ctr = cache::containerd(node.containerd.version().minor(), "ctr")?;
        println!(
            "  sudo {} -a {} -n k8s.io images ls",
            ctr.display(),
            node.containerd.socket().display()
        );
    }
    Ok(())
}
