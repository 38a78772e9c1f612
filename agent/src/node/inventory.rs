//! What images the node has, as its runtime lists them: a generation, a hash, and the difference between two moments.
//! Read when the runtime appears, after its image events, and in a periodic pass in case an event was missed.

use super::NodeState;
use crate::{
    pull::layout::sha256,
    runtime::{ImageRecord, ImageRuntime},
};
use futures::{StreamExt, stream::BoxStream};
use std::{collections::BTreeMap, fmt::Write as _, sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// A pull causes a burst of events: they are answered together.
const SETTLE: Duration = Duration::from_millis(500);
/// Pause before the events are subscribed to again.
const SUBSCRIBE_AGAIN: Duration = Duration::from_secs(2);

/// The images of a node at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Counts changes since the agent started; 0 before the first reading.
    pub generation: u64,
    /// Hash of the content; empty before the first reading.
    pub hash: String,
    /// Images by id.
    pub images: BTreeMap<String, ImageRecord>,
}

/// What happened between two moments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// New or changed images.
    pub changed: Vec<ImageRecord>,
    /// Ids that are gone.
    pub removed: Vec<String>,
}

impl Inventory {
    /// The next inventory; `None` when nothing changed.
    #[must_use]
    pub fn after(&self, records: Vec<ImageRecord>) -> Option<Self> {
        let images: BTreeMap<_, _> = records.into_iter().map(|r| (r.id.clone(), sorted(r))).collect();
        (self.generation == 0 || images != self.images).then(|| Self {
            generation: self.generation + 1,
            hash: hash(&images),
            images,
        })
    }

    /// What changed since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Delta {
        let is_new = |(id, record): &(&String, &ImageRecord)| earlier.images.get(*id) != Some(*record);
        Delta {
            changed: self
                .images
                .iter()
                .filter(is_new)
                .map(|(_, record)| record.clone())
                .collect(),
            removed: earlier
                .images
                .keys()
                .filter(|id| !self.images.contains_key(*id))
                .cloned()
                .collect(),
        }
    }
}

/// The runtime gives no order; a different one is no change.
fn sorted(mut record: ImageRecord) -> ImageRecord {
    record.tags.sort_unstable();
    record.digests.sort_unstable();
    record
}

fn hash(images: &BTreeMap<String, ImageRecord>) -> String {
    let mut text = String::new();
    for (id, image) in images {
        let (tags, digests) = (image.tags.join(","), image.digests.join(","));
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{id} {tags} {digests} {} {}", image.size, image.pinned);
    }
    sha256(text.as_bytes())
}

/// Keeps the inventory true until `cancel`.
pub async fn run(
    runtime: Arc<dyn ImageRuntime>,
    mut node: watch::Receiver<NodeState>,
    inventory: watch::Sender<Arc<Inventory>>,
    every: Duration,
    cancel: CancellationToken,
) {
    let mut events = subscription(&runtime);
    loop {
        if node.borrow_and_update().condition.away.is_none() {
            read(runtime.as_ref(), &inventory).await;
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = sleep(every) => {}
            () = runtime_came_back(&mut node) => {}
            Some(()) = events.next() => sleep(SETTLE).await,
        }
        while let Some(Some(())) = futures::FutureExt::now_or_never(events.next()) {}
    }
}

/// Reads once.
async fn read(runtime: &dyn ImageRuntime, inventory: &watch::Sender<Arc<Inventory>>) {
    match runtime.list().await {
        Ok(records) => {
            inventory.send_if_modified(|known| match known.after(records) {
                None => false,
                Some(next) => {
                    *known = Arc::new(next);
                    true
                }
            });
        }
        Err(why) => debug!(reason = %why, "the inventory cannot be read now"),
    }
}

/// Returns when the runtime answers again after it did not, or when it is another one.
async fn runtime_came_back(node: &mut watch::Receiver<NodeState>) {
    let known = node.borrow().clone();
    let changed = |now: &NodeState| {
        let returned = known.condition.away.is_some() && now.condition.away.is_none();
        returned || now.runtime != known.runtime
    };
    if node.wait_for(changed).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Image events without end: a subscription that breaks off is made again.
fn subscription(runtime: &Arc<dyn ImageRuntime>) -> BoxStream<'static, ()> {
    let runtime = Arc::clone(runtime);
    futures::stream::unfold(true, move |first| {
        let runtime = Arc::clone(&runtime);
        async move {
            if !first {
                sleep(SUBSCRIBE_AGAIN).await;
            }
            Some((runtime.image_events(), false))
        }
    })
    .flatten()
    .boxed()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn image(id: &str, tags: &[&str]) -> ImageRecord {
        ImageRecord {
            id: id.into(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            size: 1,
            ..ImageRecord::default()
        }
    }

    #[test]
    fn the_first_reading_counts_even_when_empty() {
        let first = Inventory::default().after(Vec::new()).unwrap();
        assert_eq!(first.generation, 1);
        assert!(first.hash.starts_with("sha256:"));
        assert_eq!(first.after(Vec::new()), None);
    }

    #[test]
    fn order_is_no_change_but_a_tag_is() {
        let first = Inventory::default()
            .after(vec![image("a", &["x", "y"]), image("b", &[])])
            .unwrap();
        assert_eq!(first.after(vec![image("b", &[]), image("a", &["y", "x"])]), None);
        let second = first.after(vec![image("a", &["x"]), image("c", &[])]).unwrap();
        assert_eq!(second.generation, 2);
        assert_ne!(second.hash, first.hash);
        let delta = second.since(&first);
        assert_eq!(delta.changed, [image("a", &["x"]), image("c", &[])]);
        assert_eq!(delta.removed, ["b"]);
    }

    #[test]
    fn equal_content_has_an_equal_hash_whatever_came_before() {
        let direct = Inventory::default().after(vec![image("a", &["x"])]).unwrap();
        let detour = Inventory::default()
            .after(Vec::new())
            .unwrap()
            .after(vec![image("a", &["x"])])
            .unwrap();
        assert_eq!(direct.hash, detour.hash);
    }
}
