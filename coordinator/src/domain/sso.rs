//! Log-in elsewhere (OpenID Connect): what a person's groups are worth here, which name it gets, and where it may be sent back to.

use super::{
    Invalid,
    caller::{Role, TenantId},
    user::{MAX_USERNAME, check_role},
};

/// Longest subject of a provider, in bytes; the standard allows no more.
const MAX_SUBJECT: usize = 255;
/// Longest path that is gone back to.
const MAX_PATH: usize = 1024;
/// Length of a challenge: SHA-256 as hex.
const CHALLENGE: usize = 64;

/// What groups are worth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleMap {
    /// Groups by name, each with its role.
    pub groups: Vec<(String, Role)>,
    /// Role of whoever is in none of them; `None` lets nobody in.
    pub otherwise: Option<Role>,
}

impl RoleMap {
    /// Reads `GROUP=ROLE`; the name of a group may have `=` in it.
    ///
    /// # Errors
    /// Names the form or the word that is no role.
    pub fn parse_rule(text: &str) -> Result<(String, Role), Invalid> {
        let form = || Invalid::new("group", "must be GROUP=ROLE, for example ips-admins=system-admin");
        let (group, role) = text.rsplit_once('=').ok_or_else(form)?;
        if group.trim().is_empty() {
            return Err(form());
        }
        Ok((group.trim().to_owned(), check_role(role.trim())?))
    }

    /// The highest role that one of the groups gives.
    pub fn role_of(&self, groups: &[String]) -> Option<Role> {
        let given = self.groups.iter().filter(|(group, _)| groups.contains(group));
        given.map(|(_, role)| *role).max().or(self.otherwise)
    }

    /// The tenant of whoever is in these groups. There is one place to decide it, and so far one answer.
    pub fn tenant_of(&self, _groups: &[String]) -> TenantId {
        TenantId::default()
    }
}

/// Who somebody is at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalId(String);

impl ExternalId {
    /// The issuer with the subject, which is unique at its issuer alone.
    ///
    /// # Errors
    /// A subject that no provider may give.
    pub fn new(issuer: &str, subject: &str) -> Result<Self, Invalid> {
        if subject.is_empty() || subject.len() > MAX_SUBJECT || subject.chars().any(char::is_control) {
            let rule = format!("must have 1 to {MAX_SUBJECT} bytes and no control characters");
            return Err(Invalid::new("sub", rule));
        }
        Ok(Self(format!("{issuer} {subject}")))
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name that may be one here, made of what the provider calls somebody: what a user name must not have becomes `-`.
pub fn username(wanted: &str) -> Option<String> {
    let harmless = |c: char| !c.is_control() && !c.is_whitespace() && c != '/' && c != ':';
    let name: String = wanted
        .trim()
        .chars()
        .take(MAX_USERNAME)
        .map(|c| if harmless(c) { c } else { '-' })
        .collect();
    (!name.is_empty()).then_some(name)
}

/// The name with the provider's host behind it, for whoever finds its own name taken.
pub fn username_at(name: &str, host: &str) -> String {
    let room = MAX_USERNAME.saturating_sub(host.chars().count() + 1);
    let head: String = name.chars().take(room).collect();
    format!("{head}@{host}")
}

/// Where a browser goes when the log-in is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Return {
    /// To a page of the console.
    Console {
        /// A path of this server.
        path: String,
    },
    /// To a program on the person's own machine, which listens on loopback.
    Program {
        /// Its port.
        port: u16,
        /// SHA-256, as hex, of what only that program knows.
        challenge: String,
    },
}

impl Return {
    /// A page of the console; whatever is not a plain path of this server is its first page.
    pub fn console(path: Option<&str>) -> Self {
        let is_local = |path: &&str| {
            let second = path.as_bytes().get(1);
            path.starts_with('/')
                && second.is_none_or(|second| !matches!(second, b'/' | b'\\'))
                && path.len() <= MAX_PATH
                && path.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let path = path.filter(is_local).unwrap_or("/").to_owned();
        Self::Console { path }
    }

    /// A program on the person's machine.
    ///
    /// # Errors
    /// Names the field `port` or `challenge`.
    pub fn program(port: i64, challenge: &str) -> Result<Self, Invalid> {
        let port = u16::try_from(port).ok().filter(|port| *port >= 1024);
        let port = port.ok_or_else(|| Invalid::new("port", "must be 1024 to 65535"))?;
        let is_hash = challenge.len() == CHALLENGE && challenge.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hash {
            return Err(Invalid::new(
                "challenge",
                "must be a SHA-256 as 64 lower-case hex digits",
            ));
        }
        let challenge = challenge.to_owned();
        Ok(Self::Program { port, challenge })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_highest_group_counts_and_none_lets_nobody_in() {
        let rules = ["dev=operator", "cn=ops,dc=corp=system-admin", "all=viewer"];
        let groups = rules.map(|rule| RoleMap::parse_rule(rule).unwrap()).to_vec();
        let map = RoleMap {
            groups,
            otherwise: None,
        };
        let role = |names: &[&str]| map.role_of(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(role(&["all", "dev"]), Some(Role::Operator));
        assert_eq!(role(&["all", "cn=ops,dc=corp"]), Some(Role::SystemAdmin));
        assert_eq!(
            (role(&[]), role(&["Dev", "developers"])),
            (None, None),
            "names are exact"
        );
        let open = RoleMap {
            otherwise: Some(Role::Viewer),
            ..map.clone()
        };
        assert_eq!(open.role_of(&[]), Some(Role::Viewer));
        for bad in ["", "dev", "=viewer", " =viewer", "dev=root", "dev="] {
            assert!(RoleMap::parse_rule(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_made_harmless() {
        assert_eq!(username(" ana müller\n").as_deref(), Some("ana-müller"));
        assert_eq!(username("corp/ana:1").as_deref(), Some("corp-ana-1"));
        assert_eq!(username(" \n"), None);
        assert_eq!(username_at("ana", "id.corp"), "ana@id.corp");
        assert_eq!(username_at(&"x".repeat(300), "id.corp").len(), MAX_USERNAME);
        assert!(ExternalId::new("https://id.corp", "a\nb").is_err() && ExternalId::new("i", "").is_err());
    }

    #[test]
    fn nobody_is_sent_to_another_site() {
        let path = |text: &str| match Return::console(Some(text)) {
            Return::Console { path } => path,
            Return::Program { .. } => String::new(),
        };
        assert_eq!(path("/tasks?status=failed"), "/tasks?status=failed");
        for bad in [
            "",
            "tasks",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a b",
            "/a\r\nSet-Cookie: x=y",
            &format!("/{}", "a".repeat(MAX_PATH)),
        ] {
            assert_eq!(path(bad), "/", "{bad:?}");
        }
        let hash = "0123456789abcdef".repeat(4);
        assert!(Return::program(40_000, &hash).is_ok());
        for (port, challenge) in [
            (80, hash.as_str()),
            (70_000, &hash),
            (-1, &hash),
            (40_000, "x"),
            (40_000, ""),
        ] {
            assert!(Return::program(port, challenge).is_err(), "{port} {challenge}");
        }
    }
}
