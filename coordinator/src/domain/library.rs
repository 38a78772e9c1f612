//! The library: images that people use again, with a name and tags.

use super::{Invalid, Millis, caller::TenantId, image::ImageRef};
use std::collections::BTreeSet;

/// Longest name in characters.
pub const MAX_NAME: usize = 256;
/// Tags of one entry.
pub const MAX_TAGS: usize = 20;
/// Longest tag.
pub const MAX_TAG: usize = 64;
/// Entries of one import.
pub const MAX_IMPORT: usize = 1000;
/// Longest reference.
pub const MAX_REFERENCE: usize = 512;

/// What a client sends, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct EntryRequest {
    /// Name; may be empty.
    pub name: String,
    /// Reference.
    pub image: String,
    /// Tags.
    pub tags: Vec<String>,
}

/// A request that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntrySpec {
    /// At most [`MAX_NAME`] characters; may be empty.
    pub name: String,
    /// Reference, unique in the library.
    pub image: ImageRef,
    /// At most [`MAX_TAGS`].
    pub tags: BTreeSet<String>,
}

/// One image of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number, from 1; never used twice.
    pub id: i64,
    /// Whose it is.
    pub tenant: TenantId,
    /// What it is.
    pub spec: EntrySpec,
    /// When it was added.
    pub created_at: Millis,
    /// When it was changed last.
    pub updated_at: Millis,
}

impl EntryRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check(self) -> Result<EntrySpec, Invalid> {
        let image = self.image.trim();
        if image.len() > MAX_REFERENCE {
            let rule = format!("must have at most {MAX_REFERENCE} characters, found {}", image.len());
            return Err(Invalid::new("image", rule));
        }
        let length = self.name.chars().count();
        if length > MAX_NAME {
            let rule = format!("must have at most {MAX_NAME} characters, found {length}");
            return Err(Invalid::new("name", rule));
        }
        if self.name.chars().any(char::is_control) {
            return Err(Invalid::new("name", "must not contain control characters"));
        }
        Ok(EntrySpec {
            image: ImageRef::parse_field("image", image)?,
            name: self.name,
            tags: check_tags(self.tags)?,
        })
    }
}

fn check_tags(tags: Vec<String>) -> Result<BTreeSet<String>, Invalid> {
    if tags.len() > MAX_TAGS {
        let rule = format!("must be at most {MAX_TAGS}, found {}", tags.len());
        return Err(Invalid::new("tags", rule));
    }
    let mut checked = BTreeSet::new();
    for (index, tag) in tags.into_iter().enumerate() {
        let tag = check_tag(&format!("tags[{index}]"), &tag)?;
        if !checked.insert(tag.clone()) {
            return Err(Invalid::new(format!("tags[{index}]"), format!("{tag:?} stands twice")));
        }
    }
    Ok(checked)
}

/// Checks one tag: letters of any script, digits, `-`, `_`, `.`, `:` and `/`.
///
/// # Errors
/// Names the field and the rule.
pub fn check_tag(field: &str, tag: &str) -> Result<String, Invalid> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    if (1..=MAX_TAG).contains(&tag.chars().count()) && tag.chars().all(allowed) {
        Ok(tag.to_owned())
    } else {
        let rule = format!("must have 1 to {MAX_TAG} letters, digits, '-', '_', '.', ':' and '/'");
        Err(Invalid::new(field, rule))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn request() -> EntryRequest {
        EntryRequest {
            name: "web".into(),
            image: "nginx:1".into(),
            tags: vec!["prod".into()],
        }
    }

    fn refused(change: impl FnOnce(&mut EntryRequest)) -> Option<String> {
        let mut request = request();
        change(&mut request);
        request.check().err().map(|invalid| invalid.field)
    }

    #[test]
    fn each_field_has_its_bounds() {
        let tags = |count: usize| (0..count).map(|n| format!("t{n}")).collect::<Vec<_>>();
        let long = |length: usize| format!("r.example/{}", vec!["a"; (length - 10) / 2 + 1].join("/"));
        assert_eq!(refused(|r| r.name = String::new()), None);
        assert_eq!(refused(|r| r.name = "ü".repeat(MAX_NAME)), None);
        assert_eq!(refused(|r| r.name = "x".repeat(MAX_NAME + 1)).as_deref(), Some("name"));
        assert_eq!(refused(|r| r.tags = tags(MAX_TAGS)), None);
        assert_eq!(refused(|r| r.tags = tags(MAX_TAGS + 1)).as_deref(), Some("tags"));
        assert_eq!(refused(|r| r.tags = vec!["x".repeat(MAX_TAG)]), None);
        assert_eq!(
            refused(|r| r.tags = vec!["x".repeat(MAX_TAG + 1)]).as_deref(),
            Some("tags[0]")
        );
        assert_eq!(refused(|r| r.image = long(MAX_REFERENCE + 2)).as_deref(), Some("image"));
        for bad in ["", "Upper", "a b", "a,b"] {
            assert_eq!(refused(|r| r.image = bad.into()).as_deref(), Some("image"), "{bad:?}");
        }
    }

    #[test]
    fn tags_are_words_and_stand_once() {
        assert_eq!(refused(|r| r.tags = vec!["组/a:1".into(), "b".into()]), None);
        for bad in ["", "a b", "a,b", "a\n"] {
            assert_eq!(
                refused(|r| r.tags = vec!["x".into(), bad.into()]).as_deref(),
                Some("tags[1]"),
                "{bad:?}"
            );
        }
        assert_eq!(
            refused(|r| r.tags = vec!["x".into(), "x".into()]).as_deref(),
            Some("tags[1]")
        );
    }
}
