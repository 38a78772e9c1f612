//! API tokens: what they may do, and when they end.

use super::stand::{Stand, secret};
use crate::{
    domain::{
        api_token::{ApiTokenRequest, ApiTokenSpec},
        caller::{Role, Subject},
        user::UserChange,
    },
    identity::IdentityError,
};
use secrecy::ExposeSecret as _;

fn spec(change: impl FnOnce(&mut ApiTokenRequest)) -> ApiTokenSpec {
    let mut request = ApiTokenRequest {
        name: "ci".into(),
        ..ApiTokenRequest::default()
    };
    change(&mut request);
    request.check().unwrap()
}

#[tokio::test]
async fn a_token_acts_for_its_owner_within_its_role_and_scopes() {
    let stand = Stand::start().await;
    let admin = stand.caller(&stand.admin().await).await.unwrap();
    let made = stand
        .identity
        .create_api_token(&admin, spec(|it| it.role = "operator".into()))
        .await
        .unwrap();
    assert!(made.secret.expose_secret().starts_with(&made.token.shown));
    assert!(stand.call(&made.secret, "create_task").await.is_ok());
    for beyond in ["set_limits", "create_secret"] {
        assert!(stand.call(&made.secret, beyond).await.is_err(), "{beyond}");
    }
    let caller = stand.bearer(made.secret.expose_secret()).await.unwrap();
    assert!(matches!(caller.subject, Subject::Token { .. }));
    assert_eq!(&*caller.name, "admin/ci");

    let narrow = spec(|it| it.scopes = vec!["tasks:read".into(), "nodes:read".into()]);
    let narrow = stand.identity.create_api_token(&admin, narrow).await.unwrap();
    assert!(stand.call(&narrow.secret, "list_tasks").await.is_ok());
    assert!(stand.call(&narrow.secret, "create_task").await.is_err());
    assert!(stand.call(&narrow.secret, "list_library").await.is_err());
}

#[tokio::test]
async fn a_token_makes_no_tokens_and_changes_no_password() {
    let stand = Stand::start().await;
    let admin = stand.caller(&stand.admin().await).await.unwrap();
    let made = stand.identity.create_api_token(&admin, spec(|_| ())).await.unwrap();
    let token = stand.bearer(made.secret.expose_secret()).await.unwrap();
    let another = stand.identity.create_api_token(&token, spec(|_| ())).await;
    assert!(matches!(another, Err(IdentityError::Forbidden(_))));
    let change = UserChange {
        password: Some(secret("taken over")),
        current_password: Some(secret("whatever")),
        ..UserChange::default()
    };
    let changed = stand.identity.update_user(&token, made.token.owner, change).await;
    assert!(matches!(changed, Err(IdentityError::Forbidden(_))));
    assert!(matches!(
        stand.identity.logout(&token).await,
        Err(IdentityError::Precondition(_))
    ));
}

#[tokio::test]
async fn a_token_ends_when_it_is_revoked_and_with_its_owner() {
    let stand = Stand::start().await;
    let boss = stand.caller(&stand.admin().await).await.unwrap();
    let chief = stand.person("chief", "admin").await;
    let chief = (stand.caller(&chief).await.unwrap(), chief.user.id);
    let made = stand.identity.create_api_token(&chief.0, spec(|_| ())).await.unwrap();
    assert!(stand.call(&made.secret, "create_secret").await.is_ok());
    let demoted = UserChange {
        role: Some(Role::Viewer),
        ..UserChange::default()
    };
    stand.identity.update_user(&boss, chief.1, demoted).await.unwrap();
    assert!(
        stand.call(&made.secret, "create_secret").await.is_err(),
        "never more than its owner"
    );
    assert!(stand.call(&made.secret, "list_tasks").await.is_ok());

    stand.identity.revoke_api_token(&boss, made.token.id).await.unwrap();
    stand.identity.revoke_api_token(&boss, made.token.id).await.unwrap();
    assert!(stand.call(&made.secret, "list_tasks").await.is_err());
    let listed = stand.identity.api_tokens(&boss, "").await.unwrap();
    assert!(listed[0].0.revoked_at > 0 && listed[0].1 == "chief");

    let made = stand
        .identity
        .create_api_token(&boss, spec(|it| it.expires_in_days = Some(0)))
        .await
        .unwrap();
    assert_eq!(made.token.expires_at, 0);
    let unknown = crate::domain::caller::ApiTokenId::from_stored(999);
    assert!(matches!(
        stand.identity.revoke_api_token(&boss, unknown).await,
        Err(IdentityError::NotFound { .. })
    ));
}

#[tokio::test]
async fn the_store_knows_no_token_and_notes_its_use() {
    let stand = Stand::start().await;
    let admin = stand.caller(&stand.admin().await).await.unwrap();
    let made = stand.identity.create_api_token(&admin, spec(|_| ())).await.unwrap();
    stand.call(&made.secret, "list_tasks").await.unwrap();
    for _ in 0..100 {
        if stand.identity.api_tokens(&admin, "").await.unwrap()[0].0.last_used_at > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(stand.identity.api_tokens(&admin, "").await.unwrap()[0].0.last_used_at > 0);
    let mut found = false;
    for entry in std::fs::read_dir(stand.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(made.secret.expose_secret()), "only its hash is kept");
        found |= text.contains(&made.token.shown);
    }
    assert!(found, "the files that were read are the database's");
}
