//! Watches one running pull: what arrives (content store) and what is unpacked (snapshots), and keeps the byte account.
//! It only reads; the account itself is the pure `Tracker`.

use super::{
    Shared,
    discovery::{self, Wanted},
    ingests::Ingests,
};
use crate::{
    pull::{
        Digests, Layout, Order, Phase, PhaseEvent, Platform, Tracker,
        layout::{chain_ids, parse_config},
    },
    runtime::{ImageRuntime, Ingest, RuntimeError},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::time::Instant;

/// Layers that were never seen arriving are looked up this often: small ones come and go between two samples.
const FULL_LOOK: Duration = Duration::from_secs(1);
/// For so long the manifest of a pull without known digests is searched for with every sample.
const SEARCH_EAGERLY: Duration = Duration::from_secs(3);

/// Watches one pull.
pub(super) struct Sampler {
    runtime: Arc<dyn ImageRuntime>,
    ingests: Arc<Ingests>,
    reference: String,
    expected: Digests,
    platform: Platform,
    begun: Instant,
    begun_at: SystemTime,
    interrupted: HashMap<String, u64>,
    layout: Option<Layout>,
    tracker: Option<Tracker>,
    chain: Vec<String>,
    seen: HashSet<String>,
    last_full_look: Option<Instant>,
}

impl Sampler {
    /// Prepares to watch the pull that begins now.
    pub(super) async fn begin(shared: &Shared, order: &Order) -> Self {
        let runtime = Arc::clone(&shared.runtime);
        let ingests = shared.flights.ingests();
        // Without an answer nothing is known to be interrupted; the pull will show whether the runtime is there.
        let before = ingests.recent(runtime.as_ref()).await.unwrap_or_default();
        Self {
            runtime,
            ingests,
            reference: order.reference.clone(),
            expected: order.expected.clone(),
            platform: shared.settings.platform.clone(),
            begun: Instant::now(),
            begun_at: SystemTime::now(),
            interrupted: before
                .iter()
                .map(|ingest| (ingest.digest.clone(), ingest.offset))
                .collect(),
            layout: None,
            tracker: None,
            chain: Vec::new(),
            seen: HashSet::new(),
            last_full_look: None,
        }
    }

    /// The account; `None` while the manifest is unknown.
    pub(super) fn tracker(&self) -> Option<&Tracker> {
        self.tracker.as_ref()
    }

    /// The layout, once known.
    pub(super) fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    /// What the account says about the phase; `None` when it says nothing.
    pub(super) fn event(&self) -> Option<PhaseEvent> {
        let missing = self.tracker.as_ref()?.bytes_missing();
        Some(if missing {
            PhaseEvent::BytesMissing
        } else {
            PhaseEvent::BytesComplete
        })
    }

    /// Looks once.
    pub(super) async fn look(&mut self, phase: Phase) -> Result<(), RuntimeError> {
        let arriving = self.ingests.recent(self.runtime.as_ref()).await?;
        let full = self.last_full_look.is_none_or(|at| at.elapsed() >= FULL_LOOK);
        if self.tracker.is_none() {
            self.find_layout(&arriving, full).await?;
        }
        if self.tracker.is_some() {
            let full = self.last_full_look.is_none_or(|at| at.elapsed() >= FULL_LOOK);
            self.look_at_bytes(&arriving, full).await?;
            self.look_at_snapshots(&arriving, full || phase == Phase::Unpacking)
                .await?;
        }
        if full {
            self.last_full_look = Some(Instant::now());
        }
        Ok(())
    }

    async fn find_layout(&mut self, arriving: &[Ingest], full: bool) -> Result<(), RuntimeError> {
        let runtime = Arc::clone(&self.runtime);
        let wanted = Wanted {
            reference: &self.reference,
            expected: &self.expected,
            platform: &self.platform,
            begun_at: self.begun_at,
        };
        let mut found = discovery::by_digest(runtime.as_ref(), &wanted).await?;
        // Searching walks the whole content store: not with every sample of a long pull.
        let is_early = self.begun.elapsed() < SEARCH_EAGERLY;
        if found.is_none() && (full || is_early) {
            found = discovery::by_traces(runtime.as_ref(), &wanted, arriving).await?;
        }
        if let Some(layout) = found {
            self.adopt(layout);
        }
        Ok(())
    }

    fn adopt(&mut self, layout: Layout) {
        self.tracker = Some(Tracker::new(&layout, &self.interrupted));
        self.layout = Some(layout);
        self.chain.clear();
        self.last_full_look = None;
    }

    async fn look_at_bytes(&mut self, arriving: &[Ingest], full: bool) -> Result<(), RuntimeError> {
        let Some(tracker) = self.tracker.as_mut() else {
            return Ok(());
        };
        for ingest in arriving {
            tracker.ingest(&ingest.digest, ingest.offset);
            self.seen.insert(ingest.digest.clone());
        }
        let is_arriving = |digest: &str| arriving.iter().any(|ingest| ingest.digest == digest);
        let due = |digest: &&str| !is_arriving(digest) && (full || self.seen.contains(*digest));
        let due: Vec<String> = tracker.missing().filter(due).map(str::to_owned).collect();
        for digest in due {
            if let Some(blob) = self.runtime.blob(&digest).await? {
                tracker.blob(&digest, blob.created_at < self.begun_at);
            }
        }
        Ok(())
    }

    /// Snapshots are committed from the base up, so only the next one is asked for.
    async fn look_at_snapshots(&mut self, arriving: &[Ingest], eager: bool) -> Result<(), RuntimeError> {
        self.read_chain().await?;
        let Some(tracker) = self.tracker.as_mut() else {
            return Ok(());
        };
        while let Some((index, digest)) = tracker.next_to_unpack() {
            let digest = digest.to_owned();
            let byteless = tracker.missing().any(|missing| missing == digest);
            let Some(chain_id) = self.chain.get(index).filter(|_| eager || !byteless) else {
                return Ok(());
            };
            let Some(snapshot) = self.runtime.snapshot(chain_id).await?.filter(|found| found.committed) else {
                return Ok(());
            };
            let may_arrive = arriving.iter().any(|ingest| ingest.digest == digest);
            tracker.snapshot(index, snapshot.created_at < self.begun_at, may_arrive);
        }
        Ok(())
    }

    async fn read_chain(&mut self) -> Result<(), RuntimeError> {
        let Some(layout) = self.layout.as_ref().filter(|_| self.chain.is_empty()) else {
            return Ok(());
        };
        if let Some(config) = self
            .runtime
            .read(&layout.config)
            .await?
            .and_then(|bytes| parse_config(&bytes))
        {
            self.chain = chain_ids(&config.diff_ids);
        }
        Ok(())
    }

    /// Settles the account of image `id`, which is warm: by its true manifest, with every layer looked at.
    pub(super) async fn settle(&mut self, id: &str) -> Result<(), RuntimeError> {
        if self.layout.as_ref().is_none_or(|layout| layout.config != id) {
            let runtime = Arc::clone(&self.runtime);
            match discovery::by_image_id(runtime.as_ref(), id, &self.platform).await? {
                Some(layout) => self.adopt(layout),
                None => (self.layout, self.tracker) = (None, None),
            }
        }
        self.look_at_bytes(&[], true).await?;
        self.look_at_snapshots(&[], true).await?;
        if let Some(tracker) = self.tracker.as_mut() {
            tracker.complete();
        }
        Ok(())
    }
}
