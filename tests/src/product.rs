//! Our own images, built by buildah from the Dockerfiles with the programs that were built already: everything of a Dockerfile but its
//! build stages is what users get.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::cache;
use crate::folder::Folder;

/// One of our images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// `Dockerfile.agent`.
    Agent,
    /// `Dockerfile.coordinator`.
    Coordinator,
}

impl Image {
    /// `ips-agent` or `ips-coordinator`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "ips-agent",
            Self::Coordinator => "ips-coordinator",
        }
    }

    fn dockerfile(self) -> &'static str {
        match self {
            Self::Agent => "Dockerfile.agent",
            Self::Coordinator => "Dockerfile.coordinator",
        }
    }

    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Agent => &["ips-agent"],
            Self::Coordinator => &["ips-coordinator", "ips"],
        }
    }
}

/// A buildah with a storage of its own.
#[derive(Debug)]
pub struct Builder {
    folder: Folder,
}

impl Builder {
    /// An empty one.
    pub fn new() -> Result<Self> {
        Ok(Self {
            folder: Folder::new("images")?,
        })
    }

    /// A path of its own for what is made of an image.
    pub fn join(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Runs buildah; what it prints, or an error with what it complains of.
    pub async fn buildah(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new("buildah");
        command.arg("--root").arg(self.folder.join("storage"));
        command.arg("--runroot").arg(self.folder.join("run"));
        command.args(["--storage-driver", "vfs"]).args(arguments);
        command
            .env("TMPDIR", self.folder.path())
            .env("BUILDAH_ISOLATION", "chroot");
        finished(command).await
    }

    /// Builds an image; its name in the storage is `NAME:test`.
    pub async fn build(&self, image: Image) -> Result<()> {
        let out = self.folder.join(&format!("{}-out", image.name()));
        std::fs::create_dir_all(out.join("out/data"))?;
        self.assemble(image, &out.join("out/root")).await?;
        let dockerfile = self.folder.join(image.dockerfile());
        std::fs::write(&dockerfile, last_stage(&source(image.dockerfile()))?)?;
        let empty = self.folder.join("empty");
        std::fs::create_dir_all(&empty)?;
        let text = |path: &Path| path.display().to_string();
        self.buildah(&[
            "bud",
            "--build-context",
            &format!("build={}", text(&out)),
            "--build-arg",
            "REVISION=test",
            "--file",
            &text(&dockerfile),
            "--tag",
            &format!("{}:test", image.name()),
            &text(&empty),
        ])
        .await
        .map(drop)
    }

    /// What the build stage does after the compiler.
    async fn assemble(&self, image: Image, root: &Path) -> Result<()> {
        let mut command = Command::new(source("deploy/image/assemble.sh"));
        command.arg(root).arg(image.name());
        for program in image.programs() {
            // Release builds are without symbols already.
            let stripped = self.folder.join(program);
            let mut strip = Command::new("strip");
            strip.arg("-o").arg(&stripped).arg(cache::program(program)?);
            finished(strip).await?;
            command.arg(stripped);
        }
        finished(command).await.map(drop)
    }

    /// Writes an image as OCI layout with compressed layers, and gives back its manifest and its configuration.
    pub async fn layout(&self, image: Image) -> Result<(Value, Value)> {
        let folder = self.folder.join(&format!("{}-layout", image.name()));
        let from = format!("{}:test", image.name());
        let to = format!("oci:{}:test", folder.display());
        self.buildah(&["push", "--compression-format", "gzip", &from, &to])
            .await?;
        let blob = |digest: &Value| -> Result<Value> {
            let digest = digest.as_str().context("a digest")?;
            let path = folder.join("blobs").join(digest.replace(':', "/"));
            Ok(serde_json::from_slice(&std::fs::read(path)?)?)
        };
        let index: Value = serde_json::from_slice(&std::fs::read(folder.join("index.json"))?)?;
        let manifest = blob(&index["manifests"][0]["digest"])?;
        let config = blob(&manifest["config"]["digest"])?;
        Ok((manifest, config))
    }

    /// Pushes an image to a registry that speaks plain HTTP.
    pub async fn push(&self, image: Image, reference: &str) -> Result<()> {
        let from = format!("{}:test", image.name());
        let to = format!("docker://{reference}");
        self.buildah(&["push", "--tls-verify=false", &from, &to])
            .await
            .map(drop)
    }

    /// Runs a program in an image as its user, without anything of this machine.
    pub async fn run(&self, image: Image, command: &[&str]) -> Result<String> {
        let from = format!("{}:test", image.name());
        let container = self.buildah(&["from", "--pull-never", &from]).await?;
        let container = container.trim();
        let output = self.buildah(&[&["run", container, "--"], command].concat()).await;
        self.buildah(&["rm", container]).await?;
        output
    }
}

/// A file of the source tree.
pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A Dockerfile from its last FROM on; the stage `build` is given from outside.
fn last_stage(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path)?;
    let start = text.rfind("\nFROM ").context("a Dockerfile with several stages")?;
    Ok(text.split_at(start + 1).1.to_owned())
}

async fn finished(mut command: Command) -> Result<String> {
    let shown = format!("{:?}", command.as_std());
    let output = command
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("running {shown}"))?;
    ensure!(
        output.status.success(),
        "{shown}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
