//! Where the set-up scripts have put what tests need, and where our own programs were built. Knows paths, starts nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The folder that `tests/setup/*.sh` fill: `$IPS_CACHE`, else `ips` in the user's cache folder.
pub fn root() -> PathBuf {
    if let Some(folder) = std::env::var_os("IPS_CACHE") {
        return folder.into();
    }
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    base.join("ips")
}

/// A file of the cache, or an error that names the script that puts it there.
fn present(path: PathBuf, script: &str) -> Result<PathBuf> {
    if path.exists() {
        return Ok(path);
    }
    bail!(
        "{} is missing; run tests/setup/{script} (or make test, which does)",
        path.display()
    )
}

/// A program of containerd's package, such as `containerd` or `ctr`, of one minor version.
pub fn containerd(minor: &str, program: &str) -> Result<PathBuf> {
    present(
        root().join("containerd").join(minor).join("usr/bin").join(program),
        "containerd.sh",
    )
}

/// The registry's program.
pub fn registry() -> Result<PathBuf> {
    present(root().join("registry/usr/bin/docker-registry"), "registry.sh")
}

/// What checks rules of Prometheus.
pub fn promtool() -> Result<PathBuf> {
    present(root().join("promtool/usr/bin/promtool"), "promtool.sh")
}

/// The folder of grpcurl.
pub fn grpcurl() -> Result<PathBuf> {
    present(root().join("grpcurl/bin"), "grpcurl.sh")
}

/// A program of PostgreSQL or MariaDB, such as `postgres` or `mariadbd`.
pub fn database(program: &str) -> Result<PathBuf> {
    present(root().join("databases/bin").join(program), "databases.sh")
}

/// A folder that the unpacked database packages have, such as `usr`.
pub fn database_folder(folder: &str) -> Result<PathBuf> {
    present(root().join("databases").join(folder), "databases.sh")
}

/// The folder of MySQL 9, which `make test-mysql` takes in MariaDB's place.
pub fn mysql() -> Result<PathBuf> {
    present(root().join("mysql"), "mysql.sh")
}

/// A program of the Kubernetes that tests run against, such as `kube-apiserver`, or its folder `cni`; the number is the release in
/// `kubernetes.sh`.
pub fn kubernetes(program: &str) -> Result<PathBuf> {
    present(root().join("kubernetes/1.20.2").join(program), "kubernetes.sh")
}

/// The OCI layout of the test images; the number is the recipe of `images.sh`.
pub fn images() -> Result<PathBuf> {
    present(root().join("images-3"), "images.sh")
}

/// One of our own programs, built beside the test that runs.
pub fn program(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("the path of the running test")?;
    own.ancestors()
        .skip(1)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .with_context(|| format!("{name} is not built; run cargo build --workspace"))
}
