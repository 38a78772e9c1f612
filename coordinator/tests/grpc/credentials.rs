//! Credentials and the library through both doors: the same words, the same things, and no password in any of them.

use crate::{agent::Agent, stand::Stand};
use ips_proto::v1;
use serde_json::json;
use tonic::Code;

fn credential(name: &str) -> v1::CreateCredentialRequest {
    v1::CreateCredentialRequest {
        name: name.into(),
        registry: "a.corp/team".into(),
        username: "robot".into(),
        password: "canary-4711".into(),
    }
}

#[tokio::test]
async fn both_doors_keep_the_same_credentials_and_refuse_in_the_same_words() {
    let stand = Stand::start().await;
    let mut credentials = stand.credentials().await;
    let made = credentials
        .create_credential(credential("one"))
        .await
        .unwrap()
        .into_inner();
    let (_, rest) = stand.rest("GET", "/api/v1/secrets/1", None).await;
    assert_eq!(
        (rest["id"].as_i64(), rest["registry"].as_str(), rest["keyId"].as_str()),
        (
            Some(made.credential_id),
            Some("a.corp/team"),
            Some(made.key_id.as_str())
        )
    );
    for (body, change) in [
        (
            json!({"name": ""}),
            (|r| r.name.clear()) as fn(&mut v1::CreateCredentialRequest),
        ),
        (json!({"registry": "no host"}), |r| r.registry = "no host".into()),
        (json!({"username": "a:b"}), |r| r.username = "a:b".into()),
        (json!({"password": ""}), |r| r.password.clear()),
    ] {
        let mut whole = json!({"name": "two", "registry": "a.corp", "username": "robot", "password": "canary-4711"});
        for (field, value) in body.as_object().unwrap() {
            whole[field] = value.clone();
        }
        let mut request = credential("two");
        change(&mut request);
        let (status, rest) = stand.rest("POST", "/api/v1/secrets", Some(&whole)).await;
        let refusal = credentials.create_credential(request).await.unwrap_err();
        assert_eq!((status, refusal.code()), (400, Code::InvalidArgument), "{rest}");
        assert_eq!(rest["details"], refusal.message());
        assert!(!format!("{rest}{refusal:?}").contains("canary"));
    }
    let taken = credentials.create_credential(credential("one")).await.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    let moved = v1::UpdateCredentialRequest {
        credential_id: 1,
        name: "one".into(),
        registry: "evil.corp".into(),
        username: "robot".into(),
        password: String::new(),
    };
    let moved = credentials.update_credential(moved).await.unwrap_err();
    assert!(moved.message().starts_with("password: "), "{moved}");
    for (id, code) in [(0, Code::NotFound), (99, Code::NotFound)] {
        let missing = v1::GetCredentialRequest { credential_id: id };
        assert_eq!(credentials.get_credential(missing).await.unwrap_err().code(), code);
    }
    let test = credentials
        .test_credential(v1::TestCredentialRequest { credential_id: 1 })
        .await
        .unwrap()
        .into_inner();
    let (_, rest) = stand.rest("POST", "/api/v1/secrets/1/test", None).await;
    assert_eq!(rest["message"], test.message);
    let list = credentials
        .list_credentials(v1::ListCredentialsRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!((list.total, list.credentials.len()), (1, 1));
    for _twice in 0..2 {
        let gone = v1::DeleteCredentialRequest { credential_id: 1 };
        credentials.delete_credential(gone).await.unwrap();
    }
    assert_eq!(stand.rest("GET", "/api/v1/secrets/1", None).await.0, 404);
}

#[tokio::test]
async fn a_pull_carries_its_login_and_nothing_prints_it() {
    let stand = Stand::start().await;
    let mut agent = Agent::connect(&stand, "node-1").await;
    let mut credentials = stand.credentials().await;
    credentials.create_credential(credential("one")).await.unwrap();
    let mut tasks = stand.tasks().await;
    let request = v1::CreateTaskRequest {
        images: vec!["a.corp/team/app:1".into()],
        credential_ids: vec![1],
        ..Default::default()
    };
    let task = tasks.create_task(request).await.unwrap().into_inner();
    assert_eq!(
        (task.credentials[0].name.as_str(), task.credentials[0].owned),
        ("one", false)
    );
    let start = agent.started().await;
    assert!(!format!("{start:?}").contains("canary"));
    let login = start.credential.clone().unwrap();
    assert_eq!(
        (
            login.server_address.as_str(),
            login.username.as_str(),
            login.password.as_str()
        ),
        ("https://a.corp", "robot", "canary-4711")
    );
    agent.succeed(&start).await;
    let request = v1::CreateTaskRequest {
        images: vec!["b.corp/app:1".into()],
        login: Some(v1::InlineLogin {
            registry: "b.corp".into(),
            username: "me".into(),
            password: "canary-own".into(),
        }),
        ..Default::default()
    };
    assert!(!format!("{request:?}").contains("canary-own"));
    let task = tasks.create_task(request).await.unwrap().into_inner();
    assert!(task.credentials[0].owned && task.credentials[0].registry == "b.corp");
    let start = agent.started().await;
    assert_eq!(start.credential.unwrap().password, "canary-own");
    let both = v1::CreateTaskRequest {
        images: vec!["b.corp/app:1".into()],
        credential_ids: vec![1],
        login: Some(v1::InlineLogin {
            registry: "b.corp".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let refusal = tasks.create_task(both).await.unwrap_err();
    assert_eq!(
        refusal.message(),
        "secretId: Cannot use both secretId and manual credentials"
    );
}

#[tokio::test]
async fn both_doors_keep_the_same_library() {
    let stand = Stand::start().await;
    let mut library = stand.library().await;
    let add = |image: &str| v1::AddLibraryEntryRequest {
        image: image.into(),
        tags: vec!["prod".into()],
        ..Default::default()
    };
    library.add_library_entry(add("nginx:1")).await.unwrap();
    let (_, rest) = stand.rest("GET", "/api/v1/library?tag=prod", None).await;
    assert_eq!(rest["images"][0]["image"], "nginx:1");
    let taken = library.add_library_entry(add("nginx:1")).await.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    let bad = library.add_library_entry(add("Upper")).await.unwrap_err();
    let (_, rest) = stand
        .rest("POST", "/api/v1/library", Some(&json!({"image": "Upper"})))
        .await;
    assert_eq!(rest["details"], bad.message());
    let entries = vec![add("redis:7"), add("nginx:1"), add("a b")];
    let import = library.import_library(v1::ImportLibraryRequest { entries }).await;
    let import = import.unwrap().into_inner();
    assert_eq!((import.added, import.existed, import.refused), (1, 1, 1));
    let update = v1::UpdateLibraryEntryRequest {
        entry_id: 1,
        name: "web".into(),
        image: "nginx:2".into(),
        tags: vec![],
    };
    let changed = library.update_library_entry(update).await.unwrap().into_inner();
    assert_eq!((changed.image.as_str(), changed.tags.len()), ("nginx:2", 0));
    library
        .delete_library_entry(v1::DeleteLibraryEntryRequest { entry_id: 1 })
        .await
        .unwrap();
    let list = library.list_library(v1::ListLibraryRequest::default()).await.unwrap();
    assert_eq!(list.into_inner().total, 1);
}
