//! A registry that answers 429 above K pulls, and one that is down, in simulated time.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use proptest::prelude::*;

/// A registry that bears so many pulls at once; each takes some time.
struct Simulation {
    throttle: Throttle,
    now: Millis,
    bears: u32,
    pull_ms: Millis,
    /// Handed out at, ends at, is borne.
    running: Vec<(Millis, Millis, bool)>,
    refusals: u32,
    ended: u32,
}

impl Simulation {
    fn new(bears: u32, pull_ms: Millis) -> Self {
        Self {
            throttle: Throttle::default(),
            now: 1_000,
            bears,
            pull_ms,
            running: vec![],
            refusals: 0,
            ended: 0,
        }
    }

    /// Ten milliseconds: what is due ends, and as much starts as may, at most `cap` at once.
    fn step(&mut self, cap: u32) {
        self.now += 10;
        let (due, go_on): (Vec<_>, Vec<_>) = self.running.drain(..).partition(|(_, ends, _)| *ends <= self.now);
        self.running = go_on;
        let mut left = due.len() as u32;
        for (started, _, borne) in due {
            left -= 1;
            if borne {
                self.throttle.succeeded(self.now);
                self.ended += 1;
            } else {
                self.throttle
                    .refused(self.now, started, self.running.len() as u32 + left, 0.5);
                self.refusals += 1;
            }
        }
        while (self.running.len() as u32) < cap && self.throttle.room(self.now, self.running.len() as u32) > 0 {
            let borne = self.running.iter().filter(|(.., borne)| *borne).count() < self.bears as usize;
            let spread = Millis::from(self.ended % 7) * self.pull_ms / 10;
            let takes = if borne { self.pull_ms + spread } else { 50 };
            self.running.push((self.now, self.now + takes, borne));
            self.throttle.started();
        }
    }

    fn run(&mut self, seconds: i64, cap: u32) {
        (0..seconds * 100).for_each(|_| self.step(cap));
    }
}

#[test]
fn nothing_is_limited_while_nothing_is_refused() {
    let mut host = Simulation::new(1_000, 500);
    host.run(5, 400);
    assert_eq!(host.running.len(), 400);
    assert_eq!(host.throttle.limit(), None);
}

#[test]
fn a_registry_that_is_down_is_asked_less_and_less() {
    let mut host = Simulation::new(0, 500);
    host.run(10, 50);
    assert_eq!(host.throttle.limit(), Some(1));
    let early = host.refusals;
    host.run(600, 50);
    assert!(
        host.refusals - early <= 15,
        "{} refusals in ten minutes",
        host.refusals - early
    );
    host.bears = 100;
    host.run(120, 50);
    assert!(host.ended > 0, "it is used again within two minutes");
}

#[test]
fn when_a_registry_bears_more_the_limit_follows() {
    let mut host = Simulation::new(10, 300);
    host.run(60, 200);
    host.bears = 150;
    host.run(1_800, 200);
    assert!(host.running.len() >= 120, "{} run of 150", host.running.len());
}

#[test]
fn starts_per_second_hold() {
    let mut throttle = Throttle::default();
    throttle.set_rate(0, Some(5.0));
    let mut starts = 0;
    for now in (0..10_000).step_by(10) {
        for _ in 0..throttle.room(now, 0) {
            throttle.started();
            starts += 1;
        }
    }
    assert!((50..=55).contains(&starts), "{starts} starts in 10 s");
    assert!(throttle.next_at(9_990).unwrap() <= 10_200);
}

#[test]
fn a_rate_of_zero_is_a_pause_and_a_jump_of_the_clock_changes_no_wait() {
    let mut throttle = Throttle::default();
    throttle.set_rate(0, Some(0.0));
    assert_eq!((throttle.room(100_000, 0), throttle.next_at(100_000)), (0, None));
    throttle.set_rate(100_000, None);
    throttle.refused(100_000, 99_000, 3, 0.0);
    assert_eq!(throttle.blocked_until(100_000), Some(101_000));
    throttle.clock_jumped(-50_000);
    assert_eq!(throttle.blocked_until(50_000), Some(51_000));
    assert_eq!((throttle.room(50_999, 0), throttle.room(51_000, 0)), (0, 3));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn it_settles_within_a_fifth_of_what_the_registry_bears(bears in 5u32..120, pull_ms in 100i64..3_000) {
        let mut host = Simulation::new(bears, pull_ms);
        host.run(240, 500);
        let refusals = host.refusals;
        let mut worst = f64::INFINITY;
        let mut total = 0.0;
        for _ in 0..12_000 {
            host.step(500);
            let borne = host.running.iter().filter(|(.., borne)| *borne).count() as f64;
            worst = worst.min(borne);
            total += borne;
        }
        let mean = total / 12_000.0;
        prop_assert!(mean >= 0.8 * f64::from(bears), "{mean} of {bears} on average, {worst} at worst");
        prop_assert!(host.refusals - refusals <= 12, "{} refusals in two minutes", host.refusals - refusals);
        let limit = f64::from(host.throttle.limit().unwrap());
        prop_assert!((0.8 * f64::from(bears)..=1.2 * f64::from(bears) + 1.0).contains(&limit), "limit {limit} of {bears}");
    }
}
