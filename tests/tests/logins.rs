//! Logins: they reach the registry that they are for and nobody else, and leave no trace on the node.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::fs;
use std::time::Duration;

use ips_proto::v1::outcome::Result as End;
use ips_proto::v1::{Failure, FailureReason, ImagePullPolicy, Outcome, StartPull, Success, SuccessReason};
use ips_tests::agent::{Agent, AgentOptions};
use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::containerd::{Containerd, ContainerdOptions};
use ips_tests::desk::{Desk, Session, login, order};
use ips_tests::fault_proxy::{FaultProxy, Faults, Kind};
use ips_tests::folder::Folder;
use ips_tests::registry::{Access, CANARY_PASSWORD, CANARY_USER, PASSWORD, Registry, USER};
use ips_tests::traces;
use ips_tests::wait::wait_until;
use rstest::rstest;

/// For what takes no time to speak of.
const LIMIT: Duration = Duration::from_secs(20);
/// `canary:<password>` as HTTP carries it.
const CANARY_BASIC: &str = "Y2FuYXJ5OmM0bmFyeS1SaWdodC93b3JkKzE=";
/// A password that no registry takes.
const WRONG: &str = "c4nary-Wrong/word+2";

/// One node whose agent takes orders from a desk.
struct Node {
    agent: Agent,
    containerd: Containerd,
    session: Session,
    _desk: Desk,
}

impl Node {
    async fn start(version: ContainerdVersion) -> Self {
        Self::start_with(version, ContainerdOptions::default(), &[]).await
    }

    async fn start_with(version: ContainerdVersion, options: ContainerdOptions, arguments: &[String]) -> Self {
        let mut desk = Desk::start().await.unwrap();
        let containerd = Containerd::start(version, options).await.unwrap();
        let mut options = AgentOptions::new("node-1", desk.url(), &containerd);
        options.arguments = arguments.to_vec();
        let agent = Agent::start(options).await.unwrap();
        let session = desk.session().await;
        Self {
            agent,
            containerd,
            session,
            _desk: desk,
        }
    }

    /// Orders, waits for the end and acknowledges it.
    async fn run(&mut self, order: StartPull) -> Outcome {
        let pull = order.attempt.as_ref().unwrap().pull_id.clone();
        self.session.start(order);
        let outcome = self.session.outcome(&pull).await;
        self.session.acknowledge(&pull);
        outcome
    }

    /// Asserts that a secret is in no command line of the machine, no log and no file of the agent.
    fn assert_no_trace(&self, secrets: &[&str]) {
        traces::assert_none_in_command_lines(secrets);
        traces::assert_none_in("the agent's log", self.agent.log().as_bytes(), secrets);
        traces::assert_none_below(&self.agent.state_folder(), secrets);
    }
}

fn success(outcome: &Outcome) -> &Success {
    match &outcome.result {
        Some(End::Success(success)) => success,
        other => panic!("{other:?}"),
    }
}

fn failure(outcome: &Outcome) -> &Failure {
    match &outcome.result {
        Some(End::Failure(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

fn assert_unauthorized(outcome: &Outcome) {
    let failure = failure(outcome);
    assert_eq!(failure.reason(), FailureReason::Unauthorized, "{failure:?}");
    assert!(!failure.retryable && !failure.message.is_empty(), "{failure:?}");
}

/// A registry that wants a login, with `small:v1`, `small:v2` and `library:v1`.
async fn private() -> Registry {
    let registry = Registry::start(Access::Login).await.unwrap();
    for (image, name) in [("small", "small:v1"), ("small", "small:v2"), ("library", "library:v1")] {
        registry.client().push(image, name).await.unwrap();
    }
    registry
}

/// How containerd is told to ask a mirror before the registry itself.
fn mirrored(registry: &FaultProxy, mirror: &FaultProxy) -> String {
    format!(
        "server = \"http://{}\"\n[host.\"http://{}\"]\ncapabilities = [\"pull\", \"resolve\"]\n",
        registry.address(),
        mirror.address()
    )
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_login_reaches_its_registry_and_no_mirror(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = private().await;
    let other = private().await;
    let own = FaultProxy::start(registry.address()).await.unwrap();
    let mirror = FaultProxy::start(other.address()).await.unwrap();
    let mut node = Node::start(version).await;
    let hosts = mirrored(&own, &mirror);
    node.containerd.hosts(own.address(), &hosts).unwrap();

    let reference = own.reference("small:v1");
    let outcome = node
        .run(StartPull {
            credential: login(own.address(), CANARY_USER, CANARY_PASSWORD),
            ..order("p", &reference)
        })
        .await;
    assert_eq!(success(&outcome).reason(), SuccessReason::Pulled);
    let digests = registry.client().digests("small:v1").await.unwrap();
    let truth = node.containerd.truth().await;
    assert!(truth.snapshot_committed(digests.top_snapshot()).await.unwrap());

    assert!(mirror.asked_by_containerd(Kind::Manifest) > 0, "the mirror was asked");
    assert_eq!(mirror.logins_of_containerd(), Vec::<String>::new());
    let handed = own.logins_of_containerd();
    assert!(
        !handed.is_empty() && handed.iter().all(|login| *login == format!("Basic {CANARY_BASIC}")),
        "{handed:?}"
    );
    node.assert_no_trace(&[CANARY_PASSWORD, CANARY_BASIC]);

    // What the rule protects from, seen with the same eyes: without an address the login goes to whoever asks.
    let again = own.reference("small:v2");
    truth.pull_with(&again, Some([USER, PASSWORD, ""])).await.unwrap();
    assert!(!mirror.logins_of_containerd().is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_final_and_never_repeated(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = private().await;
    let mut node = Node::start(version).await;
    let reference = registry.reference("small:v1");
    let order = |pull: &str, login| StartPull {
        credential: login,
        ..order(pull, &reference)
    };
    node.session
        .start(order("wrong", login(&registry.address(), CANARY_USER, WRONG)));
    let outcome = node.session.outcome("wrong").await;
    assert_unauthorized(&outcome);
    let message = &failure(&outcome).message;
    assert!(!message.contains(WRONG) && !message.contains(CANARY_USER), "{message}");
    // Nobody has acknowledged it, so the outcome is on the disk.
    wait_until("the outcome to be kept", LIMIT, async || {
        let kept = traces::files(&node.agent.state_folder());
        let texts = kept.iter().filter_map(|file| fs::read_to_string(file).ok());
        texts.into_iter().any(|text| text.contains("unauthorized"))
    })
    .await;
    node.assert_no_trace(&[WRONG, "Y2FuYXJ5OmM0bmFyeS1Xcm9uZy93b3JkKzI="]);

    assert_unauthorized(&node.run(order("none", None)).await);
    let outcome = node
        .run(order("elsewhere", login("other.example", CANARY_USER, CANARY_PASSWORD)))
        .await;
    assert_unauthorized(&outcome);
    let right = login(&registry.address(), CANARY_USER, CANARY_PASSWORD);
    success(&node.run(order("right", right)).await);
    // It is there now, and what is there needs no login.
    let outcome = node
        .run(order("present", login(&registry.address(), CANARY_USER, WRONG)))
        .await;
    assert_eq!(success(&outcome).reason(), SuccessReason::AlreadyPresent);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn while_a_pull_runs_its_login_is_in_memory_only(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = private().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let mut node = Node::start(version).await;
    proxy.set(Faults {
        blob_stalls_after: Some(1 << 20),
        spare_blobs_below: 1 << 20,
        ..Faults::default()
    });
    let reference = proxy.reference("library:v1");
    let order = |pull: &str| StartPull {
        credential: login(proxy.address(), CANARY_USER, CANARY_PASSWORD),
        ..order(pull, &reference)
    };
    for pull in ["one", "two"] {
        node.session.start(order(pull));
        let has_bytes = |bytes: Option<ips_proto::v1::ByteCounts>| bytes.is_some_and(|bytes| bytes.fetched > 0);
        node.session.progress(pull, |report| has_bytes(report.bytes)).await;
    }
    node.assert_no_trace(&[CANARY_PASSWORD, CANARY_BASIC]);

    // Both ride on one call: when one of them leaves, the call goes on for the other.
    node.session.cancel("one");
    let outcome = node.session.outcome("one").await;
    assert_eq!(failure(&outcome).reason(), FailureReason::Cancelled);
    proxy.set(Faults::default());
    let outcome = node.session.outcome("two").await;
    assert_eq!(success(&outcome).reason(), SuccessReason::Pulled);
    let digests = registry.client().digests("library:v1").await.unwrap();
    assert_eq!(
        proxy.downloads().get(&digests.layers[0].digest),
        Some(&1),
        "{:?}",
        proxy.downloads()
    );
    node.assert_no_trace(&[CANARY_PASSWORD, CANARY_BASIC]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn another_login_waits_and_then_needs_none(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = private().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let mut node = Node::start(version).await;
    proxy.set(Faults {
        manifest_stalls: true,
        ..Faults::default()
    });
    let reference = proxy.reference("small:v1");
    let order = |pull: &str, user, password| StartPull {
        credential: login(proxy.address(), user, password),
        ..order(pull, &reference)
    };
    node.session.start(order("one", CANARY_USER, CANARY_PASSWORD));
    node.session.progress("one", |_| true).await;
    node.session.start(order("two", USER, PASSWORD));
    wait_until("the agent to have both", LIMIT, async || {
        node.agent.log().contains("two#1")
    })
    .await;
    proxy.set(Faults::default());
    let mut outcomes = [node.session.any_outcome().await, node.session.any_outcome().await];
    outcomes.sort_by_key(|outcome| outcome.attempt.as_ref().map(|attempt| attempt.pull_id.clone()));
    let reasons = outcomes.each_ref().map(|outcome| success(outcome).reason());
    assert_eq!(reasons, [SuccessReason::Pulled, SuccessReason::AlreadyPresent]);
    let handed = proxy.logins_of_containerd();
    assert!(
        handed.iter().all(|login| *login == format!("Basic {CANARY_BASIC}")),
        "{handed:?}"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_policy_always_compares_digests(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let mut registry = Registry::start(Access::Open).await.unwrap();
    let old = registry.client().push("small", "app:v1").await.unwrap();
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let mut node = Node::start(version).await;
    let reference = proxy.reference("app:v1");
    let with = |pull: &str, policy: ImagePullPolicy, target: &str| {
        let mut order = order(pull, &reference);
        order.set_policy(policy);
        order.digests = Some(ips_proto::v1::ImageDigests {
            target: target.to_owned(),
            ..Default::default()
        });
        order
    };
    let (always, present) = (ImagePullPolicy::Always, ImagePullPolicy::IfNotPresent);
    let outcome = node.run(with("first", always, "")).await;
    assert_eq!(success(&outcome).reason(), SuccessReason::Pulled);

    // Known and equal: the registry is not asked at all.
    proxy.forget();
    let outcome = node.run(with("equal", always, &old.target)).await;
    assert_eq!(success(&outcome).reason(), SuccessReason::AlreadyPresent);
    assert!(success(&outcome).digest_verified && proxy.seen().is_empty());
    let bytes = outcome.bytes.unwrap();
    assert_eq!((bytes.total, bytes.fetched), (old.layer_bytes(), 0));

    // Unknown: the registry is asked, and nothing moves.
    let outcome = node.run(with("unknown", always, "")).await;
    assert_eq!(success(&outcome).reason(), SuccessReason::Pulled);
    assert!(success(&outcome).note.contains("here already"), "{outcome:?}");
    assert!(proxy.asked_by_containerd(Kind::Manifest) > 0);
    assert_eq!(proxy.downloads().len(), 0);
    let bytes = outcome.bytes.unwrap();
    assert_eq!((bytes.total, bytes.fetched), (old.layer_bytes(), 0), "{bytes:?}");

    // The tag moves. Who does not ask does not know; who asks gets it.
    let new = registry.client().move_tag("multi", "app:v1").await.unwrap();
    let outcome = node.run(with("stale", present, "")).await;
    assert_eq!(success(&outcome).reason(), SuccessReason::AlreadyPresent);
    assert!(success(&outcome).note.contains("not verified"), "{outcome:?}");
    let outcome = node
        .run(with(
            "moved",
            present,
            "sha256:0000000000000000000000000000000000000000000000000000000000000000",
        ))
        .await;
    assert_eq!(failure(&outcome).reason(), FailureReason::TagMoved);
    let outcome = node.run(with("fresh", always, &new.target)).await;
    assert!(success(&outcome).digest_verified, "{outcome:?}");

    // Without the registry, what is known to be right is green, and what would have to be asked for is not.
    registry.kill();
    success(&node.run(with("offline", always, &new.target)).await);
    success(&node.run(with("offline, unasked", present, "")).await);
    let outcome = node.run(with("offline, asked", always, "")).await;
    assert_eq!(failure(&outcome).reason(), FailureReason::Network, "{outcome:?}");
}

/// Writes a plugin that answers with a login, and gives back the agent's arguments.
fn plugin(folder: &Folder, registry: &str, user: &str, password: &str) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let api = "credentialprovider.kubelet.k8s.io/v1";
    let answer = serde_json::json!({
        "kind": "CredentialProviderResponse", "apiVersion": api, "cacheKeyType": "Registry", "cacheDuration": "5m",
        "auth": {registry: {"username": user, "password": password}},
    });
    let home = folder.path().display();
    let program = folder.join("test-provider");
    fs::write(
        &program,
        format!("#!/bin/sh\ncat >>{home}/requests\ncat {home}/answer\n"),
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join("answer"), answer.to_string()).unwrap();
    let config = format!(
        "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n\
         - name: test-provider\n  matchImages: [\"*.0.0.1:{}\"]\n  defaultCacheDuration: 1h\n  apiVersion: {api}\n",
        registry.rsplit(':').next().unwrap()
    );
    fs::write(folder.join("config.yaml"), config).unwrap();
    [
        format!("--credential-provider-config={home}/config.yaml"),
        format!("--credential-provider-bin-dir={home}"),
    ]
    .into()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_of_the_node_brings_the_login(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = private().await;
    let folder = Folder::new("plugin").unwrap();
    let arguments = plugin(&folder, &registry.address(), CANARY_USER, CANARY_PASSWORD);
    let mut node = Node::start_with(version, ContainerdOptions::default(), &arguments).await;
    let requests = || fs::read_to_string(folder.join("requests")).unwrap_or_default();

    for image in ["small:v1", "library:v1"] {
        let outcome = node.run(order(image, &registry.reference(image))).await;
        assert_eq!(success(&outcome).reason(), SuccessReason::Pulled);
    }
    let asked = requests();
    assert!(
        asked.contains(&format!("\"image\":\"{}\"", registry.reference("small"))),
        "{asked}"
    );
    assert_eq!(
        asked.matches("CredentialProviderRequest").count(),
        1,
        "kept for the registry: {asked}"
    );
    node.assert_no_trace(&[CANARY_PASSWORD, CANARY_BASIC]);

    // An order's own login goes before it, a wrong one too.
    let outcome = node
        .run(StartPull {
            credential: login(&registry.address(), CANARY_USER, WRONG),
            ..order("own", &registry.reference("small:v2"))
        })
        .await;
    assert_unauthorized(&outcome);
    assert_eq!(requests().matches("CredentialProviderRequest").count(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_fails_leaves_a_remark(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let (closed, open) = (private().await, Registry::start(Access::Open).await.unwrap());
    open.client().push("small", "small:v1").await.unwrap();
    let folder = Folder::new("plugin").unwrap();
    let arguments = plugin(&folder, &closed.address(), CANARY_USER, WRONG);
    let mut node = Node::start_with(version, ContainerdOptions::default(), &arguments).await;
    let outcome = node.run(order("refused", &closed.reference("small:v1"))).await;
    assert_unauthorized(&outcome);
    assert!(!failure(&outcome).message.contains(WRONG), "{outcome:?}");
    fs::write(folder.join("answer"), "{}").unwrap();
    let outcome = node.run(order("broken", &closed.reference("small:v1"))).await;
    assert_unauthorized(&outcome);
    let message = &failure(&outcome).message;
    assert!(message.contains("credential provider test-provider: "), "{message}");
    success(&node.run(order("open", &open.reference("small:v1"))).await);
    node.assert_no_trace(&[WRONG]);
}

/// What containerd's own configuration brings when the order brings nothing, on each version.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn containerds_own_configuration_is_the_last_resort(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = private().await;
    let options = ContainerdOptions {
        login_for: Some(registry.address().parse().unwrap()),
        ..ContainerdOptions::default()
    };
    let mut node = Node::start_with(version, options, &[]).await;
    let outcome = node.run(order("config", &registry.reference("small:v1"))).await;
    assert_eq!(success(&outcome).reason(), SuccessReason::Pulled);
    let outcome = node
        .run(StartPull {
            credential: login(&registry.address(), CANARY_USER, WRONG),
            ..order("own", &registry.reference("small:v2"))
        })
        .await;
    assert_unauthorized(&outcome);
}

/// The same by a header of `hosts.toml`, which containerd sends with every request to that host.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_header_of_hosts_toml_logs_in_too(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = private().await;
    let mut node = Node::start(version).await;
    let address = registry.address();
    let hosts = format!(
        "server = \"http://{address}\"\n[host.\"http://{address}\"]\ncapabilities = [\"pull\", \"resolve\"]\n\
         [host.\"http://{address}\".header]\nauthorization = \"Basic {CANARY_BASIC}\"\n"
    );
    node.containerd.hosts(&address, &hosts).unwrap();
    let outcome = node.run(order("header", &registry.reference("small:v1"))).await;
    assert_eq!(success(&outcome).reason(), SuccessReason::Pulled);
}
