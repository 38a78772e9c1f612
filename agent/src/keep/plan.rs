//! Which of the wanted images are pinned: pure, so that every case can be walked.

use crate::{pull::reference::full_name, runtime::ImageRecord};
use std::collections::{BTreeMap, BTreeSet};

/// What became of one pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinState {
    /// The kubelet's garbage collection leaves it alone.
    Pinned,
    /// The image is not on the node; it is pinned when it comes.
    Absent,
    /// It would need more bytes than may be pinned.
    OverBudget,
    /// The disk is too full for pins.
    Released,
    /// The runtime does not know pins.
    NotHonoured,
    /// The runtime refused.
    Failed,
}

/// One wanted pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// As it was wanted.
    pub reference: String,
    /// What became of it.
    pub state: PinState,
    /// For people; empty when there is nothing to say.
    pub message: String,
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Names to be pinned, and which pin each is.
    pub(super) pin: Vec<(String, usize)>,
    /// Names that lose our pin.
    pub(super) unpin: Vec<String>,
    /// Every wanted pin, as if what is to be done had been done.
    pub(super) pins: Vec<Pin>,
    /// Bytes that are pinned by us then.
    pub(super) bytes: u64,
}

/// What the runtime has: names with a pin, true where it is ours; and its images.
pub(super) struct Have<'a> {
    pub(super) labelled: &'a BTreeMap<String, bool>,
    pub(super) images: &'a BTreeMap<String, ImageRecord>,
}

/// Plans; `too_full` says why the disk bears no pins. Pins that hold already are the last to fall out of the budget.
pub(super) fn plan(wanted: &[String], have: &Have<'_>, budget: u64, too_full: Option<&str>) -> Plan {
    let names: Vec<String> = wanted.iter().map(|reference| full_name(reference)).collect();
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|at| have.labelled.get(&names[*at]) != Some(&true));
    let mut plan = Plan::default();
    let mut states: Vec<(PinState, String)> = vec![(PinState::Absent, String::new()); wanted.len()];
    let (mut counted, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for at in order {
        let name = &names[at];
        states[at] = if let Some(why) = too_full {
            (PinState::Released, why.to_owned())
        } else if have.labelled.get(name) == Some(&false) {
            (PinState::Pinned, "pinned by somebody else".into())
        } else {
            match have.images.values().find(|image| has_name(image, name)) {
                None => (PinState::Absent, String::new()),
                Some(image) => {
                    let more = if counted.contains(&image.id) { 0 } else { image.size };
                    if plan.bytes.saturating_add(more) > budget {
                        let left = budget.saturating_sub(plan.bytes);
                        let why = format!("its {more} bytes are more than the {left} bytes that the budget has left");
                        (PinState::OverBudget, why)
                    } else {
                        counted.insert(image.id.clone());
                        plan.bytes += more;
                        kept.insert(name.clone());
                        if !have.labelled.contains_key(name) {
                            plan.pin.push((name.clone(), at));
                        }
                        (PinState::Pinned, String::new())
                    }
                }
            }
        };
    }
    let ours = have
        .labelled
        .iter()
        .filter(|(name, ours)| **ours && !kept.contains(*name));
    plan.unpin = ours.map(|(name, _)| name.clone()).collect();
    plan.pins = wanted
        .iter()
        .zip(states)
        .map(|(reference, (state, message))| Pin {
            reference: reference.clone(),
            state,
            message,
        })
        .collect();
    plan
}

/// Whether the image goes by this full name.
pub(super) fn has_name(image: &ImageRecord, name: &str) -> bool {
    image.tags.iter().chain(&image.digests).any(|known| known == name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn images(sizes: &[(&str, u64)]) -> BTreeMap<String, ImageRecord> {
        let image = |(name, size): &(&str, u64)| {
            let record = ImageRecord {
                id: format!("id of {name}"),
                tags: vec![full_name(name)],
                size: *size,
                ..ImageRecord::default()
            };
            (record.id.clone(), record)
        };
        sizes.iter().map(image).collect()
    }

    fn labelled(names: &[(&str, bool)]) -> BTreeMap<String, bool> {
        names.iter().map(|(name, ours)| (full_name(name), *ours)).collect()
    }

    fn states(plan: &Plan) -> Vec<PinState> {
        plan.pins.iter().map(|pin| pin.state).collect()
    }

    #[test]
    fn only_what_is_wanted_and_there_is_pinned_and_only_our_pins_are_taken_away() {
        let wanted = [
            "r.example/a:1".to_owned(),
            "r.example/b:1".to_owned(),
            "r.example/c:1".to_owned(),
        ];
        let images = images(&[("r.example/a:1", 10), ("r.example/c:1", 10), ("r.example/old:1", 10)]);
        let labelled = labelled(&[
            ("r.example/c:1", false),
            ("r.example/old:1", true),
            ("r.example/theirs:1", false),
        ]);
        let have = Have {
            labelled: &labelled,
            images: &images,
        };
        let found = plan(&wanted, &have, 100, None);
        assert_eq!(states(&found), [PinState::Pinned, PinState::Absent, PinState::Pinned]);
        assert_eq!(found.pin, [("r.example/a:1".to_owned(), 0)]);
        assert_eq!(found.unpin, ["r.example/old:1"]);
        assert_eq!(found.bytes, 10, "what others pin is not ours to count");
    }

    #[test]
    fn the_budget_holds_and_pins_that_hold_come_first() {
        let wanted = ["a:1".to_owned(), "b:1".to_owned(), "c:1".to_owned()];
        let images = images(&[("a:1", 60), ("b:1", 60), ("c:1", 40)]);
        let labelled = labelled(&[("b:1", true)]);
        let have = Have {
            labelled: &labelled,
            images: &images,
        };
        let found = plan(&wanted, &have, 100, None);
        assert_eq!(
            states(&found),
            [PinState::OverBudget, PinState::Pinned, PinState::Pinned]
        );
        assert!(found.pins[0].message.contains("60 bytes") && found.pins[0].message.contains("40 bytes"));
        assert_eq!((found.bytes, found.unpin.len()), (100, 0));
        let none = plan(&wanted, &have, 0, None);
        assert_eq!(states(&none), [PinState::OverBudget; 3]);
        assert_eq!(none.unpin, [full_name("b:1")]);
    }

    #[test]
    fn names_of_one_image_count_once_and_a_full_disk_releases_all() {
        let wanted = ["a:1".to_owned(), "a:2".to_owned()];
        let mut images = images(&[("a:1", 60)]);
        images.get_mut("id of a:1").unwrap().tags.push(full_name("a:2"));
        let labelled = labelled(&[("a:1", true), ("x:1", false)]);
        let have = Have {
            labelled: &labelled,
            images: &images,
        };
        let found = plan(&wanted, &have, 60, None);
        assert_eq!((states(&found), found.bytes), (vec![PinState::Pinned; 2], 60));
        let full = plan(&wanted, &have, 60, Some("too full"));
        assert_eq!(states(&full), [PinState::Released; 2]);
        assert_eq!((full.unpin, full.bytes), (vec![full_name("a:1")], 0));
    }
}
