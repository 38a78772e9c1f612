//! Outcomes that the coordinator has not acknowledged: in memory, and in one small file so that a restart of the agent does
//! not lose a verified success. The file is replaced as a whole and holds no credential.

use crate::pull::{AttemptId, Outcome};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::watch, task::spawn_blocking};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

const FILE: &str = "outcomes.json";

/// What the file holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// Identity of the database that the outcomes are for; `None` before the first welcome.
    store: Option<String>,
    /// Outcomes in the order of their ending.
    outcomes: Vec<Outcome>,
}

#[derive(Debug, Default)]
struct Inside {
    store: Option<String>,
    /// By number of arrival, so that a session can ask for what is newer than what it sent.
    outcomes: BTreeMap<u64, Arc<Outcome>>,
    arrivals: u64,
}

/// The outcomes.
#[derive(Debug)]
pub struct Outbox {
    path: PathBuf,
    inside: Mutex<Inside>,
    changes: watch::Sender<u64>,
}

impl Outbox {
    /// Reads what an earlier run left in `directory`. A file that cannot be read is put aside, never trusted.
    ///
    /// # Errors
    /// When the directory cannot be made or written.
    pub fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let path = directory.join(FILE);
        let kept = load(&path);
        let mut inside = Inside {
            store: kept.store,
            ..Inside::default()
        };
        for outcome in kept.outcomes {
            inside.arrivals += 1;
            inside.outcomes.insert(inside.arrivals, Arc::new(outcome));
        }
        let outbox = Self {
            path,
            inside: Mutex::new(inside),
            changes: watch::Sender::new(0),
        };
        outbox.save()?;
        Ok(outbox)
    }

    /// Keeps an outcome; an older one of the same attempt is replaced.
    pub fn put(&self, outcome: Outcome) {
        let mut inside = self.lock();
        inside.outcomes.retain(|_, known| known.id != outcome.id);
        inside.arrivals += 1;
        let arrival = inside.arrivals;
        inside.outcomes.insert(arrival, Arc::new(outcome));
        drop(inside);
        self.changed();
    }

    /// Forgets what is durable elsewhere.
    pub fn acknowledge(&self, ids: &[AttemptId]) {
        self.lock().outcomes.retain(|_, known| !ids.contains(&known.id));
        self.changed();
    }

    /// Makes the outcome of an attempt new again, so that it is sent once more. False when there is none.
    #[must_use]
    pub fn repeat(&self, id: &AttemptId) -> bool {
        let known = self.lock().outcomes.values().find(|known| known.id == *id).cloned();
        let found = known.is_some();
        if let Some(outcome) = known {
            self.put(Arc::unwrap_or_clone(outcome));
        }
        found
    }

    /// Binds the outbox to the coordinator's database. Outcomes for another one are dropped; true when it was another.
    pub fn bind(&self, store: &str) -> bool {
        let mut inside = self.lock();
        let is_other = inside.store.as_deref().is_some_and(|known| known != store);
        if is_other {
            warn!(
                dropped = inside.outcomes.len(),
                "the coordinator has another database: outcomes for the old one are void"
            );
            inside.outcomes.clear();
        }
        inside.store = Some(store.to_owned());
        drop(inside);
        self.changed();
        is_other
    }

    /// Outcomes that arrived after `arrival`, with their numbers.
    #[must_use]
    pub fn after(&self, arrival: u64) -> Vec<(u64, Arc<Outcome>)> {
        self.lock()
            .outcomes
            .range(arrival + 1..)
            .map(|(at, outcome)| (*at, Arc::clone(outcome)))
            .collect()
    }

    /// True when everything was acknowledged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().outcomes.is_empty()
    }

    /// Changes with every change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Writes the file after each change until `cancel`, and once more then.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) {
        let mut changes = self.watch();
        loop {
            let stopping = tokio::select! {
                changed = changes.changed() => changed.is_err(),
                () = cancel.cancelled() => true,
            };
            let outbox = Arc::clone(&self);
            // Disks are slow while layers are unpacked: nobody waits for this.
            let saved = spawn_blocking(move || outbox.save())
                .await
                .unwrap_or_else(|error| Err(io::Error::other(error)));
            if let Err(error) = saved {
                error!(%error, path = %self.path.display(), "unacknowledged outcomes cannot be saved");
            }
            if stopping {
                return;
            }
        }
    }

    fn save(&self) -> io::Result<()> {
        let kept = {
            let inside = self.lock();
            let outcomes = inside
                .outcomes
                .values()
                .map(|outcome| outcome.as_ref().clone())
                .collect();
            Kept {
                store: inside.store.clone(),
                outcomes,
            }
        };
        let fresh = self.path.with_extension("new");
        let file = fs::File::create(&fresh)?;
        serde_json::to_writer(&file, &kept)?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(path: &Path) -> Kept {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Kept::default(),
        Err(error) => {
            warn!(%error, path = %path.display(), "kept outcomes cannot be read");
            return Kept::default();
        }
    };
    match serde_json::from_slice::<Kept>(&bytes) {
        Ok(kept) => {
            info!(
                outcomes = kept.outcomes.len(),
                "outcomes of an earlier run are sent again"
            );
            kept
        }
        Err(error) => {
            let aside = path.with_extension("broken");
            warn!(%error, aside = %aside.display(), "kept outcomes are damaged and put aside");
            // Without a place to put it aside the file is simply replaced.
            let _ = fs::rename(path, aside);
            Kept::default()
        }
    }
}
