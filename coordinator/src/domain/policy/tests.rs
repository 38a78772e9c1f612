#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use crate::domain::{
    ids::{NodeName, PullId, TaskId},
    node::InventoryImage,
    outcome::FailureReason,
    selection::SelectionRequest,
};
use std::{collections::HashMap, sync::Arc};

mod workloads;
mod world;

const HOUR: Millis = 3_600_000;
const T0: Millis = 1_795_485_600_000;

fn request(images: &[&str]) -> PolicyRequest {
    PolicyRequest {
        name: Some("base".into()),
        task: Some(TaskRequest {
            images: images.iter().map(|image| (*image).to_owned()).collect(),
            ..TaskRequest::default()
        }),
        ..PolicyRequest::default()
    }
}

fn with_task(change: impl FnOnce(&mut TaskRequest)) -> PolicyRequest {
    let mut request = request(&["nginx:1"]);
    change(request.task.as_mut().unwrap());
    request
}

fn refused(request: PolicyRequest) -> String {
    request.check().unwrap_err().field
}

fn amd64() -> Platform {
    Platform {
        os: "linux".into(),
        architecture: "amd64".into(),
        variant: String::new(),
    }
}

fn name(text: &str) -> NodeName {
    NodeName::parse(text).unwrap()
}

fn resolved(digest: &str, size_bytes: u64) -> ResolvedImage {
    ResolvedImage {
        platform: amd64(),
        digests: ImageDigests {
            target: digest.into(),
            ..ImageDigests::default()
        },
        size_bytes,
    }
}

/// What a runtime lists for `docker.io/library/NAME`.
fn on_node(tag: &str, digest: &str) -> Arc<InventoryImage> {
    let repository = tag.split(':').next().unwrap();
    Arc::new(InventoryImage {
        id: format!("config-of-{digest}"),
        repo_tags: vec![format!("docker.io/library/{tag}")],
        repo_digests: vec![format!("docker.io/library/{repository}@{digest}")],
        size_bytes: 1,
        pinned: false,
    })
}

fn policy(request: PolicyRequest) -> Policy {
    let mut policy = Policy::new(PolicyId::from_stored("pol-1".into()), request.check().unwrap(), T0);
    policy.images.iter_mut().for_each(|image| image.checked_at = T0);
    policy
}

/// A policy in the middle of the world.
struct Stand {
    state: PolicyState,
    flights: Flights,
    now: Millis,
    /// Labels of whatever node is seen next.
    labels: Labels,
}

impl Stand {
    fn new(request: PolicyRequest) -> Self {
        Self {
            state: PolicyState::new(policy(request), HashMap::new()),
            flights: Flights::default(),
            now: T0,
            labels: Labels::default(),
        }
    }

    fn see_as(&mut self, node: &str, agent: Agent, images: Option<&[Arc<InventoryImage>]>) -> Vec<Eviction> {
        let hash = format!("{images:?}");
        let inventory = match images {
            None => Seen::Unknown,
            Some(images) => Seen::Known { hash: &hash, images },
        };
        let sight = Sight {
            name: &name(node),
            labels: &self.labels,
            platform: &amd64(),
            agent,
            capacity_bytes: 1000,
            inventory,
        };
        self.state.see(&sight, self.now)
    }

    fn see(&mut self, node: &str, images: &[Arc<InventoryImage>]) -> Vec<Eviction> {
        self.see_as(node, Agent::Ready, Some(images))
    }

    fn ordered(&self) -> Vec<(String, Vec<u32>)> {
        let plan = self.state.plan(&self.flights, self.now);
        plan.orders
            .into_iter()
            .map(|order| (order.node.to_string(), order.images))
            .collect()
    }

    fn fly(&mut self, node: &str, image: &str, task: &str, own: bool) {
        let flight = Flight {
            pull: PullId::from_stored(format!("{task}/{node}/{image}")),
            task: TaskId::parse(task).unwrap(),
            policy: own.then(|| self.state.policy.id.clone()),
            running: false,
        };
        self.flights.put(&name(node), &ImageRef::parse(image).unwrap(), flight);
    }

    fn land(&mut self, node: &str, image: &str, task: &str) -> Option<Flight> {
        let pull = PullId::from_stored(format!("{task}/{node}/{image}"));
        self.flights
            .remove(&name(node), &ImageRef::parse(image).unwrap(), &pull)
    }

    fn row(&self, node: &str, image: &str) -> CellRow {
        let wanted = |at: &NodeName, of: &ImageRef, _| at.as_str() == node && of.as_str() == image;
        let (mut rows, total) = self.state.rows(&self.flights, self.now, wanted, (0, 10));
        assert_eq!(total, 1);
        rows.remove(0)
    }

    fn condition(&self, kind: ConditionKind) -> Condition {
        let all = self.state.conditions(self.now);
        all.into_iter().find(|condition| condition.kind == kind).unwrap()
    }
}

#[test]
fn what_breaks_a_rule_is_named_and_defaults_hold() {
    let spec = request(&["nginx:1"]).check().unwrap();
    assert_eq!((spec.following, spec.task.priority), (Following::Never, 5));
    assert_eq!(
        refused(PolicyRequest {
            name: None,
            ..request(&["a"])
        }),
        "name"
    );
    assert_eq!(
        refused(PolicyRequest {
            task: None,
            ..request(&["a"])
        }),
        "taskConfig"
    );
    assert_eq!(refused(request(&[])), "taskConfig.images");
    assert_eq!(refused(request(&["A"])), "taskConfig.images[0]");
    let all_but_some = SelectionRequest {
        max_nodes: Some("3".into()),
        ..SelectionRequest::default()
    };
    assert_eq!(
        refused(with_task(|task| task.selection = all_but_some)),
        "taskConfig.maxNodes"
    );
    assert_eq!(refused(with_task(|task| task.id = Some("x".into()))), "taskConfig.id");
    assert_eq!(
        refused(with_task(|task| task.logins.password = Some("x".to_owned().into()))),
        "taskConfig.registry"
    );
    let tagged = |tag: &str| PolicyRequest {
        library_tag: Some(tag.into()),
        ..request(&[])
    };
    assert!(tagged("base").check().unwrap().task.images.is_empty());
    assert_eq!(refused(tagged("a b")), "libraryTag");
}

#[test]
fn tags_are_followed_as_asked_and_what_contradicts_is_named() {
    let following = |mode: &str, cron: Option<&str>| PolicyRequest {
        following: Some(FollowingRequest {
            mode: Some(mode.into()),
            cron_expr: cron.map(Into::into),
            time_zone: None,
        }),
        ..request(&["nginx:1"])
    };
    assert_eq!(refused(following("often", None)), "tagFollowing.mode");
    assert_eq!(refused(following("schedule", None)), "tagFollowing.cronExpr");
    assert_eq!(refused(following("schedule", Some("x"))), "tagFollowing.cronExpr");
    assert_eq!(refused(following("never", Some("@daily"))), "tagFollowing.cronExpr");
    let alert = following("alert", None).check().unwrap();
    assert_eq!(alert.following.timetable().unwrap().expression(), "@hourly");
    let nightly = following("schedule", Some("@daily")).check().unwrap();
    assert!(nightly.following.wants_digest());
    let change = PolicyRequest::default().check_over(&nightly).unwrap();
    assert_eq!(change, nightly, "what is absent stays");
    let table = nightly.following.timetable().unwrap();
    let stored = Following::from_stored("schedule", table.expression(), table.zone().name());
    assert_eq!(stored, Some(nightly.following));
}

#[test]
fn a_node_that_joins_is_ordered_what_it_lacks_and_nothing_twice() {
    let mut stand = Stand::new(request(&["nginx:1", "redis:7"]));
    assert!(stand.ordered().is_empty());
    stand.see_as("n1", Agent::Ready, None);
    assert!(stand.ordered().is_empty(), "nobody knows what it has");
    assert_eq!(stand.row("n1", "nginx:1").why, Some(Why::InventoryUnknown));
    stand.see("n1", &[on_node("redis:7", "sha256:r")]);
    assert_eq!(stand.ordered(), [("n1".to_owned(), vec![0])]);
    assert_eq!(stand.row("n1", "nginx:1").why, Some(Why::Due));
    stand.fly("n1", "nginx:1", "somebody", false);
    assert!(stand.ordered().is_empty(), "somebody else brings it");
    assert_eq!(stand.row("n1", "nginx:1").why, Some(Why::Waiting));
    stand.land("n1", "nginx:1", "somebody");
    stand.see("n1", &[on_node("redis:7", "sha256:r"), on_node("nginx:1", "sha256:n")]);
    assert!(stand.ordered().is_empty());
    assert_eq!(stand.state.counts(T0).ratio(), 1.0);
    assert!(stand.condition(ConditionKind::Warm).holds);
}

#[test]
fn nodes_that_cannot_pull_wait_and_say_why() {
    let mut stand = Stand::new(request(&["nginx:1"]));
    stand.see_as("n1", Agent::NotReady("agent is not connected".into()), Some(&[]));
    stand.see_as("n2", Agent::Missing("no agent".into()), None);
    assert!(stand.ordered().is_empty());
    assert_eq!(stand.row("n1", "nginx:1").message, "agent is not connected");
    let missing = stand.row("n2", "nginx:1");
    assert_eq!((missing.state, missing.why), (CellState::Cold, Some(Why::AgentMissing)));
    stand.see("n1", &[]);
    assert_eq!(stand.ordered().len(), 1);
    assert!(stand.state.release(&name("n1"), T0), "it no longer matches");
    assert!(stand.ordered().is_empty());
}

#[test]
fn an_image_that_was_removed_comes_back_once_and_is_paused_the_second_time() {
    let mut stand = Stand::new(request(&["nginx:1"]));
    let there = [on_node("nginx:1", "sha256:n")];
    stand.see("n1", &there);
    stand.now += HOUR;
    assert_eq!(stand.see("n1", &[]).len(), 1);
    assert_eq!(stand.ordered().len(), 1, "it is brought back");
    stand.see("n1", &there);
    stand.now += HOUR;
    let second = stand.see("n1", &[]);
    assert_eq!(second[0].evictions.last_at - second[0].evictions.previous_at, HOUR);
    assert!(stand.ordered().is_empty());
    let row = stand.row("n1", "nginx:1");
    assert_eq!((row.state, row.why), (CellState::Paused, Some(Why::EvictedTwice)));
    assert_eq!(row.again_at, stand.now + DAY_MS);
    assert_eq!(stand.state.plan(&stand.flights, stand.now).wake_at, Some(row.again_at));
    assert_eq!(stand.condition(ConditionKind::Warm).reason, "Paused");
    stand.state.forgive();
    assert_eq!(stand.ordered().len(), 1, "somebody resumed the policy");
}

#[test]
fn what_is_removed_on_purpose_or_with_its_machine_is_no_eviction() {
    let mut stand = Stand::new(request(&["nginx:1"]));
    let there = [on_node("nginx:1", "sha256:n")];
    stand.see("n1", &there);
    stand.state.removed_on_purpose(
        &name("n1"),
        &ImageRef::parse("docker.io/library/nginx:1").unwrap(),
        stand.now,
    );
    stand.see("n1", &there);
    assert!(stand.see("n1", &[]).is_empty());
    stand.see("n1", &there);
    assert!(stand.see_as("n1", Agent::Ready, None).is_empty());
    assert!(stand.see("n1", &[]).is_empty(), "a new machine has nothing");
}

#[test]
fn pins_are_said_once_and_taken_back_where_the_policy_lets_go() {
    let mut wish = request(&["nginx:1", "redis:7"]);
    wish.task.as_mut().unwrap().rules.pin = Some(true);
    let mut stand = Stand::new(wish);
    let said = |stand: &mut Stand| {
        let changes = stand.state.pin_changes().into_iter();
        changes
            .map(|(node, images)| format!("{node} {}", images.len()))
            .collect::<Vec<_>>()
    };
    stand.see("n1", &[]);
    stand.see("n2", &[]);
    assert_eq!(said(&mut stand), ["n1 2", "n2 2"]);
    stand.see("n1", &[on_node("nginx:1", "sha256:n")]);
    assert!(said(&mut stand).is_empty(), "nothing new");
    stand.state.release(&name("n2"), stand.now);
    assert_eq!(said(&mut stand), ["n2 0"]);
    let mut policy = stand.state.policy.clone();
    policy.paused = Some("a pause".into());
    stand.state.replace(policy.clone());
    assert_eq!(said(&mut stand), ["n1 2"], "what is paused stays pinned");
    policy.spec.task.rules.pin = false;
    stand.state.replace(policy);
    assert_eq!(said(&mut stand), ["n1 0"]);
    stand.see("n3", &[]);
    assert!(said(&mut stand).is_empty());
}

#[test]
fn what_a_policy_keeps_is_known_by_every_way_to_write_it() {
    let mut stand = Stand::new(request(&["nginx:1"]));
    stand.see("n1", &[]);
    let keeps =
        |stand: &Stand, node: &str, image: &str| stand.state.keeps(&name(node), &ImageRef::parse(image).unwrap());
    assert!(keeps(&stand, "n1", "docker.io/library/nginx:1"));
    assert!(!keeps(&stand, "n1", "nginx:2") && !keeps(&stand, "n2", "nginx:1"));
    stand.state.policy.paused = Some("a pause".into());
    assert!(!keeps(&stand, "n1", "nginx:1"));
}

#[test]
fn a_pull_that_failed_waits_longer_each_time_and_says_why() {
    let mut stand = Stand::new(request(&["nginx:1"]));
    stand.see("n1", &[]);
    let image = ImageRef::parse("nginx:1").unwrap();
    let mut waits = vec![];
    for reason in [FailureReason::Network, FailureReason::NoSpace, FailureReason::Network] {
        let end = PullEnd::Failed(reason, "words of the runtime".into());
        stand.state.ended(&name("n1"), &image, end, stand.now);
        assert!(stand.ordered().is_empty());
        let row = stand.row("n1", "nginx:1");
        assert!(row.message.contains("words of the runtime"), "{}", row.message);
        waits.push(row.again_at - stand.now);
        stand.now = row.again_at;
        assert_eq!(stand.ordered().len(), 1);
    }
    assert_eq!(waits, [60_000, 120_000, 240_000]);
    let end = PullEnd::Failed(FailureReason::NoSpace, String::new());
    stand.state.ended(&name("n1"), &image, end, stand.now);
    assert_eq!(stand.row("n1", "nginx:1").why, Some(Why::NoSpace));
}

#[test]
fn failures_before_a_restart_count_until_an_image_is_seen_or_somebody_forgives() {
    let past = |node: &str, image: &str, reason| PastFailure {
        node: name(node),
        image: ImageRef::parse(image).unwrap(),
        end: PullEnd::Failed(reason, "words of the runtime".into()),
        times: 3,
        at: 0,
    };
    let mut stand = Stand::new(request(&["nginx:1", "redis:1"]));
    let failures = vec![
        past("n1", "nginx:1", FailureReason::Network),
        past("n1", "redis:1", FailureReason::Network),
        past("n1", "gone:1", FailureReason::Network),
        past("n2", "nginx:1", FailureReason::Unauthorized),
        past("n3", "nginx:1", FailureReason::Network),
    ];
    stand.state = stand.state.with_failures(failures);
    stand.now = 1000;
    stand.state.forgive_unauthorized();
    stand.see("n1", &[on_node("redis:1", "sha256:r")]);
    stand.see("n2", &[on_node("redis:1", "sha256:r")]);
    let row = stand.row("n1", "nginx:1");
    assert_eq!((row.why, row.again_at), (Some(Why::PullFailed), 240_000));
    assert_eq!(stand.row("n2", "nginx:1").why, Some(Why::Due));
    stand.see("n1", &[]);
    assert_ne!(
        stand.row("n1", "redis:1").why,
        Some(Why::PullFailed),
        "it was there in between"
    );
    stand.now = 240_000;
    let image = ImageRef::parse("nginx:1").unwrap();
    let end = PullEnd::Failed(FailureReason::Network, String::new());
    stand.state.ended(&name("n1"), &image, end, stand.now);
    assert_eq!(
        stand.row("n1", "nginx:1").again_at,
        stand.now + 480_000,
        "it is the fourth"
    );
    stand.state.forgive();
    stand.see("n3", &[]);
    assert_eq!(stand.row("n3", "nginx:1").why, Some(Why::Due));
}

#[test]
fn what_was_pulled_and_never_shows_counts_as_removed() {
    let mut stand = Stand::new(request(&["nginx:1"]));
    stand.see("n1", &[]);
    let image = ImageRef::parse("nginx:1").unwrap();
    for round in 0..2 {
        stand.state.ended(&name("n1"), &image, PullEnd::Succeeded, stand.now);
        assert!(stand.ordered().is_empty());
        assert_eq!(stand.row("n1", "nginx:1").why, Some(Why::NotShown));
        stand.now += 60_000;
        assert_eq!(stand.state.advance(stand.now).len(), 1, "round {round}");
        assert!(stand.state.advance(stand.now).is_empty());
    }
    assert_eq!(stand.row("n1", "nginx:1").state, CellState::Paused);
}

#[test]
fn newcomers_need_not_wait_for_others_but_for_the_limit() {
    let limited = with_task(|task| task.rules.parallelism = Some("2".into()));
    for (request, orders) in [(request(&["nginx:1"]), 3), (limited, 1)] {
        let mut stand = Stand::new(request);
        stand.see("n0", &[]);
        stand.fly("n0", "nginx:1", "first", true);
        for node in ["n1", "n2", "n3"] {
            stand.see(node, &[]);
        }
        assert_eq!(stand.ordered().len(), orders);
    }
    let mut stand = Stand::new(with_task(|task| task.rules.parallelism = Some("1".into())));
    for node in ["n0", "n1"] {
        stand.see(node, &[]);
    }
    assert_eq!(stand.ordered().len(), 2, "one task, which has the limit itself");
    stand.fly("n0", "nginx:1", "first", true);
    assert!(stand.ordered().is_empty());
    assert_eq!(stand.row("n1", "nginx:1").why, Some(Why::Waiting));
}

#[test]
fn a_moved_tag_is_followed_when_its_time_comes_and_new_nodes_get_what_there_is() {
    let mut nightly = request(&["nginx:1"]);
    nightly.following = Some(FollowingRequest {
        mode: Some("schedule".into()),
        cron_expr: Some("@daily".into()),
        time_zone: None,
    });
    let mut stand = Stand::new(nightly);
    let learned = stand.state.policy.images[0].learn(&[resolved("sha256:old", 1)], false);
    assert_eq!(
        learned,
        Learned {
            changed: true,
            moved: false
        }
    );
    stand.see("n1", &[on_node("nginx:1", "sha256:old")]);
    stand.see("n2", &[]);
    let learned = stand.state.policy.images[0].learn(&[resolved("sha256:new", 1)], false);
    assert_eq!(
        learned,
        Learned {
            changed: true,
            moved: true
        }
    );
    assert_eq!(
        stand.state.policy.images[0].learn(&[resolved("sha256:new", 1)], false),
        Learned::default()
    );
    stand.see("n2", &[on_node("nginx:1", "sha256:new")]);
    assert!(
        stand.ordered().is_empty(),
        "both are as they should be until the tag is followed"
    );
    assert!(
        stand
            .condition(ConditionKind::TagMoved)
            .message
            .contains("from sha256:old to sha256:new")
    );
    let coverage = stand.state.images(T0);
    assert!(coverage[0].drifted && coverage[0].digests.len() == 2);
    assert!(
        stand.state.policy.images[0]
            .learn(&[resolved("sha256:new", 1)], true)
            .moved
    );
    stand.state.look_again();
    assert_eq!(stand.ordered(), [("n1".to_owned(), vec![0])]);
    assert_eq!(stand.row("n1", "nginx:1").why, Some(Why::OtherDigest));
    assert!(!stand.condition(ConditionKind::TagMoved).holds);
}

#[test]
fn an_alert_keeps_what_nodes_have() {
    let mut watched = request(&["nginx:1"]);
    watched.following = Some(FollowingRequest {
        mode: Some("alert".into()),
        ..FollowingRequest::default()
    });
    let mut stand = Stand::new(watched);
    stand.state.policy.images[0].learn(&[resolved("sha256:old", 1)], false);
    stand.see("n1", &[on_node("nginx:1", "sha256:old")]);
    assert!(
        stand.state.policy.images[0]
            .learn(&[resolved("sha256:new", 1)], false)
            .moved
    );
    stand.state.look_again();
    assert!(stand.ordered().is_empty());
    assert!(stand.condition(ConditionKind::TagMoved).holds);
    assert!(stand.state.policy.accept_moved());
    assert!(!stand.condition(ConditionKind::TagMoved).holds);
    assert_eq!(stand.state.policy.images[0].digest(), "sha256:new");
}

#[test]
fn a_wish_larger_than_any_disk_is_said_and_not_ordered() {
    let mut stand = Stand::new(request(&["nginx:1", "redis:7"]));
    for (image, size) in stand.state.policy.images.iter_mut().zip([600, 600]) {
        image.learn(&[resolved("sha256:x", size)], false);
    }
    stand.see("n1", &[]);
    assert!(stand.ordered().is_empty());
    assert_eq!(stand.row("n1", "nginx:1").why, Some(Why::NoSpace));
    let condition = stand.condition(ConditionKind::TooLarge);
    assert!(
        condition.holds && condition.message.contains("1200 bytes"),
        "{condition:?}"
    );
}

#[test]
fn a_node_that_comes_and_goes_calms_down_first() {
    let mut stand = Stand::new(request(&["nginx:1"]));
    for _ in 0..4 {
        stand.see("n1", &[]);
        stand.now += 1000;
        stand.state.release(&name("n1"), stand.now);
    }
    stand.see("n1", &[]);
    assert!(stand.ordered().is_empty());
    assert!(stand.condition(ConditionKind::Flapping).holds);
    let row = stand.row("n1", "nginx:1");
    assert_eq!(row.why, Some(Why::Flapping));
    stand.now = row.again_at;
    assert_eq!(stand.ordered().len(), 1);
    assert!(!stand.condition(ConditionKind::Flapping).holds);
}

#[test]
fn patterns_that_match_nothing_are_said() {
    let named = SelectionRequest {
        node_names: vec!["n1".into(), "n2".into()],
        ..SelectionRequest::default()
    };
    let mut stand = Stand::new(with_task(|task| task.selection = named));
    assert_eq!(stand.condition(ConditionKind::Matched).reason, "NoNodes");
    stand.see("n1", &[]);
    let condition = stand.condition(ConditionKind::Matched);
    assert_eq!(
        (condition.reason, condition.message.contains("n2")),
        ("UnknownNode", true)
    );
    let tagged = PolicyRequest {
        library_tag: Some("base".into()),
        ..request(&[])
    };
    let mut stand = Stand::new(tagged);
    assert_eq!(stand.condition(ConditionKind::Matched).reason, "NoImages");
    let many = (0..60).map(|n| (ImageRef::parse(&format!("a:{n}")).unwrap(), None));
    let mut policy = stand.state.policy.clone();
    assert_eq!(policy.set_images(many), (true, 10));
    stand.state.replace(policy);
    stand.state.left_out = 10;
    assert_eq!(stand.condition(ConditionKind::Matched).reason, "TooManyImages");
}

#[test]
fn references_are_found_however_they_are_written() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let pinned = format!("docker.io/library/nginx:1@{digest}");
    let mut stand = Stand::new(request(&["nginx:1", "docker.io/library/nginx:1", &pinned, "redis"]));
    stand.see(
        "n1",
        &[on_node("nginx:1", &digest), on_node("redis:latest", "sha256:r")],
    );
    assert!(stand.ordered().is_empty());
}

#[test]
fn paused_is_paused_and_a_change_of_images_keeps_what_is_known() {
    let mut stand = Stand::new(request(&["nginx:1"]));
    stand.see("n1", &[]);
    let mut paused = stand.state.policy.clone();
    paused.paused = Some("maintenance".into());
    stand.state.replace(paused.clone());
    assert!(stand.ordered().is_empty());
    assert_eq!(stand.row("n1", "nginx:1").why, Some(Why::PolicyPaused));
    assert_eq!(stand.condition(ConditionKind::Held).message, "maintenance");
    paused.paused = None;
    paused.images[0].learn(&[resolved("sha256:n", 5)], false);
    paused.spec.task.images.push(ImageRef::parse("redis:7").unwrap());
    assert_eq!(paused.set_images([]), (true, 0));
    assert_eq!(
        (paused.images[0].digest(), paused.images[1].checked_at),
        ("sha256:n", 0)
    );
    stand.state.replace(paused);
    assert_eq!(
        stand.row("n1", "nginx:1").why,
        Some(Why::InventoryUnknown),
        "its images are others"
    );
    stand.see("n1", &[]);
    assert!(stand.ordered().is_empty(), "until the new one was looked up");
}
