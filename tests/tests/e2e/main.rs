//! The product as its users install it, on a real Kubernetes cluster: `kubectl apply -k deploy/`, tasks, a pod that may not pull, nodes that
//! join later, and everything that goes wrong in clusters. `make e2e` runs it in a network and a mount namespace of its own, where it may
//! be the machine. One cluster serves all stories, because it takes a minute to start.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

mod faults;
mod joined;
mod replicated;
mod rights;
mod stand;
mod standing;
mod tasks;

use std::time::Instant;

use joined::Joined;
use stand::Stand;

/// Says how long a story took.
async fn story<T>(name: &str, told: impl Future<Output = T>) -> T {
    let began = Instant::now();
    println!("--- {name}");
    let value = told.await;
    println!("    {:.1} s", began.elapsed().as_secs_f64());
    value
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs namespaces of its own: make e2e"]
async fn it_is_installed_warms_images_and_gets_over_what_happens_to_clusters() {
    let mut stand = story("a cluster, and kubectl apply -k deploy/", Stand::start()).await;
    story(
        "a task by REST, and a pod that may not pull",
        tasks::by_rest_for_a_pod(&stand),
    )
    .await;
    story("a task by gRPC", tasks::by_grpc(&stand)).await;
    story("a task by the command line", tasks::by_command_line(&stand)).await;

    story("a policy by the command line", standing::by_command_line(&stand)).await;
    story("what a pod needs is not purged", standing::in_use(&stand)).await;

    story("agents are rolled in mid-pull", faults::rolled(&stand)).await;

    let policy = story("a standing policy", standing::ordered(&stand)).await;
    let mut second = story("a second node joins", joined::second(&stand)).await;
    story(
        "it is warm before anybody asks, and what is removed comes back",
        standing::kept(&stand, &policy, &second),
    )
    .await;
    let mut third = story("a third node joins", joined::third(&stand)).await;
    story("pins", Box::pin(standing::pinned(&stand, &second, &third))).await;
    story("an agent claims another node", joined::claims_another(&stand, &second)).await;

    story("the kubelet pulls the same image", faults::kubelet_pulls_too(&stand)).await;
    story("an agent's pod is killed in mid-pull", faults::agent_killed(&stand)).await;
    story(
        "containerd is restarted under an agent's pod",
        faults::containerd_restarted(&mut stand),
    )
    .await;
    story("the API server is away", faults::api_server_away(&mut stand, &second)).await;
    story(
        "an agent's token is another",
        faults::token_rotated(&stand, &mut second),
    )
    .await;
    story(
        "a node is deleted in mid-pull",
        faults::node_deleted(&stand, &mut third),
    )
    .await;

    story("the coordinator has another pod", rights::another_pod(&mut stand)).await;
    story("every right is used, and none is missing", rights::audited(&stand)).await;
    story("rights are taken away", rights::taken_away(&mut stand, &mut second)).await;

    let mut database = story(
        "from SQLite to two coordinators on PostgreSQL",
        replicated::from_sqlite(&mut stand),
    )
    .await;
    story(
        "the leader's pod is killed in mid-pull",
        replicated::leader_killed(&stand),
    )
    .await;
    story(
        "what is removed a second time is left alone",
        standing::left_alone(&stand, &policy, &second),
    )
    .await;
    story("the database is away", replicated::database_away(&stand, &mut database)).await;
    Joined::end([second, third]);
}
