//! Which images a tenant may use and see, and the rules of its fields.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

fn pattern(text: &str) -> RepositoryPattern {
    RepositoryPattern::parse("repositories[0]", text).unwrap()
}

fn fits(text: &str, image: &str) -> bool {
    let parts = ImageRef::parse(image).unwrap().parts();
    pattern(text).matches(&parts.registry, &parts.repository)
}

fn team(patterns: &[&str]) -> Tenant {
    let request = TenantRequest {
        repositories: Some(patterns.iter().map(|text| (*text).to_owned()).collect()),
        ..TenantRequest::default()
    };
    request.check_new("team-a", 5).unwrap()
}

#[test]
fn a_pattern_stands_for_a_host_a_repository_or_what_is_below_it() {
    for (text, image) in [
        ("registry.example", "registry.example/a:1"),
        ("registry.example/*", "registry.example/a/b/c:1"),
        ("registry.example:5000/*", "registry.example:5000/a"),
        ("registry.example/team-a/*", "registry.example/team-a/app:1"),
        (
            "registry.example/team-a/*",
            "registry.example/team-a/web/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ),
        ("Registry.Example/team-a/app", "registry.example/team-a/app:2"),
        ("registry.example/*/base", "registry.example/anything/base"),
        ("*.example/team-a/*", "eu.registry.example/team-a/x"),
        ("docker.io/*", "nginx:1"),
        ("nginx", "docker.io/library/nginx:1"),
        ("docker.io/library/*", "nginx"),
        ("bitnami/*", "bitnami/redis"),
        ("localhost/*", "localhost/app"),
    ] {
        assert!(fits(text, image), "{text} should stand for {image}");
    }
}

#[test]
fn a_pattern_stands_for_nothing_beside_that() {
    for (text, image) in [
        ("registry.example/team-a/*", "registry.example/team-a:1"),
        ("registry.example/team-a/*", "registry.example/team-ab/app"),
        ("registry.example/team-a/*", "registry.example/x/team-a/app"),
        ("registry.example/team-a/*", "registry.example.evil.test/team-a/app"),
        ("registry.example/team-a/*", "registry.example:5000/team-a/app"),
        ("registry.example/team-a/*", "evil.registry.example/team-a/app"),
        ("registry.example/app", "registry.example/app/below"),
        ("registry.example/*/base", "registry.example/a/b/base"),
        ("*.example/*", "example/app"),
        ("*.registry.example/*", "evilregistry.example/app"),
        ("*.registry.example/*", "registry.example/app"),
        ("nginx", "bitnami/nginx"),
        ("docker.io/library/*", "bitnami/redis"),
        ("library", "library/nginx"),
    ] {
        assert!(!fits(text, image), "{text} should not stand for {image}");
    }
}

#[test]
fn a_pattern_that_nobody_can_mean_is_refused() {
    for bad in [
        "",
        "/",
        "*",
        "*/a",
        "a//b",
        "registry.example/Team",
        "registry.example/a*",
        "https://registry.example/a",
        "registry.example/a:1",
        "*.",
        "a b",
    ] {
        let refused = RepositoryPattern::parse("repositories[3]", bad);
        assert_eq!(refused.map(|_| ()).unwrap_err().field, "repositories[3]", "{bad:?}");
    }
}

#[test]
fn an_image_is_refused_by_field_image_and_pattern() {
    let tenant = team(&["registry.example/team-a/*", "docker.io/library/*"]);
    let images = ["nginx:1", "registry.example/team-b/app:1"].map(|text| ImageRef::parse(text).unwrap());
    let refused = tenant.check_images(&images).unwrap_err().to_string();
    assert_eq!(
        refused,
        "images[1]: \"registry.example/team-b/app:1\" matches none of the repositories that the tenant may use: \
         registry.example/team-a/*, docker.io/library/*"
    );
    assert!(tenant.check_host("registry", "registry.example").is_ok());
    assert!(tenant.check_host("registry", "other.example").is_err());
    assert!(Tenant::first().check_images(&images).is_ok(), "no pattern means all");
    let many: Vec<String> = (0..9).map(|n| format!("r{n}.example/*")).collect();
    let many = team(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let refused = many.check_images(&images).unwrap_err().to_string();
    assert!(refused.ends_with("r4.example/* and 4 more"), "{refused}");
}

#[test]
fn an_inventory_shows_the_names_that_match_and_nothing_else() {
    let tenant = team(&["registry.example/team-a/*"]);
    let image = |tags: &[&str], digests: &[&str]| InventoryImage {
        id: "sha256:1".into(),
        repo_tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        repo_digests: digests.iter().map(|digest| (*digest).to_owned()).collect(),
        size_bytes: 1,
        pinned: false,
    };
    let both = image(&["registry.example/team-a/app:1", "registry.example/team-b/app:1"], &[]);
    let seen = tenant.sight_of(&both).unwrap();
    assert_eq!(seen.repo_tags, ["registry.example/team-a/app:1"]);
    assert_eq!(tenant.sight_of(&image(&["docker.io/library/nginx:1"], &[])), None);
    assert_eq!(
        tenant.sight_of(&image(&[], &[])),
        None,
        "an image without a name is nobody's"
    );
    assert_eq!(tenant.sight_of(&image(&["<none>:<none>"], &[])), None);
    assert_eq!(Tenant::first().sight_of(&both), Some(both));
}

#[test]
fn each_field_has_its_bounds() {
    let field = |id: &str, change: fn(&mut TenantRequest)| {
        let mut request = TenantRequest::default();
        change(&mut request);
        request.check_new(id, 1).unwrap_err().field
    };
    for bad in ["", "-a", "a-", "A", "a_b", "a/b", &"x".repeat(MAX_ID + 1)] {
        assert_eq!(field(bad, |_| ()), "id", "{bad:?}");
    }
    assert_eq!(field("a", |it| it.name = Some(" ".into())), "name");
    assert_eq!(field("a", |it| it.name = Some("x".repeat(MAX_NAME + 1))), "name");
    assert_eq!(
        field("a", |it| it.node_selector = Some("pool in (".into())),
        "nodeSelector"
    );
    assert_eq!(
        field("a", |it| it.repositories = Some(vec!["r.example/*".into(), "*".into()])),
        "repositories[1]"
    );
    assert_eq!(
        field("a", |it| it.repositories =
            Some(vec!["r.example".into(); MAX_PATTERNS + 1])),
        "repositories"
    );
    let none = QuotasRequest::default;
    let quota = |quotas: QuotasRequest| quotas.check().unwrap_err().field;
    assert_eq!(
        quota(QuotasRequest {
            open_pulls: Some(-1),
            ..none()
        }),
        "quotas.openPulls"
    );
    assert_eq!(
        quota(QuotasRequest {
            tasks_per_day: Some(1_000_001),
            ..none()
        }),
        "quotas.tasksPerDay"
    );
    assert_eq!(
        quota(QuotasRequest {
            bytes_per_day: Some(-1),
            ..none()
        }),
        "quotas.bytesPerDay"
    );
}

#[test]
fn a_change_leaves_what_it_does_not_name() {
    let asked = QuotasRequest {
        open_pulls: Some(3),
        ..QuotasRequest::default()
    };
    let quotas = asked.check().unwrap();
    let tenant = team(&["registry.example/*"]);
    let change = TenantRequest {
        quotas: Some(asked),
        ..TenantRequest::default()
    };
    let changed = change.check_over(tenant.clone(), 9).unwrap();
    assert_eq!(changed.rules.repositories, tenant.rules.repositories);
    assert_eq!((changed.rules.quotas, changed.updated_at), (quotas, 9));
    assert!(quotas.hold_pulls() && !Quotas::default().hold_pulls());
}

#[test]
fn a_day_is_a_day_of_utc() {
    assert_eq!(day_of(0), 0);
    assert_eq!(day_of(-1), -1);
    assert_eq!((day_of(DAY_MS - 1), end_of_day(DAY_MS - 1)), (0, DAY_MS));
    assert_eq!((day_of(DAY_MS), end_of_day(DAY_MS)), (1, 2 * DAY_MS));
}
