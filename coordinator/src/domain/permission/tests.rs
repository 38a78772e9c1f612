//! The table as a document, and the list of what needs no log-in.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{Access, OPERATIONS, Operation, Permission};
use crate::domain::caller::Role;
use std::{collections::BTreeSet, fmt::Write as _, fs, path::PathBuf};

/// Whoever adds a line here opens a door to everybody.
const PUBLIC: [&str; 5] = [
    "GET /health",
    "GET /healthz",
    "GET /readyz",
    "POST /api/v1/login",
    "POST /api/v1/refresh",
];

#[test]
fn nothing_but_this_is_public() {
    let public = OPERATIONS.iter().filter(|it| it.access == Access::Public);
    assert_eq!(public.map(|it| it.rest).collect::<Vec<_>>(), PUBLIC);
    let agents = OPERATIONS.iter().filter(|it| it.access == Access::Agents);
    assert_eq!(
        agents.map(|it| it.rpc).collect::<Vec<_>>(),
        ["AgentService.Prove", "AgentService.Session"]
    );
}

#[test]
fn operations_are_found_by_both_doors_and_stand_once() {
    let mut seen = BTreeSet::new();
    for it in OPERATIONS {
        assert!(seen.insert(it.id), "{} stands twice", it.id);
        if let Some((method, path)) = it.rest.split_once(' ') {
            assert_eq!(Operation::by_rest(method, path), Some(it));
        }
        if !it.rpc.is_empty() {
            let path = format!("/ips.v1.{}", it.rpc.replace('.', "/"));
            assert_eq!(Operation::by_rpc(&path), Some(it));
        }
    }
    assert_eq!(Operation::by_rest("HEAD", "/api/v1/tasks").unwrap().id, "list_tasks");
    assert_eq!(Operation::by_rest("TRACE", "/api/v1/tasks"), None);
    assert_eq!(Operation::by_rpc("/ips.v1.TaskService/Unknown"), None);
    assert_eq!(Operation::by_rpc("/other.v1.TaskService/GetTask"), None);
}

#[test]
fn permissions_have_words_and_each_is_needed_somewhere() {
    for permission in Permission::ALL {
        assert_eq!(Permission::parse(permission.as_str()), Some(permission));
        let needed = OPERATIONS.iter().any(|it| it.permission() == Some(permission));
        assert!(needed, "{permission} opens nothing");
    }
}

fn document() -> String {
    let mut text = String::from(
        "# Who may do what\n\nMade from `coordinator/src/domain/permission.rs`, which the coordinator asks before every call and the tests read; \
         `UPDATE_GOLDEN=1 cargo test --workspace --lib -- permission` writes this page again.\n\n\
         A role may do everything that a lesser one may. An API token has the role of its owner or a lesser one, and may be held to some \
         permissions (its scopes). What no line names is refused. `PUT /api/v1/users/{id}` changes one's own password; changing anybody \
         else, or a role, needs `users:write` as well.\n\n\
         A role counts within its tenant: a caller sees, lists and changes what its tenant owns, and an id of another tenant answers as one \
         that does not exist. A system admin sees everything, and a list of one tenant with `?tenant=`. Nodes, limits and registries are \
         shown as far as the tenant may use them.\n\n\
         | operation | REST | gRPC | permission | viewer | operator | admin | system-admin |\n|---|---|---|---|---|---|---|---|\n",
    );
    for it in OPERATIONS {
        let code = |text: &str| match text {
            "" => String::new(),
            text => format!("`{text}`"),
        };
        let (permission, marks) = match it.access {
            Access::Public => ("(public)".to_owned(), ["yes"; 4]),
            Access::Agents => ("(agents)".to_owned(), [""; 4]),
            Access::Needs(permission) => {
                let mark = |role: Role| if role >= permission.least_role() { "yes" } else { "" };
                (code(permission.as_str()), Role::ALL.map(mark))
            }
        };
        let (rest, rpc, marks) = (code(it.rest), code(it.rpc), marks.join(" | "));
        writeln!(text, "| {} | {rest} | {rpc} | {permission} | {marks} |", it.id).unwrap();
    }
    text
}

#[test]
fn the_page_is_the_table() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/roles.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, document()).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == document(),
        "docs/roles.md is out of date; run the test again with UPDATE_GOLDEN=1"
    );
}
