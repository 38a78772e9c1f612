//! The runtime pulls that are in the air: at most one for each reference, shared by all attempts that want it with the same
//! credential. A flight ends when its pull does, or when its last attempt lets go of its ticket.

use super::{Shared, flight::Flight, ingests::Ingests};
use crate::pull::{ByteCounts, Credential, Digests, Failure, LayerBytes, Order, Phase, Timeline, verdict::Facts};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::SystemTime,
};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;

/// Where a flight stands.
#[derive(Debug, Clone)]
pub(super) struct FlightState {
    pub(super) phase: Phase,
    pub(super) bytes: ByteCounts,
    pub(super) layers: Arc<Vec<LayerBytes>>,
    pub(super) note: String,
    /// When something last moved.
    pub(super) alive_at: Instant,
    /// Why the runtime does not answer; `None` while it does.
    pub(super) away: Option<String>,
    /// Compressed size of the largest layer that is not unpacked.
    pub(super) layer_bytes: u64,
    /// When it was in which phase.
    pub(super) timeline: Timeline,
    pub(super) end: Option<Arc<FlightEnd>>,
}

/// How a flight ended.
#[derive(Debug)]
pub(super) enum FlightEnd {
    /// The runtime says that it pulled the image.
    Landed(Box<Landing>),
    /// It did not.
    Failed(Failure),
}

/// What is on the node after a pull.
#[derive(Debug)]
pub(super) struct Landing {
    /// What the runtime has; `None` when it does not know the reference.
    pub(super) facts: Option<Facts>,
    pub(super) digests: Digests,
    /// A remark for people; empty when there is nothing to say.
    pub(super) note: String,
}

/// Keeps a flight in the air.
pub(super) struct Ticket {
    _cancels_when_dropped: DropGuard,
}

/// What an attempt gets when it asks for a flight.
pub(super) enum Boarding {
    /// It is on board.
    Aboard(Arc<Ticket>, watch::Receiver<FlightState>),
    /// The image is being pulled with another credential, or a cancelled pull is still ending: wait and ask again.
    Busy(watch::Receiver<FlightState>),
}

pub(super) struct Entry {
    credential: Option<Credential>,
    ticket: Weak<Ticket>,
    state: watch::Receiver<FlightState>,
}

/// All flights, by reference.
pub(super) struct Flights {
    entries: Mutex<HashMap<String, Entry>>,
    pub(super) slots: Semaphore,
    ingests: Arc<Ingests>,
}

impl Flights {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            entries: Mutex::default(),
            slots: Semaphore::new(slots),
            ingests: Arc::default(),
        }
    }

    /// The runtime's ingests, shared by all flights.
    pub(super) fn ingests(&self) -> Arc<Ingests> {
        Arc::clone(&self.ingests)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Joins the flight for the order's image, or starts one.
pub(super) fn board(shared: &Arc<Shared>, order: &Order) -> Boarding {
    let mut entries = shared.flights.lock();
    if let Some(entry) = entries.get(&order.reference) {
        return match entry.ticket.upgrade().filter(|_| entry.credential == order.credential) {
            Some(ticket) => Boarding::Aboard(ticket, entry.state.clone()),
            None => Boarding::Busy(entry.state.clone()),
        };
    }
    let cancel = CancellationToken::new();
    let ticket = Arc::new(Ticket {
        _cancels_when_dropped: cancel.clone().drop_guard(),
    });
    let (sender, state) = watch::channel(FlightState::waiting());
    let entry = Entry {
        credential: order.credential.clone(),
        ticket: Arc::downgrade(&ticket),
        state: state.clone(),
    };
    entries.insert(order.reference.clone(), entry);
    let flight = Flight {
        shared: Arc::clone(shared),
        order: order.clone(),
        state: sender,
    };
    shared.tasks.spawn(flight.fly(cancel).in_current_span());
    Boarding::Aboard(ticket, state)
}

impl FlightState {
    fn waiting() -> Self {
        let mut timeline = Timeline::default();
        timeline.enter(Phase::Waiting, SystemTime::now());
        Self {
            timeline,
            phase: Phase::Waiting,
            bytes: ByteCounts::default(),
            layers: Arc::default(),
            note: String::new(),
            alive_at: Instant::now(),
            away: None,
            layer_bytes: 0,
            end: None,
        }
    }
}
