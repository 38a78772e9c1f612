//! Keys of nodes and bootstrap tokens: who gets a name, also when thousands ask at once.

use crate::stand::Stand;
use ips_coordinator::domain::{
    agent::{BootstrapToken, NodeKey},
    ids::NodeName,
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;

fn key(node: &str, hash: &str) -> NodeKey {
    NodeKey {
        node: NodeName::parse(node).unwrap(),
        hash: hash.into(),
        token: 0,
        created_at: 1,
    }
}

#[rstest]
#[tokio::test]
async fn a_name_has_one_key_and_a_key_one_name(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let asked = [
        key("a", "1"),
        key("a", "2"),
        key("b", "2"),
        key("c", "2"),
        key("a", "1"),
    ];
    assert_eq!(store.bind_keys(&asked).await.unwrap(), [true, false, true, false, true]);
    let again = [key("a", "1"), key("b", "3"), key("c", "1"), key("d", "4")];
    assert_eq!(store.bind_keys(&again).await.unwrap(), [true, false, false, true]);
    let found = async |hash| store.node_of_key(hash).await.unwrap().map(|node| node.to_string());
    assert_eq!(found("2").await.as_deref(), Some("b"));
    assert_eq!(found("3").await, None);

    let a = NodeName::parse("a").unwrap();
    assert!(store.revoke_node_key(&a, 50).await.unwrap());
    assert!(!store.revoke_node_key(&a, 60).await.unwrap());
    assert_eq!(found("1").await, None);
    assert_eq!(store.keys_revoked_since(50).await.unwrap(), ["1"]);
    assert!(store.keys_revoked_since(51).await.unwrap().is_empty());
    let next = [key("b", "1"), key("a", "5")];
    assert_eq!(
        store.bind_keys(&next).await.unwrap(),
        [false, true],
        "a revoked key stays a's"
    );
    assert!(store.keys_revoked_since(0).await.unwrap().is_empty());
    // As many as come in the first second of a large fleet.
    let many: Vec<NodeKey> = (0..500).map(|n| key(&format!("n-{n}"), &format!("h-{n}"))).collect();
    assert!(store.bind_keys(&many).await.unwrap().into_iter().all(|bound| bound));
}

#[rstest]
#[tokio::test]
async fn bootstrap_tokens_hold_until_they_end_or_are_revoked(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let token = |expires_at| BootstrapToken {
        id: 0,
        name: "rack".into(),
        created_at: 1,
        expires_at,
        revoked_at: 0,
    };
    let lasting = store.insert_bootstrap_token(&token(0), "lasting").await.unwrap();
    let short = store.insert_bootstrap_token(&token(100), "short").await.unwrap();
    assert_eq!(store.bootstrap_token("short", 99).await.unwrap(), Some(short));
    assert_eq!(store.bootstrap_token("short", 100).await.unwrap(), None);
    assert_eq!(store.bootstrap_token("unknown", 1).await.unwrap(), None);
    assert!(store.revoke_bootstrap_token(lasting, 7).await.unwrap());
    assert_eq!(store.bootstrap_token("lasting", 8).await.unwrap(), None);
    let listed = store.bootstrap_tokens().await.unwrap();
    let listed: Vec<_> = listed.iter().map(|token| (token.id, token.revoked_at)).collect();
    assert_eq!(listed, [(short, 0), (lasting, 7)]);
}

#[rstest]
#[tokio::test]
async fn the_first_text_is_kept_and_replaced_only_by_who_knows_it(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    assert_eq!(store.keep_first_text("t", "one", 1).await.unwrap(), "one");
    assert_eq!(store.keep_first_text("t", "two", 2).await.unwrap(), "one");
    assert!(!store.replace_text("t", "two", "three").await.unwrap());
    assert!(store.replace_text("t", "one", "three").await.unwrap());
    assert_eq!(store.kept_text("t").await.unwrap().as_deref(), Some("three"));
    assert!(store.forget_text("t").await.unwrap());
    assert!(!store.forget_text("t").await.unwrap());
}
