//! Size and free space of a file system, as statvfs tells.

use nix::sys::statvfs::statvfs;
use std::path::Path;

/// One file system's figures; all 0 when the agent cannot see it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskSpace {
    /// Size in bytes.
    pub capacity_bytes: u64,
    /// Bytes free for unprivileged use.
    pub available_bytes: u64,
    /// Inodes.
    pub inodes: u64,
    /// Free inodes.
    pub inodes_free: u64,
}

/// Asks for the file system under `path`.
#[must_use]
pub fn space(path: &Path) -> DiskSpace {
    let Ok(stat) = statvfs(path) else {
        return DiskSpace::default();
    };
    let block = stat.fragment_size();
    DiskSpace {
        capacity_bytes: stat.blocks().saturating_mul(block),
        available_bytes: stat.blocks_available().saturating_mul(block),
        inodes: stat.files(),
        inodes_free: stat.files_free(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_has_a_size_and_nonsense_has_none() {
        assert!(space(Path::new("/")).capacity_bytes > 0);
        assert_eq!(space(Path::new("/no/such/path")), DiskSpace::default());
    }
}
