//! Every setting that can be wrong is refused with one line that names it.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use rstest::rstest;

fn arguments(given: &[&str]) -> Arguments {
    let base = ["ips-agent", "--node-name", "node-a", "--node-uid", "uid-a"];
    Arguments::try_parse_from(base.iter().chain(given)).unwrap()
}

fn check(given: &[&str]) -> Result<Config, ConfigError> {
    Config::check(arguments(given), &|_| None)
}

#[test]
fn defaults_hold() {
    let config = check(&[]).unwrap();
    assert_eq!(config.coordinator, "http://127.0.0.1:9443");
    assert_eq!(config.runtime_socket, PathBuf::from("/run/containerd/containerd.sock"));
    assert_eq!(
        (config.max_concurrent_pulls, config.drain_grace),
        (2, Duration::from_secs(1800))
    );
    assert_eq!(config.pin_budget, 20 << 30);
    assert_eq!(
        (config.namespace.as_str(), config.snapshotter.as_str()),
        ("k8s.io", "overlayfs")
    );
}

#[test]
fn labels_repeat_and_the_original_names_of_the_environment_hold() {
    let given = ["--node-label", "zone=a", "--node-label", "example.com/disk=ssd"];
    let environment = |name: &str| (name == "CRI_SOCKET_PATH").then(|| "unix:///run/x.sock".to_owned());
    let config = Config::check(arguments(&given), &environment).unwrap();
    assert_eq!(config.node_labels.len(), 2);
    assert_eq!(config.runtime_socket, PathBuf::from("/run/x.sock"));
}

#[rstest]
#[case(&["--coordinator", "http://10.1.2.3:9443"], "--coordinator (IPS_COORDINATOR)")]
#[case(&["--coordinator", "https://127.0.0.1"], "--coordinator (IPS_COORDINATOR)")]
#[case(&["--ca-file", "ca.pem"], "--ca-file (IPS_CA_FILE)")]
#[case(&["--bootstrap-token-file", "token"], "--bootstrap-token-file (IPS_BOOTSTRAP_TOKEN_FILE)")]
#[case(&["--kubernetes-token-file", "token"], "--kubernetes-token-file (IPS_KUBERNETES_TOKEN_FILE)")]
#[case(&["--node-label", "no-equals"], "--node-label (IPS_NODE_LABELS)")]
#[case(&["--node-label", "-bad=1"], "--node-label (IPS_NODE_LABELS)")]
#[case(&["--runtime-socket", "relative.sock"], "--runtime-socket (IPS_RUNTIME_SOCKET)")]
#[case(&["--credential-provider-config", "/etc/x.yaml"], "--credential-provider-bin-dir (IPS_CREDENTIAL_PROVIDER_BIN_DIR)")]
#[case(&["--credential-provider-bin-dir", "/opt/bin"], "--credential-provider-config (IPS_CREDENTIAL_PROVIDER_CONFIG)")]
#[case(&["--namespace", ""], "--namespace (IPS_NAMESPACE)")]
#[case(&["--max-concurrent-pulls", "0"], "--max-concurrent-pulls (IPS_MAX_CONCURRENT_PULLS)")]
#[case(&["--max-concurrent-pulls", "many"], "--max-concurrent-pulls (IPS_MAX_CONCURRENT_PULLS)")]
#[case(&["--kubelet-config", "config.yaml"], "--kubelet-config (IPS_KUBELET_CONFIG)")]
#[case(&["--space-factor", "21"], "--space-factor (IPS_SPACE_FACTOR)")]
#[case(&["--io-pressure-limit", "100"], "--io-pressure-limit (IPS_IO_PRESSURE_LIMIT)")]
#[case(&["--io-pressure-file", "io"], "--io-pressure-file (IPS_IO_PRESSURE_FILE)")]
#[case(&["--pin-budget", "20GB"], "--pin-budget (IPS_PIN_BUDGET)")]
#[case(&["--pin-budget", "-1"], "--pin-budget (IPS_PIN_BUDGET)")]
#[case(&["--no-progress-timeout", "0"], "--no-progress-timeout (IPS_NO_PROGRESS_TIMEOUT)")]
#[case(&["--drain-grace", "-1s"], "--drain-grace (IPS_DRAIN_GRACE)")]
#[case(&["--health-address", "localhost:9090"], "--health-address (IPS_HEALTH_ADDRESS)")]
#[case(&["--log", "=,="], "--log (IPS_LOG)")]
#[case(&["--log-format", "xml"], "--log-format (IPS_LOG_FORMAT)")]
fn wrong_values_are_refused_in_one_line(#[case] given: &[&str], #[case] setting: &str) {
    let given: Vec<String> = vec![format!("{}={}", given[0], given[1])];
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let error = check(&given).unwrap_err();
    assert_eq!(error.setting, setting);
    let line = error.to_string();
    assert!(line.contains("allowed: ") && !line.contains('\n'), "{line}");
}

#[test]
fn node_names_follow_kubernetes() {
    for bad in ["", "Upper", "a_b", "-a", "a..b"] {
        let given = Arguments {
            node_name: Some(bad.into()),
            ..arguments(&[])
        };
        assert!(Config::check(given, &|_| None).is_err(), "{bad:?}");
    }
}
