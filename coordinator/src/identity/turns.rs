//! Whose turn it is to be reviewed by the cluster: so many a second and no more, in the order in which they came, every other turn for
//! callers of the API, and among agents one address after the other, so that no address and no kind of caller can keep the rest waiting.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;

/// Callers of the API, and agents of one address or altogether, that may wait.
const CALLERS: usize = 1_000;
const AGENTS: usize = 20_000;

/// Who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Whoever calls the API.
    Caller,
    /// An agent at an address.
    Agent(IpAddr),
}

/// Too many wait already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

type Turn = oneshot::Sender<()>;

#[derive(Debug, Default)]
struct Waiting {
    callers: VecDeque<Turn>,
    agents: HashMap<IpAddr, VecDeque<Turn>>,
    /// Addresses in the order of their turns.
    order: VecDeque<IpAddr>,
    agents_waiting: usize,
    callers_next: bool,
    /// Somebody hands out turns.
    is_served: bool,
}

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    waiting: Arc<Mutex<Waiting>>,
    pace: Duration,
}

impl Turns {
    /// So many turns a second.
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            waiting: Arc::default(),
            pace: Duration::from_secs(1) / per_second,
        }
    }

    /// Waits for a turn. Whoever stops waiting gives it up.
    pub(super) async fn take(&self, who: Who) -> Result<(), Full> {
        let turn = self.queue(who)?;
        // The one who hands out turns outlives the queue.
        let _granted = turn.await;
        Ok(())
    }

    fn queue(&self, who: Who) -> Result<oneshot::Receiver<()>, Full> {
        let (sender, turn) = oneshot::channel();
        let mut waiting = self.lock();
        waiting.add(who, sender)?;
        if !waiting.is_served {
            waiting.is_served = true;
            tokio::spawn(self.clone().serve());
        }
        Ok(turn)
    }

    /// Hands out turns until nobody waits.
    async fn serve(self) {
        let mut clock = tokio::time::interval(self.pace);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            if self.grant_one() {
                continue;
            }
            // The pace holds also for whoever comes next.
            clock.tick().await;
            let mut waiting = self.lock();
            if waiting.is_empty() {
                waiting.is_served = false;
                return;
            }
        }
    }

    /// Gives a turn to whoever is next; says whether anybody waits still. Those who have hung up cost no turn.
    fn grant_one(&self) -> bool {
        let mut waiting = self.lock();
        while waiting.next().is_some_and(|turn| turn.send(()).is_err()) {}
        !waiting.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, who: Who, turn: Turn) -> Result<(), Full> {
        match who {
            Who::Caller if self.callers.len() >= CALLERS => Err(Full),
            Who::Caller => {
                self.callers.push_back(turn);
                Ok(())
            }
            Who::Agent(_) if self.agents_waiting >= AGENTS => Err(Full),
            Who::Agent(address) => {
                let of_address = self.agents.entry(address).or_default();
                if of_address.is_empty() {
                    self.order.push_back(address);
                }
                of_address.push_back(turn);
                self.agents_waiting += 1;
                Ok(())
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.callers.is_empty() && self.agents_waiting == 0
    }

    fn next(&mut self) -> Option<Turn> {
        let callers_first = self.callers_next;
        self.callers_next = !callers_first;
        if callers_first {
            self.callers.pop_front().or_else(|| self.next_agent())
        } else {
            self.next_agent().or_else(|| self.callers.pop_front())
        }
    }

    fn next_agent(&mut self) -> Option<Turn> {
        let address = self.order.pop_front()?;
        let of_address = self.agents.get_mut(&address)?;
        let turn = of_address.pop_front();
        if of_address.is_empty() {
            self.agents.remove(&address);
        } else {
            self.order.push_back(address);
        }
        self.agents_waiting -= usize::from(turn.is_some());
        turn
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use std::time::Instant;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn no_address_and_no_kind_of_caller_keeps_the_rest_waiting() {
        let mut waiting = Waiting::default();
        let mut turns = Vec::new();
        let mut add = |waiting: &mut Waiting, name: &'static str, who| {
            let (sender, receiver) = oneshot::channel();
            waiting.add(who, sender).unwrap();
            turns.push((name, receiver));
        };
        for _ in 0..5 {
            add(&mut waiting, "flood", Who::Agent(address(1)));
        }
        add(&mut waiting, "agent", Who::Agent(address(2)));
        for _ in 0..2 {
            add(&mut waiting, "caller", Who::Caller);
        }
        let mut order = Vec::new();
        while let Some(turn) = waiting.next() {
            turn.send(()).unwrap();
            let at = turns.iter_mut().position(|(_, turn)| turn.try_recv().is_ok()).unwrap();
            order.push(turns.remove(at).0);
        }
        assert_eq!(
            order,
            ["flood", "caller", "agent", "caller", "flood", "flood", "flood", "flood"]
        );
        assert!(waiting.is_empty() && waiting.agents.is_empty() && waiting.order.is_empty());
    }

    #[test]
    fn there_is_an_end_to_waiting() {
        let mut waiting = Waiting::default();
        for _ in 0..CALLERS {
            waiting.add(Who::Caller, oneshot::channel().0).unwrap();
        }
        assert_eq!(waiting.add(Who::Caller, oneshot::channel().0), Err(Full));
        assert_eq!(waiting.add(Who::Agent(address(1)), oneshot::channel().0), Ok(()));
    }

    #[tokio::test]
    async fn turns_keep_their_pace_and_those_who_left_cost_none() {
        let turns = Turns::new(100);
        let began = Instant::now();
        let gone: Vec<_> = (0..1000)
            .map(|_| turns.queue(Who::Agent(address(1))).unwrap())
            .collect();
        drop(gone);
        for _ in 0..20 {
            turns.take(Who::Agent(address(2))).await.unwrap();
        }
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(180), "{took:?}");
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}
