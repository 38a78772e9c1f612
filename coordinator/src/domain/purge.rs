//! A purge: images that are to go from nodes, if nobody needs them there.

use super::{
    Invalid,
    ids::{PolicyId, TaskId},
    image::ImageRef,
    selection::{Selection, SelectionRequest},
};
use std::collections::BTreeSet;

/// Images in one purge, at most.
pub const MAX_IMAGES: usize = 100;
/// Images times nodes in one purge, at most.
pub const MAX_ORDERS: usize = 10_000;

/// What a client asks for, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct PurgeRequest {
    /// These images; or those of a task or a policy.
    pub images: Vec<String>,
    /// The images of this task, from the nodes that it was for.
    pub task: Option<String>,
    /// The images of this policy, from the nodes that it chooses; it must be paused.
    pub policy: Option<String>,
    /// Only these nodes; empty means all.
    pub node_names: Vec<String>,
    /// Conditions on labels in Kubernetes' syntax; empty means none.
    pub selector: String,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// Which images go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PurgedImages {
    /// These.
    Named(Vec<ImageRef>),
    /// Those of a task, from its nodes.
    OfTask(TaskId),
    /// Those of a policy, from its nodes.
    OfPolicy(PolicyId),
}

/// A purge, checked.
#[derive(Debug, Clone)]
pub struct Purge {
    /// Which images.
    pub images: PurgedImages,
    /// From which nodes.
    pub selection: Selection,
    /// Only say what would happen.
    pub dry_run: bool,
}

impl PurgeRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check(self) -> Result<Purge, Invalid> {
        let names = SelectionRequest {
            node_names: self.node_names,
            ..SelectionRequest::default()
        };
        let selection = Selection {
            node_names: names.check()?.node_names,
            ..Selection::parse_labels("selector", &self.selector)?
        };
        let images = match (self.images.is_empty(), self.task, self.policy) {
            (true, None, None) => return Err(Invalid::new("images", "is required, or taskId or policyId")),
            (true, Some(id), None) => {
                PurgedImages::OfTask(TaskId::parse(&id).map_err(|invalid| Invalid::new("taskId", invalid.rule))?)
            }
            (true, None, Some(id)) => PurgedImages::OfPolicy(PolicyId::from_stored(id)),
            (false, None, None) => PurgedImages::Named(named(&self.images)?),
            (false, Some(_), _) => return Err(Invalid::new("images", "cannot stand beside taskId, which names them")),
            (false, None, Some(_)) => {
                return Err(Invalid::new("images", "cannot stand beside policyId, which names them"));
            }
            (true, Some(_), Some(_)) => return Err(Invalid::new("policyId", "cannot stand beside taskId")),
        };
        Ok(Purge {
            images,
            selection,
            dry_run: self.dry_run,
        })
    }
}

fn named(texts: &[String]) -> Result<Vec<ImageRef>, Invalid> {
    if texts.len() > MAX_IMAGES {
        let rule = format!("must be at most {MAX_IMAGES}, found {}", texts.len());
        return Err(Invalid::new("images", rule));
    }
    let (mut images, mut seen) = (Vec::with_capacity(texts.len()), BTreeSet::new());
    for (index, text) in texts.iter().enumerate() {
        let at = format!("images[{index}]");
        let image = ImageRef::parse(text).map_err(|rule| Invalid::new(&at, rule))?;
        if !seen.insert(text) {
            return Err(Invalid::new(at, format!("{text:?} stands twice")));
        }
        images.push(image);
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn asked(images: &[&str], task: Option<&str>) -> PurgeRequest {
        PurgeRequest {
            images: images.iter().map(|image| (*image).to_owned()).collect(),
            task: task.map(Into::into),
            ..PurgeRequest::default()
        }
    }

    #[test]
    fn images_or_a_task_and_each_field_by_its_rule() {
        assert!(asked(&["nginx:1"], None).check().is_ok());
        assert!(asked(&[], Some("t1")).check().is_ok());
        let field = |request: PurgeRequest| request.check().unwrap_err().field;
        assert_eq!(field(asked(&[], None)), "images");
        assert_eq!(field(asked(&["nginx:1"], Some("t1"))), "images");
        assert_eq!(field(asked(&["nginx:1", "nginx:1"], None)), "images[1]");
        assert_eq!(field(asked(&["UPPER:1"], None)), "images[0]");
        assert_eq!(field(asked(&[], Some("No Id"))), "taskId");
        assert_eq!(field(asked(&["a:1"; MAX_IMAGES + 1], None)), "images");
        let bad = PurgeRequest {
            selector: "pool in".into(),
            ..asked(&["nginx:1"], None)
        };
        assert_eq!(field(bad), "selector");
    }
}
