//! Users: what each role may do to whom, and that a change counts at once.

use super::stand::{PASSWORD, Stand, secret};
use crate::{
    domain::{caller::Role, permission::Permission, user::UserChange},
    identity::IdentityError,
};

fn role(role: Role) -> UserChange {
    UserChange {
        role: Some(role),
        ..UserChange::default()
    }
}

fn disabled(disabled: bool) -> UserChange {
    UserChange {
        disabled: Some(disabled),
        ..UserChange::default()
    }
}

#[tokio::test]
async fn whoever_is_demoted_disabled_or_removed_is_out_at_once() {
    let stand = Stand::start().await;
    let admin = stand.caller(&stand.admin().await).await.unwrap();
    let ana = stand.person("ana", "operator").await;
    assert!(stand.call(&ana.token, "create_task").await.is_ok());
    stand
        .identity
        .update_user(&admin, ana.user.id, role(Role::Viewer))
        .await
        .unwrap();
    let refused = stand.call(&ana.token, "create_task").await.unwrap_err();
    assert!(matches!(refused, IdentityError::Forbidden(_)), "{refused}");
    assert!(stand.call(&ana.token, "list_tasks").await.is_ok());

    stand
        .identity
        .update_user(&admin, ana.user.id, disabled(true))
        .await
        .unwrap();
    assert!(matches!(stand.caller(&ana).await, Err(IdentityError::BadToken)));
    assert!(stand.identity.refresh(&ana.refresh_token).await.is_err());
    assert!(matches!(
        stand.login("ana", PASSWORD).await,
        Err(IdentityError::WrongPassword)
    ));
    stand
        .identity
        .update_user(&admin, ana.user.id, disabled(false))
        .await
        .unwrap();
    assert!(stand.caller(&ana).await.is_err(), "the old log-in stays over");
    let again = stand.login("ana", PASSWORD).await.unwrap();

    stand.identity.delete_user(&admin, ana.user.id).await.unwrap();
    assert!(stand.caller(&again).await.is_err() && stand.login("ana", PASSWORD).await.is_err());
    stand.identity.delete_user(&admin, ana.user.id).await.unwrap();
}

#[tokio::test]
async fn a_stream_ends_when_its_caller_is_out() {
    let stand = Stand::start().await;
    let ana = stand.person("ana", "viewer").await;
    let mut caller = stand.caller(&ana).await.unwrap();
    caller.expires_at = chrono::Utc::now().timestamp_millis() + 50;
    let identity = stand.identity.clone();
    let ended = tokio::time::timeout(
        std::time::Duration::from_secs(5),
        identity.until_refused(caller, Permission::TasksRead),
    );
    assert!(ended.await.is_ok(), "its token has ended");
}

#[tokio::test]
async fn the_last_system_admin_stays() {
    let stand = Stand::start().await;
    let who = stand.admin().await;
    let (admin, id) = (stand.caller(&who).await.unwrap(), who.user.id);
    for change in [role(Role::Viewer), disabled(true)] {
        let refused = stand.identity.update_user(&admin, id, change).await.unwrap_err();
        assert!(matches!(refused, IdentityError::Precondition(_)), "{refused}");
    }
    assert!(matches!(
        stand.identity.delete_user(&admin, id).await,
        Err(IdentityError::Precondition(_))
    ));
    let second = stand.person("second", "system-admin").await;
    stand
        .identity
        .update_user(&admin, second.user.id, disabled(true))
        .await
        .unwrap();
    assert!(
        stand.identity.delete_user(&admin, id).await.is_err(),
        "a disabled one does not count"
    );
    stand
        .identity
        .update_user(&admin, second.user.id, disabled(false))
        .await
        .unwrap();
    stand.identity.delete_user(&admin, id).await.unwrap();
    assert!(stand.caller(&who).await.is_err());
}

#[tokio::test]
async fn ones_own_password_needs_the_old_one_and_ends_the_other_log_ins() {
    let stand = Stand::start().await;
    let ana = stand.person("ana", "viewer").await;
    let elsewhere = stand.login("ana", PASSWORD).await.unwrap();
    for old in ["", "wrong"] {
        let refused = stand.change_own(&ana, old, "another one").await.unwrap_err();
        assert!(refused.to_string().starts_with("currentPassword: "), "{refused}");
    }
    let short = stand.change_own(&ana, PASSWORD, "short").await.unwrap_err();
    assert!(short.to_string().starts_with("password: "), "{short}");
    stand.change_own(&ana, PASSWORD, "another one").await.unwrap();
    assert!(stand.caller(&ana).await.is_ok() && stand.caller(&elsewhere).await.is_err());
    assert!(stand.login("ana", PASSWORD).await.is_err() && stand.login("ana", "another one").await.is_ok());
}

#[tokio::test]
async fn nobody_changes_others_or_rises_above_a_role_of_their_own() {
    let stand = Stand::start().await;
    let (boss, chief) = (stand.admin().await, stand.person("chief", "admin").await);
    let ana = stand.person("ana", "operator").await;
    let (chief, operator) = (stand.caller(&chief).await.unwrap(), stand.caller(&ana).await.unwrap());
    let identity = &stand.identity;
    let forbidden = |result: Result<crate::domain::user::User, IdentityError>| {
        let error = result.unwrap_err();
        assert!(matches!(error, IdentityError::Forbidden(_)), "{error}");
    };
    forbidden(identity.update_user(&operator, boss.user.id, role(Role::Viewer)).await);
    forbidden(identity.update_user(&operator, ana.user.id, role(Role::Admin)).await);
    forbidden(identity.update_user(&chief, boss.user.id, disabled(true)).await);
    forbidden(identity.update_user(&chief, ana.user.id, role(Role::SystemAdmin)).await);
    forbidden(
        identity
            .create_user(&chief, "eve", &secret("long enough"), "system-admin")
            .await,
    );
    assert!(identity.delete_user(&chief, boss.user.id).await.is_err());
    // What an admin of a tenant may.
    identity
        .update_user(&chief, ana.user.id, role(Role::Viewer))
        .await
        .unwrap();
    let reset = UserChange {
        password: Some(secret("forgotten, again")),
        ..UserChange::default()
    };
    let changed = identity.update_user(&chief, ana.user.id, reset).await.unwrap();
    assert!(changed.must_change_password);
    assert!(stand.caller(&ana).await.is_err(), "a reset password ends the log-ins");
    let taken = identity
        .create_user(&chief, "ana", &secret("long enough"), "viewer")
        .await;
    assert!(matches!(taken, Err(IdentityError::AlreadyExists { .. })));
}
