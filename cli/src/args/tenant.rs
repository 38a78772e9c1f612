//! `ips tenant …` as types.

use clap::{Args, Subcommand};

/// Commands about tenants.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Show your own tenant: its rules, quotas and what it uses
    Own,
    /// List all tenants by id
    #[command(visible_alias = "list")]
    Ls,
    /// Make a tenant
    Create {
        /// 1 to 63 characters of a-z, 0-9 and '-'; never given again after the tenant was removed
        id: String,
        /// What else it is like
        #[command(flatten)]
        fields: TenantFields,
    },
    /// Show one tenant: its rules, quotas and what it uses
    Get {
        /// Id of the tenant
        id: String,
    },
    /// Change a tenant; what is not given stays
    Update {
        /// Id of the tenant
        id: String,
        /// What changes
        #[command(flatten)]
        fields: TenantFields,
    },
    /// Remove tenants that own nothing any more; their ids are never given again
    #[command(visible_alias = "delete")]
    Rm {
        /// Ids of the tenants
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

/// What a tenant is like.
#[derive(Debug, Args)]
pub struct TenantFields {
    /// Name, for people
    #[arg(long)]
    pub name: Option<String>,
    /// Conditions on the labels of the nodes that its tasks may be for; empty means every node
    #[arg(long, value_name = "KEY=VALUE,…")]
    pub node_selector: Option<String>,
    /// Repositories that it may use, such as registry.example/team-a/*; repeat it for more
    #[arg(long = "repository", value_name = "PATTERN")]
    pub repositories: Vec<String>,
    /// It may use all repositories
    #[arg(long, conflicts_with = "repositories")]
    pub all_repositories: bool,
    /// Pulls that hold a slot at a time
    #[arg(long, value_parser = parse_quota, value_name = "N|none")]
    pub open_pulls: Option<Quota>,
    /// Tasks accepted in a day of UTC
    #[arg(long, value_parser = parse_quota, value_name = "N|none")]
    pub tasks_per_day: Option<Quota>,
    /// Bytes fetched from registries in a day of UTC; k, M, G and T mean powers of 1000
    #[arg(long, value_parser = parse_quota, value_name = "N|none")]
    pub bytes_per_day: Option<Quota>,
}

/// A quota, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota(pub Option<u64>);

fn parse_quota(text: &str) -> Result<Quota, String> {
    if text == "none" {
        return Ok(Quota(None));
    }
    let refusal = || format!("{text:?} must be a whole number, with k, M, G or T for its powers of 1000, or none");
    let (number, factor) = match text.char_indices().last() {
        Some((at, 'k')) => (&text[..at], 1_000),
        Some((at, 'M')) => (&text[..at], 1_000_000),
        Some((at, 'G')) => (&text[..at], 1_000_000_000),
        Some((at, 'T')) => (&text[..at], 1_000_000_000_000),
        Some(_) | None => (text, 1),
    };
    let number: u64 = number.parse().map_err(|_not_a_number| refusal())?;
    number.checked_mul(factor).map(|it| Quota(Some(it))).ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_have_units() {
        for (text, quota) in [
            ("none", None),
            ("0", Some(0)),
            ("20", Some(20)),
            ("5k", Some(5_000)),
            ("2T", Some(2_000_000_000_000)),
        ] {
            assert_eq!(parse_quota(text), Ok(Quota(quota)), "{text}");
        }
        for bad in ["", "k", "-1", "1.5G", "5g", "99999999999999T", "né"] {
            assert!(parse_quota(bad).is_err(), "{bad}");
        }
    }
}
