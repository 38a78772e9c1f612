//! What keeps a pull from harming its node: room on the image file system under the kubelet's threshold, and I/O pressure.
//! Reads files of the node; changes nothing.

pub mod disk;
pub mod kubelet;
pub mod pressure;

pub use kubelet::KubeletFacts;

use std::path::PathBuf;

/// Where to look, and from where on pulls are held back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    /// The kubelet's configuration; an empty path is a file that is absent.
    pub kubelet_config: PathBuf,
    /// How much room an image needs, as a multiple of its compressed size; 0 asks for none.
    pub space_factor: u32,
    /// I/O pressure in percent from which on no pull begins; 0 for none.
    pub io_pressure_limit: u32,
    /// Where the kernel says how much I/O pressure there is.
    pub io_pressure_file: PathBuf,
}

impl Guard {
    /// What the kubelet's configuration says now.
    #[must_use]
    pub fn kubelet(&self) -> KubeletFacts {
        KubeletFacts::read(&self.kubelet_config)
    }

    /// Why no pull may begin now; `None` when they may, and where the pressure cannot be read.
    #[must_use]
    pub fn pause(&self) -> Option<String> {
        if self.io_pressure_limit == 0 {
            return None;
        }
        let now = pressure::read(&self.io_pressure_file)?;
        let limit = self.io_pressure_limit;
        (now > f64::from(limit))
            .then(|| format!("waits for the node's disk: I/O pressure is {now:.0} %, over the limit of {limit} %"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn pulls_pause_only_while_the_pressure_is_over_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("io");
        let mut guard = Guard {
            io_pressure_limit: 40,
            io_pressure_file: file.clone(),
            ..Guard::default()
        };
        assert_eq!(guard.pause(), None, "a kernel without figures holds nobody up");
        std::fs::write(&file, "some avg10=40.01 avg60=0.00 avg300=0.00 total=1\n").unwrap();
        assert!(guard.pause().unwrap().contains("40 %"));
        std::fs::write(&file, "some avg10=40.00 avg60=99.00 avg300=0.00 total=1\n").unwrap();
        assert_eq!(guard.pause(), None);
        std::fs::write(&file, "some avg10=99.00 avg60=99.00 avg300=0.00 total=1\n").unwrap();
        guard.io_pressure_limit = 0;
        assert_eq!(guard.pause(), None, "switched off");
    }
}
