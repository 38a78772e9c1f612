//! The keys of a cluster: an authority, the API server's certificate, and the pair that signs service accounts' tokens.

use std::net::IpAddr;
use std::path::Path;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// Writes `ca.crt`, `server.crt`, `server.key`, `tokens.key` and `tokens.pub`; the server's certificate is for this address, and for
/// what pods call it.
pub(super) fn write(folder: &Path, at: IpAddr) -> Result<()> {
    let mut params = CertificateParams::new(vec![])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "kubernetes");
    let key = KeyPair::generate()?;
    std::fs::write(folder.join("ca.crt"), params.self_signed(&key)?.pem())?;
    let authority = Issuer::new(params, key);

    let names = [
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        super::settings::SERVICE_ADDRESS,
        "127.0.0.1",
        &at.to_string(),
    ];
    let mut params = CertificateParams::new(names.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "kube-apiserver");
    let key = KeyPair::generate()?;
    std::fs::write(folder.join("server.crt"), params.signed_by(&key, &authority)?.pem())?;
    std::fs::write(folder.join("server.key"), key.serialize_pem())?;

    let tokens = KeyPair::generate()?;
    std::fs::write(folder.join("tokens.key"), tokens.serialize_pem())?;
    std::fs::write(folder.join("tokens.pub"), tokens.public_key_pem())?;
    Ok(())
}
