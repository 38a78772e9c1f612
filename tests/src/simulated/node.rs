//! One simulated agent between and during its sessions: what runs on it and which outcomes nobody has acknowledged. No I/O: the
//! session asks what is due and sends it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use ips_proto::v1::agent_message::Body;
use ips_proto::v1::{
    Failure, FailureReason, Hello, ImageDigests, Inventory, InventoryImage, NodeCondition, Outcome, Platform, Progress,
    PullAttempt, PullPhase, PullProgress, StartPull, Success, SuccessReason, outcome,
};
use tokio::time::Instant;

use super::behaviour::Behaviour;
use super::counters::now_us;
use super::seats::{REFUSAL, REFUSED_AFTER, Seat};
use super::{Options, image, inventory, labels};

/// Pulls at a time.
const SLOTS: u32 = 16;
/// Outcomes in a hello; more follow one by one, as with the real agent.
const MOST_OUTCOMES: usize = 100;
/// What containerd says of a registry that wants another login.
const NO_LOGIN: &str = "failed to pull and unpack image: failed to resolve reference: pull access denied, repository does not exist or may \
     require authorization: authorization failed: 401 Unauthorized";
/// How much of a held pull is done.
const HELD_AT: f64 = 0.4;

/// One running pull.
#[derive(Debug)]
struct Running {
    attempt: PullAttempt,
    reference: String,
    digests: ImageDigests,
    started: Instant,
    started_at_ms: i64,
    ends: Option<Instant>,
    /// When it reports next; `None` when it has said everything.
    reports: Option<Instant>,
    /// Share that was reported last.
    reported: Option<f64>,
    /// Whether the registry serves it.
    seat: Seat,
    /// Whether the registry knows its login.
    refused: bool,
    /// Whether the node lists the image afterwards.
    listed: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Node {
    index: usize,
    running: HashMap<String, Running>,
    /// By number of arrival.
    unacknowledged: BTreeMap<u64, Outcome>,
    arrivals: u64,
    /// Number of the newest outcome that this session has sent.
    sent: u64,
    /// What it pulled and lists.
    pulled: Vec<InventoryImage>,
    /// How many of them the coordinator was told.
    told: usize,
}

impl Node {
    pub fn new(index: usize) -> Self {
        Self {
            index,
            running: HashMap::new(),
            unacknowledged: BTreeMap::new(),
            arrivals: 0,
            sent: 0,
            pulled: Vec::new(),
            told: 0,
        }
    }

    /// The first words of a session.
    pub fn hello(&mut self, options: &Options) -> Hello {
        let told = self.unacknowledged.iter().take(MOST_OUTCOMES);
        self.sent = told.clone().next_back().map_or(0, |(arrival, _)| *arrival);
        let unacknowledged = told.map(|(_, outcome)| outcome.clone()).collect();
        Hello {
            node_name: format!("node-{:05}", self.index),
            node_uid: format!("00000000-0000-4000-8000-{:012}", self.index),
            runtime_uuid: format!("00000000-0000-4000-9000-{:012}", self.index),
            agent_version: options.version.clone(),
            runtime_name: "containerd".to_owned(),
            runtime_version: "1.7.24".to_owned(),
            capabilities: vec!["layer-progress".to_owned()],
            platform: Some(Platform {
                os: "linux".to_owned(),
                architecture: "amd64".to_owned(),
                variant: String::new(),
            }),
            labels: self.labels(),
            max_concurrent_pulls: SLOTS,
            in_flight: self.running.values().map(|running| running.attempt.clone()).collect(),
            unacknowledged,
            inventory_generation: inventory::generation(self.pulled.len()),
            inventory_hash: inventory::hash(self.index, self.pulled.len()),
            condition: Some(self.condition(options)),
        }
    }

    fn labels(&self) -> HashMap<String, String> {
        let hostname = format!("node-{:05}", self.index);
        [
            ("kubernetes.io/hostname", hostname),
            ("kubernetes.io/os", "linux".to_owned()),
            ("kubernetes.io/arch", "amd64".to_owned()),
            ("node.kubernetes.io/instance-type", "m6i.4xlarge".to_owned()),
            (labels::ZONE, format!("zone-{}", self.index % 3)),
            (labels::FIRST_THOUSAND, (self.index < 1000).to_string()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }

    /// Disk and runtime, a little different each time.
    pub fn condition(&self, options: &Options) -> NodeCondition {
        let used = (options.images as u64) * 80_000_000 + u64::try_from(now_us() % 1_000_000).unwrap_or(0);
        NodeCondition {
            runtime_ready: true,
            runtime_message: String::new(),
            image_fs_path: "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs".to_owned(),
            image_fs_used_bytes: used,
            image_fs_capacity_bytes: 500 << 30,
            image_fs_available_bytes: (500 << 30) - used,
            image_fs_inodes: 30_000_000,
            image_fs_inodes_free: 25_000_000,
            draining: false,
            ..NodeCondition::default()
        }
    }

    /// Takes an order; says whether it was new.
    pub fn start(&mut self, order: StartPull, behaviour: &Behaviour, seat: Seat) -> bool {
        let attempt = order.attempt.unwrap_or_default();
        if self.repeat(&attempt) || self.running.contains_key(&attempt.pull_id) {
            return false;
        }
        let known = order.digests.filter(|digests| !digests.target.is_empty());
        let now = Instant::now();
        let mut running = Running {
            digests: known.unwrap_or_else(|| image::digests(&order.reference)),
            reference: order.reference,
            started: now,
            started_at_ms: now_us() / 1000,
            ends: None,
            reports: Some(now),
            reported: None,
            seat,
            refused: false,
            listed: false,
            attempt,
        };
        running.follow(behaviour, now);
        self.running.insert(running.attempt.pull_id.clone(), running);
        true
    }

    /// It ended already and the coordinator has not heard: its outcome is sent once more.
    fn repeat(&mut self, attempt: &PullAttempt) -> bool {
        let of_it =
            |(arrival, outcome): (&u64, &Outcome)| (outcome.attempt.as_ref() == Some(attempt)).then_some(*arrival);
        let Some(arrival) = self.unacknowledged.iter().find_map(of_it) else {
            return false;
        };
        if let Some(outcome) = self.unacknowledged.remove(&arrival) {
            self.put(outcome);
        }
        true
    }

    fn put(&mut self, outcome: Outcome) {
        self.arrivals += 1;
        self.unacknowledged.insert(self.arrivals, outcome);
    }

    /// New rules for what runs.
    pub fn follow(&mut self, behaviour: &Behaviour) {
        let now = Instant::now();
        self.running
            .values_mut()
            .for_each(|running| running.follow(behaviour, now));
    }

    /// Takes a cancel; the answer is an outcome in every case.
    pub fn cancel(&mut self, attempt: PullAttempt) {
        let running = self.running.remove(&attempt.pull_id);
        if running.is_none() && self.repeat(&attempt) {
            return;
        }
        let failure = Failure {
            reason: FailureReason::Cancelled.into(),
            message: "cancelled".to_owned(),
            retryable: false,
            phase: PullPhase::Fetching.into(),
        };
        self.put(Outcome {
            attempt: Some(attempt),
            result: Some(outcome::Result::Failure(failure)),
            finished_at_ms: now_us() / 1000,
            ..Outcome::default()
        });
    }

    /// Forgets outcomes that are durable or void; says how many there were.
    pub fn forget(&mut self, attempts: &[PullAttempt]) -> usize {
        let before = self.unacknowledged.len();
        self.unacknowledged.retain(|_, outcome| {
            !outcome
                .attempt
                .as_ref()
                .is_some_and(|attempt| attempts.contains(attempt))
        });
        before - self.unacknowledged.len()
    }

    /// When something is to be said next.
    pub fn next_due(&self) -> Option<Instant> {
        if self.unacknowledged.range(self.sent + 1..).next().is_some() {
            return Some(Instant::now());
        }
        let times = self
            .running
            .values()
            .flat_map(|running| [running.ends, running.reports]);
        times.flatten().min()
    }

    /// Outcomes that are due, oldest first.
    pub fn outcomes_due(&mut self) -> Vec<Outcome> {
        let now = Instant::now();
        let ended = self
            .running
            .values()
            .filter(|running| running.ends.is_some_and(|ends| ends <= now))
            .map(|running| running.attempt.pull_id.clone())
            .collect::<Vec<_>>();
        for pull in ended {
            if let Some(running) = self.running.remove(&pull) {
                if running.listed && running.is_served() {
                    self.list(inventory::pulled(&running.reference, &running.digests));
                }
                self.put(running.ended());
            }
        }
        let due = self
            .unacknowledged
            .range(self.sent + 1..)
            .map(|(_, outcome)| outcome.clone())
            .collect();
        self.sent = self.arrivals.max(self.sent);
        due
    }

    fn list(&mut self, image: InventoryImage) {
        if !self.pulled.contains(&image) {
            self.pulled.push(image);
        }
    }

    /// Everything that it has.
    pub fn inventory(&mut self, options: &Options) -> Vec<Inventory> {
        self.told = self.pulled.len();
        inventory::whole(self.index, options.images, &self.pulled)
    }

    /// What it lists that the coordinator was not told yet.
    pub fn inventory_due(&mut self) -> Option<Inventory> {
        let news = (self.told < self.pulled.len()).then(|| inventory::news(self.index, &self.pulled, self.told));
        self.told = self.pulled.len();
        news
    }

    /// The report that is due, and how many attempts report for the first time in it.
    pub fn progress_due(&mut self, behaviour: &Behaviour) -> Option<(Body, u64)> {
        let now = Instant::now();
        let due = self
            .running
            .values_mut()
            .filter(|running| running.reports.is_some_and(|at| at <= now));
        let mut first = 0;
        let pulls = due
            .map(|running| {
                first += u64::from(running.reported.is_none());
                running.report(behaviour, now)
            })
            .collect::<Vec<_>>();
        (!pulls.is_empty()).then_some((Body::Progress(Progress { pulls }), first))
    }
}

impl Running {
    fn follow(&mut self, behaviour: &Behaviour, now: Instant) {
        if matches!(self.seat, Seat::None) {
            self.ends = Some(self.started + REFUSED_AFTER);
            return;
        }
        let rule = behaviour.rule(&self.reference);
        self.refused = rule.is_some_and(|rule| rule.refused);
        self.listed = rule.is_some_and(|rule| rule.listed);
        self.ends = rule.and_then(|rule| rule.draw()).map(|time| now + time);
        let pause = rule.and_then(|rule| rule.pause());
        if self.reported.is_some() {
            self.reports = pause.map(|pause| now + pause);
        }
    }

    fn report(&mut self, behaviour: &Behaviour, now: Instant) -> PullProgress {
        let done = match self.ends {
            Some(ends) => {
                now.duration_since(self.started).as_secs_f64() / (ends - self.started).as_secs_f64().max(0.001)
            }
            // Slower and slower, so that it never stands still and never ends.
            None => {
                HELD_AT + (1.0 - HELD_AT) * (1.0 - 1.0 / (1.0 + now.duration_since(self.started).as_secs_f64() / 60.0))
            }
        };
        let done = done.clamp(0.0, 0.99);
        let layers = image::layers(&self.reference, self.reported, done);
        self.reported = Some(done);
        let pause = behaviour.rule(&self.reference).and_then(|rule| rule.pause());
        self.reports = pause.map(|pause| now + pause.max(Duration::from_millis(100)));
        PullProgress {
            attempt: Some(self.attempt.clone()),
            phase: PullPhase::Fetching.into(),
            bytes: Some(image::bytes(done)),
            layers,
            layer_count: 6,
            note: String::new(),
        }
    }

    fn is_served(&self) -> bool {
        matches!(self.seat, Seat::Taken(_)) && !self.refused
    }

    fn ended(self) -> Outcome {
        // Who is turned away moved nothing.
        let bytes = self.is_served().then(|| image::bytes(1.0));
        let result = match self.seat {
            Seat::Taken(_) if self.refused => outcome::Result::Failure(Failure {
                reason: FailureReason::Unauthorized.into(),
                message: NO_LOGIN.to_owned(),
                retryable: false,
                phase: PullPhase::Resolving.into(),
            }),
            Seat::Taken(_) => outcome::Result::Success(Success {
                reason: SuccessReason::Pulled.into(),
                note: String::new(),
                digest_verified: true,
            }),
            Seat::None => outcome::Result::Failure(Failure {
                reason: FailureReason::RateLimited.into(),
                message: REFUSAL.to_owned(),
                retryable: true,
                phase: PullPhase::Resolving.into(),
            }),
        };
        Outcome {
            attempt: Some(self.attempt),
            result: Some(result),
            digests: Some(self.digests),
            bytes,
            started_at_ms: self.started_at_ms,
            finished_at_ms: now_us() / 1000,
            layers: Vec::new(),
            phases: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::Rule;

    fn order(pull: &str) -> StartPull {
        StartPull {
            attempt: Some(PullAttempt {
                pull_id: pull.to_owned(),
                attempt: 1,
            }),
            reference: "127.0.0.1:5000/app:v1".to_owned(),
            ..StartPull::default()
        }
    }

    fn rules(rule: Rule) -> Behaviour {
        Behaviour {
            rules: vec![rule],
            bears: None,
        }
    }

    #[test]
    fn a_held_pull_reports_once_and_ends_when_it_is_let_go() {
        let mut node = Node::new(7);
        let hold = rules(Rule::hold(""));
        assert!(node.start(order("p"), &hold, Seat::Taken(None)));
        assert!(
            !node.start(order("p"), &hold, Seat::Taken(None)),
            "the same order means nothing new"
        );
        assert_eq!(node.progress_due(&hold).expect("a report").1, 1);
        assert!(node.next_due().is_none() && node.outcomes_due().is_empty());
        node.follow(&rules(Rule::end("", Duration::ZERO, Duration::ZERO)));
        let ended = node.outcomes_due();
        assert_eq!(ended.len(), 1);
        assert!(node.outcomes_due().is_empty(), "it is sent once in a session");
        assert_eq!(
            node.hello(&options()).unacknowledged.len(),
            1,
            "and kept until it is acknowledged"
        );
        assert_eq!(node.forget(&[ended[0].attempt.clone().expect("an attempt")]), 1);
        assert!(node.hello(&options()).unacknowledged.is_empty());
    }

    fn options() -> Options {
        Options {
            coordinator: String::new(),
            nodes: 1,
            images: 150,
            ramp_ms: 0,
            bootstrap_token: String::new(),
            version: String::new(),
            port: 0,
        }
    }
}
