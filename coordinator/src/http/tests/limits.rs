//! The operator's limits over REST.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::http::testing::Edge;
use rstest::rstest;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/limits";

#[tokio::test]
async fn limits_are_set_whole_and_changed_in_part() {
    let edge = Edge::start().await;
    let before = edge.get(PATH).await.json();
    let expected = json!({
        "clusterPulls": 50, "zoneLabel": "topology.kubernetes.io/zone", "registryDefault": {}, "registries": [],
        "state": {"paused": [], "registries": []},
    });
    assert_eq!(before, expected);

    let whole = json!({
        "clusterPulls": 7, "nodePulls": 1, "zonePulls": 3, "zoneLabel": "rack", "registryDefault": {"pulls": 5, "startsPerSecond": 2.5},
        "registries": [{"host": "docker.io", "pulls": 0}, {"host": "r.example:5000", "startsPerSecond": 1.0}],
    });
    let set = edge.send_json("PUT", PATH, &whole).await;
    assert_eq!(set.status, 200, "{}", set.text());
    let mut shown = set.json();
    assert_eq!(shown["state"]["paused"], json!(["registries: docker.io"]));
    assert_eq!(
        edge.send_json("PUT", PATH, &shown).await.status,
        200,
        "what was read can be sent back"
    );
    shown.as_object_mut().unwrap().remove("state");
    assert_eq!(shown, whole);
    assert_eq!(edge.get(PATH).await.json()["clusterPulls"], 7);

    let patch = json!({"clusterPulls": 0, "nodePulls": null, "registryDefault": {"pulls": null},
        "registries": [{"host": "docker.io", "pulls": 4}], "removeRegistries": ["r.example:5000"]});
    let changed = edge.send_json("PATCH", PATH, &patch).await.json();
    assert_eq!(
        (
            &changed["clusterPulls"],
            changed.get("nodePulls"),
            &changed["zonePulls"]
        ),
        (&json!(0), None, &json!(3))
    );
    assert_eq!(changed["registryDefault"], json!({"startsPerSecond": 2.5}));
    assert_eq!(changed["registries"], json!([{"host": "docker.io", "pulls": 4}]));
    assert_eq!(
        changed["state"]["paused"],
        json!(["clusterPulls"]),
        "0 means paused and says so"
    );
}

#[tokio::test]
async fn a_limit_of_zero_holds_pulls_back_until_it_is_lifted() {
    let edge = Edge::start().await;
    let mut agent = edge.connect("node-a", "gpu").await;
    edge.send_json("PATCH", PATH, &json!({"clusterPulls": 0})).await;
    edge.create(&json!({"images": ["a"], "id": "t"})).await;
    let waits = edge
        .until("/api/v1/tasks/t", |task| task["waitingFor"].is_string())
        .await;
    assert_eq!(waits["waitingFor"], "all pulls are paused: the limit clusterPulls is 0");
    edge.send_json("PATCH", PATH, &json!({"clusterPulls": 1})).await;
    agent.started().await;
    let limits = edge
        .until(PATH, |limits| limits["state"]["registries"][0]["running"] == 1)
        .await;
    let state = json!({"host": "docker.io", "running": 1, "paused": false});
    assert_eq!(limits["state"]["registries"], json!([state]));
}

#[rstest]
#[case("PUT", json!({}), "clusterPulls")]
#[case("PUT", json!({"clusterPulls": -1}), "clusterPulls")]
#[case("PUT", json!({"clusterPulls": 100_001}), "clusterPulls")]
#[case("PUT", json!({"clusterPulls": "many"}), "clusterPulls")]
#[case("PUT", json!({"clusterPulls": 1, "nodePulls": 100_001}), "nodePulls")]
#[case("PUT", json!({"clusterPulls": 1, "zoneLabel": "a b"}), "zoneLabel")]
#[case("PUT", json!({"clusterPulls": 1, "registryDefault": {"pulls": -1}}), "registryDefault.pulls")]
#[case("PUT", json!({"clusterPulls": 1, "registryDefault": {"startsPerSecond": 10_000.5}}), "registryDefault.startsPerSecond")]
#[case("PUT", json!({"clusterPulls": 1, "registries": [{"host": "a.io"}, {"host": "a.io"}]}), "registries[1].host")]
#[case("PUT", json!({"clusterPulls": 1, "registries": [{"pulls": 1}]}), "registries[0].host")]
#[case("PUT", json!({"clusterPulls": 1, "registries": [{"host": "a.io", "pull": 1}]}), "registries[0].pull")]
#[case("PUT", json!({"clusterPulls": 1, "clusters": 1}), "clusters")]
#[case("PATCH", json!({"zonePulls": 100_001}), "zonePulls")]
#[case("PATCH", json!({"registries": [{"host": "https://a.io"}]}), "registries[0].host")]
#[case("PATCH", json!({"removeRegistries": ["a.io"]}), "removeRegistries[0]")]
#[case("PATCH", json!({"state": {}}), "state")]
#[tokio::test]
async fn bad_limits_are_named_and_change_nothing(#[case] method: &str, #[case] body: Value, #[case] field: &str) {
    let edge = Edge::start().await;
    let before = edge.get(PATH).await.json();
    let answer = edge.send_json(method, PATH, &body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["field"].as_str()),
        (400, Some(field)),
        "{}",
        answer.text()
    );
    assert_eq!(edge.get(PATH).await.json(), before);
}

#[tokio::test]
async fn the_largest_and_smallest_limits_are_taken() {
    let edge = Edge::start().await;
    for number in [0, 100_000] {
        let body = json!({"clusterPulls": number, "nodePulls": number, "zonePulls": number,
            "registryDefault": {"pulls": number, "startsPerSecond": number / 10},
            "registries": [{"host": "a.io", "pulls": number, "startsPerSecond": number / 10}]});
        let answer = edge.send_json("PUT", PATH, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}
