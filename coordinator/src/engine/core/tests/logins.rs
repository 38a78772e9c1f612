//! Pulls whose stored login cannot be read.

use super::*;
use crate::{
    domain::{
        caller::TenantId,
        credential::{Credential, CredentialId, RegistryScope, Sealed, TaskLoginsRequest},
    },
    engine::logins::LoginBook,
    vault::{KeySettings, Vault},
};

/// A book with one credential, for `a.corp`, that was sealed with a key which is gone.
fn unreadable() -> LoginBook {
    let inline = Some("f".repeat(64).into());
    let vault = Vault::open(KeySettings {
        inline,
        ..KeySettings::default()
    });
    let credential = Credential {
        id: CredentialId::from_stored(1),
        tenant: TenantId::default(),
        name: "a.corp".into(),
        owner: None,
        scope: RegistryScope::parse("a.corp").unwrap(),
        username: "u".into(),
        sealed: Sealed {
            key_id: "lost".into(),
            ciphertext: String::new(),
        },
        created_at: 1,
        updated_at: 1,
    };
    LoginBook::new(vault.unwrap(), vec![credential])
}

/// A pull that never went out gives its slot back within the plan that gave it: those behind it must not wait for a report that
/// nobody will send.
#[test]
fn a_task_whose_login_cannot_be_read_ends_though_it_has_more_pulls_than_slots() {
    let mut h = Harness::with_logins(2, unreadable());
    h.connect("n1", 2);
    h.connect("n2", 2);
    let images: Vec<_> = (0..7).map(|n| format!("a.corp/app-{n}:1")).collect();
    let private = TaskRequest {
        images,
        logins: TaskLoginsRequest {
            secret_ids: vec![1],
            ..TaskLoginsRequest::default()
        },
        ..TaskRequest::default()
    };
    h.accept("private", &["n1", "n2"], private);
    h.accept("public", &["n1"], request(&["b:1"]));
    for _ in 0..20 {
        h.pass(LOOK_MS);
    }
    let task = h.ended("private");
    assert_eq!((task.state, task.counts.failed), (TaskState::Failed, 14));
    let group = &task.failures[0];
    assert_eq!((group.reason, group.pulls), (FailureReason::Unauthorized, 14));
    let starts = [h.starts("n1"), h.starts("n2")].concat();
    let references: Vec<_> = starts.iter().map(|start| start.reference.as_str()).collect();
    assert_eq!(references, ["b:1"], "no order went out without its login");
}
