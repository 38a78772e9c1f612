//! The HTTP clients: one for all hosts, and one more for each host that has certificates of its own.

use super::{RegistrySettings, address, settings::authority};
use crate::{domain::version::VERSION, outbound::GuardedResolver};
use reqwest::{Certificate, Client, ClientBuilder, Url, redirect::Policy};
use std::{collections::HashMap, time::Duration};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Clients by what they trust. A client that cannot be made answers with the reason.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    usual: Result<Client, String>,
    by_host: HashMap<String, Result<Client, String>>,
}

impl Clients {
    pub(super) fn new(settings: &RegistrySettings) -> Self {
        // Whoever was first has installed one; both outcomes are fine.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let trusted = |host: Option<&str>| -> Vec<Certificate> {
            let of_host = settings
                .authorities
                .iter()
                .filter(|it| it.host.is_none() || it.host.as_deref() == host);
            of_host.flat_map(|it| it.certificates.clone()).collect()
        };
        let hosts = settings.authorities.iter().filter_map(|it| it.host.as_deref());
        let by_host = hosts
            .map(|host| {
                let name = crate::domain::credential::api_host(host).to_owned();
                (name, client(settings, trusted(Some(host))))
            })
            .collect();
        Self {
            usual: client(settings, trusted(None)),
            by_host,
        }
    }

    /// The client for a URL.
    pub(super) fn of(&self, url: &Url) -> Result<&Client, String> {
        let host = url.host_str().unwrap_or_default();
        let own = self.by_host.get(&authority(url)).or_else(|| self.by_host.get(host));
        own.unwrap_or(&self.usual).as_ref().map_err(Clone::clone)
    }
}

fn client(settings: &RegistrySettings, trusted: Vec<Certificate>) -> Result<Client, String> {
    let with_roots = builder(settings)?.tls_certs_merge(trusted.clone()).build();
    // The first fails on a machine without root certificates; what is configured, and plain HTTP, are still possible there.
    let client = with_roots.or_else(|error| {
        tracing::warn!(error = %error, "No root certificates: only registries with a configured CA can be asked over TLS");
        builder(settings).unwrap_or_else(|_same_as_before| Client::builder()).tls_certs_only(trusted).build()
    });
    client.map_err(|error| super::failure::cause_of(&error))
}

fn builder(settings: &RegistrySettings) -> Result<ClientBuilder, String> {
    let resolver = GuardedResolver {
        reach: address::reach(settings),
        exempt: settings.proxy.as_ref().map(|proxy| proxy.host.clone()),
    };
    let builder = Client::builder()
        .user_agent(format!("ips-coordinator/{VERSION}"))
        .dns_resolver(resolver)
        .redirect(Policy::none())
        .connect_timeout(CONNECT_LIMIT);
    match &settings.proxy {
        // A proxy resolves names itself; `address::check_names` looks at them before.
        Some(proxy) => {
            let proxy = proxy
                .proxy()
                .map_err(|error| format!("proxy: {}", super::failure::cause_of(&error)))?;
            Ok(builder.proxy(proxy))
        }
        None => Ok(builder.no_proxy()),
    }
}
