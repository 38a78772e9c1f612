//! Removes one image, if nobody needs it: no container, no pin, and no pod sandbox.

use super::{Shared, plan::has_name};
use crate::{
    pull::reference::{full_name, host_and_repository},
    runtime::{ImageRecord, RuntimeError},
};
use std::time::Duration;
use tokio::time::sleep;

/// How often the runtime is asked whether the image is gone.
const LOOKS: u32 = 20;
/// Pause between two of these.
const PAUSE: Duration = Duration::from_millis(250);

/// What became of an image that was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It is gone.
    Removed,
    /// It would be, had it not been a question.
    WouldRemove,
    /// A container was made of it.
    InUse,
    /// It is pinned.
    Pinned,
    /// Pod sandboxes are made of it.
    Sandbox,
    /// It was not there.
    Absent,
    /// The runtime refused or did not answer.
    Failed,
}

/// The answer to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Id of the order.
    pub order: String,
    /// What became of it.
    pub result: Removed,
    /// For people; empty when there is nothing to say.
    pub message: String,
}

pub(super) async fn remove(shared: &Shared, reference: &str, dry_run: bool) -> (Removed, String) {
    let _turn = shared.turn.lock().await;
    match try_remove(shared, reference, dry_run).await {
        Ok(answer) => answer,
        Err(why) => (Removed::Failed, why.to_string()),
    }
}

async fn try_remove(shared: &Shared, reference: &str, dry_run: bool) -> Result<(Removed, String), RuntimeError> {
    let runtime = shared.runtime.as_ref();
    let Some(image) = runtime.status(reference).await? else {
        return Ok((Removed::Absent, String::new()));
    };
    if runtime.used_images().await?.iter().any(|used| is_of(used, &image)) {
        return Ok((Removed::InUse, "a container was made of it".into()));
    }
    if is_sandbox(&image, reference, runtime.sandbox_image().await?.as_deref()) {
        return Ok((Removed::Sandbox, "pod sandboxes are made of it".into()));
    }
    let labelled = runtime.pins().await?;
    let own: Vec<_> = labelled.iter().filter(|(name, _)| has_name(&image, name)).collect();
    if own.iter().any(|(_, ours)| !**ours) || (image.pinned && own.is_empty()) {
        return Ok((Removed::Pinned, "pinned by somebody else".into()));
    }
    let wanted = shared.wanted.borrow().clone().unwrap_or_default();
    if wanted.iter().any(|wanted| has_name(&image, &full_name(wanted))) {
        return Ok((Removed::Pinned, "a task or policy wants it pinned".into()));
    }
    if dry_run {
        return Ok((Removed::WouldRemove, String::new()));
    }
    for (name, _) in own {
        runtime.pin(name, false).await?;
    }
    take_away(shared, reference, &image).await
}

/// CRI removes an image with all its names. One that has others is theirs, too: it only loses this name.
async fn take_away(shared: &Shared, reference: &str, image: &ImageRecord) -> Result<(Removed, String), RuntimeError> {
    let name = full_name(reference);
    let others: Vec<_> = image.tags.iter().filter(|tag| **tag != name).cloned().collect();
    if others.is_empty() {
        shared.runtime.remove(reference).await?;
    } else {
        shared.runtime.forget_name(&name).await?;
    }
    for _ in 0..LOOKS {
        match shared.runtime.status(reference).await? {
            None if others.is_empty() => return Ok((Removed::Removed, String::new())),
            None => {
                let kept = others.join(", ");
                return Ok((Removed::Removed, format!("its content stays for other names: {kept}")));
            }
            Some(_) => sleep(PAUSE).await,
        }
    }
    Ok((Removed::Failed, "the runtime still has it".into()))
}

/// Containers name their image by id, digest or tag.
fn is_of(used: &str, image: &ImageRecord) -> bool {
    used == image.id || has_name(image, used) || has_name(image, &full_name(used))
}

/// The runtime names its sandbox image where it can; otherwise anything that is called like one is taken for it.
fn is_sandbox(image: &ImageRecord, reference: &str, sandbox: Option<&str>) -> bool {
    let is_pause = |name: &str| {
        let (_, repository) = host_and_repository(name);
        repository.rsplit('/').next() == Some("pause")
    };
    let is_named = sandbox.is_some_and(|sandbox| has_name(image, &full_name(sandbox)));
    is_named || is_pause(reference) || image.tags.iter().any(|tag| is_pause(tag))
}
