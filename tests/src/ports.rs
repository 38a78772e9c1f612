//! TCP ports for programs that cannot take port 0 or must come back on the same one after a restart.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use anyhow::{Context, Result};

use crate::cache;

/// Ports below this are left to services that a machine may run.
const LOWEST: u16 = 10_000;
/// Where the kernel says from which ports it serves outgoing connections and port 0.
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// A port on 127.0.0.1 that is the holder's until this is dropped, whether or not anybody listens on it. It is not one of
/// those that the kernel gives away by itself, and a locked file keeps other tests off it, in this process and in others.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _lock: File,
}

impl Port {
    /// Takes one that nobody listens on.
    pub fn reserve() -> Result<Self> {
        let folder = cache::root().join("ports");
        std::fs::create_dir_all(&folder)?;
        let highest = lowest_ephemeral()?;
        anyhow::ensure!(highest > LOWEST, "{EPHEMERAL} leaves no port above {LOWEST}");
        // Anywhere to begin with, so that many tests at once do not all ask for the same ones.
        let random = uuid::Uuid::new_v4().as_u128() % u128::from(highest - LOWEST);
        let start = LOWEST + u16::try_from(random)?;
        for number in (start..highest).chain(LOWEST..start) {
            if let Some(lock) = lock(&folder, number)? {
                return Ok(Self { number, _lock: lock });
            }
        }
        anyhow::bail!("every port from {LOWEST} to {highest} is taken")
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// The lock of a port that is free, or nothing.
fn lock(folder: &Path, number: u16) -> Result<Option<File>> {
    let file = File::create(folder.join(number.to_string()))?;
    let free = file.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok();
    Ok(free.then_some(file))
}

fn lowest_ephemeral() -> Result<u16> {
    let range = std::fs::read_to_string(EPHEMERAL).context(EPHEMERAL)?;
    let lowest = range.split_whitespace().next().context(EPHEMERAL)?;
    lowest.parse().context(EPHEMERAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_port_is_free_but_nobody_elses() {
        let port = Port::reserve().expect("a port");
        let folder = cache::root().join("ports");
        assert!(lock(&folder, port.number()).expect("a lock file").is_none());
        TcpListener::bind((Ipv4Addr::LOCALHOST, port.number())).expect("free for its holder");
        assert!(port.number() < lowest_ephemeral().expect("the range"));
    }

    #[test]
    fn a_port_that_is_listened_on_is_not_taken() {
        let port = Port::reserve().expect("a port");
        let number = port.number();
        let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).expect("free for its holder");
        drop(port);
        assert!(
            lock(&cache::root().join("ports"), number)
                .expect("a lock file")
                .is_none()
        );
    }
}
