//! The schema of the custom resources says what the REST API takes: the same fields, of the same types and within the same bounds.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::collections::BTreeSet;

use ips_tests::product::source;
use serde_json::{Value, json};

/// Fields of bodies that no object has: its own name, what is not kept, and logins in the clear.
const LEFT_OUT: [&str; 6] = ["id", "name", "dryRun", "registry", "username", "password"];
/// What an object says of a task beside the body of the REST API, as a Kubernetes Job does.
const OF_A_JOB: [&str; 2] = ["suspend", "ttlSecondsAfterFinished"];
/// Fields that only objects have, for they name what is beside them in the cluster.
const OF_OBJECTS: [(&str, &str); 2] = [
    ("PrewarmPolicy", "imagePullSecrets"),
    ("PrewarmTask", "imagePullSecrets"),
];
/// Bounds that both say.
const BOUNDS: [&str; 6] = ["minimum", "maximum", "minItems", "maxItems", "maxLength", "format"];

fn rest() -> Value {
    serde_json::from_str(&std::fs::read_to_string(source("docs/openapi.json")).unwrap()).unwrap()
}

/// The definitions of custom resources, by their kind.
fn definition(kind: &str) -> Value {
    let text = std::fs::read_to_string(source("deploy/base/crds.yaml")).unwrap();
    let mut all = text
        .split("\n---\n")
        .map(|text| serde_saphyr::from_str::<Value>(text).unwrap());
    all.find(|it| it["spec"]["names"]["kind"] == kind).unwrap()
}

fn spec(kind: &str) -> Value {
    definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"].clone()
}

/// A schema of the REST API, behind its references and without `null`.
fn meant(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return meant(document, &document["components"]["schemas"][name]);
    }
    let mut meant_one = schema.clone();
    if let Some(choices) = schema["oneOf"].as_array() {
        let real: Vec<&Value> = choices.iter().filter(|it| it["type"] != "null").collect();
        if let [only] = real[..] {
            return meant(document, only);
        }
        assert_eq!(
            real.iter().map(|it| &it["type"]).collect::<Vec<_>>(),
            ["integer", "string"],
            "{schema}"
        );
        return json!({"x-kubernetes-int-or-string": true});
    }
    if let Some(types) = schema["type"].as_array() {
        meant_one["type"] = types.iter().find(|it| *it != "null").unwrap().clone();
    }
    meant_one
}

fn names(schema: &Value) -> BTreeSet<String> {
    let properties = schema["properties"].as_object().unwrap();
    properties.keys().cloned().collect()
}

/// Compares a schema of an object with that of the REST API.
fn same(document: &Value, at: &str, declared: &Value, rest: &Value) {
    let rest = meant(document, rest);
    for key in ["type", "x-kubernetes-int-or-string"] {
        assert_eq!(declared[key], rest[key], "{at}: {key}");
    }
    for bound in BOUNDS {
        assert!(
            rest[bound].is_null() || declared[bound] == rest[bound],
            "{at}: {bound} is {}",
            rest[bound]
        );
    }
    if !rest["enum"].is_null() {
        assert_eq!(declared["enum"], rest["enum"], "{at}");
    }
    if rest["items"].is_object() {
        same(document, &format!("{at}[]"), &declared["items"], &rest["items"]);
    }
    if !rest["properties"].is_object() {
        return;
    }
    let mut wanted = names(&rest);
    wanted.retain(|name| !LEFT_OUT.contains(&name.as_str()));
    if at.starts_with("PrewarmPolicy") {
        // A policy is for every node that matches.
        wanted.remove("maxNodes");
    }
    let of_objects = OF_OBJECTS.iter().filter(|(whole, _)| *whole == at);
    let of_objects: BTreeSet<String> = of_objects.map(|(_, name)| (*name).to_owned()).collect();
    let all: BTreeSet<String> = wanted.union(&of_objects).cloned().collect();
    let mut known = names(declared);
    if at == "PrewarmTask" {
        assert!(OF_A_JOB.iter().all(|name| known.remove(*name)), "{at}");
    }
    assert_eq!(known, all, "{at}");
    for name in wanted {
        same(
            document,
            &format!("{at}.{name}"),
            &declared["properties"][&name],
            &rest["properties"][&name],
        );
    }
}

#[test]
fn objects_have_the_fields_of_the_rest_api() {
    let document = rest();
    let schemas = &document["components"]["schemas"];
    same(
        &document,
        "PrewarmPolicy",
        &spec("PrewarmPolicy"),
        &schemas["CreatePolicy"],
    );
    same(&document, "PrewarmTask", &spec("PrewarmTask"), &schemas["CreateTask"]);
}

/// As in the spec of a pod: a list of references to objects of the same namespace, which server-side apply merges by name.
#[test]
fn pull_secrets_are_named_as_pods_name_them() {
    let secrets = &spec("PrewarmPolicy")["properties"]["imagePullSecrets"];
    assert_eq!(secrets["x-kubernetes-list-map-keys"], json!(["name"]));
    assert_eq!(names(&secrets["items"]), BTreeSet::from(["name".to_owned()]));
    assert_eq!(secrets["maxItems"], 20);
}

#[test]
fn a_difference_would_be_seen() {
    let document = rest();
    let mut declared = spec("PrewarmPolicy");
    declared["properties"]["taskConfig"]["properties"]["maxRetries"]["maximum"] = json!(6);
    let schemas = &document["components"]["schemas"];
    let seen = std::panic::catch_unwind(|| same(&document, "PrewarmPolicy", &declared, &schemas["CreatePolicy"]));
    assert!(seen.is_err());
}

/// Kubernetes refuses a definition whose schema is not structural, which needs a server to be seen; these are its commonest rules.
#[test]
fn every_value_has_a_type_and_no_expression_language_is_needed() {
    fn walk(at: &str, schema: &Value) {
        let open = schema["x-kubernetes-int-or-string"] == true;
        assert_eq!(schema["type"].is_string(), !open, "{at}");
        for key in ["x-kubernetes-validations", "uniqueItems", "$ref", "nullable"] {
            assert!(schema[key].is_null(), "{at}: {key}");
        }
        for (name, below) in schema["properties"].as_object().into_iter().flatten() {
            walk(&format!("{at}.{name}"), below);
        }
        for key in ["items", "additionalProperties"] {
            if schema[key].is_object() {
                walk(&format!("{at}.{key}"), &schema[key]);
            }
        }
    }
    for kind in ["PrewarmPolicy", "PrewarmTask"] {
        let version = &definition(kind)["spec"]["versions"][0];
        walk(kind, &version["schema"]["openAPIV3Schema"]);
        assert!(version["subresources"]["status"].is_object(), "{version:#}");
    }
}
