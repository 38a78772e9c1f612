//! Previews for people.

use super::{description, table};
use crate::{
    human::{bytes, one_line},
    words,
};
use ips_proto::v1;

/// Nodes that are named in one line.
const SHOWN: usize = 10;

/// What a task would do.
pub fn describe(preview: &v1::TaskPreview) -> String {
    let mut entries = vec![
        ("Nodes", nodes(preview)),
        ("Pulls", preview.pulls.to_string()),
        (
            "Bytes",
            format!(
                "{} to move, {} present",
                bytes(preview.bytes_to_move),
                bytes(preview.bytes_present)
            ),
        ),
        ("Disk", disk(preview)),
    ];
    let lacking = preview.lacking_nodes.iter().take(SHOWN).map(|node| {
        let (needed, available) = (bytes(node.needed_bytes), bytes(node.available_bytes));
        ("", format!("{} needs {needed}, has {available}", node.name))
    });
    entries.extend(lacking);
    let head = ["IMAGE", "PLATFORM", "SIZE", "PRESENT", "TO MOVE", "DIGEST OR PROBLEM"];
    let rows: Vec<_> = preview.images.iter().flat_map(rows).collect();
    format!("{}\n\n{}", description(&entries), table(&head, &rows))
}

fn nodes(preview: &v1::TaskPreview) -> String {
    let names = preview.nodes.iter().take(SHOWN).map(|node| {
        if node.not_ready.is_empty() {
            node.name.clone()
        } else {
            format!("{} (waits: {})", node.name, one_line(&node.not_ready))
        }
    });
    let names = names.collect::<Vec<_>>().join(", ");
    let more = if preview.node_count as usize > SHOWN {
        ", …"
    } else {
        ""
    };
    let offline = match preview.offline_count {
        0 => String::new(),
        count => format!(", {count} cannot pull now"),
    };
    format!("{}{offline}: {names}{more}", preview.node_count)
}

fn disk(preview: &v1::TaskPreview) -> String {
    let factor = preview.disk_factor;
    let unknown = match preview.disk_unknown_count {
        0 => String::new(),
        count => format!(", unknown on {count}"),
    };
    match preview.lacking_node_count {
        0 => format!("no node lacks room (estimate: {factor} × compressed size){unknown}"),
        count => format!("{count} nodes lack room (estimate: {factor} × compressed size){unknown}"),
    }
}

fn rows(image: &v1::ImagePreview) -> Vec<Vec<String>> {
    if image.verdict() != v1::ImageVerdict::Resolved {
        let problem = format!("{}: {}", words::image_verdict(image.verdict), one_line(&image.error));
        let empty = String::new;
        return vec![vec![image.image.clone(), empty(), empty(), empty(), empty(), problem]];
    }
    let on = |platform: &v1::PlatformPreview| {
        let digest = platform.digests.as_ref().map(|digests| digests.target.clone());
        let known = digest.is_some();
        vec![
            image.image.clone(),
            words::platform(platform.platform.as_ref()),
            if known {
                bytes(platform.size_bytes)
            } else {
                String::new()
            },
            format!("{}/{}", platform.present_nodes, platform.nodes),
            if known {
                bytes(platform.bytes_to_move)
            } else {
                String::new()
            },
            digest.unwrap_or_else(|| "no variant for this platform".to_owned()),
        ]
    };
    image.platforms.iter().map(on).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_reads_well() {
        let digests = v1::ImageDigests {
            target: "sha256:t".into(),
            ..Default::default()
        };
        let amd64 = v1::PlatformPreview {
            platform: Some(v1::Platform {
                os: "linux".into(),
                architecture: "amd64".into(),
                variant: String::new(),
            }),
            digests: Some(digests),
            size_bytes: 2048,
            nodes: 2,
            present_nodes: 1,
            bytes_to_move: 2048,
            ..Default::default()
        };
        let preview = v1::TaskPreview {
            nodes: vec![v1::PreviewNode {
                name: "n1".into(),
                not_ready: "agent is not connected".into(),
            }],
            node_count: 1,
            offline_count: 1,
            images: vec![
                v1::ImagePreview {
                    image: "a:1".into(),
                    verdict: v1::ImageVerdict::Resolved.into(),
                    platforms: vec![amd64],
                    ..Default::default()
                },
                v1::ImagePreview {
                    image: "b:1".into(),
                    verdict: v1::ImageVerdict::NotFound.into(),
                    error: "not found at r: b:1".into(),
                    ..Default::default()
                },
            ],
            pulls: 2,
            bytes_to_move: 2048,
            disk_factor: 3,
            ..Default::default()
        };
        let expected = "\
Nodes:  1, 1 cannot pull now: n1 (waits: agent is not connected)
Pulls:  2
Bytes:  2.0 KiB to move, 0 B present
Disk:   no node lacks room (estimate: 3 × compressed size)

IMAGE   PLATFORM      SIZE      PRESENT   TO MOVE   DIGEST OR PROBLEM
a:1     linux/amd64   2.0 KiB   1/2       2.0 KiB   sha256:t
b:1     -             -         -         -         not_found: not found at r: b:1";
        assert_eq!(describe(&preview), expected);
    }
}
