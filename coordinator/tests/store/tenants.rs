//! Tenants on every database alike: kept, found, removed when they own nothing, counted by the day; and lists of one tenant among many.

use crate::stand::{Stand, pulls, task};
use ips_coordinator::{
    domain::{
        caller::TenantId,
        credential::{Credential, CredentialId, RegistryScope, Sealed},
        library::{Entry, EntryRequest},
        task::Task,
        tenant::{Quotas, QuotasRequest, Realm, Tenant, TenantRequest},
    },
    store::{Changes, Numbers, Store, StoreError, TenantRemoval},
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

const DAY: i64 = 86_400_000;

fn tenant(id: &str) -> Tenant {
    let request = TenantRequest {
        name: Some("Büro 🐳 '\"".into()),
        node_selector: Some("pool in (a,b),!spot".into()),
        repositories: Some(vec!["registry.example/team/*".into(), "nginx".into()]),
        quotas: Some(QuotasRequest {
            open_pulls: Some(3),
            tasks_per_day: None,
            bytes_per_day: Some(i64::MAX),
        }),
    };
    request.check_new(id, 7).unwrap()
}

fn of(id: &str) -> Realm {
    Realm::Of(TenantId::from_stored(id))
}

fn task_of(tenant: &str, id: &str, at: i64) -> Task {
    Task {
        tenant: TenantId::from_stored(tenant),
        ..task(id, at)
    }
}

#[rstest]
#[tokio::test]
async fn tenants_come_back_as_they_went_in_and_their_ids_never_again(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    assert_eq!(store.tenants().await.unwrap(), [Tenant::first()], "one is always there");
    let mut team = tenant("team-a");
    assert!(store.insert_tenant(&team).await.unwrap());
    assert!(!store.insert_tenant(&team).await.unwrap());
    // What no database holds is kept as what is as good as endless.
    team.rules.quotas.bytes_per_day = Some(1 << 60);
    assert_eq!(store.tenants().await.unwrap(), [Tenant::first(), team.clone()]);
    team.rules.quotas = Quotas::default();
    team.rules.repositories.clear();
    assert!(store.update_tenant(&team).await.unwrap());
    assert_eq!(store.tenants().await.unwrap()[1], team);
    store.insert_task(&task_of("team-a", "t", 1), None, &[]).await.unwrap();
    let left = store.remove_tenant(&team.id, 9).await.unwrap();
    assert_eq!(left, TenantRemoval::NotEmpty(vec!["1 task".into()]));
    stand.execute("DELETE FROM tasks").await;
    assert_eq!(store.remove_tenant(&team.id, 9).await.unwrap(), TenantRemoval::Removed);
    assert_eq!(store.remove_tenant(&team.id, 9).await.unwrap(), TenantRemoval::Absent);
    assert!(!store.insert_tenant(&team).await.unwrap(), "nobody inherits its audit");
    assert!(!store.update_tenant(&team).await.unwrap());
    assert_eq!(store.tenants().await.unwrap(), [Tenant::first()]);
}

#[rstest]
#[tokio::test]
async fn tasks_and_bytes_are_counted_with_what_they_count(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let team = TenantId::from_stored("team-a");
    let quotas = Quotas {
        tasks_per_day: Some(2),
        bytes_per_day: Some(100),
        ..Quotas::default()
    };
    let add = async |id: &str, at: i64| {
        let task = task_of("team-a", id, at);
        store
            .insert_task_with_login(&task, None, &pulls(&task), None, &quotas)
            .await
    };
    add("one", 1).await.unwrap();
    assert!(matches!(add("one", 1).await, Err(StoreError::Taken { .. })));
    add("two", 2).await.unwrap();
    let refused = add("three", 3).await;
    assert!(
        matches!(refused, Err(StoreError::Spent { quota: "tasksPerDay" })),
        "{refused:?}"
    );
    assert_eq!(store.tenant_usage(&team, 5).await.unwrap().tasks_today, 2);
    assert_eq!(
        store.tasks(&of("team-a"), &[], 9, 0).await.unwrap().1,
        2,
        "it was not saved"
    );
    add("tomorrow", DAY).await.unwrap();
    let fetched = |bytes: u64| {
        let mut changes = Changes::default();
        changes.fetched(&team, 1, bytes);
        changes.fetched(&team, 1, 1);
        changes
    };
    store.commit(&fetched(98)).await.unwrap();
    add("below", DAY + 1).await.unwrap();
    let step = fetched(0);
    store.commit(&step).await.unwrap();
    store.commit(&step).await.unwrap();
    let usage = store.tenant_usage(&team, DAY).await.unwrap();
    assert_eq!((usage.tasks_today, usage.bytes_today), (2, 100), "a step counts once");
    assert_eq!(store.bytes_of_day(DAY).await.unwrap(), [(team.clone(), 100)]);
    assert_eq!(store.bytes_of_day(0).await.unwrap(), [(team.clone(), 0)]);
    let only_bytes = Quotas {
        tasks_per_day: None,
        ..quotas
    };
    let task = task_of("team-a", "at", DAY + 2);
    let refused = store.insert_task_with_login(&task, None, &[], None, &only_bytes).await;
    assert!(
        matches!(refused, Err(StoreError::Spent { quota: "bytesPerDay" })),
        "{refused:?}"
    );
    assert_eq!(store.tenant_open_pulls(&team).await.unwrap(), 0);
    stand
        .execute("UPDATE pulls SET state = 'pulling' WHERE task_id = 'one'")
        .await;
    assert_eq!(store.tenant_open_pulls(&team).await.unwrap(), 2);
    assert_eq!(store.tenant_open_pulls(&TenantId::default()).await.unwrap(), 0);
}

#[rstest]
#[tokio::test]
async fn lists_and_names_are_of_one_tenant(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    for (tenant, id) in [("default", "d"), ("team-a", "a"), ("team-b", "b")] {
        let task = task_of(tenant, id, 1);
        store.insert_task(&task, Some("the same key"), &[]).await.unwrap();
        store
            .insert_credential(&credential(&store, tenant).await)
            .await
            .unwrap();
        let number = store.new_number(Numbers::Library).await.unwrap();
        let request = EntryRequest {
            image: "a:1".into(),
            ..EntryRequest::default()
        };
        let entry = Entry {
            id: number,
            tenant: TenantId::from_stored(tenant),
            spec: request.check().unwrap(),
            created_at: 1,
            updated_at: 1,
        };
        assert_eq!(store.insert_library(&[entry]).await.unwrap(), [number], "each has it");
    }
    let (found, total) = store.tasks(&of("team-a"), &[], 9, 0).await.unwrap();
    assert_eq!(
        (found[0].id.as_str(), found[0].tenant.as_str(), total),
        ("a", "team-a", 1)
    );
    assert_eq!(store.tasks(&Realm::All, &[], 9, 0).await.unwrap().1, 3);
    let by_key = store
        .task_by_request(&TenantId::from_stored("team-b"), "the same key")
        .await;
    assert_eq!(by_key.unwrap().unwrap().id.as_str(), "b");
    let (found, total) = store.credentials(&of("team-b"), 9, 0).await.unwrap();
    assert_eq!((found[0].tenant.as_str(), total), ("team-b", 1));
    let (found, total) = store.library(&of("team-b"), "", 9, 0).await.unwrap();
    assert_eq!((found[0].tenant.as_str(), total), ("team-b", 1));
    let (spec, id) = (found[0].spec.clone(), found[0].id);
    assert_eq!(store.update_library(&of("team-a"), id, &spec, 9).await.unwrap(), None);
    store.delete_library(&of("team-a"), id).await.unwrap();
    assert_eq!(
        store.library(&of("team-b"), "", 9, 0).await.unwrap().1,
        1,
        "another one's stays"
    );
    assert_eq!(store.library(&of("nobody"), "", 9, 0).await.unwrap(), (vec![], 0));
}

async fn credential(store: &Store, tenant: &str) -> Credential {
    Credential {
        id: CredentialId::from_stored(store.new_number(Numbers::Credentials).await.unwrap()),
        tenant: TenantId::from_stored(tenant),
        name: "the same name".into(),
        owner: None,
        scope: RegistryScope::parse("r.example").unwrap(),
        username: "u".into(),
        sealed: Sealed {
            key_id: "k".into(),
            ciphertext: "c".into(),
        },
        created_at: 1,
        updated_at: 1,
    }
}
