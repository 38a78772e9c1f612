//! Whether there is room for a pull before any of its bytes move. What pulls in the air still need is promised to them.

use super::{
    Shared,
    discovery::{self, Wanted},
};
use crate::{
    guard::disk::space,
    pull::{
        ByteCounts, Layout, Order,
        layout::{chain_ids, parse_config},
        space::{Have, Room, UNKNOWN, need, need_of, refused},
    },
    runtime::{ImageRuntime, RuntimeError},
};
use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// Bytes that each pull in the air still needs, by reference.
#[derive(Debug, Default)]
pub(super) struct Promises(Mutex<HashMap<String, u64>>);

impl Promises {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a pull was promised; dropping it gives the rest back.
#[derive(Debug)]
pub(super) struct Promise {
    promises: Arc<Promises>,
    reference: String,
    need: u64,
    factor: u32,
}

impl Promise {
    /// What is written is part of the disk's own figures from now on.
    pub(super) fn kept(&self, bytes: &ByteCounts) {
        let unpacked = need(bytes.unpacked, self.factor.saturating_sub(1));
        let rest = self.need.saturating_sub(bytes.fetched).saturating_sub(unpacked);
        self.promises.lock().insert(self.reference.clone(), rest);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.promises.lock().remove(&self.reference);
    }
}

/// Asks for the room that an order needs.
///
/// # Errors
/// Why there is none. Where the size of the disk is unknown there is room; an image of unknown size has room while the threshold is not
/// passed already.
pub(super) async fn ask(shared: &Shared, order: &Order) -> Result<Option<Promise>, String> {
    let guard = &shared.settings.guard;
    let factor = guard.space_factor;
    if factor == 0 {
        return Ok(None);
    }
    let runtime = shared.runtime.as_ref();
    let Ok(filesystem) = runtime.filesystem().await else {
        return Ok(None);
    };
    let need = match layers(shared, order).await {
        Ok(Some(layers)) => need_of(&layers, factor),
        Ok(None) | Err(_) if order.size == 0 => UNKNOWN,
        Ok(None) | Err(_) => need(order.size, factor),
    };
    let disk = space(Path::new(&filesystem.path));
    let high = guard.kubelet().high;
    let promises = Arc::clone(&shared.promises);
    let mut known = promises.lock();
    let others = known.iter().filter(|(reference, _)| **reference != order.reference);
    let room = Room {
        capacity: disk.capacity_bytes,
        available: disk.available_bytes,
        promised: others.fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes)),
        high,
    };
    if let Some(why) = refused(need, &room) {
        return Err(why);
    }
    known.insert(order.reference.clone(), need);
    drop(known);
    Ok(Some(Promise {
        promises,
        reference: order.reference.clone(),
        need,
        factor,
    }))
}

/// The image's layers, where its manifest is on the node already.
async fn layers(shared: &Shared, order: &Order) -> Result<Option<Vec<Have>>, RuntimeError> {
    let runtime = shared.runtime.as_ref();
    let wanted = Wanted {
        reference: &order.reference,
        expected: &order.expected,
        platform: &shared.settings.platform,
        begun_at: SystemTime::now(),
    };
    let Some(layout) = discovery::by_digest(runtime, &wanted).await? else {
        return Ok(None);
    };
    let chain = chain(runtime, &layout).await?;
    let mut layers = Vec::with_capacity(layout.layers.len());
    for (at, (digest, size)) in layout.layers.iter().enumerate() {
        let unpacked = match chain.get(at) {
            Some(id) => runtime.snapshot(id).await?.is_some_and(|snapshot| snapshot.committed),
            None => false,
        };
        layers.push(Have {
            size: *size,
            fetched: runtime.blob(digest).await?.is_some(),
            unpacked,
        });
    }
    Ok(Some(layers))
}

/// Ids of the layers' snapshots; empty while the configuration is not on the node.
async fn chain(runtime: &dyn ImageRuntime, layout: &Layout) -> Result<Vec<String>, RuntimeError> {
    let config = runtime
        .read(&layout.config)
        .await?
        .and_then(|bytes| parse_config(&bytes));
    Ok(config.map(|config| chain_ids(&config.diff_ids)).unwrap_or_default())
}
