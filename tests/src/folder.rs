//! A folder for one run of one component. It is unmounted and removed when dropped, and what a killed test left behind
//! is removed by the next one: a folder whose lock nobody holds belongs to the dead.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::cache;

/// The longest path that still leaves room for a socket's name (the kernel allows 108 bytes).
const LONGEST: usize = 80;

/// See the module.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: PathBuf,
    _held: File,
}

impl Folder {
    /// Makes an empty folder below the cache (not below /tmp, which may be memory).
    pub fn new(name: &str) -> Result<Self> {
        static SWEPT: Once = Once::new();
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        ensure!(
            nix::unistd::geteuid().is_root(),
            "containerd needs root; run the tests with: make test"
        );
        let runs = cache::root().join("run");
        fs::create_dir_all(&runs)?;
        // Held while folders are made or swept, so that a lock file is never seen before it is locked.
        let all = File::create(runs.join(".lock"))?;
        all.lock()?;
        SWEPT.call_once(|| sweep(&runs));
        let unique = format!(
            "{name}-{}-{}",
            std::process::id(),
            COUNTER.fetch_add(1, Ordering::Relaxed)
        );
        let path = runs.join(&unique);
        ensure!(
            path.as_os_str().len() <= LONGEST,
            "{} is too long for sockets; set IPS_CACHE to a shorter path",
            path.display()
        );
        let lock = runs.join(unique + ".lock");
        let held = File::create(&lock)?;
        held.lock()?;
        fs::create_dir_all(&path)?;
        Ok(Self {
            path,
            lock,
            _held: held,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Mounts a memory file system of so many MiB at a new sub-folder: a disk that can be filled.
    pub fn small_disk(&self, name: &str, mebibytes: u64) -> Result<PathBuf> {
        let path = self.join(name);
        fs::create_dir_all(&path)?;
        mount(
            Some("tmpfs"),
            &path,
            Some("tmpfs"),
            MsFlags::empty(),
            Some(format!("size={mebibytes}m").as_str()),
        )
        .with_context(|| format!("mounting a tmpfs at {}", path.display()))?;
        Ok(path)
    }

    /// Mounts an ext4 of so many MiB, in a file, at a new sub-folder: a disk of its own as the kernel and a kubelet see it.
    pub fn block_disk(&self, name: &str, mebibytes: u64) -> Result<PathBuf> {
        let (path, image) = (self.join(name), self.join(&format!("{name}.img")));
        fs::create_dir_all(&path)?;
        File::create(&image)?.set_len(mebibytes << 20)?;
        // No blocks are kept for root, so that free is free for everybody.
        for command in [
            Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&image),
            Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&path),
        ] {
            let status = command.status()?;
            ensure!(status.success(), "{command:?}: {status}");
        }
        Ok(path)
    }

    /// Lets nobody write any more to a file, not even those who have it open; or lets them again. Only some file systems can, ext4
    /// among them.
    pub fn immutable(&self, name: &str, immutable: bool) -> Result<()> {
        let path = self.join(name);
        let flag = if immutable { "+i" } else { "-i" };
        let status = Command::new("chattr").arg(flag).arg(&path).status()?;
        ensure!(status.success(), "chattr {flag} {}: {status}", path.display());
        Ok(())
    }

    /// Lets nobody write any more to a disk of [`Folder::small_disk`]; nobody may have a file of it open for writing.
    pub fn read_only(&self, name: &str) -> Result<()> {
        let path = self.join(name);
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        mount(None::<&str>, &path, None::<&str>, flags, None::<&str>)
            .with_context(|| format!("remounting {}", path.display()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        clear(&self.path);
        let _ = fs::remove_file(&self.lock);
    }
}

/// Removes the folders of processes that are gone.
fn sweep(runs: &Path) {
    let Ok(entries) = fs::read_dir(runs) else { return };
    for lock in entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "lock"))
    {
        let abandoned = File::open(&lock).is_ok_and(|file| file.try_lock().is_ok());
        if abandoned {
            clear(&lock.with_extension(""));
            let _ = fs::remove_file(&lock);
        }
    }
}

/// Unmounts everything below a folder, innermost first, and removes it.
fn clear(path: &Path) {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let below = mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .filter(|point| Path::new(point).starts_with(path));
    for point in below.collect::<Vec<_>>().into_iter().rev() {
        let _ = umount2(point, MntFlags::MNT_DETACH);
    }
    if fs::remove_dir_all(path).is_ok() {
        return;
    }
    // What a test had made immutable, too.
    let _ = Command::new("chattr").args(["-R", "-f", "-i"]).arg(path).status();
    if let Err(error) = fs::remove_dir_all(path) {
        eprintln!("{} stays behind: {error}", path.display());
    }
}
