//! Tokens of programs: what is kept of them, and the rules of a new one. The token itself is shown once and kept nowhere.

use super::{
    Invalid, Millis,
    caller::{ApiTokenId, Role, TenantId, UserId},
    permission::Permission,
};
use std::collections::BTreeSet;

/// Longest name in characters.
pub const MAX_NAME: usize = 128;
/// What every token begins with, so that scanners of secrets know it.
pub const PREFIX: &str = "ips_";
/// Longest life, in days.
pub const MAX_DAYS: i64 = 3650;
const DAY_MS: i64 = 86_400_000;

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Number.
    pub id: ApiTokenId,
    /// Whose things it sees.
    pub tenant: TenantId,
    /// The user that it acts for: it may never do more, and ends with it.
    pub owner: UserId,
    /// For people.
    pub name: String,
    /// Its beginning, by which people know it again.
    pub shown: String,
    /// What it may do at most.
    pub role: Role,
    /// What it may do of that; `None` means all.
    pub scopes: Option<BTreeSet<Permission>>,
    /// When it was made.
    pub created_at: Millis,
    /// When it ends; 0 means never.
    pub expires_at: Millis,
    /// When it was used last, to the minute; 0 means never.
    pub last_used_at: Millis,
    /// When it was revoked; 0 means that it holds.
    pub revoked_at: Millis,
}

/// What a client asks for, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct ApiTokenRequest {
    /// Name.
    pub name: String,
    /// Word of its role; empty means that of its owner.
    pub role: String,
    /// Words of its scopes; empty means all that the role may.
    pub scopes: Vec<String>,
    /// Days until it ends; `None` means 90, 0 never.
    pub expires_in_days: Option<i64>,
}

/// A request that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenSpec {
    /// 1 to [`MAX_NAME`] characters.
    pub name: String,
    /// `None` means that of its owner.
    pub role: Option<Role>,
    /// `None` means all that the role may.
    pub scopes: Option<BTreeSet<Permission>>,
    /// Milliseconds until it ends; 0 means never.
    pub life_ms: i64,
}

impl ApiTokenRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check(self) -> Result<ApiTokenSpec, Invalid> {
        let length = self.name.chars().count();
        if self.name.trim().is_empty() || length > MAX_NAME || self.name.chars().any(char::is_control) {
            let rule = format!("must have 1 to {MAX_NAME} characters and none of control");
            return Err(Invalid::new("name", rule));
        }
        let days = self.expires_in_days.unwrap_or(90);
        if !(0..=MAX_DAYS).contains(&days) {
            let rule = format!("{days} is out of range, allowed are 0 (never) to {MAX_DAYS}");
            return Err(Invalid::new("expiresInDays", rule));
        }
        let role = match self.role.as_str() {
            "" => None,
            word => Some(super::user::check_role(word)?),
        };
        Ok(ApiTokenSpec {
            name: self.name,
            role,
            scopes: check_scopes(&self.scopes)?,
            life_ms: days * DAY_MS,
        })
    }
}

fn check_scopes(words: &[String]) -> Result<Option<BTreeSet<Permission>>, Invalid> {
    if words.is_empty() {
        return Ok(None);
    }
    let mut scopes = BTreeSet::new();
    for (index, word) in words.iter().enumerate() {
        let known = Permission::parse(word).ok_or_else(|| {
            let words = Permission::ALL.map(Permission::as_str).join(", ");
            Invalid::new(
                format!("scopes[{index}]"),
                format!("{word:?} is unknown, allowed are {words}"),
            )
        })?;
        scopes.insert(known);
    }
    Ok(Some(scopes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn request(change: impl FnOnce(&mut ApiTokenRequest)) -> Result<ApiTokenSpec, Invalid> {
        let mut request = ApiTokenRequest {
            name: "ci".into(),
            ..ApiTokenRequest::default()
        };
        change(&mut request);
        request.check()
    }

    #[test]
    fn a_token_ends_by_itself_unless_told_otherwise() {
        assert_eq!(request(|_| ()).unwrap().life_ms, 90 * DAY_MS);
        assert_eq!(request(|it| it.expires_in_days = Some(0)).unwrap().life_ms, 0);
    }

    #[test]
    fn each_field_has_its_bounds() {
        let field = |change: fn(&mut ApiTokenRequest)| request(change).unwrap_err().field;
        assert_eq!(field(|it| it.name = " ".into()), "name");
        assert_eq!(field(|it| it.name = "x".repeat(MAX_NAME + 1)), "name");
        assert_eq!(field(|it| it.name = "a\nb".into()), "name");
        assert_eq!(field(|it| it.role = "root".into()), "role");
        assert_eq!(
            field(|it| it.scopes = vec!["tasks:read".into(), "tasks:eat".into()]),
            "scopes[1]"
        );
        assert_eq!(field(|it| it.expires_in_days = Some(-1)), "expiresInDays");
        assert_eq!(field(|it| it.expires_in_days = Some(MAX_DAYS + 1)), "expiresInDays");
        let scopes = request(|it| it.scopes = vec!["tasks:read".into()]).unwrap().scopes;
        assert_eq!(scopes, Some(BTreeSet::from([Permission::TasksRead])));
    }
}
