//! `ips limits …` as types.

use clap::{Args, Subcommand};

/// Commands about limits.
#[derive(Debug, Subcommand)]
pub enum LimitsCommand {
    /// Show the limits, and how the registries bear what is asked of them
    Get,
    /// Change limits while pulls run; what is not named stays. 0 means paused, `none` takes a limit away
    Set(Box<SetLimitsArgs>),
}

/// Limits to set.
#[derive(Debug, Args)]
#[group(id = "changes", required = true, multiple = true)]
pub struct SetLimitsArgs {
    /// Running pulls in the whole cluster
    #[arg(long, group = "changes", value_name = "N")]
    pub cluster_pulls: Option<u32>,
    /// Running pulls on each node
    #[arg(long, group = "changes", value_parser = parse_count, value_name = "N|none")]
    pub node_pulls: Option<Count>,
    /// Running pulls in each topology zone
    #[arg(long, group = "changes", value_parser = parse_count, value_name = "N|none")]
    pub zone_pulls: Option<Count>,
    /// Label of nodes that names their zone; empty means topology.kubernetes.io/zone
    #[arg(long, group = "changes", value_name = "LABEL")]
    pub zone_label: Option<String>,
    /// For each registry that has no limits of its own: running pulls, pulls started in a second, or both, such as 20,5/s
    #[arg(long, group = "changes", value_parser = parse_limit, value_name = "N|none[,RATE/s]")]
    pub registry_default: Option<RegistryLimit>,
    /// For one registry; repeat it for more
    #[arg(long = "registry", group = "changes", value_parser = parse_host, value_name = "HOST=N|none[,RATE/s]")]
    pub registries: Vec<(String, RegistryLimit)>,
    /// Registries that have the default limits from now on
    #[arg(
        long = "remove-registry",
        group = "changes",
        value_delimiter = ',',
        value_name = "HOST,…"
    )]
    pub remove_registries: Vec<String>,
    /// Set all limits: what is not named has no limit from now on; needs --cluster-pulls
    #[arg(long, requires = "cluster_pulls", conflicts_with = "remove_registries")]
    pub replace: bool,
}

/// A number, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub Option<u32>);

/// Limits of one registry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegistryLimit {
    /// Running pulls.
    pub pulls: Option<u32>,
    /// Pulls started in a second.
    pub starts_per_second: Option<f64>,
}

fn parse_count(text: &str) -> Result<Count, String> {
    if text == "none" {
        return Ok(Count(None));
    }
    let number = text
        .parse()
        .map_err(|_not_a_number| format!("{text:?} must be a number or none"))?;
    Ok(Count(Some(number)))
}

fn parse_limit(text: &str) -> Result<RegistryLimit, String> {
    let refusal = || format!("{text:?} must look like 20, none, 20,5/s or none,5/s");
    let (pulls, rate) = match text.split_once(',') {
        Some((pulls, rate)) => (pulls, Some(rate)),
        None => (text, None),
    };
    let Count(pulls) = parse_count(pulls).map_err(|_not_a_count| refusal())?;
    let rate = rate.map(|rate| rate.strip_suffix("/s").unwrap_or(rate).parse::<f64>());
    Ok(RegistryLimit {
        pulls,
        starts_per_second: rate.transpose().map_err(|_not_a_number| refusal())?,
    })
}

fn parse_host(text: &str) -> Result<(String, RegistryLimit), String> {
    let (host, limit) = text
        .split_once('=')
        .ok_or_else(|| format!("{text:?} must look like docker.io=20,5/s"))?;
    Ok((host.to_owned(), parse_limit(limit)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn limits_of_registries_are_read() {
        let (host, limit) = parse_host("registry.example:5000=20,2.5/s").unwrap();
        assert_eq!((host.as_str(), limit.pulls), ("registry.example:5000", Some(20)));
        assert_eq!(limit.starts_per_second, Some(2.5));
        assert_eq!(parse_limit("none").unwrap().pulls, None);
        assert_eq!(parse_limit("none,5/s").unwrap().starts_per_second, Some(5.0));
        for bad in ["", "x", "1,", "1,x/s", "-1"] {
            assert!(parse_limit(bad).is_err(), "{bad:?}");
        }
        assert!(parse_host("docker.io").is_err());
    }
}
