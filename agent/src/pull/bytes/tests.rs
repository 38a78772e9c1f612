//! The account balances and never goes backwards, whatever is observed in whatever order.

use super::*;
use proptest::prelude::*;

fn layout(sizes: &[u64]) -> Layout {
    let layers = sizes
        .iter()
        .enumerate()
        .map(|(at, size)| (format!("sha256:{at}"), *size))
        .collect();
    Layout {
        manifest: "sha256:m".into(),
        config: "sha256:c".into(),
        layers,
    }
}

fn tracker(sizes: &[u64]) -> Tracker {
    Tracker::new(&layout(sizes), &HashMap::new())
}

#[test]
fn a_fresh_pull_counts_what_it_fetches() {
    let mut account = tracker(&[100, 50]);
    account.ingest("sha256:0", 40);
    assert_eq!(
        account.total(),
        ByteCounts {
            total: 150,
            fetched: 40,
            ..ByteCounts::default()
        }
    );
    account.blob("sha256:0", false);
    account.blob("sha256:1", false);
    account.snapshot(0, false, true);
    assert!(!account.bytes_missing());
    assert_eq!(account.next_to_unpack(), Some((1, "sha256:1")));
    assert_eq!(
        account.total(),
        ByteCounts {
            total: 150,
            fetched: 150,
            unpacked: 100,
            ..ByteCounts::default()
        }
    );
}

#[test]
fn what_was_there_is_not_called_fetched() {
    let mut account = tracker(&[100, 50, 30]);
    account.blob("sha256:0", true);
    account.snapshot(0, false, true);
    account.snapshot(1, true, false);
    account.blob("sha256:2", false);
    account.complete();
    let expected = ByteCounts {
        total: 180,
        fetched: 30,
        already_there: 100,
        not_needed: 50,
        unpacked: 180,
    };
    assert_eq!(account.total(), expected);
}

#[test]
fn an_interrupted_ingest_is_split_at_its_old_offset() {
    let mut account = Tracker::new(&layout(&[100]), &HashMap::from([("sha256:0".to_owned(), 60)]));
    assert_eq!(
        account.total(),
        ByteCounts {
            total: 100,
            already_there: 60,
            ..ByteCounts::default()
        }
    );
    account.ingest("sha256:0", 80);
    account.blob("sha256:0", false);
    assert_eq!(
        account.total(),
        ByteCounts {
            total: 100,
            fetched: 40,
            already_there: 60,
            ..ByteCounts::default()
        }
    );
}

#[test]
fn an_interrupted_ingest_that_starts_again_was_not_there() {
    let mut account = Tracker::new(&layout(&[100]), &HashMap::from([("sha256:0".to_owned(), 60)]));
    account.ingest("sha256:0", 5);
    assert_eq!(
        account.total(),
        ByteCounts {
            total: 100,
            fetched: 60,
            ..ByteCounts::default()
        }
    );
    account.blob("sha256:0", false);
    assert_eq!(
        account.total(),
        ByteCounts {
            total: 100,
            fetched: 100,
            ..ByteCounts::default()
        }
    );
}

#[test]
fn a_layer_that_occurs_twice_moves_once() {
    let twice = Layout {
        layers: vec![("sha256:e".into(), 10), ("sha256:e".into(), 10)],
        ..layout(&[])
    };
    let mut account = Tracker::new(&twice, &HashMap::new());
    account.ingest("sha256:e", 5);
    assert_eq!(account.total().fetched, 5);
    account.blob("sha256:e", false);
    assert_eq!(
        account.total(),
        ByteCounts {
            total: 20,
            fetched: 10,
            already_there: 10,
            ..ByteCounts::default()
        }
    );
}

#[derive(Debug, Clone)]
enum Seen {
    Ingest(usize, u64),
    Blob(usize, bool),
    Snapshot(usize, bool, bool),
}

fn seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        (0..4usize, 0..150u64).prop_map(|(at, offset)| Seen::Ingest(at, offset)),
        (0..4usize, any::<bool>()).prop_map(|(at, before)| Seen::Blob(at, before)),
        (0..4usize, any::<bool>(), any::<bool>()).prop_map(|(at, before, blob)| Seen::Snapshot(at, before, blob)),
    ]
}

proptest! {
    #[test]
    fn progress_never_decreases_and_always_balances(
        sizes in proptest::collection::vec(0..120u64, 1..4),
        base in 0..130u64,
        events in proptest::collection::vec(seen(), 0..40),
    ) {
        let mut account = Tracker::new(&layout(&sizes), &HashMap::from([("sha256:0".to_owned(), base)]));
        let mut last = account.total();
        for event in events {
            match event {
                Seen::Ingest(at, offset) => account.ingest(&format!("sha256:{at}"), offset),
                Seen::Blob(at, before) => account.blob(&format!("sha256:{at}"), before),
                Seen::Snapshot(at, before, blob) => account.snapshot(at, before, blob),
            }
            let now = account.total();
            prop_assert!(now.fetched >= last.fetched, "{last:?} -> {now:?}");
            prop_assert!(now.done() >= last.done() && now.unpacked >= last.unpacked, "{last:?} -> {now:?}");
            prop_assert!(now.done() <= now.total && now.unpacked <= now.total);
            last = now;
        }
        account.complete();
        let end = account.total();
        prop_assert_eq!(end.done(), end.total);
        prop_assert_eq!(end.unpacked, end.total);
        prop_assert!(end.fetched >= last.fetched);
        for layer in account.layers() {
            prop_assert_eq!(layer.bytes.done(), layer.bytes.total);
        }
    }
}
