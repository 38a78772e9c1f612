//! Several replicas, one leader: whoever holds the lease writes, and nobody else.

use crate::stand::{Stand, task};
use ips_coordinator::{
    domain::{credential::Sealed, replica::Replica},
    store::{Election, StoreError, transfer},
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

fn secret() -> Sealed {
    Sealed {
        key_id: "k".into(),
        ciphertext: "sealed".into(),
    }
}

async fn candidate(stand: &Stand, id: &str) -> Election {
    let own = Replica {
        id: id.into(),
        address: format!("{id}:9444"),
    };
    let election = Election::new(&stand.url(), own).unwrap();
    election.migrate().await.unwrap();
    election
}

/// Time goes by, as the database sees it.
async fn lease_ends(stand: &Stand) {
    stand
        .execute("UPDATE leadership SET expires_at = expires_at - 6001")
        .await;
}

#[rstest]
#[tokio::test]
async fn one_leads_and_whoever_led_before_writes_nothing(#[values(Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let (a, b) = (candidate(&stand, "a").await, candidate(&stand, "b").await);
    assert_eq!(b.leader().await.unwrap(), None);
    let old = a.take(&secret()).await.unwrap().unwrap();
    assert!(b.take(&secret()).await.unwrap().is_none());
    let leader = b.leader().await.unwrap().unwrap();
    assert_eq!((&leader.replica, leader.epoch), (a.own(), old.epoch()));
    assert_eq!(leader.secret, secret());
    old.insert_task(&task("one", 1), None, &[]).await.unwrap();

    // A lease that is renewed does not end.
    lease_ends(&stand).await;
    a.renew(old.epoch()).await.unwrap();
    assert!(b.take(&secret()).await.unwrap().is_none());

    lease_ends(&stand).await;
    assert_eq!(b.leader().await.unwrap(), None);
    let new = b.take(&secret()).await.unwrap().unwrap();
    assert!(new.epoch() > old.epoch());
    let own = old.epoch();
    for refused in [
        a.renew(own).await,
        a.release(own).await,
        old.insert_task(&task("two", 2), None, &[]).await,
        old.keep_text("x", "y", 1).await,
    ] {
        assert!(
            matches!(refused, Err(StoreError::Deposed { own: epoch }) if epoch == own),
            "{refused:?}"
        );
    }
    new.insert_task(&task("two", 2), None, &[]).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn whoever_ends_in_an_orderly_way_is_not_waited_for(#[values(Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let (a, b) = (candidate(&stand, "a").await, candidate(&stand, "b").await);
    let old = a.take(&secret()).await.unwrap().unwrap();
    for election in [&a, &b] {
        election.beat().await.unwrap();
    }
    let seen = old.replicas().await.unwrap();
    let seen = seen.iter().map(|it| (it.replica.address.as_str(), it.leads));
    assert_eq!(seen.collect::<Vec<_>>(), [("a:9444", true), ("b:9444", false)]);
    a.release(old.epoch()).await.unwrap();
    let new = b.take(&secret()).await.unwrap().unwrap();
    assert_eq!(new.replicas().await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn of_many_that_start_at_once_one_leads(#[values(Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let start = async |number: usize| {
        let election = candidate(&stand, &format!("r{number}")).await;
        election.take(&secret()).await.unwrap().is_some()
    };
    let leads = futures::future::join_all((0..6).map(start)).await;
    assert_eq!(leads.iter().filter(|leads| **leads).count(), 1, "{leads:?}");
}

/// Whoever does not take part would depose the leader, so it is told who leads and changes nothing.
#[rstest]
#[tokio::test]
async fn whoever_does_not_take_part_is_refused_while_a_replica_leads(#[values(Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let a = candidate(&stand, "a").await;
    let leading = a.take(&secret()).await.unwrap().unwrap();
    let refusal = stand.try_open().await.unwrap_err();
    assert!(
        matches!(&refusal, StoreError::Led { id, address } if id == "a" && address == "a:9444"),
        "{refusal:?}"
    );
    assert!(refusal.to_string().contains("--replica-address"), "{refusal}");
    let mut file = Vec::new();
    transfer::export(&stand.url(), &mut file).await.unwrap();
    let refusal = transfer::import(&stand.url(), file.as_slice()).await.unwrap_err();
    assert!(refusal.to_string().contains("a:9444"), "{refusal}");
    leading.insert_task(&task("one", 1), None, &[]).await.unwrap();
    lease_ends(&stand).await;
    assert!(stand.open().await.epoch() > leading.epoch());
}

#[tokio::test]
async fn a_file_serves_one_replica_and_says_who_has_it() {
    let stand = Stand::start(Sqlite).await;
    let own = Replica {
        id: "a".into(),
        address: "a:1".into(),
    };
    let refusal = Election::new(&stand.url(), own).unwrap_err().to_string();
    assert!(refusal.contains("PostgreSQL or MySQL"), "{refusal}");
    let _holder = stand.open().await;
    let refusal = stand.try_open().await.unwrap_err().to_string();
    let process = format!("process {} on ", std::process::id());
    assert!(
        refusal.contains(&process) && refusal.contains("--replica-address"),
        "{refusal}"
    );
}
