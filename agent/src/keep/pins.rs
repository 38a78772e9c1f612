//! Keeps the pins true: any further CRI pull of a reference erases its label, so what is wanted is compared with what is there whenever
//! the images change, and every few seconds.

use super::{
    Keeper, Pin, PinReport, PinState, Shared,
    plan::{Have, Plan, plan},
};
use crate::{
    node::{Condition, Inventory},
    runtime::RuntimeError,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Longest time that a lost pin is missing.
const EVERY: Duration = Duration::from_secs(3);

impl Keeper {
    /// Works until `cancel`.
    pub async fn run(self, mut images: watch::Receiver<Arc<Inventory>>, cancel: CancellationToken) {
        let mut wanted = self.shared.wanted.subscribe();
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_settled = false;
        loop {
            let known = images.borrow_and_update().clone();
            let references = wanted.borrow_and_update().clone();
            if let Some(references) = references.filter(|_| known.generation > 0) {
                is_settled = self.shared.pass(&references, &known).await;
            }
            let alive = tokio::select! {
                () = cancel.cancelled() => return,
                changed = wanted.changed() => changed.is_ok(),
                changed = images.changed() => changed.is_ok(),
                // Where nothing is to be pinned there is nothing to lose.
                _ = tick.tick(), if !is_settled => true,
            };
            if !alive {
                return;
            }
        }
    }
}

impl Shared {
    /// Compares once and mends what differs. A runtime that does not answer is asked again with the next pass. Whether there is neither a pin
    /// that is wanted nor one of ours that is not.
    async fn pass(&self, wanted: &[String], images: &Inventory) -> bool {
        let _turn = self.turn.lock().await;
        let node = self.node.borrow().clone();
        let Some(runtime) = node.runtime.filter(|_| node.condition.away.is_none()) else {
            return false;
        };
        if let Some(why) = not_honoured(&runtime.version) {
            self.tell(nothing(wanted, self.budget, why));
            return false;
        }
        let Ok(labelled) = self.runtime.pins().await else {
            return false;
        };
        let have = Have {
            labelled: &labelled,
            images: &images.images,
        };
        let mut planned = plan(wanted, &have, self.budget, too_full(&node.condition).as_deref());
        if self.carry_out(&mut planned).await.is_err() {
            return false;
        }
        let is_settled = wanted.is_empty() && planned.unpin.is_empty();
        self.tell(PinReport {
            known: true,
            honoured: true,
            message: String::new(),
            budget: self.budget,
            pinned: planned.bytes,
            pins: planned.pins,
        });
        is_settled
    }

    async fn carry_out(&self, plan: &mut Plan) -> Result<(), RuntimeError> {
        for name in &plan.unpin {
            info!(image = %name, "unpinned");
            self.runtime.pin(name, false).await?;
        }
        for (name, at) in &plan.pin {
            match self.runtime.pin(name, true).await {
                Ok(()) => info!(image = %name, "pinned"),
                Err(RuntimeError::Away(why)) => return Err(RuntimeError::Away(why)),
                Err(RuntimeError::Refused(why)) => {
                    warn!(image = %name, reason = %why, "cannot be pinned");
                    if let Some(pin) = plan.pins.get_mut(*at) {
                        (pin.state, pin.message) = (PinState::Failed, why);
                    }
                }
            }
        }
        Ok(())
    }

    fn tell(&self, report: PinReport) {
        self.report.send_if_modified(|known| {
            let changed = **known != report;
            if changed {
                *known = Arc::new(report);
            }
            changed
        });
    }
}

/// Why this version knows no pins.
fn not_honoured(version: &str) -> Option<String> {
    let mut parts = version.split(['.', '-', '+', '~']);
    let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok());
    match (number(), number()) {
        (Some(major), Some(minor)) if (major, minor) < (1, 7) => Some(format!(
            "containerd {version} does not know pinned images; 1.7 or newer is needed"
        )),
        _ => None,
    }
}

fn nothing(wanted: &[String], budget: u64, why: String) -> PinReport {
    let pin = |reference: &String| Pin {
        reference: reference.clone(),
        state: PinState::NotHonoured,
        message: String::new(),
    };
    PinReport {
        known: true,
        honoured: false,
        message: why,
        budget,
        pinned: 0,
        pins: wanted.iter().map(pin).collect(),
    }
}

/// Why the disk bears no pins. They are there to outlast the kubelet's garbage collection, which begins at its high threshold, and not to
/// fill the disk: half-way from there to full they are released.
fn too_full(condition: &Condition) -> Option<String> {
    let (space, high) = (&condition.space, u64::from(condition.kubelet.high.min(100)));
    if space.capacity_bytes == 0 {
        return None;
    }
    let limit = high + (100 - high) / 2;
    let used = u128::from(space.capacity_bytes.saturating_sub(space.available_bytes)) * 100;
    (used > u128::from(space.capacity_bytes) * u128::from(limit)).then(|| {
        format!(
            "the image file system is more than {limit} % full: pins are released, so that the kubelet can make room"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::disk::DiskSpace;

    #[test]
    fn pins_need_containerd_1_7_and_a_build_of_ones_own_is_believed() {
        for old in ["1.6.20~ds1", "1.5.0"] {
            assert!(not_honoured(old).is_some(), "{old}");
        }
        for good in ["1.7.24", "2.1.9", "main"] {
            assert_eq!(not_honoured(good), None, "{good}");
        }
    }

    #[test]
    fn pins_are_released_half_way_between_the_threshold_and_full() {
        let condition = |used: u64| Condition {
            space: DiskSpace {
                capacity_bytes: 100,
                available_bytes: 100 - used,
                ..DiskSpace::default()
            },
            ..Condition::default()
        };
        assert_eq!(too_full(&condition(92)), None);
        assert!(too_full(&condition(93)).is_some());
        assert_eq!(too_full(&Condition::default()), None, "a disk that cannot be seen");
    }
}
