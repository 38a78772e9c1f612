//! Settings of TLS: which ports speak it, and with whose certificate.

use super::ConfigError;
use crate::tls::{CertificateFiles, TlsSettings};
use clap::{Args, ValueEnum};
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Ports that listen beyond loopback.
    Auto,
    /// Every port.
    Always,
    /// No port.
    Off,
}

/// A port by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Port {
    Http,
    Grpc,
    Metrics,
}

/// Flags and environment names.
#[derive(Debug, Args)]
pub(super) struct TlsArguments {
    /// Which ports speak TLS: auto means those that listen beyond loopback, always means all, off means none, which then listen on loopback
    /// only unless --allow-plain-text says otherwise.
    #[arg(
        long,
        env = "IPS_TLS",
        value_name = "auto|always|off",
        default_value = "auto",
        hide_possible_values = true
    )]
    tls: Mode,
    /// Certificate chain of every port as PEM, the server's own first; read again when it changes. Without it an authority is made at the
    /// first start and kept in the database.
    #[arg(long, env = "IPS_TLS_CERT_FILE", value_name = "FILE")]
    tls_cert_file: Option<PathBuf>,
    /// Private key of that certificate as PEM; read again when it changes.
    #[arg(long, env = "IPS_TLS_KEY_FILE", value_name = "FILE")]
    tls_key_file: Option<PathBuf>,
    /// Names and addresses by which agents and clients reach the coordinator, with commas, for the certificate of the own authority. Localhost,
    /// the machine's name and the addresses that are listened on are always among them.
    #[arg(long, env = "IPS_TLS_NAMES", value_name = "NAME", value_delimiter = ',')]
    tls_names: Vec<String>,
    /// File that the certificate of the own authority is written to at each start, for agents and clients.
    #[arg(long, env = "IPS_TLS_CA_OUT", value_name = "FILE")]
    tls_ca_out: Option<PathBuf>,
    /// Ports that speak plain text although they listen beyond loopback, with commas: http, grpc, metrics. Passwords and tokens cross
    /// the network readable by everybody on it.
    #[arg(
        long = "allow-plain-text",
        env = "IPS_PLAIN_TEXT_PORTS",
        value_name = "PORT",
        value_delimiter = ','
    )]
    plain_text_ports: Vec<Port>,
}

/// Addresses of the ports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    pub(super) http: SocketAddr,
    pub(super) grpc: SocketAddr,
    pub(super) metrics: SocketAddr,
}

impl TlsArguments {
    /// The settings.
    ///
    /// # Errors
    /// Half of a pair of files, a name that is none, or plain text beyond loopback that nobody allowed.
    pub(super) fn check(self, addresses: Addresses) -> Result<TlsSettings, ConfigError> {
        let given = |path: Option<PathBuf>| path.filter(|path| !path.as_os_str().is_empty());
        let files = match (given(self.tls_cert_file), given(self.tls_key_file)) {
            (Some(certificate), Some(key)) => Some(CertificateFiles { certificate, key }),
            (None, None) => None,
            (Some(path), None) => {
                return Err(ConfigError::new(
                    "--tls-cert-file",
                    path.display(),
                    "needs --tls-key-file",
                ));
            }
            (None, Some(path)) => {
                return Err(ConfigError::new(
                    "--tls-key-file",
                    path.display(),
                    "needs --tls-cert-file",
                ));
            }
        };
        let speaks = |port: Port, setting: &'static str, address: SocketAddr| {
            let is_allowed = self.plain_text_ports.contains(&port);
            match self.tls {
                _ if is_allowed => Ok(false),
                Mode::Always => Ok(true),
                Mode::Auto => Ok(!address.ip().is_loopback()),
                Mode::Off if address.ip().is_loopback() => Ok(false),
                Mode::Off => {
                    let rule = "is not a loopback address; plain text is spoken there only where --allow-plain-text names the port";
                    Err(ConfigError::new(setting, address, rule))
                }
            }
        };
        Ok(TlsSettings {
            http: speaks(Port::Http, "--http-address", addresses.http)?,
            grpc: speaks(Port::Grpc, "--grpc-address", addresses.grpc)?,
            metrics: speaks(Port::Metrics, "--metrics-address", addresses.metrics)?,
            files,
            names: names(self.tls_names, addresses)?,
            authority_out: given(self.tls_ca_out),
        })
    }
}

/// Those that were given, and those that are always there.
fn names(given: Vec<String>, addresses: Addresses) -> Result<Vec<String>, ConfigError> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    for name in given {
        let name = name.trim().to_ascii_lowercase();
        if name.is_empty() {
            continue;
        }
        if name.parse::<IpAddr>().is_err() && !is_name(&name) {
            let rule = "is neither a DNS name nor an address";
            return Err(ConfigError::new("--tls-names", name, rule));
        }
        add(name);
    }
    for name in ["localhost", "127.0.0.1", "::1"] {
        add(name.to_owned());
    }
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let machine = machine.trim().to_ascii_lowercase();
    if is_name(&machine) {
        add(machine);
    }
    for address in [addresses.http, addresses.grpc, addresses.metrics] {
        if !address.ip().is_unspecified() {
            add(address.ip().to_string());
        }
    }
    Ok(names)
}

/// A DNS name, perhaps with a star for its first label.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (1..=63).contains(&label.len()) && label.chars().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    let rest = name.strip_prefix("*.").unwrap_or(name);
    name.len() <= 253 && rest.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        tls: TlsArguments,
    }

    fn check(arguments: &[&str], http: &str, grpc: &str) -> Result<TlsSettings, ConfigError> {
        let all = std::iter::once("test").chain(arguments.iter().copied());
        let addresses = Addresses {
            http: http.parse().unwrap(),
            grpc: grpc.parse().unwrap(),
            metrics: "127.0.0.1:9090".parse().unwrap(),
        };
        Only::try_parse_from(all).unwrap().tls.check(addresses)
    }

    #[test]
    fn whoever_listens_beyond_loopback_speaks_tls() {
        let (near, far) = ("127.0.0.1:1", "0.0.0.0:1");
        let of = |it: &TlsSettings| (it.http, it.grpc, it.metrics);
        assert_eq!(of(&check(&[], near, near).unwrap()), (false, false, false));
        assert_eq!(of(&check(&[], near, far).unwrap()), (false, true, false));
        assert_eq!(
            of(&check(&["--tls", "always"], near, near).unwrap()),
            (true, true, true)
        );
        let plain = check(&["--allow-plain-text", "http,metrics"], far, far).unwrap();
        assert_eq!(of(&plain), (false, true, false));
        let line = check(&["--tls", "off"], near, far).unwrap_err().to_string();
        assert!(
            line.starts_with("--grpc-address") && line.contains("--allow-plain-text"),
            "{line}"
        );
        assert!(check(&["--tls", "off", "--allow-plain-text", "grpc"], near, far).is_ok());
    }

    #[test]
    fn names_are_checked_and_those_of_the_machine_are_added() {
        let settings = check(&["--tls-names", "IPS.corp, 10.0.0.7,*.a.b"], "10.0.0.8:1", "[::]:1").unwrap();
        for name in ["ips.corp", "10.0.0.7", "*.a.b", "localhost", "127.0.0.1", "10.0.0.8"] {
            assert!(
                settings.names.contains(&name.to_owned()),
                "{name} in {:?}",
                settings.names
            );
        }
        assert!(!settings.names.contains(&"::".to_owned()));
        for bad in ["a b", "a-", "a..b", "http://a"] {
            assert!(
                check(&["--tls-names", bad], "127.0.0.1:1", "127.0.0.1:1").is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn half_a_pair_of_files_is_refused() {
        for setting in ["--tls-cert-file", "--tls-key-file"] {
            let line = check(&[setting, "/x"], "127.0.0.1:1", "127.0.0.1:1")
                .unwrap_err()
                .to_string();
            assert!(line.contains("/x") && line.contains("needs"), "{line}");
        }
    }
}
