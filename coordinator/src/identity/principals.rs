//! Who stands behind a proof, remembered for a short while, so that a call costs no query.

use crate::domain::{
    Millis,
    caller::{Caller, Proof, UserId},
};
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

/// How long somebody is remembered: as long may a change on another replica go unseen.
pub(super) const MEMORY: Duration = Duration::from_secs(20);
/// Proofs that are remembered at most.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
struct Known {
    by_proof: HashMap<Proof, (Caller, Instant)>,
    /// Raised by each change; what was read before it is not remembered after it.
    changes: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Principals {
    known: RwLock<Known>,
}

/// How many changes there were when somebody began to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket(u64);

impl Principals {
    /// Who it is, where that is remembered.
    pub(super) fn get(&self, proof: &Proof) -> Option<Caller> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (caller, until) = known.by_proof.get(proof)?;
        (*until > Instant::now()).then(|| caller.clone())
    }

    /// Who it was when that could last be asked; nobody who was forgotten since, or whose token has ended.
    pub(super) fn last_known(&self, proof: &Proof, now: Millis) -> Option<Caller> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (caller, _) = known.by_proof.get(proof)?;
        (caller.expires_at == 0 || caller.expires_at > now).then(|| caller.clone())
    }

    /// Take one before reading.
    pub(super) fn ticket(&self) -> Ticket {
        Ticket(self.known.read().unwrap_or_else(PoisonError::into_inner).changes)
    }

    /// Remembers who it is, unless something changed since the ticket.
    pub(super) fn put(&self, ticket: Ticket, proof: Proof, caller: Caller) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.changes != ticket.0 {
            return;
        }
        let now = Instant::now();
        if known.by_proof.len() >= MOST {
            known.by_proof.retain(|_, (_, until)| *until > now);
        }
        if known.by_proof.len() < MOST {
            known.by_proof.insert(proof, (caller, now + MEMORY));
        }
    }

    /// Forgets a user with all its log-ins and tokens.
    pub(super) fn forget(&self, user: UserId) {
        self.forget_if(|caller| caller.user() == Some(user));
    }

    /// Forgets one proof.
    pub(super) fn forget_proof(&self, proof: &Proof) {
        self.forget_if(|caller| caller.proof == *proof);
    }

    /// Forgets everybody.
    pub(super) fn forget_all(&self) {
        self.forget_if(|_| true);
    }

    fn forget_if(&self, mut which: impl FnMut(&Caller) -> bool) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.changes += 1;
        known.by_proof.retain(|_, (caller, _)| !which(caller));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::caller::Subject;

    #[test]
    fn what_was_read_before_a_change_is_not_remembered_after_it() {
        let principals = Principals::default();
        let proof = Proof::Session("s".into());
        let mut caller = Caller::system();
        caller.subject = Subject::User(UserId::from_stored(7));
        let ticket = principals.ticket();
        principals.put(ticket, proof.clone(), caller.clone());
        assert!(principals.get(&proof).is_some() && principals.last_known(&proof, 0).is_some());
        principals.forget(UserId::from_stored(7));
        assert!(principals.get(&proof).is_none() && principals.last_known(&proof, 0).is_none());
        principals.put(ticket, proof.clone(), caller);
        assert!(principals.get(&proof).is_none(), "it was read before the change");
    }
}
