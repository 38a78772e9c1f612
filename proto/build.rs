//! Compiles the protocol with a protoc written in Rust, so that this crate needs no tool of the machine.

use prost::Message as _;
use std::{env, error::Error, fs, path::PathBuf};

const FILES: [&str; 15] = [
    "ips/v1/auth.proto",
    "ips/v1/common.proto",
    "ips/v1/agent.proto",
    "ips/v1/task.proto",
    "ips/v1/node.proto",
    "ips/v1/schedule.proto",
    "ips/v1/credential.proto",
    "ips/v1/library.proto",
    "ips/v1/preview.proto",
    "ips/v1/limits.proto",
    "ips/v1/channel.proto",
    "ips/v1/audit.proto",
    "ips/v1/system.proto",
    "ips/v1/tenant.proto",
    "ips/v1/policy.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        // A login must not print, not even inside an order that somebody logs: `lib.rs` says how it shows instead.
        .skip_debug([
            "ips.v1.RegistryCredential",
            "ips.v1.InlineLogin",
            "ips.v1.CreateCredentialRequest",
            "ips.v1.UpdateCredentialRequest",
            "ips.v1.EmailSettings",
            "ips.v1.CreateChannelRequest",
            "ips.v1.UpdateChannelRequest",
            "ips.v1.LoginRequest",
            "ips.v1.LoginResponse",
            "ips.v1.RefreshRequest",
            "ips.v1.UpdateUserRequest",
            "ips.v1.CreateUserRequest",
            "ips.v1.CreateTokenResponse",
        ])
        .compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed=ips");
    Ok(())
}
