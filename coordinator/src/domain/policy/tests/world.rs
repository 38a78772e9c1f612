//! Whatever happens in whatever order: the plan never orders what is present or in flight, nothing is pulled again and again, and once the
//! world is well everything is warm.

use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

const NODES: [&str; 4] = ["n1", "n2", "n3", "n4"];
const IMAGES: [&str; 3] = ["nginx:1", "redis:7", "busybox:1"];

#[derive(Debug, Clone)]
enum Happening {
    Join(usize),
    Leave(usize),
    AgentAway(usize),
    Forget(usize),
    Evict(usize, usize),
    SomebodyPulls(usize, usize),
    Succeed(usize),
    Fail(usize, usize),
    Skip(usize),
    Vanish(usize),
    TagMoves(usize),
    Pass(Millis),
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    let node = || 0usize..NODES.len();
    let image = || 0usize..IMAGES.len();
    prop_oneof![
        4 => node().prop_map(H::Join),
        1 => node().prop_map(H::Leave),
        1 => node().prop_map(H::AgentAway),
        1 => node().prop_map(H::Forget),
        3 => (node(), image()).prop_map(|(node, image)| H::Evict(node, image)),
        1 => (node(), image()).prop_map(|(node, image)| H::SomebodyPulls(node, image)),
        6 => (0usize..8).prop_map(H::Succeed),
        2 => (0usize..8, 0usize..FailureReason::ALL.len()).prop_map(|(at, why)| H::Fail(at, why)),
        1 => (0usize..8).prop_map(H::Skip),
        1 => (0usize..8).prop_map(H::Vanish),
        1 => image().prop_map(H::TagMoves),
        3 => prop_oneof![Just(1000i64), Just(61_000), Just(HOUR), Just(7 * HOUR)].prop_map(H::Pass),
    ]
}

struct World {
    stand: Stand,
    /// What each node really has: image to version of its tag.
    truth: Vec<[Option<u32>; 3]>,
    ready: [bool; 4],
    member: [bool; 4],
    versions: [u32; 3],
    /// Open pulls: node, image, task.
    open: Vec<(usize, usize, String)>,
    ordered: u32,
    /// When each place was ordered.
    orders: HashMap<(usize, usize), Vec<Millis>>,
}

impl World {
    fn new(follows: bool) -> Self {
        let mut request = request(&IMAGES);
        if follows {
            request.following = Some(FollowingRequest {
                mode: Some("schedule".into()),
                cron_expr: Some("@daily".into()),
                time_zone: None,
            });
        }
        Self {
            stand: Stand::new(request),
            truth: vec![[None; 3]; NODES.len()],
            ready: [true; 4],
            member: [false; 4],
            versions: [0; 3],
            open: vec![],
            ordered: 0,
            orders: HashMap::new(),
        }
    }

    fn digest(image: usize, version: u32) -> String {
        format!("sha256:{image}-{version}")
    }

    fn look(&mut self, node: usize) {
        if !self.member[node] {
            return;
        }
        let images: Vec<_> = (0..IMAGES.len())
            .filter_map(|image| Some(on_node(IMAGES[image], &Self::digest(image, self.truth[node][image]?))))
            .collect();
        let agent = if self.ready[node] {
            Agent::Ready
        } else {
            Agent::NotReady("away".into())
        };
        self.stand.see_as(NODES[node], agent, Some(&images));
    }

    fn land(&mut self, at: usize) -> Option<(usize, usize)> {
        if self.open.is_empty() {
            return None;
        }
        let (node, image, task) = self.open.remove(at % self.open.len());
        self.stand.land(NODES[node], IMAGES[image], &task).unwrap();
        Some((node, image))
    }

    fn end(&mut self, (node, image): (usize, usize), end: PullEnd) {
        let reference = ImageRef::parse(IMAGES[image]).unwrap();
        self.stand
            .state
            .ended(&name(NODES[node]), &reference, end, self.stand.now);
    }

    fn succeed(&mut self, at: usize) {
        let Some((node, image)) = self.land(at) else { return };
        self.truth[node][image] = Some(self.versions[image]);
        let found = [resolved(&Self::digest(image, self.versions[image]), 1)];
        if self.stand.state.policy.images[image].learn(&found, false).changed {
            self.stand.state.look_again();
        }
        self.end((node, image), PullEnd::Succeeded);
        self.look(node);
    }

    fn happen(&mut self, happening: &Happening) {
        match *happening {
            Happening::Join(node) => {
                self.member[node] = true;
                self.ready[node] = true;
                self.look(node);
            }
            Happening::Leave(node) => {
                self.member[node] = false;
                self.stand.state.release(&name(NODES[node]), self.stand.now);
            }
            Happening::AgentAway(node) => {
                self.ready[node] = false;
                self.look(node);
            }
            Happening::Forget(node) if self.member[node] => {
                self.stand.see_as(NODES[node], Agent::Ready, None);
            }
            Happening::Forget(_) => {}
            Happening::Evict(node, image) => {
                self.truth[node][image] = None;
                self.look(node);
            }
            Happening::SomebodyPulls(node, image) => {
                self.truth[node][image] = Some(self.versions[image]);
                self.look(node);
            }
            Happening::Succeed(at) => self.succeed(at),
            Happening::Fail(at, why) => {
                if let Some(place) = self.land(at) {
                    self.end(place, PullEnd::Failed(FailureReason::ALL[why], "no".into()));
                }
            }
            Happening::Skip(at) => {
                if let Some(place) = self.land(at) {
                    self.end(place, PullEnd::Skipped);
                }
            }
            Happening::Vanish(at) => {
                if let Some(place) = self.land(at) {
                    self.end(place, PullEnd::Succeeded);
                }
            }
            Happening::TagMoves(image) => self.versions[image] += 1,
            Happening::Pass(by) => self.stand.now += by,
        }
        self.stand.state.advance(self.stand.now);
        self.order();
    }

    /// Carries out the plan and holds it against what is true.
    fn order(&mut self) {
        let plan = self.stand.state.plan(&self.stand.flights, self.stand.now);
        if plan.orders.is_empty() {
            return;
        }
        self.ordered += 1;
        let task = format!("t{}", self.ordered);
        let mut seen = HashSet::new();
        for Order { node, images } in plan.orders {
            let node = NODES.iter().position(|known| *known == node.as_str()).unwrap();
            assert!(
                self.member[node] && self.ready[node],
                "a node that cannot or must not pull"
            );
            for image in images {
                let image = image as usize;
                assert!(seen.insert((node, image)), "ordered twice in one plan");
                let in_flight = self.open.iter().any(|(at, of, _)| (*at, *of) == (node, image));
                assert!(!in_flight, "ordered what is on its way");
                let follows = self.stand.state.policy.spec.following.wants_digest();
                let present = self.truth[node][image].is_some();
                assert!(follows || !present, "ordered what is there");
                self.orders.entry((node, image)).or_default().push(self.stand.now);
                self.stand.fly(NODES[node], IMAGES[image], &task, true);
                self.open.push((node, image, task.clone()));
            }
        }
        let again = self.stand.state.plan(&self.stand.flights, self.stand.now);
        assert!(
            again.orders.is_empty(),
            "a plan that is carried out leaves nothing to order"
        );
    }

    /// Agents are back, registries answer, nobody removes anything.
    fn recover(&mut self) {
        for node in 0..NODES.len() {
            self.member[node] = true;
            self.ready[node] = true;
            self.look(node);
        }
        for _ in 0..60 {
            while !self.open.is_empty() {
                self.succeed(0);
            }
            self.stand.state.advance(self.stand.now);
            self.order();
            self.stand.now += HOUR;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn it_converges_from_any_state(follows in any::<bool>(), happenings in proptest::collection::vec(happening(), 0..80)) {
        let mut world = World::new(follows);
        happenings.iter().for_each(|happening| world.happen(happening));
        world.recover();
        let counts = world.stand.state.counts(world.stand.now);
        prop_assert_eq!(counts.warm, 12, "{:?}", counts);
        prop_assert!(world.stand.ordered().is_empty() && world.open.is_empty());
    }

    #[test]
    fn who_removes_everything_at_once_makes_no_loop(pauses in proptest::collection::vec(1_000i64..HOUR, 20..60)) {
        let mut world = World::new(false);
        world.happen(&Happening::Join(0));
        for pause in pauses {
            while !world.open.is_empty() {
                world.happen(&Happening::Succeed(0));
            }
            world.stand.now += pause;
            (0..3).for_each(|image| world.happen(&Happening::Evict(0, image)));
        }
        for orders in world.orders.values() {
            let most = orders.iter().map(|from| orders.iter().filter(|at| (*from..from + DAY_MS).contains(at)).count()).max();
            prop_assert!(most.unwrap_or(0) <= 2, "ordered {:?} times in a day", most);
        }
    }

    #[test]
    fn failures_are_tried_less_and_less(minutes in 60i64..600) {
        let mut world = World::new(false);
        world.happen(&Happening::Join(0));
        for _ in 0..minutes {
            while !world.open.is_empty() {
                world.happen(&Happening::Fail(0, 3));
            }
            world.happen(&Happening::Pass(60_000));
        }
        let most = world.orders.values().map(Vec::len).max().unwrap() as i64;
        prop_assert!(most <= 7 + minutes / 30, "{most} in {minutes} minutes");
    }
}
