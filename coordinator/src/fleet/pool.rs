//! Values that much of the fleet has in common, each kept once: ten thousand nodes mostly have the same few hundred images and pull
//! the same layers.

use std::{
    collections::HashSet,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Values that nobody has any more are looked for when the pool has grown by so many.
const SWEEP_AFTER: usize = 4096;

/// Every value once.
#[derive(Debug)]
pub struct Pool<T: ?Sized + Hash + Eq>(Mutex<Inside<T>>);

#[derive(Debug)]
struct Inside<T: ?Sized + Hash + Eq> {
    known: HashSet<Arc<T>>,
    /// Size at which unused values are removed.
    sweep_at: usize,
}

impl<T: ?Sized + Hash + Eq> Default for Pool<T> {
    fn default() -> Self {
        Self(Mutex::new(Inside {
            known: HashSet::new(),
            sweep_at: SWEEP_AFTER,
        }))
    }
}

impl<T: ?Sized + Hash + Eq> Pool<T> {
    /// The shared copies of these values.
    pub fn share_all<V>(&self, values: impl IntoIterator<Item = V>) -> Vec<Arc<T>>
    where
        V: AsRef<T> + Into<Arc<T>>,
    {
        let mut inside = self.lock();
        let shared = values.into_iter().map(|value| inside.share(value)).collect();
        inside.sweep();
        shared
    }

    /// The shared copy of a value.
    pub fn share(&self, value: impl AsRef<T> + Into<Arc<T>>) -> Arc<T> {
        let mut inside = self.lock();
        let shared = inside.share(value);
        inside.sweep();
        shared
    }

    fn lock(&self) -> MutexGuard<'_, Inside<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: ?Sized + Hash + Eq> Inside<T> {
    fn share(&mut self, value: impl AsRef<T> + Into<Arc<T>>) -> Arc<T> {
        if let Some(known) = self.known.get(value.as_ref()) {
            return Arc::clone(known);
        }
        let value: Arc<T> = value.into();
        self.known.insert(Arc::clone(&value));
        value
    }

    fn sweep(&mut self) {
        if self.known.len() > self.sweep_at {
            self.known.retain(|value| Arc::strong_count(value) > 1);
            self.sweep_at = self.known.len() + SWEEP_AFTER;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_and_go_when_nobody_has_them() {
        let pool = Pool::<str>::default();
        let (first, second) = (pool.share("a".to_owned()), pool.share("a".to_owned()));
        assert!(Arc::ptr_eq(&first, &second));
        let kept = pool.share("b".to_owned());
        drop((first, second));
        pool.share_all((0..=SWEEP_AFTER).map(|n| n.to_string()));
        let inside = pool.lock();
        assert!(!inside.known.contains("a") && inside.known.contains(kept.as_ref()));
    }
}
