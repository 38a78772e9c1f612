//! The configuration of a test's containerd: everything in its own folder, no TCP port, no pods.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::Result;
use nix::mount::{MsFlags, mount, umount};

use super::{ContainerdOptions, ContainerdVersion};
use crate::cache;
use crate::folder::Folder;
use crate::registry::{PASSWORD, USER};

/// `overlayfs`, or `native` where the cache's file system cannot carry overlays (inside a container, for example).
pub fn snapshotter(folder: &Folder) -> Result<&'static str> {
    static CHOICE: OnceLock<&str> = OnceLock::new();
    if let Some(choice) = CHOICE.get() {
        return Ok(choice);
    }
    let probe = folder.join("probe");
    for part in ["lower", "upper", "work", "merged"] {
        fs::create_dir_all(probe.join(part))?;
    }
    let at = |part| probe.join(part).display().to_string();
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        at("lower"),
        at("upper"),
        at("work")
    );
    let works = mount(
        Some("overlay"),
        at("merged").as_str(),
        Some("overlay"),
        MsFlags::empty(),
        Some(options.as_str()),
    );
    let choice = match works {
        Ok(()) => {
            umount(at("merged").as_str())?;
            "overlayfs"
        }
        Err(error) => {
            eprintln!(
                "no overlay mounts below {} ({error}); set IPS_CACHE to a folder on ext4 or xfs. Using native.",
                probe.display()
            );
            "native"
        }
    };
    Ok(CHOICE.get_or_init(|| choice))
}

/// The text of config.toml, in the form that the version knows.
pub fn text(
    version: ContainerdVersion,
    folder: &Path,
    snapshotter: &str,
    options: ContainerdOptions,
) -> Result<String> {
    let home = folder.display();
    let plugins = match options.pods {
        Some(_) => cache::kubernetes("cni")?,
        None => folder.join("cni"),
    };
    let plugins = plugins.display();
    let pause = options.pods.map_or_else(String::new, |registry| {
        format!("sandbox_image = \"{registry}/pause:v1\"")
    });
    let login = options.login_for.map_or_else(String::new, |registry| {
        format!(r#"registry.configs."{registry}".auth = {{ username = "{USER}", password = "{PASSWORD}" }}"#)
    });
    let cri = match version {
        ContainerdVersion::V1_6 | ContainerdVersion::V1_7 => format!(
            r#"
[plugins."io.containerd.grpc.v1.cri"]
disable_tcp_service = true
stream_server_address = "127.0.0.1"
stream_server_port = "0"
restrict_oom_score_adj = true
containerd.snapshotter = "{snapshotter}"
registry.config_path = "{home}/hosts"
{login}
{pause}
cni = {{ bin_dir = "{plugins}", conf_dir = "{home}/cni" }}
"#
        ),
        ContainerdVersion::V2_1 => format!(
            r#"
[plugins."io.containerd.cri.v1.images"]
snapshotter = "{snapshotter}"
registry.config_path = "{home}/hosts"
{login}
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
cni = {{ bin_dirs = ["{plugins}"], conf_dir = "{home}/cni" }}
[plugins."io.containerd.grpc.v1.cri"]
disable_tcp_service = true
stream_server_address = "127.0.0.1"
stream_server_port = "0"
"#
        ),
    };
    let nri = match version {
        ContainerdVersion::V1_6 => "",
        ContainerdVersion::V1_7 | ContainerdVersion::V2_1 => "[plugins.\"io.containerd.nri.v1.nri\"]\ndisable = true\n",
    };
    let number = if version == ContainerdVersion::V2_1 { 3 } else { 2 };
    Ok(format!(
        "version = {number}\nroot = \"{home}/root\"\nstate = \"{home}/state\"\n\
         [grpc]\naddress = \"{home}/containerd.sock\"\n[ttrpc]\naddress = \"{home}/ttrpc.sock\"\n\
         [debug]\naddress = \"{home}/debug.sock\"\nlevel = \"info\"\n\
         [plugins.\"io.containerd.internal.v1.opt\"]\npath = \"{home}/opt\"\n{nri}{cri}"
    ))
}
