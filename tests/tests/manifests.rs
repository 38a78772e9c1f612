//! What is in `deploy/` holds on the oldest Kubernetes and for the newest kubectl, asks for no more rights than are used, and names only
//! settings that the programs have.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ips_tests::cache;
use ips_tests::kubernetes::manifests::{folder, overlays, rendered};
use ips_tests::kubernetes::{Kubectl, Kubernetes};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

const SYSTEM: &str = "ips-system";

/// Kinds that have no namespace.
const CLUSTER_WIDE: [&str; 4] = [
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
];

/// What both 1.20 and today's releases serve.
const SERVED: [&str; 6] = [
    "v1",
    "apiextensions.k8s.io/v1",
    "apps/v1",
    "rbac.authorization.k8s.io/v1",
    "networking.k8s.io/v1",
    "autoscaling/v1",
];

/// A server with the base applied by the oldest kubectl.
async fn kubernetes() -> Arc<Kubernetes> {
    static READY: OnceCell<Arc<Kubernetes>> = OnceCell::const_new();
    let start = async || {
        let kubernetes = Kubernetes::shared().await;
        kubernetes.with_operators().await.expect("the operators' kinds");
        kubernetes
            .kubectl(Kubectl::Oldest, &["apply", "-k", &folder("")])
            .await
            .expect("kubectl apply -k deploy/");
        kubernetes
    };
    READY.get_or_init(start).await.clone()
}

/// The whole, every overlay, and the parts that are added to one; not the one that 1.20 has no kind for.
fn folders() -> Vec<String> {
    let mut all = overlays().expect("the overlays");
    assert!(all.len() >= 6, "{all:?}");
    all.push(String::new());
    all.push("components/pod-disruption-budget-v1beta1".to_owned());
    all.push("components/service-monitor".to_owned());
    all.push("components/startup-taint".to_owned());
    all.push("components/pull-secrets".to_owned());
    all
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn id(object: &Value) -> (String, String) {
    (
        text(object, "/kind").to_owned(),
        text(object, "/metadata/name").to_owned(),
    )
}

/// The workloads among objects.
fn workloads(objects: &[Value]) -> impl Iterator<Item = &Value> {
    objects
        .iter()
        .filter(|object| matches!(text(object, "/kind"), "Deployment" | "DaemonSet"))
}

#[test]
fn every_folder_is_rendered_alike_by_both_kubectls() {
    for name in folders() {
        let by_id = |which| {
            let objects = rendered(which, &name).expect("it renders");
            objects.into_iter().map(|it| (id(&it), it)).collect::<BTreeMap<_, _>>()
        };
        let (oldest, current) = (by_id(Kubectl::Oldest), by_id(Kubectl::Current));
        assert_eq!(
            oldest.keys().collect::<Vec<_>>(),
            current.keys().collect::<Vec<_>>(),
            "{name:?}"
        );
        for (id, object) in &oldest {
            assert_eq!(object, &current[id], "{id:?} of {name:?}");
        }
    }
    // 1.20 has no such kind; that it can be read is all that can be seen here.
    let newest = rendered(Kubectl::Current, "components/pod-disruption-budget").expect("it renders");
    assert_eq!(text(&newest[0], "/apiVersion"), "policy/v1");
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn every_folder_is_taken_by_the_oldest_server() {
    // With nothing installed: what can be added to what is another question.
    let kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    kubernetes.with_operators().await.expect("the operators' kinds");
    let namespace = folder("base/namespace.yaml");
    let made = kubernetes.kubectl(Kubectl::Oldest, &["apply", "-f", &namespace]).await;
    made.expect("the namespace");
    for name in folders() {
        for which in [Kubectl::Oldest, Kubectl::Current] {
            for dry_run in ["--dry-run=server", "--dry-run=client"] {
                let said = kubernetes
                    .kubectl(which, &["apply", dry_run, "-k", &folder(&name)])
                    .await;
                said.unwrap_or_else(|error| panic!("{name:?} by {which:?} {dry_run}: {error:#}"));
            }
        }
    }
}

/// The pods of both would stand behind one service, each with a database of its own.
#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn several_coordinators_are_not_put_over_the_one_on_sqlite() {
    let kubernetes = kubernetes().await;
    for name in ["overlays/ha-postgres", "overlays/ha-mysql"] {
        for which in [Kubectl::Oldest, Kubectl::Current] {
            let apply = ["apply", "--dry-run=server", "-k", &folder(name)];
            let refused = kubernetes.kubectl(which, &apply).await.expect_err("it is refused");
            let refused = format!("{refused:#}");
            assert!(refused.contains("field is immutable"), "{name} by {which:?}: {refused}");
        }
    }
}

#[test]
fn only_kinds_that_old_and_new_releases_serve_are_used_and_all_of_them_in_one_namespace() {
    for name in folders() {
        for object in rendered(Kubectl::Oldest, &name).expect("it renders") {
            let (kind, own) = id(&object);
            let version = text(&object, "/apiVersion");
            let is_optional = matches!(
                kind.as_str(),
                "ServiceMonitor" | "PodDisruptionBudget" | "Certificate" | "Issuer"
            );
            assert!(
                is_optional || SERVED.contains(&version),
                "{name}: {kind} {own} is {version}"
            );
            let namespace = text(&object, "/metadata/namespace");
            let expected = if CLUSTER_WIDE.contains(&kind.as_str()) {
                ""
            } else {
                SYSTEM
            };
            assert_eq!(namespace, expected, "{name}: {kind} {own}");
            if kind == "Namespace" {
                assert_eq!(own, SYSTEM);
            }
        }
    }
}

#[test]
fn pods_have_no_privilege_that_is_not_needed() {
    for name in folders() {
        let objects = rendered(Kubectl::Oldest, &name).expect("it renders");
        for workload in workloads(&objects) {
            let (kind, own) = id(workload);
            let pod = &workload["spec"]["template"]["spec"];
            let what = format!("{name}: {kind} {own}");
            for host in ["hostNetwork", "hostPID", "hostIPC"] {
                assert!(pod[host].is_null(), "{what}: {host}");
            }
            assert_eq!(
                text(pod, "/securityContext/seccompProfile/type"),
                "RuntimeDefault",
                "{what}"
            );
            for container in items(pod, "/containers") {
                let security = &container["securityContext"];
                assert_eq!(security["readOnlyRootFilesystem"], true, "{what}");
                assert_eq!(security["allowPrivilegeEscalation"], false, "{what}");
                assert_eq!(security["capabilities"], json!({"drop": ["ALL"]}), "{what}");
                assert!(security["privileged"].is_null(), "{what}");
                for resource in ["cpu", "memory"] {
                    assert!(
                        container["resources"]["requests"][resource].is_string(),
                        "{what}: {resource}"
                    );
                }
                for probe in ["livenessProbe", "readinessProbe"] {
                    assert!(container[probe]["httpGet"].is_object(), "{what}: {probe}");
                }
            }
            let on_host = items(pod, "/volumes")
                .iter()
                .filter(|volume| !volume["hostPath"].is_null());
            let paths = on_host.map(|volume| text(volume, "/hostPath/path")).collect::<Vec<_>>();
            if kind == "Deployment" {
                assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{what}");
                assert!(paths.is_empty(), "{what}: {paths:?}");
                continue;
            }
            // A mounted socket file is dead after containerd restarts.
            assert!(!paths.iter().any(|path| path.ends_with(".sock")), "{what}: {paths:?}");
            assert_eq!(pod["tolerations"], json!([{"operator": "Exists"}]), "{what}");
            assert_eq!(pod["automountServiceAccountToken"], false, "{what}");
            assert_eq!(pod["terminationGracePeriodSeconds"], 1800, "{what}");
            assert_eq!(
                workload["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"], "10%",
                "{what}"
            );
        }
    }
}

/// Several coordinators are reached by each other, keep apart, and share what has to be the same.
#[test]
fn replicas_know_their_addresses_and_share_their_keys() {
    for name in ["overlays/ha-postgres", "overlays/ha-mysql"] {
        let objects = rendered(Kubectl::Oldest, name).expect("it renders");
        let deployment = workloads(&objects).find(|it| text(it, "/kind") == "Deployment");
        let spec = &deployment.expect("a deployment")["spec"];
        assert_eq!(spec["replicas"], 2, "{name}");
        assert_eq!(spec["strategy"]["type"], "RollingUpdate", "{name}");
        let apart = "/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/podAffinityTerm/topologyKey";
        assert_eq!(text(spec, apart), "kubernetes.io/hostname", "{name}");
        let variables = items(spec, "/template/spec/containers/0/env");
        let variable = |name: &str| {
            variables
                .iter()
                .find(|variable| variable["name"] == name)
                .expect("it is set")
        };
        assert_eq!(
            text(variable("IPS_REPLICA_ADDRESS"), "/valueFrom/fieldRef/fieldPath"),
            "status.podIP"
        );
        for secret in ["IPS_DATABASE_URL", "IPS_ENCRYPTION_KEY"] {
            assert!(
                variable(secret)["valueFrom"]["secretKeyRef"].is_object(),
                "{name}: {secret}"
            );
        }
        let scale = objects.iter().find(|it| text(it, "/kind") == "HorizontalPodAutoscaler");
        let scale = &scale.expect("it scales")["spec"];
        assert_eq!(scale["minReplicas"], 2, "{name}");
        let volumes = items(spec, "/template/spec/volumes").iter();
        assert!(
            volumes.clone().all(|volume| volume["persistentVolumeClaim"].is_null()),
            "{name}"
        );
    }
}

#[test]
fn every_setting_is_one_that_the_program_has() {
    let known = |program: &str| {
        let program = cache::program(program).expect("our programs");
        let help = std::process::Command::new(program)
            .arg("--help")
            .output()
            .expect("--help");
        String::from_utf8_lossy(&help.stdout).into_owned()
    };
    // The command line is in the coordinator's image.
    let (coordinator, agent) = (known("ips-coordinator") + &known("ips"), known("ips-agent"));
    for name in folders() {
        let objects = rendered(Kubectl::Oldest, &name).expect("it renders");
        for workload in workloads(&objects) {
            let (kind, own) = id(workload);
            let help = if kind == "Deployment" { &coordinator } else { &agent };
            let mut seen = BTreeSet::new();
            for variable in items(workload, "/spec/template/spec/containers/0/env") {
                let variable = text(variable, "/name");
                assert!(seen.insert(variable), "{name}: {own} sets {variable} twice");
                // Secrets have no option, only a name in the environment, which the option of their file mentions.
                let is_known = help.contains(&format!("[env: {variable}=")) || help.contains(variable);
                assert!(is_known, "{name}: {own} sets {variable}, which it does not know");
            }
        }
    }
}

#[test]
fn services_and_policies_are_for_pods_that_there_are() {
    for name in folders() {
        let objects = rendered(Kubectl::Oldest, &name).expect("it renders");
        let pods = workloads(&objects)
            .map(|workload| &workload["spec"]["template"])
            .collect::<Vec<_>>();
        if pods.is_empty() {
            continue;
        }
        let selected = |selector: &Value| {
            let wanted = selector.as_object().expect("a selector");
            let fits = |pod: &&&Value| {
                wanted
                    .iter()
                    .all(|(key, value)| pod["metadata"]["labels"][key] == *value)
            };
            pods.iter().filter(fits).count()
        };
        for object in &objects {
            let (kind, own) = id(object);
            match kind.as_str() {
                "Service" => {
                    assert_eq!(selected(&object["spec"]["selector"]), 1, "{name}: {own}");
                    for port in items(object, "/spec/ports") {
                        let target = text(port, "/targetPort");
                        let has = |pod: &&Value| {
                            items(pod, "/spec/containers/0/ports")
                                .iter()
                                .any(|port| text(port, "/name") == target)
                        };
                        assert!(pods.iter().any(has), "{name}: {own} names the port {target}");
                    }
                }
                "NetworkPolicy" => assert_eq!(
                    selected(&object["spec"]["podSelector"]["matchLabels"]),
                    1,
                    "{name}: {own}"
                ),
                _ => {}
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn the_rights_are_those_that_are_used_and_no_more() {
    let kubernetes = kubernetes().await;
    let client = async |account: &str| {
        let token = kubernetes
            .token(SYSTEM, account, "https://kubernetes.default.svc", None)
            .await
            .expect("a token");
        kubernetes.client(&token).expect("a client")
    };
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "none"}});
    let reviews = "/apis/authentication.k8s.io/v1/tokenreviews";
    let declared = "/apis/ips.dev/v1alpha1/namespaces/default/prewarmpolicies/none";
    let task = "/apis/ips.dev/v1alpha1/namespaces/default/prewarmtasks/none";
    let events = "/apis/events.k8s.io/v1/namespaces/default/events";
    let nothing = json!({});
    let of_nodes = "/api/v1/namespaces/default/events";
    let calls: [(Method, &str, Option<&Value>, bool); 22] = [
        (Method::GET, "/api/v1/nodes", None, true),
        (Method::PATCH, declared, Some(&nothing), true),
        (Method::PATCH, &format!("{declared}/status"), Some(&nothing), true),
        (Method::DELETE, declared, None, false),
        (Method::PUT, declared, Some(&nothing), false),
        (Method::PATCH, task, Some(&nothing), true),
        (Method::PATCH, &format!("{task}/status"), Some(&nothing), true),
        (Method::DELETE, task, None, true),
        (Method::PUT, task, Some(&nothing), false),
        (Method::POST, events, Some(&nothing), true),
        (Method::PATCH, &format!("{events}/none"), Some(&nothing), true),
        (Method::GET, events, None, false),
        (Method::POST, of_nodes, Some(&nothing), true),
        (Method::GET, of_nodes, None, false),
        (Method::POST, reviews, Some(&review), true),
        // There is none of that name, which only those are told who may ask.
        (Method::GET, "/api/v1/namespaces/ips-system/pods/none", None, true),
        (Method::GET, "/api/v1/namespaces/ips-system/pods", None, false),
        (Method::GET, "/api/v1/namespaces/default/pods/none", None, false),
        (Method::GET, "/api/v1/namespaces/ips-system/secrets", None, false),
        (Method::GET, "/api/v1/secrets", None, false),
        (Method::GET, "/api/v1/nodes/none/proxy/configz", None, false),
        (Method::DELETE, "/api/v1/nodes/none", None, false),
    ];
    let (coordinator, agent) = (client("ips-coordinator").await, client("ips-agent").await);
    for (method, path, body, allowed) in calls {
        let (status, answer) = coordinator.call(method.clone(), path, body).await.expect("an answer");
        assert_eq!(status != StatusCode::FORBIDDEN, allowed, "{method} {path}: {answer}");
        let (status, answer) = agent.call(method.clone(), path, body).await.expect("an answer");
        assert_eq!(status, StatusCode::FORBIDDEN, "an agent's {method} {path}: {answer}");
    }
    for object in rendered(Kubectl::Oldest, "").expect("it renders") {
        for rule in items(&object, "/rules") {
            assert!(!rule.to_string().contains('*'), "{rule}");
        }
    }
}

/// Who may read secrets is decided in each namespace, by a binding that is none of these.
#[test]
fn pull_secrets_are_a_role_that_nobody_has_until_a_namespace_binds_it() {
    let objects = rendered(Kubectl::Oldest, "components/pull-secrets").expect("it renders");
    let [role] = &objects[..] else { panic!("{objects:#?}") };
    assert_eq!(
        id(role),
        ("ClusterRole".to_owned(), "ips-coordinator-pull-secrets".to_owned())
    );
    assert_eq!(
        role["rules"],
        serde_json::json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}])
    );
    for folder in folders() {
        for object in rendered(Kubectl::Oldest, &folder).expect("it renders") {
            let kind = text(&object, "/kind");
            let whole = matches!(kind, "ClusterRole" | "Role") && id(&object) != id(role);
            let reads = items(&object, "/rules")
                .iter()
                .any(|rule| items(rule, "/resources").contains(&"secrets".into()));
            assert!(!(whole && reads), "{folder:?}: {:?}", id(&object));
        }
    }
}
