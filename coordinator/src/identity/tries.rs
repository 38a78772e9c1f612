//! How often somebody may try to log in: few tries for one user from one address, more for all users from one address. Nothing counts
//! for a user from everywhere, so that nobody can lock anybody out but from an address of their own.

use crate::domain::Millis;
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// Tries for one user from one address in a row; then one each [`USER_REFILL_MS`].
const USER_TRIES: i64 = 5;
const USER_REFILL_MS: i64 = 10_000;
/// Tries from one address in a row; then one each [`SOURCE_REFILL_MS`].
const SOURCE_TRIES: i64 = 60;
const SOURCE_REFILL_MS: i64 = 1_000;
/// Counters that are kept at most.
const MOST: usize = 50_000;

/// The network of a client: whoever has one IPv6 address has 2^64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Source([u8; 8]);

impl Source {
    fn of(address: IpAddr) -> Self {
        let bits = match address.to_canonical() {
            IpAddr::V4(v4) => u64::from(v4.to_bits()),
            IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
        };
        Self(bits.to_be_bytes())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    source: Source,
    /// Hash of the user's name; `None` counts all users.
    user: Option<u64>,
}

/// When the counter is full again: each try moves it on.
type FullAt = Millis;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Tries {
    counters: Mutex<HashMap<Key, FullAt>>,
    hasher: RandomState,
}

impl Tries {
    /// Counts a try; the seconds to wait where it is one too many.
    pub(super) fn take(&self, source: IpAddr, user: &str, now: Millis) -> Result<(), u64> {
        let [of_user, of_source] = self.keys(source, user);
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.len() >= MOST {
            make_room(&mut counters, now);
        }
        let next_user = next(&counters, of_user, USER_TRIES, USER_REFILL_MS, now)?;
        let next_source = next(&counters, of_source, SOURCE_TRIES, SOURCE_REFILL_MS, now)?;
        counters.insert(of_user, next_user);
        counters.insert(of_source, next_source);
        Ok(())
    }

    /// The try was good: it counts for nothing.
    pub(super) fn forgive(&self, source: IpAddr, user: &str) {
        let [of_user, of_source] = self.keys(source, user);
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.remove(&of_user);
        if let Some(full_at) = counters.get_mut(&of_source) {
            *full_at -= SOURCE_REFILL_MS;
        }
    }

    fn keys(&self, source: IpAddr, user: &str) -> [Key; 2] {
        let source = Source::of(source);
        let user = Some(self.hasher.hash_one(user));
        [Key { source, user }, Key { source, user: None }]
    }
}

/// The counter after one more try.
fn next(counters: &HashMap<Key, FullAt>, key: Key, tries: i64, refill_ms: i64, now: Millis) -> Result<FullAt, u64> {
    let full_at = counters.get(&key).copied().unwrap_or(now).max(now) + refill_ms;
    let too_much = full_at - now - tries * refill_ms;
    if too_much > 0 {
        return Err(u64::try_from(too_much).unwrap_or(0).div_ceil(1000));
    }
    Ok(full_at)
}

/// Forgets counters that are full, and if that is not enough the next ones to be.
fn make_room(counters: &mut HashMap<Key, FullAt>, now: Millis) {
    counters.retain(|_, full_at| *full_at > now);
    if counters.len() >= MOST {
        let mut ends: Vec<Millis> = counters.values().copied().collect();
        let (_, middle, _) = ends.select_nth_unstable(MOST / 2);
        let middle = *middle;
        counters.retain(|_, full_at| *full_at > middle);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_guesser_is_slowed_down_and_locks_out_nobody_elsewhere() {
        let tries = Tries::default();
        let (evil, home) = (address("203.0.113.9"), address("198.51.100.1"));
        for _ in 0..USER_TRIES {
            tries.take(evil, "admin", 0).unwrap();
        }
        assert_eq!(tries.take(evil, "admin", 0), Err(10));
        assert!(tries.take(home, "admin", 0).is_ok(), "the admin is at another address");
        assert!(tries.take(evil, "ana", 0).is_ok(), "another user from there");
        assert!(tries.take(evil, "admin", USER_REFILL_MS).is_ok(), "time heals");
        assert!(tries.take(evil, "admin", USER_REFILL_MS).is_err());
    }

    #[test]
    fn one_address_cannot_try_all_users() {
        let tries = Tries::default();
        let evil = address("2001:db8::1");
        for user in 0..SOURCE_TRIES {
            tries.take(evil, &user.to_string(), 0).unwrap();
        }
        assert_eq!(tries.take(evil, "one more", 0), Err(1));
        assert_eq!(
            tries.take(address("2001:db8::ffff:2"), "one more", 0),
            Err(1),
            "the same network"
        );
        assert!(tries.take(address("2001:db8:0:1::1"), "one more", 0).is_ok());
    }

    #[test]
    fn good_tries_count_for_nothing() {
        let tries = Tries::default();
        let home = address("127.0.0.1");
        for _ in 0..10 * SOURCE_TRIES {
            tries.take(home, "ana", 0).unwrap();
            tries.forgive(home, "ana");
        }
    }

    #[test]
    fn a_flood_of_names_has_bounded_memory() {
        let tries = Tries::default();
        for number in 0..2 * MOST as u32 {
            let source = IpAddr::from(number.to_be_bytes());
            tries.take(source, "admin", i64::from(number % 7)).unwrap();
        }
        assert!(tries.counters.lock().unwrap().len() <= MOST + 2);
    }
}
