//! Settings of several replicas on one database.

use super::{ConfigError, address};
use crate::{store::DatabaseUrl, vault::KeySettings};
use clap::Args;
use std::net::{IpAddr, SocketAddr};

const ADDRESS: &str = "--replica-address";
/// Where an address says no port.
const PORT: u16 = 9444;
const LISTEN: &str = "--replica-listen";

/// Flags and environment names.
#[derive(Debug, Args)]
pub(super) struct ReplicaArguments {
    /// Where other replicas on the same database reach this one; an address alone means its port 9444. With it, replicas elect a leader, and
    /// each of them serves everybody; it needs PostgreSQL or MySQL and an encryption key that all replicas have.
    #[arg(long, env = "IPS_REPLICA_ADDRESS", value_name = "HOST:PORT")]
    replica_address: Option<String>,
    /// Address to listen on for other replicas, where it is not --replica-address itself. A loopback address while identity is off.
    #[arg(long, env = "IPS_REPLICA_LISTEN", value_name = "ADDRESS:PORT")]
    replica_listen: Option<String>,
}

/// How a replica is reached by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaSettings {
    /// What others are told, as `HOST:PORT`; port 0 stands for the one that is listened on.
    pub address: String,
    /// What is listened on.
    pub listen: SocketAddr,
}

impl ReplicaArguments {
    /// The settings, if there are to be several replicas.
    ///
    /// # Errors
    /// An address that is none, a database that serves one replica only, or no key that replicas could share.
    pub(super) fn check(
        self,
        database: &DatabaseUrl,
        keys: &KeySettings,
        loopback_only: Option<&str>,
    ) -> Result<Option<ReplicaSettings>, ConfigError> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (own, listen) = match (given(self.replica_address), given(self.replica_listen)) {
            (None, None) => return Ok(None),
            (None, Some(listen)) => return Err(ConfigError::new(LISTEN, listen, "needs --replica-address")),
            (Some(own), listen) => (own, listen),
        };
        let own = own
            .parse::<IpAddr>()
            .map_or(own, |address| SocketAddr::new(address, PORT).to_string());
        let refused = |rule: &str| ConfigError::new(ADDRESS, &own, rule);
        let port = own.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        if port.is_none_or(|(_, port)| port.parse::<u16>().is_err()) || own.len() > 255 {
            return Err(refused("is not HOST:PORT"));
        }
        let listen = match (listen, own.parse::<SocketAddr>()) {
            (Some(listen), _) => address(LISTEN, &listen, loopback_only)?,
            (None, Ok(_)) => address(ADDRESS, &own, loopback_only)?,
            (None, Err(_)) => {
                return Err(refused(
                    "is a name, so --replica-listen must say which address to listen on",
                ));
            }
        };
        if own.parse::<SocketAddr>().is_ok_and(|own| own.ip().is_unspecified()) {
            return Err(refused("is no address that others could reach"));
        }
        if database.file().is_some() {
            return Err(refused(
                "needs a database that serves several replicas: set --database to PostgreSQL or MySQL; SQLite serves one",
            ));
        }
        if keys.file.is_none() && keys.inline.is_none() {
            return Err(refused(
                "needs an encryption key that all replicas have: set --encryption-key-file or IPS_ENCRYPTION_KEY; the keys of access tokens and \
                 of TLS are kept with it in the database",
            ));
        }
        Ok(Some(ReplicaSettings { address: own, listen }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn check(own: &str, listen: Option<&str>, database: &str, key: bool) -> Result<Option<ReplicaSettings>, String> {
        let arguments = ReplicaArguments {
            replica_address: Some(own.to_owned()),
            replica_listen: listen.map(ToOwned::to_owned),
        };
        let keys = KeySettings {
            file: key.then(|| "/keys".into()),
            ..KeySettings::default()
        };
        let checked = arguments.check(&DatabaseUrl::new(database), &keys, None);
        checked.map_err(|error| error.to_string())
    }

    #[test]
    fn replicas_need_a_server_and_a_key_that_they_share() {
        let (postgres, sqlite) = ("postgres://db/ips", "sqlite:/var/ips.db");
        let one = check("10.0.0.7:9444", None, postgres, true).unwrap().unwrap();
        assert_eq!(one.listen.to_string(), "10.0.0.7:9444");
        let of_pod = check("fd00::7", None, postgres, true).unwrap().unwrap();
        assert_eq!(of_pod.address, "[fd00::7]:9444");
        let named = check("ips-0.ips:9444", Some("0.0.0.0:9444"), postgres, true).unwrap();
        assert_eq!(named.unwrap().address, "ips-0.ips:9444");
        for (own, listen, database, key, word) in [
            ("10.0.0.7:9444", None, sqlite, true, "PostgreSQL or MySQL"),
            ("10.0.0.7:9444", None, postgres, false, "IPS_ENCRYPTION_KEY"),
            ("ips-0", None, postgres, true, "HOST:PORT"),
            ("ips-0:9444", None, postgres, true, "--replica-listen"),
            ("0.0.0.0:9444", None, postgres, true, "could reach"),
            ("a:1", Some("b:1"), postgres, true, "--replica-listen"),
        ] {
            let line = check(own, listen, database, key).unwrap_err();
            assert!(line.contains(word) && !line.contains('\n'), "{line}");
        }
    }
}
