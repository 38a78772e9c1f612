//! Images taken from workloads: which are followed, where their pods may be, and what is said of them.

use super::*;
use crate::domain::{
    caller::TenantId,
    policy::workloads::{MAX_PLACES, WorkloadRequest},
    tenant::Tenant,
    workload::{NodeLabels, Workload, WorkloadImage, WorkloadKind, WorkloadName},
};

fn labels(text: &str) -> Labels {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.into(), value.into())).collect()
}

fn place(text: &str) -> NodeLabels {
    let labels = labels(text);
    labels
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn workload(kind: WorkloadKind, (namespace, name): (&str, &str), images: &[&str], on: &str) -> Workload {
    let image = |text: &&str| WorkloadImage {
        reference: text.trim_end_matches('!').into(),
        always: text.ends_with('!'),
    };
    Workload {
        name: WorkloadName {
            namespace: namespace.into(),
            kind,
            name: name.into(),
        },
        labels: labels("tier=web"),
        node_selector: place(on),
        images: images.iter().map(image).collect(),
    }
}

fn deployment(name: &str, images: &[&str], on: &str) -> Workload {
    workload(WorkloadKind::Deployment, ("shop", name), images, on)
}

fn asked(selector: &str) -> WorkloadRequest {
    WorkloadRequest {
        selector: selector.into(),
        ..WorkloadRequest::default()
    }
}

fn selection(selector: &str) -> WorkloadSelection {
    asked(selector).check().unwrap().unwrap()
}

fn following() -> PolicyRequest {
    PolicyRequest {
        workloads: Some(asked("tier=web")),
        ..request(&[])
    }
}

/// Lets the policy take what these workloads run; says how many images found no place.
fn follow(stand: &mut Stand, workloads: &[Workload]) -> usize {
    let mut policy = stand.state.policy.clone();
    let selection = policy.spec.workloads.clone().unwrap();
    let chosen = selection.choose(&Tenant::first(), workloads.iter());
    let (_, left_out) = policy.set_images(chosen.images.into_iter().map(|(image, places)| (image, Some(places))));
    policy.images.iter_mut().for_each(|image| image.checked_at = T0);
    stand.state.replace(policy);
    stand.state.followed = Some(chosen.followed);
    stand.state.left_out = left_out;
    left_out
}

#[test]
fn what_breaks_a_rule_is_named_and_nothing_asked_for_is_none() {
    assert_eq!(WorkloadRequest::default().check(), Ok(None));
    let refused = |request: WorkloadRequest| request.check().unwrap_err().field;
    assert_eq!(refused(asked("tier in (")), "workloads.selector");
    let namespaces = |names: &[&str]| WorkloadRequest {
        namespaces: names.iter().map(|name| (*name).to_owned()).collect(),
        ..WorkloadRequest::default()
    };
    assert_eq!(refused(namespaces(&["a", "B"])), "workloads.namespaces[1]");
    assert_eq!(refused(namespaces(&["a.b"])), "workloads.namespaces[0]");
    assert_eq!(refused(namespaces(&["a"; 51])), "workloads.namespaces");
    let kinds = WorkloadRequest {
        kinds: vec!["Deployment".into(), "Pod".into()],
        ..WorkloadRequest::default()
    };
    assert_eq!(refused(kinds), "workloads.kinds[1]");
    let spec = following().check().unwrap();
    assert!(spec.task.images.is_empty(), "workloads are a source of images");
    let gone = PolicyRequest {
        workloads: Some(WorkloadRequest::default()),
        ..PolicyRequest::default()
    };
    assert_eq!(gone.check_over(&spec).unwrap_err().field, "taskConfig.images");
    assert_eq!(
        PolicyRequest::default().check_over(&spec).unwrap(),
        spec,
        "what is absent stays"
    );
}

#[test]
fn what_is_declared_in_a_namespace_follows_that_one_alone() {
    let mut request = asked("tier=web");
    request.confine("shop").unwrap();
    assert_eq!(request.namespaces, ["shop"]);
    request.confine("shop").unwrap();
    let refused = request.confine("ops").unwrap_err();
    assert_eq!(refused.field, "workloads.namespaces");
}

#[test]
fn a_workload_must_meet_every_condition_and_tenants_keep_to_their_namespace() {
    let web = deployment("web", &["a:1"], "");
    let first = TenantId::default();
    let shop = TenantId::from_stored("shop");
    let other = TenantId::from_stored("other");
    assert!(selection("tier=web").follows(&first, &web));
    assert!(!selection("tier!=web").follows(&first, &web));
    let of_kind = WorkloadRequest {
        kinds: vec!["CronJob".into()],
        ..asked("tier=web")
    };
    assert!(!of_kind.check().unwrap().unwrap().follows(&first, &web));
    assert!(selection("tier=web").follows(&shop, &web));
    assert!(!selection("tier=web").follows(&other, &web), "it is another tenant's");
    let named = WorkloadRequest {
        namespaces: vec!["shop".into()],
        ..WorkloadRequest::default()
    };
    let named = named.check().unwrap().unwrap();
    assert!(named.check_tenant(&first).is_ok() && named.check_tenant(&shop).is_ok());
    assert_eq!(named.check_tenant(&other).unwrap_err().field, "workloads.namespaces");
}

#[test]
fn an_image_is_wanted_where_any_of_its_pods_may_be() {
    let mut stand = Stand::new(following());
    let web = deployment("web", &["nginx:1", "redis:7"], "pool=gpu");
    follow(
        &mut stand,
        &[web.clone(), deployment("cache", &["redis:7"], "pool=cpu")],
    );
    stand.labels = labels("pool=gpu");
    stand.see("n1", &[]);
    stand.labels = labels("pool=cpu");
    stand.see("n2", &[]);
    stand.labels = labels("pool=tpu");
    stand.see("n3", &[]);
    assert_eq!(
        stand.ordered(),
        [("n1".to_owned(), vec![0, 1]), ("n2".to_owned(), vec![1])]
    );
    assert_eq!(stand.state.counts(T0).total(), 3, "nothing is wanted on n3");
    let keeps = |stand: &Stand, node: &str| stand.state.keeps(&name(node), &ImageRef::parse("nginx:1").unwrap());
    assert!(keeps(&stand, "n1") && !keeps(&stand, "n2"));

    // The node is labelled anew, and its images are the same.
    stand.labels = labels("pool=gpu");
    stand.see("n2", &[]);
    assert_eq!(stand.ordered()[1], ("n2".to_owned(), vec![0, 1]));
    // One of the workloads may be anywhere from now on.
    follow(&mut stand, &[web, deployment("cache", &["redis:7"], "")]);
    stand.labels = labels("pool=tpu");
    stand.see("n3", &[]);
    assert_eq!(stand.ordered().last(), Some(&("n3".to_owned(), vec![1])));
}

#[test]
fn what_is_removed_where_nobody_needs_it_is_no_eviction() {
    let mut stand = Stand::new(following());
    follow(&mut stand, &[deployment("web", &["nginx:1"], "pool=gpu")]);
    stand.labels = labels("pool=cpu");
    stand.see("n1", &[on_node("nginx:1", "sha256:n")]);
    assert!(stand.see("n1", &[]).is_empty());
    stand.labels = labels("pool=gpu");
    stand.see("n2", &[on_node("nginx:1", "sha256:n")]);
    assert_eq!(stand.see("n2", &[]).len(), 1);
}

#[test]
fn another_image_of_a_workload_is_ordered_and_what_stays_keeps_its_failures() {
    let mut stand = Stand::new(following());
    follow(&mut stand, &[deployment("web", &["nginx:1", "redis:7"], "")]);
    stand.see("n1", &[on_node("nginx:1", "sha256:n")]);
    let redis = ImageRef::parse("redis:7").unwrap();
    let failed = PullEnd::Failed(FailureReason::NotFound, "no".into());
    stand.state.ended(&name("n1"), &redis, failed, stand.now);
    assert!(stand.ordered().is_empty());
    follow(&mut stand, &[deployment("web", &["busybox:1", "redis:7"], "")]);
    assert!(stand.ordered().is_empty(), "the node was not looked at for the new one");
    stand.see("n1", &[on_node("nginx:1", "sha256:n")]);
    assert_eq!(stand.ordered(), [("n1".to_owned(), vec![0])]);
    assert_eq!(stand.row("n1", "redis:7").why, Some(Why::PullFailed));
}

#[test]
fn thousands_of_images_are_left_out_with_a_reason_and_places_have_a_limit() {
    let mut stand = Stand::new(following());
    let many: Vec<Workload> = (0..1000)
        .map(|n| deployment(&format!("w{n:04}"), &[&format!("a:{n}"), &format!("b:{n}")], ""))
        .collect();
    assert_eq!(follow(&mut stand, &many), 1950);
    assert_eq!(stand.state.policy.images.len(), 50);
    stand.see("n1", &[]);
    let condition = stand.condition(ConditionKind::Matched);
    assert_eq!(condition.reason, "TooManyImages");
    assert!(
        condition.message.contains("1950 images of workloads"),
        "{}",
        condition.message
    );
    let mut places = Places::default();
    (0..MAX_PLACES).for_each(|n| places.add(&place(&format!("rack={n}"))));
    assert!(!places.is_everywhere() && places.have(&labels("rack=3")) && !places.have(&labels("rack=x")));
    places.add(&place("rack=x"));
    assert!(places.is_everywhere(), "too many to tell apart");
}

#[test]
fn what_is_found_is_said_in_conditions() {
    let mut stand = Stand::new(following());
    let said = |stand: &Stand, kind| {
        let condition = stand.condition(kind);
        (condition.holds, condition.reason, condition.message)
    };
    follow(&mut stand, &[]);
    assert_eq!(said(&stand, ConditionKind::Followed).1, "NoWorkloads");
    assert_eq!(said(&stand, ConditionKind::Matched).1, "NoImages");
    let (holds, reason, _) = said(&stand, ConditionKind::AlwaysPulled);
    assert_eq!((holds, reason), (false, "NeverAlways"));

    let always: Vec<Workload> = (0..5)
        .map(|n| deployment(&format!("w{n}"), &["nginx:1!"], ""))
        .collect();
    follow(&mut stand, &always);
    assert_eq!(
        said(&stand, ConditionKind::Followed),
        (true, "Followed", "5 workloads with 1 images".into())
    );
    let (holds, reason, message) = said(&stand, ConditionKind::AlwaysPulled);
    assert_eq!((holds, reason), (true, "RegistryOnPath"));
    assert!(
        message.contains("Deployment shop/w0, Deployment shop/w1, Deployment shop/w2 and 2 more"),
        "{message}"
    );

    follow(&mut stand, &[deployment("web", &["Not A Reference", "nginx:1"], "")]);
    let (holds, reason, message) = said(&stand, ConditionKind::Followed);
    assert_eq!((holds, reason), (false, "ImagesRefused"));
    assert!(
        message.contains("\"Not A Reference\" of Deployment shop/web"),
        "{message}"
    );
    stand.state.followed.as_mut().unwrap().away = Some("not allowed".into());
    assert_eq!(said(&stand, ConditionKind::Followed).1, "NotWatched");
}
