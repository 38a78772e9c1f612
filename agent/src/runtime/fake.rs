//! A runtime in memory for tests: a "registry" of published images, and a content store that a pull fills when it is let through.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::{
    Answer, Blob, ImageFilesystem, ImageRecord, ImageRuntime, Ingest, ManifestQuery, RuntimeError, RuntimeIdentity,
    Snapshot,
};
use crate::pull::{
    Credential, Digests, Platform,
    layout::{chain_ids, sha256},
};
use base64::Engine as _;
use futures::{StreamExt as _, future::BoxFuture, stream::BoxStream};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::SystemTime,
};
use tokio::sync::watch;

/// An image in the "registry".
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) digests: Digests,
    pub(crate) layers: Vec<(String, u64)>,
    pub(crate) chain: Vec<String>,
    documents: Vec<(String, Vec<u8>)>,
}

/// What a pull of a reference comes to once it is let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Land,
    LandWithoutUnpacking,
    Fail(String),
    /// Fails with a text in which the login stands, as `user:password` and as HTTP carries it.
    Echo(String),
    Hang,
}

#[derive(Debug, Default)]
struct Inside {
    registry: HashMap<String, Published>,
    behaviour: HashMap<String, Behaviour>,
    images: HashMap<String, ImageRecord>,
    documents: HashMap<String, Vec<u8>>,
    blobs: HashMap<String, (u64, SystemTime)>,
    snapshots: HashMap<String, SystemTime>,
    ingests: Vec<Ingest>,
    away: Option<String>,
    calls: usize,
    running: usize,
    most: usize,
    dropped: usize,
    logins: Vec<Option<Credential>>,
    /// Pinned names, true where by us.
    pins: BTreeMap<String, bool>,
    used: Vec<String>,
    sandbox: Option<String>,
}

/// The runtime. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Fake {
    inside: Arc<Mutex<Inside>>,
    gate: watch::Sender<bool>,
    outage: watch::Sender<u64>,
}

/// Counts a call that ends without its end as dropped.
struct Running {
    fake: Fake,
    ended: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut inside = self.fake.lock();
        inside.running -= 1;
        inside.dropped += usize::from(!self.ended);
    }
}

impl Fake {
    /// An empty runtime whose pulls go through at once.
    pub(crate) fn new() -> Self {
        Self {
            inside: Arc::default(),
            gate: watch::Sender::new(true),
            outage: watch::Sender::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    /// Puts an image with layers of these sizes into the "registry".
    pub(crate) fn publish(&self, reference: &str, architecture: &str, sizes: &[u64]) -> Published {
        let layers: Vec<_> = sizes
            .iter()
            .map(|size| (sha256(format!("{reference} {size}").as_bytes()), *size))
            .collect();
        let diff_ids: Vec<_> = layers.iter().map(|(digest, _)| sha256(digest.as_bytes())).collect();
        let config = json!({"os": "linux", "architecture": architecture, "rootfs": {"diff_ids": diff_ids}});
        let config = config.to_string().into_bytes();
        let config_digest = sha256(&config);
        let named: Vec<_> = layers
            .iter()
            .map(|(digest, size)| json!({"digest": digest, "size": size}))
            .collect();
        let manifest = json!({"config": {"digest": config_digest, "size": config.len()}, "layers": named});
        let manifest = manifest.to_string().into_bytes();
        let manifest_digest = sha256(&manifest);
        let published = Published {
            digests: Digests {
                target: Some(manifest_digest.clone()),
                manifest: Some(manifest_digest.clone()),
                config: Some(config_digest.clone()),
            },
            chain: chain_ids(&diff_ids),
            layers,
            documents: vec![(config_digest, config), (manifest_digest, manifest)],
        };
        self.lock().registry.insert(reference.into(), published.clone());
        published
    }

    pub(crate) fn behave(&self, reference: &str, behaviour: Behaviour) {
        self.lock().behaviour.insert(reference.into(), behaviour);
    }

    /// Pulls wait until `open`.
    pub(crate) fn hold(&self) {
        self.gate.send_replace(false);
    }

    pub(crate) fn open(&self) {
        self.gate.send_replace(true);
    }

    /// The runtime goes away: running calls break off, further ones fail.
    pub(crate) fn go_away(&self) {
        self.lock().away = Some("containerd is not reachable: gone".into());
        self.outage.send_modify(|count| *count += 1);
    }

    pub(crate) fn come_back(&self) {
        self.lock().away = None;
    }

    /// Makes the manifest and configuration readable, as early in a real pull.
    pub(crate) fn resolve(&self, published: &Published) {
        let mut inside = self.lock();
        for (digest, bytes) in &published.documents {
            inside.documents.insert(digest.clone(), bytes.clone());
            inside
                .blobs
                .insert(digest.clone(), (bytes.len() as u64, SystemTime::now()));
        }
    }

    pub(crate) fn ingest(&self, digest: &str, offset: u64) {
        let mut inside = self.lock();
        inside.ingests.retain(|known| known.digest != digest);
        inside.ingests.push(Ingest {
            digest: digest.into(),
            offset,
        });
    }

    pub(crate) fn finish_blob(&self, digest: &str, size: u64) {
        let mut inside = self.lock();
        inside.ingests.retain(|known| known.digest != digest);
        inside.blobs.insert(digest.into(), (size, SystemTime::now()));
    }

    pub(crate) fn commit(&self, chain_id: &str) {
        self.lock().snapshots.insert(chain_id.into(), SystemTime::now());
    }

    /// Everything that a successful pull leaves behind, but for what is there already.
    pub(crate) fn land(&self, reference: &str, unpack: bool) {
        let published = self.lock().registry.get(reference).cloned().unwrap();
        self.resolve(&published);
        let mut inside = self.lock();
        inside.ingests.clear();
        for ((digest, size), chain) in published.layers.iter().zip(&published.chain) {
            if !inside.snapshots.contains_key(chain) {
                inside.blobs.entry(digest.clone()).or_insert((*size, SystemTime::now()));
            }
            if unpack {
                inside.snapshots.entry(chain.clone()).or_insert_with(SystemTime::now);
            }
        }
        let target = published.digests.target.unwrap();
        let record = ImageRecord {
            id: published.digests.config.unwrap(),
            tags: vec![reference.into()],
            digests: vec![format!("{reference}@{target}")],
            size: published.layers.iter().map(|(_, size)| size).sum(),
            pinned: false,
        };
        inside.images.insert(reference.into(), record);
    }

    /// Manifests go from the content store, as where layers and manifests are discarded after unpacking.
    pub(crate) fn lose_manifests(&self) {
        self.lock()
            .documents
            .retain(|_, bytes| !bytes.starts_with(b"{\"config\""));
    }

    /// Somebody pins this name.
    pub(crate) fn pin_by_others(&self, name: &str) {
        self.lock().pins.insert(name.into(), false);
    }

    /// A further CRI pull of a reference erases its labels.
    pub(crate) fn erase_pin(&self, name: &str) {
        self.lock().pins.remove(name);
    }

    /// What is pinned now.
    pub(crate) fn pinned(&self) -> BTreeMap<String, bool> {
        self.lock().pins.clone()
    }

    /// A container is made of what goes by this name.
    pub(crate) fn uses(&self, name: &str) {
        self.lock().used.push(name.into());
    }

    pub(crate) fn no_container(&self) {
        self.lock().used.clear();
    }

    pub(crate) fn sandboxes_are(&self, name: &str) {
        self.lock().sandbox = Some(name.into());
    }

    /// Another tag for an image that is there.
    pub(crate) fn tag(&self, reference: &str, name: &str) {
        self.lock().images.get_mut(reference).unwrap().tags.push(name.into());
    }

    pub(crate) fn images(&self) -> Vec<ImageRecord> {
        self.lock().images.values().cloned().collect()
    }

    /// The logins of all pull calls, in order.
    pub(crate) fn logins(&self) -> Vec<Option<Credential>> {
        self.lock().logins.clone()
    }

    /// Pull calls so far.
    pub(crate) fn calls(&self) -> usize {
        self.lock().calls
    }

    /// Pull calls that run now.
    pub(crate) fn running(&self) -> usize {
        self.lock().running
    }

    /// Most pull calls that ran at a time.
    pub(crate) fn most(&self) -> usize {
        self.lock().most
    }

    /// Pull calls that were dropped before their end.
    pub(crate) fn dropped(&self) -> usize {
        self.lock().dropped
    }

    fn answer<'a, T: Send + 'a>(&self, from: impl FnOnce(&Inside) -> T) -> Answer<'a, T> {
        let inside = self.lock();
        let answer = match &inside.away {
            Some(why) => Err(RuntimeError::Away(why.clone())),
            None => Ok(from(&inside)),
        };
        Box::pin(async move { answer })
    }

    async fn pull_once(self, reference: String, login: Option<Credential>) -> Result<(), RuntimeError> {
        let mut running = {
            let mut inside = self.lock();
            if let Some(why) = &inside.away {
                return Err(RuntimeError::Away(why.clone()));
            }
            inside.calls += 1;
            inside.logins.push(login.clone());
            inside.running += 1;
            inside.most = inside.most.max(inside.running);
            Running {
                fake: self.clone(),
                ended: false,
            }
        };
        let mut gate = self.gate.subscribe();
        let mut outage = self.outage.subscribe();
        let through = tokio::select! {
            open = gate.wait_for(|open| *open) => open.is_ok(),
            _ = outage.changed() => false,
        };
        let behaviour = self
            .lock()
            .behaviour
            .get(&reference)
            .cloned()
            .unwrap_or(Behaviour::Land);
        if through && behaviour == Behaviour::Hang {
            std::future::pending::<()>().await;
        }
        running.ended = true;
        match (through, behaviour) {
            (false, _) => Err(RuntimeError::Away("containerd is not reachable: broken pipe".into())),
            (true, Behaviour::Fail(text)) => Err(RuntimeError::Refused(text)),
            (true, Behaviour::Echo(text)) => Err(RuntimeError::Refused(echo(&text, login.as_ref()))),
            (true, behaviour) => {
                self.land(&reference, behaviour == Behaviour::Land);
                Ok(())
            }
        }
    }
}

/// What a careless runtime says about a login that was refused.
fn echo(text: &str, login: Option<&Credential>) -> String {
    let Some(login) = login else { return text.to_owned() };
    let pair = format!("{}:{}", login.username, login.password);
    let basic = base64::engine::general_purpose::STANDARD.encode(&pair);
    format!("{text} (sent {pair}, Authorization: Basic {basic})")
}

impl ImageRuntime for Fake {
    fn identity(&self) -> Answer<'_, RuntimeIdentity> {
        self.answer(|_| RuntimeIdentity {
            name: "fake".into(),
            version: "1.7.0".into(),
            uuid: "u".into(),
        })
    }

    fn pull<'a>(&'a self, reference: &'a str, login: Option<&'a Credential>) -> Answer<'a, ()> {
        let call: BoxFuture<'a, _> = Box::pin(self.clone().pull_once(reference.into(), login.cloned()));
        call
    }

    fn status<'a>(&'a self, reference: &'a str) -> Answer<'a, Option<ImageRecord>> {
        self.answer(|inside| inside.images.get(reference).cloned())
    }

    fn target<'a>(&'a self, reference: &'a str) -> Answer<'a, Option<String>> {
        let digest = |record: &ImageRecord| record.digests[0].rsplit_once('@').unwrap().1.to_owned();
        self.answer(|inside| inside.images.get(reference).map(digest))
    }

    fn list(&self) -> Answer<'_, Vec<ImageRecord>> {
        self.answer(|inside| inside.images.values().cloned().collect())
    }

    fn remove<'a>(&'a self, reference: &'a str) -> Answer<'a, ()> {
        self.lock().images.remove(reference);
        self.answer(|_| ())
    }

    fn forget_name<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        let mut inside = self.lock();
        inside.images.retain(|_, image| {
            image.tags.retain(|tag| tag != name);
            !image.tags.is_empty()
        });
        let others: HashMap<_, _> = inside
            .images
            .drain()
            .map(|(_, image)| (image.tags[0].clone(), image))
            .collect();
        inside.images = others;
        drop(inside);
        self.answer(|_| ())
    }

    fn pins(&self) -> Answer<'_, BTreeMap<String, bool>> {
        self.answer(|inside| inside.pins.clone())
    }

    fn pin<'a>(&'a self, name: &'a str, pinned: bool) -> Answer<'a, ()> {
        if pinned {
            self.lock().pins.insert(name.into(), true);
        } else {
            self.lock().pins.remove(name);
        }
        self.answer(|_| ())
    }

    fn used_images(&self) -> Answer<'_, Vec<String>> {
        self.answer(|inside| inside.used.clone())
    }

    fn sandbox_image(&self) -> Answer<'_, Option<String>> {
        self.answer(|inside| inside.sandbox.clone())
    }

    fn filesystem(&self) -> Answer<'_, ImageFilesystem> {
        self.answer(|_| ImageFilesystem {
            path: "/".into(),
            used_bytes: 7,
        })
    }

    fn ingests(&self) -> Answer<'_, Vec<Ingest>> {
        self.answer(|inside| inside.ingests.clone())
    }

    fn blob<'a>(&'a self, digest: &'a str) -> Answer<'a, Option<Blob>> {
        let blob = |&(size, created_at): &(u64, SystemTime)| Blob {
            digest: digest.into(),
            size,
            created_at,
        };
        self.answer(|inside| inside.blobs.get(digest).map(blob))
    }

    fn read<'a>(&'a self, digest: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        self.answer(|inside| inside.documents.get(digest).cloned())
    }

    fn manifests<'a>(&'a self, find: &'a ManifestQuery) -> Answer<'a, Vec<Blob>> {
        let is_wanted = |bytes: &[u8]| match find {
            ManifestQuery::Source { .. } => bytes.starts_with(b"{\"config\""),
            ManifestQuery::Config(digest) => {
                bytes.starts_with(b"{\"config\"") && String::from_utf8_lossy(bytes).contains(digest.as_str())
            }
        };
        self.answer(|inside| {
            let found = inside.documents.iter().filter(|(_, bytes)| is_wanted(bytes));
            let blob = |(digest, bytes): (&String, &Vec<u8>)| Blob {
                digest: digest.clone(),
                size: bytes.len() as u64,
                created_at: inside.blobs[digest].1,
            };
            found.map(blob).collect()
        })
    }

    fn snapshot<'a>(&'a self, chain_id: &'a str) -> Answer<'a, Option<Snapshot>> {
        let snapshot = |at: &SystemTime| Snapshot {
            committed: true,
            created_at: *at,
        };
        self.answer(|inside| inside.snapshots.get(chain_id).map(snapshot))
    }

    fn image_events(&self) -> BoxStream<'static, ()> {
        futures::stream::pending().boxed()
    }
}

/// The platform of the tests' node.
pub(crate) fn node() -> Platform {
    Platform {
        os: "linux".into(),
        architecture: "amd64".into(),
        variant: String::new(),
    }
}
