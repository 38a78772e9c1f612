//! Credentials and the library on every database alike: names are unique, numbers are never used twice, what is named stays.

use crate::stand::{Stand, pulls, task};
use ips_coordinator::{
    domain::{
        caller::TenantId,
        credential::{Credential, CredentialId, RegistryScope, Sealed, TaskCredential},
        ids::TaskId,
        library::{Entry, EntryRequest},
        task_state::TaskState,
        tenant::{Quotas, Realm},
    },
    store::{Changes, CredentialRemoval, Numbers, Removed, Store, StoreError},
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

async fn credential(store: &Store, name: &str, owner: Option<&str>) -> Credential {
    let id = store.new_number(Numbers::Credentials).await.unwrap();
    Credential {
        id: CredentialId::from_stored(id),
        tenant: TenantId::default(),
        name: name.into(),
        owner: owner.map(|task| TaskId::parse(task).unwrap()),
        scope: RegistryScope::parse("harbor.corp/team-a").unwrap(),
        username: "robot$ü'".into(),
        sealed: Sealed {
            key_id: "k1".into(),
            ciphertext: format!("sealed-{id}"),
        },
        created_at: id,
        updated_at: id,
    }
}

#[rstest]
#[tokio::test]
async fn credentials_come_back_as_they_went_in(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let (one, two) = (
        credential(&store, "one", None).await,
        credential(&store, "two", None).await,
    );
    store.insert_credential(&one).await.unwrap();
    store.insert_credential(&two).await.unwrap();
    let again = Credential {
        name: "one".into(),
        ..credential(&store, "", None).await
    };
    let refused = store.insert_credential(&again).await;
    assert!(matches!(refused, Err(StoreError::Taken { .. })), "{refused:?}");
    assert_eq!(store.credential(one.id).await.unwrap().as_ref(), Some(&one));
    assert_eq!(
        store.credentials(&Realm::All, 1, 0).await.unwrap(),
        (vec![two.clone()], 2),
        "newest first"
    );
    assert_eq!(
        store.credentials(&Realm::All, 5, 1).await.unwrap().0,
        std::slice::from_ref(&one)
    );

    let renamed = Credential {
        name: "two".into(),
        ..one.clone()
    };
    let refused = store.update_credential(&renamed, &one.sealed).await;
    assert!(matches!(refused, Err(StoreError::Taken { .. })), "{refused:?}");
    let changed = Credential {
        name: "third".into(),
        sealed: Sealed {
            key_id: "k2".into(),
            ciphertext: "other".into(),
        },
        ..one.clone()
    };
    assert!(store.update_credential(&changed, &one.sealed).await.unwrap());
    assert!(
        !store.update_credential(&changed, &one.sealed).await.unwrap(),
        "not sealed so any more"
    );
    assert!(!store.reseal_credential(one.id, &one.sealed, &two.sealed).await.unwrap());
    assert!(
        store
            .reseal_credential(one.id, &changed.sealed, &one.sealed)
            .await
            .unwrap()
    );
    assert_eq!(
        store.delete_credential(two.id).await.unwrap(),
        CredentialRemoval::Removed
    );
    assert_eq!(
        store.delete_credential(two.id).await.unwrap(),
        CredentialRemoval::Absent
    );
    let number = store.new_number(Numbers::Credentials).await.unwrap();
    assert!(number > again.id.get(), "{number}");
}

#[rstest]
#[tokio::test]
async fn what_a_task_names_stays_while_it_is_open_and_what_it_owns_goes_with_it(
    #[values(Sqlite, Postgres, MariaDb)] kind: Kind,
) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let named = credential(&store, "named", None).await;
    let own = credential(&store, "", Some("t1")).await;
    let mut first = task("t1", 1);
    first.spec.credentials = vec![TaskCredential::named(named.id)];
    let missing = store
        .insert_task_with_login(&first, None, &pulls(&first), Some(&own), &Quotas::default())
        .await;
    assert!(
        matches!(missing, Err(StoreError::NoCredential { id }) if id == named.id),
        "{missing:?}"
    );
    assert!(store.task(&first.id).await.unwrap().is_none(), "no half task");
    assert!(store.all_credentials().await.unwrap().is_empty());

    store.insert_credential(&named).await.unwrap();
    store
        .insert_task_with_login(&first, None, &[], Some(&own), &Quotas::default())
        .await
        .unwrap();
    assert_eq!(store.all_credentials().await.unwrap(), [named.clone(), own.clone()]);
    assert_eq!(
        store.credentials(&Realm::All, 9, 0).await.unwrap().1,
        1,
        "a task's own is in no list"
    );
    assert_eq!(
        store.delete_credential(own.id).await.unwrap(),
        CredentialRemoval::Absent
    );
    let mut thief = task("t2", 2);
    thief.spec.credentials = vec![TaskCredential::named(own.id)];
    let refused = store.insert_task(&thief, None, &[]).await;
    assert!(matches!(refused, Err(StoreError::NoCredential { .. })), "{refused:?}");
    let users = CredentialRemoval::InUse(vec!["task t1".into()]);
    assert_eq!(store.delete_credential(named.id).await.unwrap(), users);

    first.state = TaskState::Cancelled;
    let mut changes = Changes::default();
    changes.task(TaskState::Pending, &first);
    store.commit(&changes).await.unwrap();
    assert_eq!(
        store.delete_credential(named.id).await.unwrap(),
        CredentialRemoval::Removed
    );
    assert_eq!(store.remove_ended_task(&first.id).await.unwrap(), Removed::Wholly);
    assert!(store.all_credentials().await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_program_beside_the_coordinator_changes_single_rows(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let one = credential(&store, "one", None).await;
    store.insert_credential(&one).await.unwrap();
    let beside = Store::attach(&stand.url()).await.unwrap();
    let sealed = Sealed {
        key_id: "k2".into(),
        ciphertext: "again".into(),
    };
    assert!(beside.reseal_credential(one.id, &one.sealed, &sealed).await.unwrap());
    assert_eq!(store.credential(one.id).await.unwrap().unwrap().sealed, sealed);
    drop(store);
    let _next = stand.open().await;
    let late = beside.reseal_credential(one.id, &sealed, &one.sealed).await;
    assert!(matches!(late, Err(StoreError::Deposed { .. })), "{late:?}");
}

fn entry(id: i64, image: &str, tags: &[&str]) -> Entry {
    let request = EntryRequest {
        name: format!("n{id}"),
        image: image.into(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    Entry {
        id,
        tenant: TenantId::default(),
        spec: request.check().unwrap(),
        created_at: id,
        updated_at: id,
    }
}

#[rstest]
#[tokio::test]
async fn the_library_has_each_image_once_and_finds_it_by_tag(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    assert_eq!(store.new_numbers(Numbers::Library, 5).await.unwrap(), 1);
    assert_eq!(store.new_number(Numbers::Library).await.unwrap(), 6);
    let (a, b) = (entry(1, "a:1", &["x", "y"]), entry(2, "b:1", &["y"]));
    let twice = entry(3, "a:1", &["z"]);
    assert_eq!(
        store.insert_library(&[a.clone(), b.clone(), twice]).await.unwrap(),
        [1, 2]
    );
    assert_eq!(
        store.library(&Realm::All, "", 10, 0).await.unwrap(),
        (vec![b.clone(), a.clone()], 2)
    );
    assert_eq!(
        store.library(&Realm::All, "x", 10, 0).await.unwrap(),
        (vec![a.clone()], 1)
    );
    assert_eq!(store.library(&Realm::All, "z", 10, 0).await.unwrap(), (vec![], 0));
    assert_eq!(
        store.library(&Realm::All, "y", 1, 1).await.unwrap(),
        (vec![a.clone()], 2)
    );
    let taken = store.update_library(&Realm::All, 2, &a.spec, 9).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })), "{taken:?}");
    let spec = entry(0, "c:1", &["x"]).spec;
    let changed = store.update_library(&Realm::All, 2, &spec, 9).await.unwrap().unwrap();
    assert_eq!(
        (changed.spec, changed.created_at, changed.updated_at),
        (spec.clone(), 2, 9)
    );
    assert_eq!(store.update_library(&Realm::All, 77, &spec, 9).await.unwrap(), None);
    assert_eq!(store.library(&Realm::All, "x", 10, 0).await.unwrap().1, 2);
    store.delete_library(&Realm::All, 1).await.unwrap();
    store.delete_library(&Realm::All, 1).await.unwrap();
    assert_eq!(store.library(&Realm::All, "x", 10, 0).await.unwrap().1, 1);
}
