//! Tells the compiler which folder holds the built console: `web/dist` if it was built, else an empty folder of our own, so that
//! the build needs neither node nor a console. Writes nothing into the source tree.

use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    let web = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../web");
    let dist = web.join("dist");
    println!("cargo:rerun-if-changed=build.rs");
    // A path that is missing makes cargo run this (and compile the crate) every time, so the folder above is watched instead.
    let watched = if dist.is_dir() { &dist } else { &web };
    println!("cargo:rerun-if-changed={}", watched.display());
    let embedded = if dist.join("index.html").is_file() {
        dist.canonicalize()?
    } else {
        let empty = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("no-console");
        fs::create_dir_all(&empty)?;
        empty
    };
    println!("cargo:rustc-env=IPS_WEB_DIST={}", embedded.display());
    Ok(())
}
