//! What programs are asked, what their answers come to, and how the bad ones end.

use super::*;
use std::time::{Duration, Instant};

const IMAGE: &str = "r.example:5000/team/app:1";

#[tokio::test]
async fn a_program_is_asked_as_the_kubelet_asks_it() {
    let script = format!(
        r#"printf '%s %s %s %s\n' "$1" "$2" "$FLAVOUR" "$IPS_STATE_DIR" >"$(dirname "$0")/seen"; {}"#,
        answers("r.example:5000", "secret", "\"cacheKeyType\":\"Registry\",")
    );
    let fields = json!({"args": ["get", "it"], "env": [{"name": "FLAVOUR", "value": "nodes"}]});
    let node = Node::new().plugin("ecr", &["r.example:5000"], &script, fields);
    let found = node.credentials().find(IMAGE).await;
    assert!(found.notes.is_empty(), "{:?}", found.notes);
    let login = &found.logins[0];
    assert_eq!((login.username.as_str(), login.password.as_str()), ("me", "secret"));
    assert_eq!(login.server_address, "https://r.example:5000");
    assert_eq!(fs::read_to_string(node.path("seen")).unwrap(), "get it nodes \n");
    let request: Value = serde_json::from_slice(&fs::read(node.path("request")).unwrap()).unwrap();
    let expected = json!({"kind": "CredentialProviderRequest", "apiVersion": V1, "image": "r.example:5000/team/app"});
    assert_eq!(request, expected);
}

#[tokio::test]
async fn only_images_of_the_configuration_are_asked_for() {
    let node = Node::new().plugin(
        "p",
        &["*.example"],
        &answers("r.example", "s", "\"cacheKeyType\":\"Image\","),
        json!({}),
    );
    let credentials = node.credentials();
    for other in ["other.org/app:1", "nginx", "r.example:5000/app"] {
        assert!(!credentials.concerns(other));
        assert!(credentials.find(other).await.logins.is_empty());
    }
    assert_eq!(node.calls(), 0);
    assert!(credentials.concerns("r.example/app@sha256:ab"));
}

#[tokio::test]
async fn answers_are_kept_as_long_and_as_widely_as_the_program_says() {
    for (more, calls) in [
        ("\"cacheKeyType\":\"Image\",", 3),
        ("\"cacheKeyType\":\"Registry\",", 2),
        ("\"cacheKeyType\":\"Global\",", 1),
        ("\"cacheKeyType\":\"Global\",\"cacheDuration\":\"0s\",", 4),
        ("\"cacheKeyType\":\"Global\",\"cacheDuration\":\"6h0m0s\",", 1),
    ] {
        let node = Node::new().plugin("p", &["*.example"], &answers("*.example", "s", more), json!({}));
        let credentials = node.credentials();
        for image in ["r.example/a", "r.example/a:2", "r.example/b", "s.example/a"] {
            assert_eq!(passwords(&credentials.find(image).await), ["s"], "{more}");
        }
        assert_eq!(node.calls(), calls, "{more}");
    }
    let node = Node::new().plugin(
        "p",
        &["*.example"],
        &answers("*.example", "s", "\"cacheKeyType\":\"Global\","),
        json!({"defaultCacheDuration": "0s"}),
    );
    let credentials = node.credentials();
    credentials.find("r.example/a").await;
    credentials.find("r.example/a").await;
    assert_eq!(node.calls(), 2, "the default is not to keep");
}

#[tokio::test]
async fn what_was_refused_is_asked_for_afresh() {
    let node = Node::new().plugin(
        "p",
        &["*.example"],
        &answers("*.example", "s", "\"cacheKeyType\":\"Global\","),
        json!({}),
    );
    let credentials = node.credentials();
    credentials.find("r.example/a").await;
    credentials.forget("r.example/a:1");
    credentials.find("r.example/a").await;
    assert_eq!(node.calls(), 2);
}

#[tokio::test]
async fn of_several_programs_the_most_specific_key_comes_first_and_a_failing_one_is_a_remark() {
    let kind = "\"cacheKeyType\":\"Image\",";
    let node = Node::new()
        .plugin("wide", &["r.example"], &answers("r.example", "wide", kind), json!({}))
        .plugin(
            "broken",
            &["r.example"],
            "echo 'cannot reach https://u:p@sts.example/?t=1' >&2; exit 3",
            json!({}),
        )
        .plugin(
            "narrow",
            &["r.example/team"],
            &answers("r.example/team", "narrow", kind),
            json!({}),
        );
    let found = node.credentials().find("r.example/team/app:1").await;
    assert_eq!(passwords(&found), ["narrow", "wide"]);
    let [note] = found.notes.as_slice() else {
        panic!("{:?}", found.notes)
    };
    assert!(
        note.starts_with("credential provider broken: ended with exit status: 3: cannot reach"),
        "{note}"
    );
    assert!(!note.contains("u:p") && !note.contains("t=1"), "{note}");
}

/// Each gives a remark that names the plugin, and none shows what stood in the answer.
#[tokio::test]
async fn answers_that_break_the_rules() {
    let answer = |fields: &str| {
        format!("echo '{{{fields}\"auth\":{{\"r.example\":{{\"username\":\"me\",\"password\":\"c4nary\"}}}}}}'")
    };
    let envelope = |version: &str, more: &str| {
        answer(&format!(
            "\"kind\":\"CredentialProviderResponse\",\"apiVersion\":\"{version}\",{more}"
        ))
    };
    let older = "credentialprovider.kubelet.k8s.io/v1beta1";
    for (script, said) in [
        ("echo c4nary is not JSON".to_owned(), "no CredentialProviderResponse"),
        ("true".to_owned(), "no CredentialProviderResponse"),
        (
            answer("\"kind\":\"Other\",\"apiVersion\":\"x\","),
            "no CredentialProviderResponse",
        ),
        (
            envelope(older, "\"cacheKeyType\":\"Image\","),
            "no CredentialProviderResponse",
        ),
        (envelope(V1, "\"cacheKeyType\":\"Pod\","), "cacheKeyType"),
        (envelope(V1, ""), "cacheKeyType"),
        (
            envelope(V1, "\"cacheKeyType\":\"Image\",\"cacheDuration\":\"soon\","),
            "cacheDuration",
        ),
        (
            format!("{}; exit 1", envelope(V1, "\"cacheKeyType\":\"Image\",")),
            "exit status: 1",
        ),
        ("kill -9 $$".to_owned(), "signal: 9"),
        ("head -c 2000000 /dev/zero".to_owned(), "larger than"),
    ] {
        let node = Node::new().plugin("p", &["r.example"], &script, json!({}));
        let found = node.credentials().find("r.example/app").await;
        assert!(found.logins.is_empty(), "{script}");
        let note = found.notes.join("; ");
        assert!(
            note.contains("credential provider p: ") && note.contains(said),
            "{script}: {note}"
        );
        assert!(!note.contains("c4nary"), "{note}");
    }
}

#[tokio::test]
async fn a_program_that_is_missing_or_needs_a_pod_is_a_remark() {
    let attributes = json!({"tokenAttributes": {"serviceAccountTokenAudience": "a", "requireServiceAccount": true}});
    let node = Node::new()
        .plugin("pod", &["r.example"], "echo >\"$(dirname \"$0\")/calls\"", attributes)
        .plugin("gone", &["r.example"], "true", json!({}));
    fs::remove_file(node.path("gone")).unwrap();
    let credentials = node.credentials();
    let there: Vec<_> = credentials.programs().collect();
    assert_eq!(there, [("pod", true), ("gone", false)]);
    let notes = credentials.find("r.example/app").await.notes;
    assert!(notes[0].contains("service account"), "{notes:?}");
    assert!(notes[1].contains("cannot be started"), "{notes:?}");
    assert_eq!(node.calls(), 0);
}

/// A program that hangs, and what it has started, ends with the limit, and with the pull that asks when that is cancelled.
#[tokio::test]
async fn a_program_that_hangs_is_ended_with_everything_it_started() {
    let half = Duration::from_millis(500);
    for limit in [half, Duration::from_secs(60)] {
        let script = r#"sleep 300 & echo $! >"$(dirname "$0")/child"; wait"#;
        let node = Node::new().plugin("slow", &["r.example"], script, json!({}));
        let mut credentials = node.credentials();
        credentials.plugins[0].limit(limit);
        let begun = Instant::now();
        let asked = async {
            while !node.path("child").exists() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tokio::time::sleep(half).await;
        };
        tokio::select! {
            biased;
            found = credentials.find("r.example/app") => {
                assert!(found.notes[0].contains("no answer within"), "{:?}", found.notes);
            }
            () = asked, if limit > half => {}
        }
        let child = fs::read_to_string(node.path("child")).unwrap();
        while is_alive(child.trim()) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{child} still runs");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// False for a process that is gone, and for one that is dead and that nobody has waited for.
fn is_alive(process: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

#[tokio::test]
async fn a_program_that_says_much_or_reads_nothing_does_not_hang() {
    let script = format!(
        "head -c 1000000 /dev/zero >&2\n{}",
        answers("r.example", "s", "\"cacheKeyType\":\"Image\",").replacen(
            "cat >\"$(dirname \"$0\")/request\"; ",
            "",
            1
        )
    );
    let node = Node::new().plugin("loud", &["r.example"], &script, json!({}));
    let found = node.credentials().find("r.example/app").await;
    assert_eq!(passwords(&found), ["s"], "{:?}", found.notes);
    assert!(!node.path("request").exists());
}

#[tokio::test]
async fn an_answer_without_a_login_means_none() {
    for auth in [
        "null",
        "{}",
        "{\"r.example\":null}",
        "{\"r.example\":{\"username\":\"\",\"password\":\"\"}}",
        "{\"other.example\":{\"username\":\"a\",\"password\":\"b\"}}",
    ] {
        let script = format!(
            "echo '{{\"kind\":\"CredentialProviderResponse\",\"apiVersion\":\"{V1}\",\"cacheKeyType\":\"Image\",\"auth\":{auth}}}'"
        );
        let node = Node::new().plugin("p", &["r.example"], &script, json!({}));
        let found = node.credentials().find("r.example/app").await;
        assert!(found.logins.is_empty() && found.notes.is_empty(), "{auth}: {found:?}");
    }
}
