//! Quotas of tenants while pulls run: each holds its own tenant and nobody else.

use super::*;
use crate::domain::{
    caller::TenantId,
    tenant::{Quotas, Tenant, end_of_day},
};

fn set(h: &mut Harness, tenant: &str, quotas: Quotas) {
    let mut changed = Tenant::first();
    changed.id = TenantId::from_stored(tenant);
    changed.rules.quotas = quotas;
    h.shared.tenants().put(changed);
    h.handle(Command::TenantsChanged);
}

fn open_pulls(most: u32) -> Quotas {
    Quotas {
        open_pulls: Some(most),
        ..Quotas::default()
    }
}

fn bytes(most: u64) -> Quotas {
    Quotas {
        bytes_per_day: Some(most),
        ..Quotas::default()
    }
}

#[test]
fn open_pulls_of_all_tasks_of_a_tenant_count_together_and_others_pass() {
    let mut h = Harness::new(50);
    h.connect("n1", 9);
    set(&mut h, "team", open_pulls(2));
    h.accept_of("team", "one", &["n1"], request(&["a:1"]));
    h.accept_of("team", "two", &["n1"], request(&["b:1", "c:1"]));
    h.accept("other", &["n1"], request(&["d:1", "e:1", "f:1"]));
    let starts = h.starts("n1");
    let of = |task: &str| {
        starts
            .iter()
            .filter(|start| start.pull.as_str().starts_with(task))
            .count()
    };
    assert_eq!((of("one"), of("two"), of("other")), (1, 1, 3));
    h.accept_of("team", "three", &["n1"], request(&["g:1"]));
    assert_eq!(h.waiting_for("three"), "the tenant's quota openPulls of 2 is used up");
    // One ends, one may start.
    let first = starts
        .iter()
        .find(|start| start.pull.as_str().starts_with("one"))
        .unwrap();
    h.report("n1", &first.pull, success(1));
    assert_eq!(h.starts("n1").len(), 1);
    set(&mut h, "team", open_pulls(3));
    assert_eq!(h.starts("n1").len(), 1, "a larger quota counts at once");
    set(&mut h, "team", Quotas::default());
    assert_eq!(h.waiting_for("three"), "");
}

#[test]
fn a_quota_of_zero_holds_everything_until_it_is_raised() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    set(&mut h, "team", open_pulls(0));
    h.accept_of("team", "t", &["n1"], request(&["a:1"]));
    assert!(h.starts("n1").is_empty());
    set(&mut h, "team", open_pulls(1));
    assert_eq!(h.starts("n1").len(), 1);
}

#[test]
fn bytes_of_today_hold_pulls_back_until_tomorrow() {
    let mut h = Harness::new(50);
    h.connect("n1", 1);
    // Each pull of the harness fetches 100 bytes.
    set(&mut h, "team", bytes(200));
    h.accept_of("team", "t", &["n1"], request(&["a:1", "b:1", "c:1"]));
    for expected in ["below", "below"] {
        let starts = h.starts("n1");
        assert_eq!(starts.len(), 1, "{expected}");
        h.report("n1", &starts[0].pull, success(1));
    }
    assert!(h.starts("n1").is_empty(), "at the quota");
    assert!(
        h.waiting_for("t")
            .contains("bytesPerDay is used up until 2024-10-05T00:00:00Z"),
        "{}",
        h.waiting_for("t")
    );
    h.accept("other", &["n1"], request(&["d:1"]));
    let others = h.starts("n1");
    assert_eq!(others.len(), 1, "nobody else is held");
    h.report("n1", &others[0].pull, success(1));
    let midnight = end_of_day(h.now);
    h.pass(midnight - h.now - 1_000);
    assert!(h.starts("n1").is_empty());
    h.pass(1_000);
    let starts = h.starts("n1");
    assert_eq!(starts.len(), 1, "a new day");
    h.report("n1", &starts[0].pull, success(1));
    assert_eq!(h.ended("t").state, TaskState::Completed);
}

#[test]
fn what_was_fetched_before_a_restart_counts() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.core.set_fetched(h.now, vec![(TenantId::from_stored("team"), 500)]);
    set(&mut h, "team", bytes(500));
    h.accept_of("team", "t", &["n1"], request(&["a:1"]));
    assert!(h.starts("n1").is_empty());
    set(&mut h, "team", bytes(501));
    assert_eq!(h.starts("n1").len(), 1);
}
