//! The audit and the outbox on all databases.

use crate::stand::{Stand, task};
use ips_coordinator::{
    domain::{
        audit::{AuditFilter, AuditRecord, AuditResult, Door},
        channel::ChannelId,
        delivery::{Delivery, DeliveryState},
        event::{Event, EventKind},
        tenant::Realm,
    },
    store::{Addressed, Changes, DeliveryQuery},
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

fn record(number: i64, resource: &str) -> AuditRecord {
    AuditRecord {
        id: format!("record-{number:04}"),
        tenant: "default".into(),
        at: number,
        subject: "alice".into(),
        door: Door::Rest,
        operation: "create_task".into(),
        resource: resource.into(),
        result: AuditResult::Ok,
        status: 201,
        request_id: "r".into(),
        source: "127.0.0.1".into(),
        user_agent: "汉字 '\"".into(),
    }
}

#[rstest]
#[tokio::test]
async fn records_are_added_once_found_and_removed_by_age(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let all = [record(1, "tasks/a"), record(2, "tasks/ab"), record(3, "tasks/a/pulls")];
    store.insert_audit(&all).await.unwrap();
    store.insert_audit(&all).await.unwrap();
    let (found, total) = store.audit(&AuditFilter::default(), 2, 0).await.unwrap();
    assert_eq!((found.as_slice(), total), (&[all[2].clone(), all[1].clone()][..], 3));
    let of_a = AuditFilter {
        resource: Some("tasks/a".into()),
        from: Some(1),
        to: Some(4),
        subject: Some("alice".into()),
        results: vec![AuditResult::Ok],
        ..AuditFilter::default()
    };
    let found = store.audit_after(&of_a, "", 10).await.unwrap();
    assert_eq!(found, [all[0].clone(), all[2].clone()]);
    assert_eq!(store.audit_after(&of_a, &all[0].id, 10).await.unwrap().len(), 1);
    assert_eq!(store.prune_audit(3, 1).await.unwrap(), 1);
    assert_eq!(store.prune_audit(3, 10).await.unwrap(), 1);
    assert_eq!(store.audit(&AuditFilter::default(), 9, 0).await.unwrap().1, 1);
}

#[rstest]
#[tokio::test]
async fn an_event_is_written_with_its_change_and_its_deliveries_are_made_once(
    #[values(Sqlite, Postgres, MariaDb)] kind: Kind,
) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let task = task("t", 1);
    let event = Event::task("e".into(), EventKind::TaskFailed, 5, task);
    let mut changes = Changes::default();
    changes.event(event.clone());
    store.commit(&changes).await.unwrap();
    store.commit(&changes).await.unwrap();
    assert_eq!(store.pending_events(10).await.unwrap(), std::slice::from_ref(&event));
    let addressed = |target: &str| Addressed {
        delivery: Delivery::new(event.delivery_id(target), ChannelId::new(7), &event, 100),
        target: target.into(),
    };
    let both = [addressed("channel/7"), addressed("host/x")];
    store.address_event(&event, &both).await.unwrap();
    store.address_event(&event, &both).await.unwrap();
    assert!(store.pending_events(10).await.unwrap().is_empty());
    assert_eq!(store.waiting_deliveries().await.unwrap().0, 2);
    assert_eq!(store.due_targets(100, 10).await.unwrap().len(), 2);
    assert!(store.due_targets(99, 10).await.unwrap().is_empty());
    assert_eq!(store.next_delivery_at(99).await.unwrap(), Some(100));
    let mut due = store.due_for("channel/7", 100, 10).await.unwrap();
    let mut delivery = due.remove(0).delivery;
    delivery.state = DeliveryState::Delivered;
    delivery.attempts = 1;
    delivery.status = 200;
    store.save_delivery(&delivery).await.unwrap();
    assert_eq!(store.delivery(&delivery.id).await.unwrap(), Some(delivery.clone()));
    let query = DeliveryQuery {
        channel: ChannelId::new(7),
        about: Some("t".into()),
        states: vec![DeliveryState::Delivered],
    };
    assert_eq!(
        store.deliveries(&Realm::All, &query, 10, 0).await.unwrap(),
        (vec![delivery], 1)
    );
    assert_eq!(
        store.prune_events(1000, 10).await.unwrap(),
        0,
        "one is still to be told"
    );
    let mut rest = store.due_for("host/x", 100, 10).await.unwrap().remove(0).delivery;
    rest.state = DeliveryState::Failed;
    store.save_delivery(&rest).await.unwrap();
    assert_eq!(store.prune_events(1000, 10).await.unwrap(), 1);
    assert_eq!(
        store
            .deliveries(&Realm::All, &DeliveryQuery::default(), 10, 0)
            .await
            .unwrap()
            .1,
        0,
        "the log goes along"
    );
}
