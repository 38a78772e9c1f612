//! Free TCP ports, for programs that cannot take port 0 or must come back on the same one.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::Result;

/// A port on 127.0.0.1 that nobody listened on a moment ago.
pub fn free() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
