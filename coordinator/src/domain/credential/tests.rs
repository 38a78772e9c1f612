#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;

fn credential(id: i64, registry: &str) -> Credential {
    Credential {
        id: CredentialId::from_stored(id),
        tenant: TenantId::default(),
        name: format!("c{id}"),
        owner: None,
        scope: RegistryScope::parse(registry).unwrap(),
        username: "u".into(),
        sealed: Sealed {
            key_id: "k".into(),
            ciphertext: "c".into(),
        },
        created_at: 1,
        updated_at: 1,
    }
}

fn request() -> CredentialRequest {
    CredentialRequest {
        name: "harbor".into(),
        registry: "harbor.corp/team-a".into(),
        username: "robot$team-a+pull".into(),
        password: Some("canary".into()),
    }
}

#[test]
fn registries_are_read_as_people_write_them() {
    for (text, shown) in [
        ("harbor.corp", "harbor.corp"),
        ("Harbor.Corp:8443/team-a/", "harbor.corp:8443/team-a"),
        ("https://harbor.corp/", "harbor.corp"),
        ("http://127.0.0.1:5000", "127.0.0.1:5000"),
        ("[::1]:5000/a/b", "[::1]:5000/a/b"),
        ("localhost", "localhost"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("ghcr.io/v2", "ghcr.io"),
    ] {
        assert_eq!(RegistryScope::parse(text).unwrap().to_string(), shown, "{text}");
    }
    for bad in [
        "",
        " ",
        "/team-a",
        "harbor.corp/Team",
        "harbor.corp//x",
        "user@harbor.corp",
        "harbor.corp?x=1",
        "ftp://harbor.corp",
        "harbor.corp:0",
        "harbor.corp:99999",
        "har bor",
        &"a".repeat(513),
    ] {
        assert!(RegistryScope::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_prefix_ends_at_a_component() {
    let scope = RegistryScope::parse("harbor.corp/team-a").unwrap();
    assert!(scope.covers("harbor.corp", "team-a/app") && scope.covers("HARBOR.corp", "team-a"));
    for (registry, repository) in [
        ("harbor.corp", "team-ab/app"),
        ("harbor.corp", "x/team-a/app"),
        ("harbor.corp:443", "team-a/app"),
        ("evil.corp", "team-a/app"),
        ("harbor.corp.evil", "team-a/app"),
    ] {
        assert!(!scope.covers(registry, repository), "{registry}/{repository}");
    }
}

#[test]
fn the_longest_prefix_wins_and_then_the_older_one() {
    let all = [
        credential(4, "harbor.corp"),
        credential(3, "harbor.corp/team-a/secret"),
        credential(2, "harbor.corp/team-a"),
        credential(1, "other.corp"),
        credential(5, "harbor.corp"),
    ];
    let chosen =
        |registry: &str, repository: &str| best(all.iter(), registry, repository).map(|credential| credential.id.get());
    assert_eq!(chosen("harbor.corp", "team-a/secret/app"), Some(3));
    assert_eq!(chosen("harbor.corp", "team-a/app"), Some(2));
    assert_eq!(chosen("harbor.corp", "team-b/app"), Some(4));
    assert_eq!(chosen("nobody.corp", "team-a/app"), None);
}

#[test]
fn two_for_the_same_are_named() {
    let all = [
        credential(1, "a.corp"),
        credential(2, "a.corp/x"),
        credential(3, "A.corp/"),
    ];
    let (one, other) = rivals(&all.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!((one.id.get(), other.id.get()), (1, 3));
    assert!(rivals(&[&all[0], &all[1]]).is_none());
}

#[test]
fn each_field_has_its_bounds() {
    type Set = fn(&mut CredentialRequest, String);
    let bounds: [(&str, usize, Set); 3] = [
        ("name", MAX_NAME, |r, text| r.name = text),
        ("username", MAX_USERNAME, |r, text| r.username = text),
        ("password", MAX_PASSWORD, |r, text| r.password = Some(text.into())),
    ];
    for (field, longest, set) in bounds {
        let refused = |length: usize| {
            let mut request = request();
            set(&mut request, "x".repeat(length));
            request.check_new().err().map(|invalid| invalid.field)
        };
        assert_eq!(refused(1), None, "{field}");
        assert_eq!(refused(longest), None, "{field}");
        assert_eq!(refused(0).as_deref(), Some(field));
        assert_eq!(refused(longest + 1).as_deref(), Some(field));
    }
    for (field, set) in [
        ("name", (|r| r.name = "a\nb".into()) as fn(&mut CredentialRequest)),
        ("username", |r| r.username = "a:b".into()),
        ("registry", |r| r.registry = "no host".into()),
        ("password", |r| r.password = None),
    ] {
        let mut request = request();
        set(&mut request);
        assert_eq!(request.check_new().unwrap_err().field, field);
    }
}

#[test]
fn a_change_may_leave_the_password_out() {
    let change = |password: Option<&str>| {
        let password = password.map(Into::into);
        let request = CredentialRequest { password, ..request() };
        request.check_change().unwrap().login.password.is_some()
    };
    assert!(!change(None) && !change(Some("")) && change(Some("x")));
}

#[test]
fn nothing_that_holds_a_password_prints_it() {
    let login = Login::new("docker.io", "u".into(), "canary".into());
    assert_eq!(login.server, "https://registry-1.docker.io");
    assert_eq!(
        Login::new("r.corp:5000", "u".into(), "p".into()).server,
        "https://r.corp:5000"
    );
    let spec = request().check_new().unwrap();
    for text in [format!("{login:?}"), format!("{:?}", request()), format!("{spec:?}")] {
        assert!(!text.contains("canary"), "{text}");
    }
    assert_ne!(login, Login::new("docker.io", "u".into(), "other".into()));
}
