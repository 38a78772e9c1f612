//! Settings of how agents prove their nodes, and of the cluster that is asked who somebody is.

use super::ConfigError;
use crate::{
    domain::{
        agent::{BOOTSTRAP_PREFIX, Grant},
        declared::Namespaces,
    },
    identity::agents::BootstrapSettings,
    kubernetes::KubernetesSettings,
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// A token in the environment; there is no flag for it, because arguments are seen by everybody on the machine.
const INLINE: &str = "IPS_BOOTSTRAP_TOKEN";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    /// A cluster is asked.
    On,
    /// None is.
    Off,
}

/// Flags and environment names.
#[derive(Debug, Args)]
pub(super) struct AgentArguments {
    /// File with a token that lets agents bind their keys to their nodes, of the form ips-bootstrap-…; read at each use, so that it can be
    /// changed or emptied. Others are made with: ips-coordinator agents token create.
    #[arg(long, env = "IPS_BOOTSTRAP_TOKEN_FILE", value_name = "FILE")]
    bootstrap_token_file: Option<PathBuf>,
    /// Whether a Kubernetes cluster is asked who agents and callers are.
    #[arg(
        long,
        env = "IPS_KUBERNETES",
        value_name = "on|off",
        default_value = "off",
        hide_possible_values = true
    )]
    kubernetes: Switch,
    /// Where the cluster is; without it the one that this program runs in.
    #[arg(long, env = "KUBECONFIG", value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Audience that tokens must be for.
    #[arg(long, env = "IPS_KUBERNETES_AUDIENCE", value_name = "NAME", default_value = "ips")]
    kubernetes_audience: String,
    /// Service accounts of agents, NAMESPACE/NAME, with commas.
    #[arg(
        long,
        env = "IPS_KUBERNETES_AGENTS",
        value_name = "NAMESPACE/NAME",
        value_delimiter = ',',
        default_value = "ips-system/ips-agent"
    )]
    kubernetes_agents: Vec<String>,
    /// Role of callers for whom the cluster vouches, ROLE=user:NAME, ROLE=group:NAME or ROLE=namespace:NAME, with commas; whoever is named by none has
    /// none.
    #[arg(
        long = "kubernetes-role",
        env = "IPS_KUBERNETES_ROLES",
        value_name = "ROLE=KIND:NAME",
        value_delimiter = ','
    )]
    kubernetes_roles: Vec<String>,
    /// Config map that the certificate of the own authority is published in as ca.crt, NAMESPACE/NAME.
    #[arg(long, env = "IPS_KUBERNETES_CA_CONFIG_MAP", value_name = "NAMESPACE/NAME")]
    kubernetes_ca_config_map: Option<String>,
    /// Whether policies are kept that PrewarmPolicy objects of the cluster declare.
    #[arg(
        long,
        env = "IPS_KUBERNETES_OBJECTS",
        value_name = "on|off",
        default_value = "off",
        hide_possible_values = true
    )]
    kubernetes_objects: Switch,
    /// Tenant of a namespace, NAMESPACE=TENANT, with commas; * is every namespace that is not named and has no tenant of its own name. A
    /// namespace without a tenant declares nothing.
    #[arg(
        long = "kubernetes-tenant",
        env = "IPS_KUBERNETES_TENANTS",
        value_name = "NAMESPACE=TENANT",
        value_delimiter = ','
    )]
    kubernetes_tenants: Vec<String>,
}

impl AgentArguments {
    /// The settings.
    ///
    /// # Errors
    /// A token of another form, or a name that is none.
    pub(super) fn check(self) -> Result<(BootstrapSettings, Option<KubernetesSettings>), ConfigError> {
        let given = |path: Option<PathBuf>| path.filter(|path| !path.as_os_str().is_empty());
        let inline = std::env::var(INLINE).ok().filter(|text| !text.trim().is_empty());
        if inline
            .as_ref()
            .is_some_and(|text| !text.trim().starts_with(BOOTSTRAP_PREFIX))
        {
            let rule = "must begin with ips-bootstrap-, for example ips-bootstrap-$(openssl rand -hex 32)";
            return Err(ConfigError::new(INLINE, "(hidden)", rule));
        }
        let bootstrap = BootstrapSettings {
            file: given(self.bootstrap_token_file),
            inline: inline.map(Into::into),
        };
        if self.kubernetes == Switch::Off {
            return Ok((bootstrap, None));
        }
        let grant =
            |text: &String| Grant::parse(text).map_err(|rule| ConfigError::new("--kubernetes-role", text, rule));
        let pair = |setting, text: &str| named(setting, text);
        let filled = |texts: Vec<String>| {
            texts
                .into_iter()
                .filter(|text| !text.trim().is_empty())
                .collect::<Vec<_>>()
        };
        let config_map = self.kubernetes_ca_config_map.filter(|text| !text.trim().is_empty());
        if self.kubernetes_audience.trim().is_empty() {
            return Err(ConfigError::new("--kubernetes-audience", "", "must not be empty"));
        }
        let kubernetes = KubernetesSettings {
            kubeconfig: given(self.kubeconfig),
            audience: self.kubernetes_audience.trim().to_owned(),
            agents: filled(self.kubernetes_agents)
                .iter()
                .map(|text| pair("--kubernetes-agents", text))
                .collect::<Result<_, _>>()?,
            grants: filled(self.kubernetes_roles)
                .iter()
                .map(grant)
                .collect::<Result<_, _>>()?,
            declared: (self.kubernetes_objects == Switch::On)
                .then(|| namespaces(&filled(self.kubernetes_tenants)))
                .transpose()?,
            authority: config_map
                .map(|text| pair("--kubernetes-ca-config-map", &text))
                .transpose()?,
        };
        Ok((bootstrap, Some(kubernetes)))
    }
}

fn namespaces(entries: &[String]) -> Result<Namespaces, ConfigError> {
    let wrong = |(entry, rule): (String, String)| ConfigError::new("--kubernetes-tenant", entry, rule);
    Namespaces::parse(entries.iter().map(String::as_str)).map_err(wrong)
}

/// `NAMESPACE/NAME`.
fn named(setting: &'static str, text: &str) -> Result<(String, String), ConfigError> {
    let is_name = |name: &str| {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        (1..=253).contains(&name.len()) && name.chars().all(allowed)
    };
    let pair = text.trim().split_once('/').filter(|(a, b)| is_name(a) && is_name(b));
    let (namespace, name) = pair.ok_or_else(|| ConfigError::new(setting, text, "must be NAMESPACE/NAME"))?;
    Ok((namespace.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        agents: AgentArguments,
    }

    fn check(arguments: &[&str]) -> Result<Option<KubernetesSettings>, ConfigError> {
        let all = ["test", "--kubernetes", "on"]
            .into_iter()
            .chain(arguments.iter().copied());
        Ok(Only::try_parse_from(all).unwrap().agents.check()?.1)
    }

    #[test]
    fn the_agents_account_has_a_default_and_no_caller_has_a_role() {
        let settings = check(&[]).unwrap().unwrap();
        assert_eq!(settings.agents, [("ips-system".to_owned(), "ips-agent".to_owned())]);
        assert!(settings.grants.is_empty());
        let two = [
            "--kubernetes-role",
            "viewer=namespace:ci,operator=user:system:serviceaccount:ci:run",
        ];
        assert_eq!(check(&two).unwrap().unwrap().grants.len(), 2);
    }

    #[test]
    fn objects_are_kept_only_where_that_is_asked_for() {
        assert_eq!(
            check(&["--kubernetes-tenant", "*=default"]).unwrap().unwrap().declared,
            None
        );
        let on = [
            "--kubernetes-objects",
            "on",
            "--kubernetes-tenant",
            "*=default,ml-prod=ml",
        ];
        assert!(check(&on).unwrap().unwrap().declared.is_some());
        let wrong = ["--kubernetes-objects", "on", "--kubernetes-tenant", "ml-prod"];
        let line = check(&wrong).unwrap_err().to_string();
        assert!(
            line.contains("--kubernetes-tenant") && line.contains("NAMESPACE=TENANT"),
            "{line}"
        );
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for (setting, value) in [
            ("--kubernetes-agents", "ips-agent"),
            ("--kubernetes-agents", "a/b/c"),
            ("--kubernetes-role", "viewer=group:system:authenticated"),
            ("--kubernetes-ca-config-map", "x"),
        ] {
            let line = check(&[setting, value]).unwrap_err().to_string();
            assert!(line.starts_with(setting) && line.contains(value), "{line}");
        }
    }
}
