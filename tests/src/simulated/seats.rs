//! How many pulls the invented registry bears at once: who comes beside them is turned away with 429.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How soon a pull is turned away.
pub const REFUSED_AFTER: Duration = Duration::from_millis(50);

/// What containerd says of such a registry.
pub const REFUSAL: &str = "failed to pull and unpack image: failed to resolve reference: unexpected status from HEAD request to \
     http://127.0.0.1/v2/app/manifests/v1: 429 Too Many Requests";

/// Seats of the registry; without a number everyone has one.
#[derive(Debug, Default)]
pub struct Seats(RwLock<Option<(usize, Arc<Semaphore>)>>);

/// What one pull got.
#[derive(Debug)]
pub enum Seat {
    /// It is served; the seat is free again when this is dropped.
    Taken(Option<OwnedSemaphorePermit>),
    /// It is turned away.
    None,
}

impl Seats {
    /// So many from now on; pulls that are served already count no longer.
    pub fn set(&self, bears: Option<usize>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) =
            bears.map(|most| (most, Arc::new(Semaphore::new(most))));
    }

    /// A seat for one pull, if there is one.
    pub fn take(&self) -> Seat {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            None => Seat::Taken(None),
            Some((_, seats)) => match Arc::clone(seats).try_acquire_owned() {
                Ok(permit) => Seat::Taken(Some(permit)),
                Err(_full) => Seat::None,
            },
        }
    }

    /// Seats that are taken.
    pub fn taken(&self) -> usize {
        let seats = self.0.read().unwrap_or_else(PoisonError::into_inner);
        seats.as_ref().map_or(0, |(most, free)| most - free.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_when_its_pull_has_ended() {
        let seats = Seats::default();
        assert!(matches!(seats.take(), Seat::Taken(None)));
        seats.set(Some(1));
        let seat = seats.take();
        assert!(matches!(seat, Seat::Taken(Some(_))) && matches!(seats.take(), Seat::None));
        assert_eq!(seats.taken(), 1);
        drop(seat);
        assert_eq!(seats.taken(), 0);
    }
}
