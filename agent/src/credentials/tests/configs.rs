//! Which configurations are taken, and what is said about the others.

use super::*;
use crate::credentials::config::{Provider, read};
use rstest::rstest;
use std::time::Duration;

const YAML: &str = r#"
apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - name: ecr-credential-provider
    matchImages:
      - "*.dkr.ecr.*.amazonaws.com"
      - public.ecr.aws
    defaultCacheDuration: "12h"
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    args: ["get-credentials", -v]
    env:
      - name: AWS_PROFILE
        value: nodes
  # A second one, spoken to in the oldest version.
  - {name: acr, matchImages: ["*.azurecr.io"], defaultCacheDuration: 0s, apiVersion: credentialprovider.kubelet.k8s.io/v1alpha1}
"#;

fn written(text: &str) -> Result<Vec<Provider>, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    fs::write(&file, text).unwrap();
    read(&file)
}

#[test]
fn yaml_and_json_mean_the_same() {
    let providers = written(YAML).unwrap();
    assert_eq!(providers.len(), 2);
    let first = &providers[0];
    assert_eq!(first.default_cache_duration, Duration::from_secs(43_200));
    assert_eq!(first.args, ["get-credentials", "-v"]);
    assert_eq!(first.env, [("AWS_PROFILE".to_owned(), "nodes".to_owned())]);
    let json = json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "CredentialProviderConfig",
        "providers": [
            {"name": "ecr-credential-provider", "matchImages": ["*.dkr.ecr.*.amazonaws.com", "public.ecr.aws"],
             "defaultCacheDuration": "12h0m0s", "apiVersion": V1, "args": ["get-credentials", "-v"],
             "env": [{"name": "AWS_PROFILE", "value": "nodes"}], "fieldOfTheFuture": 1},
            {"name": "acr", "matchImages": ["*.azurecr.io"], "defaultCacheDuration": "0",
             "apiVersion": "credentialprovider.kubelet.k8s.io/v1alpha1", "args": null, "env": null},
        ],
    });
    assert_eq!(written(&json.to_string()).unwrap(), providers);
}

#[test]
fn a_folder_of_files_is_read_in_the_order_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let provider = |name: &str| {
        YAML.replace("ecr-credential-provider", name)
            .replace("name: acr", &format!("name: {name}-too"))
    };
    for (file, name) in [("b.yml", "second"), ("a.yaml", "first"), ("c.txt", "no")] {
        fs::write(folder.path().join(file), provider(name)).unwrap();
    }
    let names: Vec<_> = read(folder.path())
        .unwrap()
        .into_iter()
        .map(|provider| provider.name)
        .collect();
    assert_eq!(names, ["first", "first-too", "second", "second-too"]);
    fs::write(folder.path().join("d.json"), provider("first")).unwrap();
    let error = read(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("d.json") && error.contains("stands there twice"),
        "{error}"
    );
}

#[rstest]
#[case("kind: CredentialProviderConfig", "kind: Other", ": kind: ")]
#[case("kubelet.config.k8s.io/v1\n", "kubelet.config.k8s.io/v2\n", ": apiVersion: ")]
#[case("name: ecr-credential-provider", "name: ../sh", "providers[0].name")]
#[case("name: ecr-credential-provider", "name: a b", "providers[0].name")]
#[case("name: ecr-credential-provider", "name: acr", "stands there twice")]
#[case("\"*.dkr.ecr.*.amazonaws.com\"", "\"registry.io:port\"", "providers[0].matchImages")]
#[case("matchImages: [\"*.azurecr.io\"]", "matchImages: []", "providers[1].matchImages")]
#[case("defaultCacheDuration: \"12h\"", "args: []", "")]
#[case(
    "defaultCacheDuration: 0s",
    "defaultCacheDuration: -1s",
    "providers[1].defaultCacheDuration"
)]
#[case("k8s.io/v1alpha1}", "k8s.io/v1alpha2}", "providers[1].apiVersion")]
#[case("providers:", "providers: 5 #", "")]
#[case("kind:", "kind: [", "")]
fn what_the_kubelet_refuses_is_refused_in_one_line(#[case] from: &str, #[case] to: &str, #[case] said: &str) {
    assert!(YAML.contains(from), "{from}");
    let error = written(&YAML.replacen(from, to, 1)).unwrap_err().to_string();
    assert!(error.contains("config.yaml: ") && error.contains(said), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn nothing_there_is_said() {
    for empty in [
        "",
        "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\n",
    ] {
        assert!(written(empty).is_err(), "{empty:?}");
    }
    let error = read(Path::new("/nonexistent/config.yaml")).unwrap_err().to_string();
    assert!(error.starts_with("/nonexistent/config.yaml: cannot be read"), "{error}");
    assert!(read(tempfile::tempdir().unwrap().path()).is_err(), "an empty folder");
}
