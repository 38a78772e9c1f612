//! Watches objects of one kind: one list when it begins (in pages) and one whenever the server has forgotten where we were, and nothing but
//! the changes in between. An API server that is away, and a right that is missing, are told once and tried again.

use super::chain;
use futures::{Stream, StreamExt as _};
use kube::{
    Api, Resource,
    runtime::{
        WatchStreamExt as _,
        utils::{Backoff, ResetTimerBackoff},
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;
use std::{fmt, pin::pin, time::Duration};
use tokio::{sync::mpsc, time::timeout};

/// First pause after a watch that failed; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(800);
/// Longest pause, to which up to as much is added by chance. One client that asks so seldom is no burden, and what was changed while
/// the API server was away is seen soon.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Pauses begin anew when nothing has failed for so long.
const CALM: Duration = Duration::from_secs(120);
/// A watch that has not failed for so long stands: twice the longest wait between two tries.
const STANDS: Duration = Duration::from_secs(20);

/// What became known of the objects of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tidings<T> {
    /// All there are; those that are not among them are gone.
    All(Vec<T>),
    /// One is new or has changed.
    Changed(T),
    /// One was deleted; as it was last.
    Gone(T),
    /// Nothing is known of changes for now, with the reason. What was known stays.
    Away(String),
    /// Changes are told again.
    Back,
}

/// Pauses between two tries; the next one is in it.
#[derive(Debug)]
struct Pauses(Duration);

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        Some(pause.mul_f64(1.0 + rand::random::<f64>()))
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        self.0 = FIRST_PAUSE;
    }
}

/// Watches until nobody listens. `what` names the objects in words; `read` passes over those that it makes nothing of; `tell` turns tidings
/// into what listeners understand.
pub(super) async fn watch<K, T, N>(
    objects: Api<K>,
    page: u32,
    what: &str,
    read: impl Fn(K) -> Option<T>,
    tell: impl Fn(Tidings<T>) -> N,
    news: &mpsc::Sender<N>,
) where
    K: Resource + Clone + DeserializeOwned + fmt::Debug + Send + 'static,
{
    let events = watcher(objects, watcher::Config::default().page_size(page));
    let events = events.backoff(ResetTimerBackoff::new(Pauses(FIRST_PAUSE), CALM));
    follow(pin!(events), what, read, tell, news).await;
}

/// Turns what the watcher says into tidings, until nobody listens.
async fn follow<K, T, N>(
    mut events: impl Stream<Item = watcher::Result<Event<K>>> + Unpin,
    what: &str,
    read: impl Fn(K) -> Option<T>,
    tell: impl Fn(Tidings<T>) -> N,
    news: &mpsc::Sender<N>,
) {
    let mut listed = Vec::new();
    let mut away = false;
    loop {
        let next = if away {
            match timeout(STANDS, events.next()).await {
                Ok(next) => next,
                Err(_no_error_since) => {
                    away = false;
                    if news.send(tell(Tidings::Back)).await.is_err() {
                        return;
                    }
                    continue;
                }
            }
        } else {
            events.next().await
        };
        let Some(next) = next else { return };
        let tidings = match next {
            Ok(Event::Init) => {
                listed = Vec::new();
                None
            }
            Ok(Event::InitApply(object)) => {
                listed.extend(read(object));
                None
            }
            Ok(Event::InitDone) => Some(Tidings::All(std::mem::take(&mut listed))),
            Ok(Event::Apply(object)) => read(object).map(Tidings::Changed),
            Ok(Event::Delete(object)) => read(object).map(Tidings::Gone),
            Err(error) => {
                let why = format!("{what} are not watched: {}", chain(&error));
                if !away {
                    tracing::warn!("{why}");
                }
                away = true;
                Some(Tidings::Away(why))
            }
        };
        let Some(tidings) = tidings else { continue };
        if away && !matches!(tidings, Tidings::Away(_)) {
            tracing::info!("{what} are watched again");
            away = false;
        }
        if news.send(tell(tidings)).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn pauses_grow_to_ten_seconds_and_begin_anew() {
        let mut pauses = Pauses(FIRST_PAUSE);
        let first: Vec<Duration> = pauses.by_ref().take(20).collect();
        assert!(first[0] >= FIRST_PAUSE && first[0] <= 2 * FIRST_PAUSE, "{first:?}");
        assert!(first.iter().all(|pause| *pause <= 2 * LONGEST_PAUSE), "{first:?}");
        assert!(first[19] >= LONGEST_PAUSE, "{first:?}");
        pauses.reset();
        assert!(pauses.next().is_some_and(|pause| pause <= 2 * FIRST_PAUSE));
    }

    #[tokio::test]
    async fn pages_become_one_list_and_an_error_is_told_until_something_comes() {
        let events = vec![
            Ok(Event::Init),
            Ok(Event::InitApply("a")),
            Ok(Event::InitApply("")),
            Ok(Event::InitApply("b")),
            Ok(Event::InitDone),
            Err(watcher::Error::NoResourceVersion),
            Ok(Event::Apply("c")),
            Ok(Event::Delete("a")),
        ];
        let (sender, mut news) = mpsc::channel(16);
        let read = |name: &'static str| (!name.is_empty()).then_some(name);
        follow(futures::stream::iter(events), "letters", read, |it| it, &sender).await;
        drop(sender);
        assert_eq!(news.recv().await.unwrap(), Tidings::All(vec!["a", "b"]));
        assert!(matches!(news.recv().await.unwrap(), Tidings::Away(why) if why.contains("letters are not watched")));
        assert_eq!(news.recv().await.unwrap(), Tidings::Changed("c"));
        assert_eq!(news.recv().await.unwrap(), Tidings::Gone("a"));
        assert_eq!(news.recv().await, None);
    }
}
