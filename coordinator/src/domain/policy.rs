//! Standing policies: a wish that is kept true. These images are to be on every node that the policy chooses, also on those that join
//! later, and are brought back when somebody else removes them. What a client asks for, checked once, and the record that is kept; what
//! follows from it for each node is in the modules below. Pure.

mod cell;
mod condition;
mod coverage;
mod failures;
mod flight;
mod following;
mod names;
mod plan;
mod sight;
mod state;
mod workloads;

pub use cell::{DAY_MS, Eviction, Evictions, PullEnd};
pub use condition::{Condition, ConditionKind};
pub use coverage::{CellRow, CellState, Counts, DigestCount, ImageCoverage, Why};
pub use failures::PastFailure;
pub use flight::{Flight, Flights};
pub use following::{Following, FollowingRequest};
pub use plan::{Order, Plan};
pub use sight::{Agent, Seen, Sight};
pub use state::PolicyState;
pub use workloads::{Chosen, Followed, Named, Places, WorkloadRequest, WorkloadSelection};

use super::{
    Invalid, Millis,
    caller::TenantId,
    ids::PolicyId,
    image::{ImageDigests, ImageRef, Platform, ResolvedImage},
    library,
    node::Labels,
    task::{MAX_IMAGES, TaskRequest, TaskSpec},
};
use serde::{Deserialize, Serialize};

/// Longest name, in characters.
pub const MAX_NAME_LENGTH: usize = 255;
/// Longest description, in characters.
pub const MAX_DESCRIPTION_LENGTH: usize = 4000;
/// Longest reason of a pause, in characters.
pub const MAX_REASON_LENGTH: usize = 1000;

/// What a client asks for, not checked yet. `None` means the default when a policy is made, and "as it is" when one is changed.
#[derive(Debug, Clone, Default)]
pub struct PolicyRequest {
    /// Name, unique in the tenant.
    pub name: Option<String>,
    /// Words for people.
    pub description: Option<String>,
    /// Tag of the library: its entries are wanted beside the images of the task.
    pub library_tag: Option<String>,
    /// Workloads of the cluster: what they run is wanted beside the images of the task.
    pub workloads: Option<WorkloadRequest>,
    /// Images, nodes, limits and credentials: what every task of the policy is made of.
    pub task: Option<TaskRequest>,
    /// What happens when a tag points at something else.
    pub following: Option<FollowingRequest>,
    /// Whether it orders nothing.
    pub paused: Option<bool>,
}

/// A request that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySpec {
    /// Name, 1 to 255 characters, unique in the tenant.
    pub name: String,
    /// Words for people.
    pub description: String,
    /// Tag of the library; empty for none.
    pub library_tag: String,
    /// Workloads of the cluster whose images are wanted, too.
    pub workloads: Option<WorkloadSelection>,
    /// Images (none only where there is another source of them), nodes, limits and credentials.
    pub task: TaskSpec,
    /// What happens when a tag points at something else.
    pub following: Following,
}

impl PolicyRequest {
    /// Checks a new policy.
    ///
    /// # Errors
    /// The first field that breaks a rule or lacks, named as the REST API names it.
    pub fn check(self) -> Result<PolicySpec, Invalid> {
        let required = |field: &str| Invalid::new(field, "is required");
        let library_tag = check_tag(self.library_tag.unwrap_or_default())?;
        let workloads = self.workloads.unwrap_or_default().check()?;
        let needs_images = library_tag.is_empty() && workloads.is_none();
        Ok(PolicySpec {
            name: check_name(self.name.ok_or_else(|| required("name"))?)?,
            description: check_description(self.description.unwrap_or_default())?,
            task: check_task(self.task.ok_or_else(|| required("taskConfig"))?, needs_images)?,
            library_tag,
            workloads,
            following: self.following.unwrap_or_default().check(&Following::Never)?,
        })
    }

    /// Checks a change of a policy and lays it over what there is; the task is replaced as a whole.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check_over(self, old: &PolicySpec) -> Result<PolicySpec, Invalid> {
        let library_tag = self
            .library_tag
            .map_or_else(|| Ok(old.library_tag.clone()), check_tag)?;
        let workloads = match self.workloads {
            Some(workloads) => workloads.check()?,
            None => old.workloads.clone(),
        };
        let needs_images = library_tag.is_empty() && workloads.is_none();
        let task = match self.task {
            Some(task) => check_task(task, needs_images)?,
            None if old.task.images.is_empty() && needs_images => return Err(no_images()),
            None => old.task.clone(),
        };
        Ok(PolicySpec {
            name: self.name.map_or_else(|| Ok(old.name.clone()), check_name)?,
            description: self
                .description
                .map_or_else(|| Ok(old.description.clone()), check_description)?,
            library_tag,
            workloads,
            task,
            following: match self.following {
                Some(following) => following.check(&old.following)?,
                None => old.following.clone(),
            },
        })
    }
}

impl PolicySpec {
    /// In words where images come from beside its own.
    pub(super) fn sources(&self) -> &'static str {
        match (self.library_tag.is_empty(), &self.workloads) {
            (_, None) => "the library",
            (true, Some(_)) => "workloads",
            (false, Some(_)) => "the library and of workloads",
        }
    }
}

fn check_name(name: String) -> Result<String, Invalid> {
    if name.trim().is_empty() || name.chars().count() > MAX_NAME_LENGTH {
        let rule = format!("must be 1 to {MAX_NAME_LENGTH} characters, not only spaces");
        return Err(Invalid::new("name", rule));
    }
    Ok(name)
}

fn check_description(description: String) -> Result<String, Invalid> {
    if description.chars().count() > MAX_DESCRIPTION_LENGTH {
        let rule = format!("must be at most {MAX_DESCRIPTION_LENGTH} characters");
        return Err(Invalid::new("description", rule));
    }
    Ok(description)
}

fn check_tag(tag: String) -> Result<String, Invalid> {
    if tag.is_empty() {
        return Ok(tag);
    }
    library::check_tag("libraryTag", &tag)
}

fn no_images() -> Invalid {
    Invalid::new("taskConfig.images", "must not be empty without libraryTag or workloads")
}

/// The function that checks tasks, so that what is saved can be ordered, and what a standing wish cannot have.
fn check_task(request: TaskRequest, needs_images: bool) -> Result<TaskSpec, Invalid> {
    let below = |invalid: Invalid| Invalid::new(format!("taskConfig.{}", invalid.field), invalid.rule);
    for (field, is_there) in [
        ("id", request.id.is_some()),
        ("requestId", request.request_id.is_some()),
    ] {
        if is_there {
            return Err(below(Invalid::new(
                field,
                "is chosen anew for every task, leave it out",
            )));
        }
    }
    if request.selection.max_nodes.is_some() {
        let rule = "a policy is for every node that matches, leave it out";
        return Err(below(Invalid::new("maxNodes", rule)));
    }
    let checked = match request.images.is_empty() {
        true if needs_images => return Err(no_images()),
        true => request.check_without_images(),
        false => request.check(),
    };
    let checked = checked.map_err(below)?;
    if checked.login.is_some() {
        let rule = "a policy keeps no login of its own, name a stored credential by secretId";
        return Err(below(Invalid::new("registry", rule)));
    }
    Ok(checked.spec)
}

/// What is known of one image of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyImage {
    /// Reference as pods write it.
    pub image: ImageRef,
    /// Where the pods of followed workloads may be that use it; `None` where it is wanted on every node of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Places>,
    /// What it stands for, by platform; empty while unknown.
    #[serde(default)]
    pub resolved: Vec<ResolvedImage>,
    /// What it was found to stand for since, where that differs: what new nodes get.
    #[serde(default)]
    pub newer: Vec<ResolvedImage>,
    /// Why the registry could not be asked; empty when it could or was not tried yet.
    #[serde(default)]
    pub error: String,
    /// When the registry was asked last; 0 for never.
    #[serde(default)]
    pub checked_at: Millis,
}

impl PolicyImage {
    /// An image that nothing is known of.
    pub fn new(image: ImageRef) -> Self {
        Self {
            image,
            places: None,
            resolved: vec![],
            newer: vec![],
            error: String::new(),
            checked_at: 0,
        }
    }

    /// What the image should be on a platform.
    pub fn wanted(&self, platform: &Platform) -> Option<&ResolvedImage> {
        self.resolved.iter().find(|resolved| resolved.platform == *platform)
    }

    /// The digest that the tag moved to; `None` when it has not.
    pub fn moved_to(&self) -> Option<&str> {
        self.newer.first().map(|newer| newer.digests.target.as_str())
    }

    /// The digest that the tag stood for when it was last followed; empty while unknown.
    pub fn digest(&self) -> &str {
        self.resolved.first().map_or("", |resolved| &resolved.digests.target)
    }

    /// Takes what a registry or a node said of the reference now. With `follow` it is what nodes should have from now on, otherwise what
    /// differs is kept beside it. Says whether anything changed, and whether the tag was found moved by this very look.
    pub fn learn(&mut self, found: &[ResolvedImage], follow: bool) -> Learned {
        let mut learned = Learned::default();
        for new in found.iter().filter(|new| !new.digests.target.is_empty()) {
            let known = self.resolved.iter_mut().find(|known| known.platform == new.platform);
            let Some(known) = known else {
                self.resolved.push(new.clone());
                learned.changed = true;
                continue;
            };
            let newer = self.newer.iter().position(|newer| newer.platform == new.platform);
            if same(&known.digests, &new.digests) {
                if let Some(back) = newer {
                    self.newer.remove(back);
                    learned.changed = true;
                }
            } else if follow {
                *known = new.clone();
                newer.into_iter().for_each(|at| drop(self.newer.remove(at)));
                learned.changed = true;
                learned.moved = true;
            } else if newer.is_none_or(|at| !same(&self.newer[at].digests, &new.digests)) {
                newer.into_iter().for_each(|at| drop(self.newer.remove(at)));
                self.newer.push(new.clone());
                learned.changed = true;
                learned.moved = true;
            }
        }
        learned
    }

    /// What was found since is what nodes should have from now on. Says whether that is anything else.
    pub fn accept_newer(&mut self) -> bool {
        let newer = std::mem::take(&mut self.newer);
        let changed = !newer.is_empty();
        for new in newer {
            self.resolved.retain(|known| known.platform != new.platform);
            self.resolved.push(new);
        }
        changed
    }
}

/// What a look at a tag brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Learned {
    /// Something is known that was not.
    pub changed: bool,
    /// The tag was found to stand for something else than before.
    pub moved: bool,
}

fn same(one: &ImageDigests, other: &ImageDigests) -> bool {
    one.target == other.target || (!one.config.is_empty() && one.config == other.config)
}

/// A policy, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Id.
    pub id: PolicyId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What was asked for.
    pub spec: PolicySpec,
    /// Why it orders nothing; `None` while it does.
    pub paused: Option<String>,
    /// The images that it wants, those of the library included, at most [`MAX_IMAGES`], and what is known of each.
    pub images: Vec<PolicyImage>,
    /// Who made it; empty when nobody had to say who they are.
    pub created_by: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it was changed last by somebody.
    pub updated_at: Millis,
    /// Tags were looked at for every time of the timetable up to here.
    pub followed_until: Millis,
    /// Raised by every write, which is refused when it is not as the writer saw it.
    pub revision: i64,
}

impl Policy {
    /// A new policy of the default tenant.
    pub fn new(id: PolicyId, spec: PolicySpec, now: Millis) -> Self {
        let images = spec.task.images.iter().cloned().map(PolicyImage::new).collect();
        Self {
            id,
            tenant: TenantId::default(),
            spec,
            paused: None,
            images,
            created_by: String::new(),
            created_at: now,
            updated_at: now,
            followed_until: now,
            revision: 0,
        }
    }

    /// Takes a change over; what is known of images that stay is kept, and what their tags moved to is what nodes should have: who changes
    /// a policy has seen its conditions.
    pub fn change(&mut self, spec: PolicySpec, now: Millis) {
        if spec.following != self.spec.following {
            self.followed_until = now;
        }
        self.spec = spec;
        self.updated_at = now;
        self.accept_moved();
    }

    /// What tags moved to is what nodes should have from now on.
    pub fn accept_moved(&mut self) -> bool {
        let moved = self.images.iter_mut().map(PolicyImage::accept_newer);
        moved.fold(false, |any, moved| any | moved)
    }

    /// Takes over the images of its sources, in their order, behind its own. Says whether its images changed, and how many of the others
    /// found no place.
    pub fn set_images(&mut self, sources: impl IntoIterator<Item = (ImageRef, Option<Places>)>) -> (bool, usize) {
        let own = self.spec.task.images.iter().map(|image| (image.clone(), None));
        let mut wanted: Vec<(ImageRef, Option<Places>)> = own.collect();
        let mut left_out = 0;
        for (image, places) in sources {
            if wanted.iter().any(|(known, _)| *known == image) {
                continue;
            }
            if wanted.len() < MAX_IMAGES {
                wanted.push((image, places));
            } else {
                left_out += 1;
            }
        }
        let is = |(known, wanted): (&PolicyImage, &(ImageRef, Option<Places>))| {
            known.image == wanted.0 && known.places == wanted.1
        };
        let same = self.images.len() == wanted.len() && self.images.iter().zip(&wanted).all(is);
        if !same {
            let known = |(image, places): (ImageRef, Option<Places>)| {
                let known = self.images.iter().find(|known| known.image == image);
                let known = known.cloned().unwrap_or_else(|| PolicyImage::new(image));
                PolicyImage { places, ..known }
            };
            self.images = wanted.into_iter().map(known).collect();
        }
        (!same, left_out)
    }

    /// Which of its images a node with these labels needs not, because no pod that uses them may be there; empty for none.
    pub(super) fn elsewhere(&self, labels: &Labels) -> Box<[bool]> {
        let is_elsewhere = |image: &PolicyImage| image.places.as_ref().is_some_and(|places| !places.have(labels));
        let all: Vec<bool> = self.images.iter().map(is_elsewhere).collect();
        if all.contains(&true) {
            all.into()
        } else {
            Box::default()
        }
    }

    /// Its name, behind that of its tenant where that is not the first one.
    pub fn shown_name(&self) -> String {
        if self.tenant == TenantId::default() {
            self.spec.name.clone()
        } else {
            format!("{}/{}", self.tenant, self.spec.name)
        }
    }

    /// Takes what was found of its images, each or why it could not be; see [`PolicyImage::learn`].
    pub fn learn_all(
        &mut self,
        found: Vec<(ImageRef, Result<Vec<ResolvedImage>, String>)>,
        follow: bool,
        now: Millis,
    ) -> Vec<ImageRef> {
        let mut moved = vec![];
        for (image, found) in found {
            let Some(known) = self.images.iter_mut().find(|known| known.image == image) else {
                continue;
            };
            known.checked_at = now;
            match found {
                Ok(found) => {
                    known.error.clear();
                    if known.learn(&found, follow).moved {
                        moved.push(image);
                    }
                }
                Err(error) => known.error = error,
            }
        }
        moved
    }

    /// When tags are looked at next; `None` where they are not.
    pub fn next_follow(&self) -> Option<Millis> {
        self.spec.following.next_after(self.created_at, self.followed_until)
    }
}

/// A reason for a pause that somebody gave.
///
/// # Errors
/// Names `reason` when it is too long.
pub fn check_reason(reason: &str) -> Result<String, Invalid> {
    let reason = reason.trim();
    if reason.chars().count() > MAX_REASON_LENGTH {
        let rule = format!("must be at most {MAX_REASON_LENGTH} characters");
        return Err(Invalid::new("reason", rule));
    }
    Ok(if reason.is_empty() {
        "paused by request".to_owned()
    } else {
        reason.to_owned()
    })
}

#[cfg(test)]
mod tests;
