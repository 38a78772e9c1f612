#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use crate::domain::image::Platform;

fn node(uid: &str) -> Node {
    Node {
        name: NodeName::parse("n1").unwrap(),
        uid: uid.into(),
        runtime_uuid: "r".into(),
        labels: Default::default(),
        platform: Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        },
        agent_version: "0.1.0".into(),
        runtime_name: Arc::default(),
        runtime_version: Arc::default(),
        max_concurrent_pulls: 2,
        first_seen_at: 1,
        last_seen_at: 1,
    }
}

fn ready() -> NodeCondition {
    NodeCondition {
        runtime_ready: true,
        ..NodeCondition::default()
    }
}

#[test]
fn the_newest_session_supersedes_and_the_old_one_can_no_longer_end_it() {
    let mut fleet = Fleet::default();
    let name = node("u").name;
    let (old_orders, mut old) = mpsc::channel(8);
    let first = fleet.open_session(node("u"), ready(), old_orders);
    let (orders, _new) = mpsc::channel(8);
    let second = fleet.open_session(node("u"), ready(), orders);
    assert_eq!(old.try_recv(), Ok(Box::new(Order::Superseded)));
    assert!(!fleet.close_session(&name, first, 5), "the old stream ends late");
    assert!(fleet.is_live(&name, second) && !fleet.is_live(&name, first));
    assert!(fleet.close_session(&name, second, 6));
    assert_eq!(fleet.get(&name).unwrap().gone_since, 6);
}

#[test]
fn a_reinstalled_machine_loses_its_inventory_and_a_reconnect_does_not() {
    let mut fleet = Fleet::default();
    let name = node("u").name;
    let open = |fleet: &mut Fleet, uid: &str| {
        let (orders, _agent) = mpsc::channel(8);
        fleet.open_session(node(uid), ready(), orders)
    };
    open(&mut fleet, "u");
    fleet.get_mut(&name).unwrap().inventory = Some(Inventory::default());
    open(&mut fleet, "u");
    assert!(fleet.get(&name).unwrap().inventory.is_some());
    open(&mut fleet, "other");
    assert!(fleet.get(&name).unwrap().inventory.is_none());
}

#[test]
fn an_agent_that_takes_no_orders_loses_its_session() {
    let mut fleet = Fleet::default();
    let (orders, _agent) = mpsc::channel(0);
    fleet.open_session(node("u"), ready(), orders);
    let entry = fleet.get_mut(&node("u").name).unwrap();
    assert!(entry.send(Order::SendInventory));
    assert!(!entry.send(Order::SendInventory));
    assert_eq!(entry.free_slots(), 0);
    assert_eq!(entry.not_ready().unwrap(), "agent is not connected");
}

#[test]
fn slots_are_free_only_on_a_ready_node() {
    let mut fleet = Fleet::default();
    let (orders, _agent) = mpsc::channel(1);
    fleet.open_session(node("u"), ready(), orders);
    let entry = fleet.get_mut(&node("u").name).unwrap();
    entry.running_pulls = 1;
    assert_eq!(entry.free_slots(), 1);
    Arc::make_mut(&mut entry.condition).draining = true;
    assert_eq!(entry.free_slots(), 0);
    entry.condition = Arc::new(NodeCondition {
        runtime_message: "socket missing".into(),
        ..NodeCondition::default()
    });
    assert_eq!(entry.not_ready().unwrap(), "socket missing");
}
