//! Answers of one plugin, kept as long as the plugin allowed, in memory only. Time is a parameter.

use super::keyring::Entry;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// What an answer is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// One image.
    Image(String),
    /// All images of one registry host.
    Registry(String),
    /// Every image that the plugin is configured for.
    Global,
}

impl Key {
    /// All keys under which an answer for the image may lie, the narrowest first.
    fn all(image: &str) -> [Self; 3] {
        [Self::Image(image.into()), Self::registry(image), Self::Global]
    }

    /// The image's registry.
    pub(super) fn registry(image: &str) -> Self {
        Self::Registry(image.split('/').next().unwrap_or_default().into())
    }
}

/// The answers.
#[derive(Debug, Default)]
pub(super) struct Cache {
    answers: Mutex<HashMap<Key, (Vec<Entry>, Instant)>>,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, (Vec<Entry>, Instant)>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer that still holds for the image.
    pub(super) fn get(&self, image: &str, now: Instant) -> Option<Vec<Entry>> {
        let mut answers = self.lock();
        // What has run out is not kept in memory any longer either.
        answers.retain(|_, (_, until)| now <= *until);
        Key::all(image)
            .iter()
            .find_map(|key| answers.get(key))
            .map(|(entries, _)| entries.clone())
    }

    /// Keeps an answer; one that is good for no time at all is not kept.
    pub(super) fn put(&self, key: Key, entries: Vec<Entry>, now: Instant, good_for: Duration) {
        let until = now.checked_add(good_for);
        if let Some(until) = until.filter(|_| !good_for.is_zero()) {
            self.lock().insert(key, (entries, until));
        }
    }

    /// Drops whatever would answer for the image.
    pub(super) fn forget(&self, image: &str) {
        let mut answers = self.lock();
        for key in Key::all(image) {
            answers.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::keyring::Login;

    fn entries(name: &str) -> Vec<Entry> {
        let login = Login {
            username: name.into(),
            password: "p".into(),
        };
        vec![Entry::new("r.example", login)]
    }

    #[test]
    fn an_answer_holds_for_its_key_and_its_time() {
        let (cache, now) = (Cache::default(), Instant::now());
        let minute = Duration::from_secs(60);
        cache.put(Key::Image("r.example/a".into()), entries("image"), now, minute);
        cache.put(Key::registry("r.example/a"), entries("registry"), now, minute);
        assert_eq!(cache.get("r.example/a", now), Some(entries("image")));
        assert_eq!(cache.get("r.example/b", now), Some(entries("registry")));
        assert_eq!(cache.get("other.example/a", now), None);
        cache.put(Key::Global, entries("global"), now, minute * 2);
        assert_eq!(cache.get("other.example/a", now), Some(entries("global")));
        let later = now + minute + Duration::from_secs(1);
        assert_eq!(cache.get("r.example/a", later), Some(entries("global")));
        assert_eq!(cache.lock().len(), 1, "what has run out is gone");
        assert_eq!(cache.get("r.example/a", later + minute), None);
    }

    #[test]
    fn no_time_at_all_is_not_kept_and_the_refused_is_forgotten() {
        let (cache, now) = (Cache::default(), Instant::now());
        cache.put(Key::Global, entries("g"), now, Duration::ZERO);
        assert_eq!(cache.get("r.example/a", now), None);
        cache.put(Key::Global, entries("g"), now, Duration::from_secs(9));
        cache.forget("r.example/a");
        assert_eq!(cache.get("r.example/a", now), None);
    }
}
