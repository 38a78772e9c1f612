//! Which agent versions the coordinator works with: the same major version and at most one minor apart.

/// Version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Checks an agent's version against this program's.
///
/// # Errors
/// A sentence that names both versions, for the agent's log.
pub fn check_agent(agent: &str) -> Result<(), String> {
    check(agent, VERSION)
}

fn check(agent: &str, own: &str) -> Result<(), String> {
    let refusal = |why: &str| format!("agent version {agent:?} does not work with coordinator version {own}: {why}");
    let (Some((agent_major, agent_minor)), Some((own_major, own_minor))) = (major_minor(agent), major_minor(own))
    else {
        return Err(refusal("it is not a semantic version"));
    };
    if agent_major == own_major && agent_minor.abs_diff(own_minor) <= 1 {
        Ok(())
    } else {
        Err(refusal("the minor versions may be at most one apart"))
    }
}

/// Whether program version `own` is older than `oldest` (by major, then minor; patches never change the schema).
pub fn is_older(own: &str, oldest: &str) -> bool {
    major_minor(own) < major_minor(oldest)
}

fn major_minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    let pair = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().map(|_| pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_minor_apart_works_in_both_directions() {
        for good in ["1.4.0", "1.3.9", "1.5.0", "1.5.0-rc.1"] {
            assert!(check(good, "1.4.2").is_ok(), "{good}");
        }
        for bad in ["1.2.0", "1.6.0", "2.4.0", "", "1", "1.4", "x.y.z"] {
            let refusal = check(bad, "1.4.2").err().unwrap_or_default();
            assert!(refusal.contains("1.4.2") && refusal.contains(bad), "{bad}: {refusal}");
        }
    }
}
