//! Who may import whom, read from the sources themselves. Tests and fixtures may import what they like.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of one crate, and what each may import from its own crate; `ANY` for the composition root.
struct Layers {
    sources: &'static str,
    modules: &'static [(&'static str, &'static [&'static str])],
    /// Crates that only these modules may name.
    owned: &'static [(&'static str, &'static [&'static str])],
    /// Modules without I/O, clock or runtime.
    pure: &'static [&'static str],
}

const ANY: &[&str] = &["*"];

const COORDINATOR: Layers = Layers {
    sources: "coordinator/src",
    modules: &[
        ("domain", &[]),
        ("store", &["domain"]),
        ("fleet", &["domain"]),
        ("outbound", &["domain"]),
        ("registry", &["domain", "outbound"]),
        ("kubernetes", &["domain"]),
        ("notify", &["domain", "outbound"]),
        ("oidc", &["domain", "outbound"]),
        ("metrics", &["domain"]),
        ("vault", &["domain"]),
        ("tls", &["domain", "store", "vault"]),
        (
            "engine",
            &[
                "domain",
                "store",
                "fleet",
                "registry",
                "notify",
                "vault",
                "metrics",
                "telemetry",
            ],
        ),
        ("identity", &["domain", "store", "oidc", "vault", "metrics"]),
        ("grpc", &["domain", "fleet", "engine", "identity", "metrics"]),
        ("http", &["domain", "engine", "identity", "metrics"]),
        ("maintenance", &["domain", "store", "vault", "tls", "identity"]),
        ("telemetry", &["domain"]),
        ("config", ANY),
        ("startup", ANY),
        ("main", ANY),
        ("lib", ANY),
    ],
    owned: &[
        ("sqlx", &["store"]),
        ("axum", &["http", "startup"]),
        ("tonic", &["grpc", "startup"]),
        ("ips_proto", &["grpc", "startup"]),
        ("kube", &["kubernetes"]),
        ("k8s_openapi", &["kubernetes"]),
        ("reqwest", &["registry", "notify", "oidc", "outbound"]),
        ("openidconnect", &["oidc"]),
        ("lettre", &["notify"]),
        ("oci_client", &["registry"]),
        ("chacha20poly1305", &["vault"]),
        ("rcgen", &["tls"]),
        ("tokio_rustls", &["tls", "startup"]),
        ("jsonwebtoken", &["identity"]),
        ("argon2", &["identity"]),
        ("bcrypt", &["identity"]),
        ("prometheus", &["metrics"]),
        ("ips_traces", &["engine", "grpc", "http", "config", "startup"]),
        ("clap", &["config"]),
    ],
    pure: &["domain"],
};

const AGENT: Layers = Layers {
    sources: "agent/src",
    modules: &[
        ("pull", &[]),
        ("runtime", &["pull"]),
        ("credentials", &["pull"]),
        ("guard", &["pull", "credentials"]),
        ("worker", &["pull", "runtime", "credentials", "guard"]),
        ("keep", &["pull", "runtime", "guard", "node"]),
        ("link", &["pull", "runtime", "guard", "node", "worker", "keep"]),
        ("node", &["pull", "runtime", "guard"]),
        ("metrics", &["pull", "runtime", "node", "worker", "link"]),
        ("traces", &["pull", "worker", "config"]),
        ("health", &["link", "node", "worker", "metrics"]),
        ("telemetry", &["config"]),
        ("config", ANY),
        ("startup", ANY),
        ("main", ANY),
        ("lib", ANY),
    ],
    owned: &[
        ("containerd_client", &["runtime"]),
        ("prost_types", &["runtime"]),
        ("k8s_cri", &["runtime"]),
        ("serde_saphyr", &["credentials", "guard"]),
        ("ips_proto", &["link"]),
        ("axum", &["health"]),
        ("prometheus", &["metrics"]),
        ("ips_traces", &["traces", "startup"]),
        ("clap", &["config", "main"]),
    ],
    pure: &["pull"],
};

/// What a pure module must not name.
const IMPURE: [&str; 9] = [
    "tokio",
    "futures",
    "sqlx",
    "tonic",
    "kube",
    "axum",
    "reqwest",
    "std::fs",
    "std::process",
];
/// Sockets and reading a clock make a module impure too: time is a parameter.
const EFFECTS: [&str; 6] = [
    "env::var",
    "net::Tcp",
    "net::Udp",
    "SystemTime::now",
    "Instant::now",
    "Utc::now",
];

#[test]
fn the_coordinators_layers_hold() {
    check(&COORDINATOR);
}

#[test]
fn the_agents_layers_hold() {
    check(&AGENT);
}

/// A defence without its test is a wish: what docs/threat-model.md names in backticks, three words or more, is a test or a function.
#[test]
fn every_test_that_the_threat_model_names_exists() {
    let text = fs::read_to_string(root().join("docs/threat-model.md")).unwrap();
    let named: BTreeSet<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| {
            word.matches('_').count() >= 3
                && word
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        })
        .collect();
    assert!(named.len() > 20, "{named:?}");
    let mut sources = String::new();
    for folder in ["agent", "cli", "coordinator", "proto", "tests"] {
        for file in with_tests(&root().join(folder)) {
            sources.push_str(&fs::read_to_string(file).unwrap());
        }
    }
    let missing: Vec<_> = named
        .iter()
        .filter(|name| !sources.contains(&format!("fn {name}(")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn no_deployable_depends_on_another() {
    for (own, others) in [
        ("coordinator", ["ips-agent", "ips-cli"]),
        ("agent", ["ips-coordinator", "ips-cli"]),
    ] {
        let manifest = fs::read_to_string(root().join(own).join("Cargo.toml")).unwrap();
        for other in others {
            assert!(!manifest.contains(other), "{own} depends on {other}");
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn check(layers: &Layers) {
    let sources = root().join(layers.sources);
    let mut wrong = Vec::new();
    for file in files(&sources) {
        let module = module_of(&sources, &file);
        let text = production_text(&file);
        let place = file.strip_prefix(root()).unwrap().display();
        let Some((_, allowed)) = layers.modules.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{place}: the module {module} has no place in the layers yet"));
            continue;
        };
        for import in imports(&text) {
            if import != module && !allowed.contains(&"*") && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{place}: {module} must not import {import}"));
            }
        }
        for (outside, owners) in layers
            .owned
            .iter()
            .filter(|(_, owners)| !owners.contains(&module.as_str()))
        {
            if names(&text, outside) {
                wrong.push(format!("{place}: {outside} belongs to {owners:?}"));
            }
        }
        if layers.pure.contains(&module.as_str()) {
            let impure = IMPURE.iter().filter(|name| names(&text, name));
            let effects = EFFECTS.iter().filter(|effect| text.contains(**effect));
            wrong.extend(
                impure
                    .chain(effects)
                    .map(|name| format!("{place}: {module} is pure, {name} is not")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All source files below a folder.
fn with_tests(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match path.is_dir() {
        true => with_tests(&path),
        false => vec![path],
    });
    found
        .filter(|path| path.extension().is_some_and(|it| it == "rs"))
        .collect()
}

/// All source files below a folder that are not tests.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if ["tests", "testing", "fixtures", "harness"].contains(&stem.as_str()) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The top module that a file belongs to.
fn module_of(sources: &Path, file: &Path) -> String {
    let first = file.strip_prefix(sources).unwrap().components().next().unwrap();
    Path::new(first.as_os_str())
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

/// The text without comments and without the test module at its end.
fn production_text(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The modules of its own crate that a text names, as `crate::x` or `crate::{x, y}`.
fn imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in text.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => found.extend(first_names(group)),
            None => found.extend(Some(identifier(rest))),
        }
    }
    found.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    found
}

/// The first name of each entry of a brace group, up to its closing brace.
fn first_names(group: &str) -> Vec<String> {
    let (mut names, mut depth, mut at_start) = (Vec::new(), 0, true);
    for (position, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            _ if at_start && depth == 0 && !character.is_whitespace() => {
                names.push(identifier(&group[position..]));
                at_start = false;
            }
            _ => {}
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether a text names a crate or a path as the beginning of a path.
fn names(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(position, _)| {
        let before = text[..position].chars().next_back();
        let after = &text[position + path.len()..];
        let begins = before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '.' && c != '"');
        begins && (after.starts_with("::") || text[..position].ends_with("use ") && after.starts_with([';', ' ']))
    })
}

#[test]
fn a_forbidden_import_would_be_seen() {
    let text = "use crate::{\n    domain::{ids::TaskId, task::Task},\n    store::Store,\n};\nlet x = crate::fleet::Fleet::new();";
    assert_eq!(
        imports(text),
        BTreeSet::from(["domain", "store", "fleet"].map(str::to_owned))
    );
    assert!(names("use sqlx::Row;", "sqlx") && names("let x = sqlx::query(1);", "sqlx") && names("use sqlx;", "sqlx"));
    assert!(!names("my_sqlx::query()", "sqlx") && !names("x.sqlx::y", "sqlx"));
    assert!(names("use std::fs::File;", "std::fs"));
}
