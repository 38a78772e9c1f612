//! What a session has told of running attempts, so that it tells only news, and not too often. Pure.

use crate::{
    pull::{AttemptId, LayerBytes, Phase},
    worker::AttemptView,
};
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// One report: the attempt as it is, and the layers that are news.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) id: AttemptId,
    pub(super) view: AttemptView,
    pub(super) layers: Vec<LayerBytes>,
}

/// What this session told, and when.
#[derive(Debug, Default)]
pub(super) struct Told {
    attempts: HashMap<AttemptId, (Instant, AttemptView)>,
}

impl Told {
    /// Reports that are due: attempts that changed and were silent for `pause`. Attempts that are gone are forgotten.
    pub(super) fn due(&mut self, now: Instant, pause: Duration, views: Vec<(AttemptId, AttemptView)>) -> Vec<Report> {
        self.attempts.retain(|id, _| views.iter().any(|(known, _)| known == id));
        let mut due = Vec::new();
        for (id, view) in views {
            let told = self.attempts.get(&id);
            let is_news = told.is_none_or(|(at, old)| *old != view && now.duration_since(*at) >= pause);
            // An attempt that waits for a slot has not begun; one that waits for something else says for what.
            let is_silent = view.phase == Phase::Waiting && view.note.is_empty() && told.is_none();
            if is_silent || !is_news {
                continue;
            }
            let layers = news(told.map(|(_, old)| old.layers.as_slice()), &view.layers);
            self.attempts.insert(id.clone(), (now, view.clone()));
            due.push(Report { id, view, layers });
        }
        due
    }
}

/// Layers that differ from what was told; all of them when the list itself is new.
fn news(old: Option<&[LayerBytes]>, now: &[LayerBytes]) -> Vec<LayerBytes> {
    match old.filter(|old| old.len() == now.len()) {
        None => now.to_vec(),
        Some(old) => now
            .iter()
            .zip(old)
            .filter(|(new, old)| new != old)
            .map(|(new, _)| new.clone())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::ByteCounts;
    use std::sync::Arc;

    const PAUSE: Duration = Duration::from_millis(500);

    fn id() -> AttemptId {
        AttemptId {
            pull: "p".into(),
            number: 1,
        }
    }

    fn view(phase: Phase, fetched: &[u64]) -> AttemptView {
        let layer = |(at, fetched): (usize, &u64)| LayerBytes {
            digest: format!("sha256:{at}"),
            index: u32::try_from(at).unwrap_or_default(),
            bytes: ByteCounts {
                total: 100,
                fetched: *fetched,
                ..ByteCounts::default()
            },
            unpacked: false,
        };
        let layers = fetched.iter().enumerate().map(layer).collect();
        AttemptView {
            phase,
            bytes: ByteCounts::default(),
            layers: Arc::new(layers),
            note: String::new(),
        }
    }

    #[test]
    fn all_layers_first_then_only_changes_and_not_too_often() {
        let mut told = Told::default();
        let start = Instant::now();
        let mut due = |after_ms, fetched: &[u64]| {
            let views = vec![(id(), view(Phase::Fetching, fetched))];
            told.due(start + Duration::from_millis(after_ms), PAUSE, views)
        };
        assert_eq!(due(0, &[])[0].layers, []);
        assert_eq!(due(500, &[0, 0])[0].layers.len(), 2);
        assert!(due(600, &[1, 0]).is_empty(), "too early");
        let third = due(1000, &[2, 0]);
        assert_eq!(
            third[0]
                .layers
                .iter()
                .map(|layer| layer.bytes.fetched)
                .collect::<Vec<_>>(),
            [2]
        );
        assert!(due(2000, &[2, 0]).is_empty(), "no news");
    }

    #[test]
    fn waiting_is_not_reported_and_the_gone_are_forgotten() {
        let mut told = Told::default();
        let now = Instant::now();
        assert!(told.due(now, PAUSE, vec![(id(), view(Phase::Waiting, &[]))]).is_empty());
        let mut held_up = view(Phase::Waiting, &[]);
        held_up.note = "waits for the node's disk".into();
        assert_eq!(
            told.due(now, PAUSE, vec![(id(), held_up)]).len(),
            1,
            "who is held up says so"
        );
        assert!(told.due(now, PAUSE, Vec::new()).is_empty());
        assert_eq!(told.due(now, PAUSE, vec![(id(), view(Phase::Resolving, &[]))]).len(), 1);
        assert!(told.due(now, PAUSE, Vec::new()).is_empty());
        assert!(told.attempts.is_empty());
    }
}
