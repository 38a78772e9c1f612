//! Who answers on the socket, and whether its CRI part is able to pull.

use super::{Containerd, cri, errors::refused};
use crate::runtime::{RuntimeError, RuntimeIdentity};
use containerd_client::services::v1::{introspection_client::IntrospectionClient, version_client::VersionClient};

/// Oldest version with CRI v1.
const OLDEST: (u64, u64) = (1, 6);

pub(super) async fn identity(containerd: &Containerd) -> Result<RuntimeIdentity, RuntimeError> {
    let mut versions = VersionClient::new(containerd.channel.clone());
    let version = versions
        .version(containerd.request(()))
        .await
        .map_err(|status| refused(&status))?
        .into_inner();
    let version = version.version.trim_start_matches('v').to_owned();
    if is_too_old(&version) {
        return Err(RuntimeError::Refused(format!(
            "containerd {version} is too old: 1.6 or newer is needed"
        )));
    }
    // The CRI part starts after the socket does.
    cri::filesystem(containerd).await?;
    let mut introspection = IntrospectionClient::new(containerd.channel.clone());
    let server = introspection
        .server(containerd.request(()))
        .await
        .map_err(|status| refused(&status))?;
    Ok(RuntimeIdentity {
        name: "containerd".into(),
        version,
        uuid: server.into_inner().uuid,
    })
}

/// False for versions that cannot be read: a build of one's own is given the benefit of the doubt.
fn is_too_old(version: &str) -> bool {
    let mut parts = version.split(['.', '-', '+', '~']);
    let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok());
    match (number(), number()) {
        (Some(major), Some(minor)) => (major, minor) < OLDEST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_before_1_6_are_refused() {
        for old in ["1.5.11", "1.4.0~rc1", "0.2"] {
            assert!(is_too_old(old), "{old}");
        }
        for good in ["1.6.20~ds1", "1.7.24", "2.1.9+unknown", "main"] {
            assert!(!is_too_old(good), "{good}");
        }
    }
}
