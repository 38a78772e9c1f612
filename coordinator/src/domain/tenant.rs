//! Tenants: who owns tasks, schedules, credentials, channels, the library, users and tokens, and what an owner's work may do: on which
//! nodes, from which repositories, how much. A single team lives in the tenant `default` and never meets the word.

mod pattern;
mod realm;

pub use pattern::{MAX_PATTERNS, RepositoryPattern};
pub use realm::Realm;

use super::{
    Invalid, Millis,
    caller::TenantId,
    image::ImageRef,
    in_range,
    node::InventoryImage,
    selection::{Candidate, Selection},
};

/// Longest id.
pub const MAX_ID: usize = 63;
/// Longest name in characters.
pub const MAX_NAME: usize = 128;
/// Largest number of pulls or tasks that a quota can allow.
const MAX_COUNT: u32 = 1_000_000;
/// Patterns that a refusal names.
const NAMED_PATTERNS: usize = 5;
/// Quotas by the day count days of UTC, so that every coordinator counts the same ones.
const DAY_MS: Millis = 86_400_000;

/// The number of the day that a moment lies in.
pub fn day_of(now: Millis) -> i64 {
    now.div_euclid(DAY_MS)
}

/// When the day ends that a moment lies in.
pub fn end_of_day(now: Millis) -> Millis {
    (day_of(now) + 1) * DAY_MS
}

/// How much a tenant may; `None` means that only the operator's limits hold, 0 that it may nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Pulls that hold a slot at a time.
    pub open_pulls: Option<u32>,
    /// Tasks accepted in a day of UTC.
    pub tasks_per_day: Option<u32>,
    /// Bytes fetched from registries in a day of UTC. What runs when it is reached goes on, so that it may be passed by as much.
    pub bytes_per_day: Option<u64>,
}

impl Quotas {
    /// Whether any of them holds pulls back.
    pub fn hold_pulls(&self) -> bool {
        self.open_pulls.is_some() || self.bytes_per_day.is_some()
    }
}

/// Quotas as a client sends them, not checked yet; `None` means none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuotasRequest {
    /// Pulls at a time.
    pub open_pulls: Option<i64>,
    /// Tasks in a day.
    pub tasks_per_day: Option<i64>,
    /// Bytes in a day.
    pub bytes_per_day: Option<i64>,
}

impl QuotasRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check(self) -> Result<Quotas, Invalid> {
        let number = |field: &str, value: Option<i64>| value.map(|it| in_range(field, it, 0..=MAX_COUNT)).transpose();
        let bytes = |value: i64| {
            let refused = |_| {
                Invalid::new(
                    "quotas.bytesPerDay",
                    format!("{value} is out of range, allowed are 0 and more"),
                )
            };
            u64::try_from(value).map_err(refused)
        };
        Ok(Quotas {
            open_pulls: number("quotas.openPulls", self.open_pulls)?,
            tasks_per_day: number("quotas.tasksPerDay", self.tasks_per_day)?,
            bytes_per_day: self.bytes_per_day.map(bytes).transpose()?,
        })
    }
}

/// What a tenant used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Pulls that hold a slot now.
    pub open_pulls: u32,
    /// Tasks accepted today (UTC).
    pub tasks_today: u32,
    /// Bytes fetched today (UTC).
    pub bytes_today: u64,
}

/// What a tenant's work may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantRules {
    /// Conditions on the labels of its nodes as they were written, in Kubernetes' syntax; empty means every node.
    pub node_selector: String,
    /// The same, read.
    pub nodes: Selection,
    /// Repositories that it may use; empty means all.
    pub repositories: Vec<RepositoryPattern>,
    /// How much.
    pub quotas: Quotas,
}

/// A tenant as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Id; given once, and never again after the tenant was removed, so that nobody inherits its audit.
    pub id: TenantId,
    /// For people.
    pub name: String,
    /// What its work may do.
    pub rules: TenantRules,
    /// When it was made.
    pub created_at: Millis,
    /// When it was changed last.
    pub updated_at: Millis,
}

impl Tenant {
    /// The tenant that is always there, as it is before anybody changes it.
    pub fn first() -> Self {
        Self {
            id: TenantId::default(),
            name: "Default".to_owned(),
            rules: TenantRules::default(),
            created_at: 0,
            updated_at: 0,
        }
    }

    /// Whether its tasks may be for the node.
    pub fn may_use_node(&self, node: Candidate<'_>) -> bool {
        self.rules.nodes.matches(node)
    }

    /// Whether any of its repositories can be on the registry host.
    pub fn may_use_host(&self, host: &str) -> bool {
        let allowed = &self.rules.repositories;
        allowed.is_empty() || allowed.iter().any(|pattern| pattern.may_be_on(host))
    }

    /// Whether it may use the image.
    pub fn may_use(&self, image: &ImageRef) -> bool {
        let allowed = &self.rules.repositories;
        allowed.is_empty() || {
            let parts = image.parts();
            allowed
                .iter()
                .any(|pattern| pattern.matches(&parts.registry, &parts.repository))
        }
    }

    /// Checks an image at `field`.
    ///
    /// # Errors
    /// Names the field, the image and the patterns that it matches none of.
    pub fn check_image(&self, field: &str, image: &ImageRef) -> Result<(), Invalid> {
        if self.may_use(image) {
            return Ok(());
        }
        let rule = format!("{:?} matches none of {}", image.as_str(), self.shown_patterns());
        Err(Invalid::new(field, rule))
    }

    /// Checks the images of a task.
    ///
    /// # Errors
    /// As [`Tenant::check_image`], for the first that it may not use.
    pub fn check_images(&self, images: &[ImageRef]) -> Result<(), Invalid> {
        let mut numbered = images.iter().enumerate();
        numbered.try_for_each(|(index, image)| self.check_image(&format!("images[{index}]"), image))
    }

    /// Checks a registry host at `field`.
    ///
    /// # Errors
    /// Names the field, the host and the patterns.
    pub fn check_host(&self, field: &str, host: &str) -> Result<(), Invalid> {
        if self.may_use_host(host) {
            return Ok(());
        }
        let rule = format!("{host:?} matches none of {}", self.shown_patterns());
        Err(Invalid::new(field, rule))
    }

    /// What it may see of an image on a node: the names that match its patterns; `None` where none does.
    pub fn sight_of(&self, image: &InventoryImage) -> Option<InventoryImage> {
        if self.rules.repositories.is_empty() {
            return Some(image.clone());
        }
        let may = |name: &&String| ImageRef::parse(name).is_ok_and(|image| self.may_use(&image));
        let seen = InventoryImage {
            repo_tags: image.repo_tags.iter().filter(may).cloned().collect(),
            repo_digests: image.repo_digests.iter().filter(may).cloned().collect(),
            ..image.clone()
        };
        (!seen.repo_tags.is_empty() || !seen.repo_digests.is_empty()).then_some(seen)
    }

    fn shown_patterns(&self) -> String {
        let all = &self.rules.repositories;
        let shown: Vec<&str> = all.iter().take(NAMED_PATTERNS).map(RepositoryPattern::as_str).collect();
        let more = match all.len().saturating_sub(NAMED_PATTERNS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("the repositories that the tenant may use: {}{more}", shown.join(", "))
    }
}

/// What a client sends, not checked yet; what is `None` stays, or is without a condition where the tenant is new.
#[derive(Debug, Clone, Default)]
pub struct TenantRequest {
    /// For people; that of a new tenant is its id.
    pub name: Option<String>,
    /// Conditions on labels in Kubernetes' syntax.
    pub node_selector: Option<String>,
    /// Patterns.
    pub repositories: Option<Vec<String>>,
    /// Quotas, all of them.
    pub quotas: Option<QuotasRequest>,
}

impl TenantRequest {
    /// Checks every field of a new tenant.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check_new(self, id: &str, now: Millis) -> Result<Tenant, Invalid> {
        let tenant = Tenant {
            id: check_id("id", id)?,
            name: id.to_owned(),
            rules: TenantRules::default(),
            created_at: now,
            updated_at: now,
        };
        self.check_over(tenant, now)
    }

    /// Checks every field of a change and lays it over what is there.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check_over(self, mut tenant: Tenant, now: Millis) -> Result<Tenant, Invalid> {
        if let Some(name) = self.name {
            tenant.name = check_name(name)?;
        }
        if let Some(text) = self.node_selector {
            tenant.rules.nodes = Selection::parse_labels("nodeSelector", &text)?;
            tenant.rules.node_selector = text;
        }
        if let Some(patterns) = self.repositories {
            tenant.rules.repositories = check_patterns(&patterns)?;
        }
        if let Some(quotas) = self.quotas {
            tenant.rules.quotas = quotas.check()?;
        }
        tenant.updated_at = now;
        Ok(tenant)
    }
}

/// Checks the id of a tenant: what the name of a namespace may be.
///
/// # Errors
/// Names the field and the rule.
pub fn check_id(field: &str, text: &str) -> Result<TenantId, Invalid> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bounded = text.starts_with(letter) && text.ends_with(letter);
    if bounded && text.len() <= MAX_ID && text.chars().all(|c| letter(c) || c == '-') {
        return Ok(TenantId::from_stored(text));
    }
    let rule = format!("must have 1 to {MAX_ID} characters of a-z, 0-9 and '-', no '-' at its ends");
    Err(Invalid::new(field, rule))
}

fn check_name(name: String) -> Result<String, Invalid> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > MAX_NAME || name.chars().any(char::is_control) {
        let rule = format!("must have 1 to {MAX_NAME} characters and none of control");
        return Err(Invalid::new("name", rule));
    }
    Ok(name)
}

fn check_patterns(patterns: &[String]) -> Result<Vec<RepositoryPattern>, Invalid> {
    if patterns.len() > MAX_PATTERNS {
        let rule = format!("must be at most {MAX_PATTERNS}, found {}", patterns.len());
        return Err(Invalid::new("repositories", rule));
    }
    let read = |(index, text): (usize, &String)| RepositoryPattern::parse(&format!("repositories[{index}]"), text);
    patterns.iter().enumerate().map(read).collect()
}

#[cfg(test)]
mod tests;
