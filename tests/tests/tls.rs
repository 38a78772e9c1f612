//! TLS with real programs: every port, the own authority, certificates in files that change, and who refuses what.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::process::Output;
use std::time::{Duration, Instant};

use ips_tests::agent::{Agent, AgentOptions};
use ips_tests::cache;
use ips_tests::coordinator::Coordinator;
use ips_tests::folder::Folder;
use ips_tests::http::Api;
use ips_tests::tls::{Authority, TlsFront, shown};
use ips_tests::wait::wait_until;
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(30);

async fn run(program: &str, arguments: &[&str], token: &str) -> Output {
    let mut command = tokio::process::Command::new(cache::program(program).unwrap());
    command.args(arguments).env("IPS_TOKEN", token).kill_on_drop(true);
    tokio::time::timeout(LIMIT, command.output())
        .await
        .expect("an end in time")
        .unwrap()
}

fn said(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    both.concat()
}

async fn is_connected(coordinator: &Coordinator, node: &str) -> bool {
    let path = format!("/api/v1/nodes/{node}");
    let (_, node) = coordinator
        .api()
        .call(Method::GET, &path, None)
        .await
        .unwrap_or_default();
    node["connected"] == true
}

fn agent(node: &str, coordinator: &Coordinator, ca: &std::path::Path) -> AgentOptions {
    let mut options = AgentOptions::bare(node, coordinator.grpc_url());
    options.arguments = vec!["--ca-file".to_owned(), ca.display().to_string()];
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_own_authority_every_port_speaks_tls_and_a_restart_changes_nothing_for_agents() {
    let mut coordinator = Coordinator::start(&["--tls", "always"]).await.unwrap();
    let ca = coordinator.ca_file().unwrap();
    let [http, grpc, metrics] = coordinator.ports();
    for (port, offered, chosen) in [
        (http, vec!["h2", "http/1.1"], "h2"),
        (http, vec!["http/1.1"], "http/1.1"),
        (http, vec![], ""),
        (metrics, vec!["http/1.1"], "http/1.1"),
        (grpc, vec!["h2"], "h2"),
    ] {
        assert_eq!(
            shown(port, &ca, &offered).await.unwrap().1,
            chosen,
            "{port} {offered:?}"
        );
    }
    assert!(coordinator.metrics().await.unwrap().contains("ips_sessions"));
    let _agent = Agent::start(agent("node-1", &coordinator, &ca)).await.unwrap();
    wait_until("the agent to join", LIMIT, async || {
        is_connected(&coordinator, "node-1").await
    })
    .await;
    let (server, file) = (coordinator.grpc_url(), ca.display().to_string());
    let listed = run(
        "ips",
        &["--server", &server, "--ca-file", &file, "node", "ls"],
        coordinator.token(),
    )
    .await;
    assert!(
        listed.status.success() && said(&listed).contains("node-1"),
        "{}",
        said(&listed)
    );

    let authority = std::fs::read(&ca).unwrap();
    let before = shown(grpc, &ca, &["h2"]).await.unwrap().0;
    let database = format!("sqlite:{}", coordinator.home().join("ips.db").display());
    let printed = run("ips-coordinator", &["tls", "ca", "--database", &database], "").await;
    assert_eq!(printed.stdout, authority, "{}", said(&printed));
    coordinator.kill();
    coordinator.restart().await.unwrap();
    assert_eq!(std::fs::read(&ca).unwrap(), authority);
    assert_ne!(
        shown(grpc, &ca, &["h2"]).await.unwrap().0,
        before,
        "a certificate of this start"
    );
    wait_until("the agent to come back", LIMIT, async || {
        is_connected(&coordinator, "node-1").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_know_the_authority_trusts_nobody_and_nobody_speaks_plain_text() {
    let coordinator = Coordinator::start(&["--tls", "always"]).await.unwrap();
    let folder = Folder::new("tls").unwrap();
    let wrong = folder.join("wrong.pem");
    Authority::new().unwrap().save(&wrong).unwrap();
    let stranger = Agent::start(agent("node-1", &coordinator, &wrong)).await.unwrap();
    wait_until("the agent to say why", LIMIT, async || {
        stranger.log().contains("UnknownIssuer")
    })
    .await;
    let server = coordinator.grpc_url();
    let file = wrong.display().to_string();
    let refused = run(
        "ips",
        &["--server", &server, "--ca-file", &file, "node", "ls"],
        coordinator.token(),
    )
    .await;
    assert!(
        !refused.status.success() && said(&refused).contains("UnknownIssuer"),
        "{}",
        said(&refused)
    );
    // The right authority, and a certificate for another name.
    let authority = Authority::new().unwrap();
    let right = folder.join("right.pem");
    authority.save(&right).unwrap();
    let upstream = server.trim_start_matches("https://").to_owned();
    let front = TlsFront::start(upstream, &authority, &["ips.test"]).await.unwrap();
    let (url, file) = (format!("https://{}", front.address()), right.display().to_string());
    let refused = run(
        "ips",
        &["--server", &url, "--ca-file", &file, "node", "ls"],
        coordinator.token(),
    )
    .await;
    assert!(
        !refused.status.success() && said(&refused).contains("not valid for name"),
        "{}",
        said(&refused)
    );

    for port in coordinator.ports() {
        let mut plain = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let _closed = plain.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut answer = Vec::new();
        let _reset = tokio::time::timeout(LIMIT, plain.read_to_end(&mut answer))
            .await
            .expect("it is hung up on");
        assert!(!answer.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&answer));
    }
    let plain = server.replace("https://", "http://");
    let refused = run("ips", &["--server", &plain, "node", "ls"], coordinator.token()).await;
    assert!(!refused.status.success(), "{}", said(&refused));
    assert!(!is_connected(&coordinator, "node-1").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_changed_without_a_restart_and_a_bad_one_is_not_taken() {
    let folder = Folder::new("tls").unwrap();
    let (chain, key, ca) = (folder.join("tls.crt"), folder.join("tls.key"), folder.join("ca.pem"));
    let authority = Authority::new().unwrap();
    authority.save(&ca).unwrap();
    let renew = |names: &[&str]| {
        let (certificate, secret) = authority.pair(names).unwrap();
        std::fs::write(&chain, certificate).unwrap();
        std::fs::write(&key, secret).unwrap();
    };
    renew(&["127.0.0.1"]);
    let (chain_text, key_text, ca_text) = (path(&chain), path(&key), path(&ca));
    let arguments = [
        "--tls",
        "always",
        "--tls-cert-file",
        &chain_text,
        "--tls-key-file",
        &key_text,
    ];
    // The harness trusts the file that it names for the own authority, which is not used here.
    let coordinator = Coordinator::start_trusting(&ca, &arguments).await.unwrap();
    let [http, grpc, _] = coordinator.ports();
    let first = shown(http, &ca, &[]).await.unwrap().0;
    let api = Api::trusting(coordinator.url(), coordinator.token(), Some(&ca));
    let agent = Agent::start(agent("node-1", &coordinator, &ca)).await.unwrap();
    wait_until("the agent to join", LIMIT, async || {
        is_connected(&coordinator, "node-1").await
    })
    .await;

    std::fs::write(&chain, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    wait_until("the bad file to be remarked upon", LIMIT, async || {
        let ready = api.get("/readyz").await.unwrap_or_default();
        ready["warnings"].to_string().contains("the old one stays")
    })
    .await;
    assert_eq!(shown(http, &ca, &[]).await.unwrap().0, first);
    assert!(coordinator.log().contains("the old one stays"));

    renew(&["127.0.0.1", "ips.test"]);
    wait_until("the new certificate", LIMIT, async || {
        shown(http, &ca, &[]).await.is_ok_and(|it| it.0 != first)
    })
    .await;
    assert_ne!(shown(grpc, &ca, &["h2"]).await.unwrap().0, first, "on every port");
    let ready = api.get("/readyz").await.unwrap();
    assert!(!ready["warnings"].to_string().contains("certificate"), "{ready}");
    assert!(
        is_connected(&coordinator, "node-1").await,
        "sessions go on: {}",
        agent.log()
    );
    assert!(!coordinator.log().contains("PRIVATE KEY") && !ca_text.is_empty());
}

fn path(path: &std::path::Path) -> String {
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_text_beyond_loopback_is_refused_by_all_three_programs() {
    let database = ["--database", "sqlite::memory:"];
    for (arguments, word) in [
        (
            vec!["--tls", "off", "--grpc-address", "0.0.0.0:0"],
            "--allow-plain-text",
        ),
        (
            vec!["--tls", "off", "--http-address", "0.0.0.0:0"],
            "--allow-plain-text",
        ),
        (vec!["--identity", "off", "--grpc-address", "0.0.0.0:0"], "loopback"),
        (vec!["--tls-cert-file", "/nowhere/tls.crt"], "--tls-key-file"),
    ] {
        let output = run("ips-coordinator", &[arguments.as_slice(), &database].concat(), "").await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(word), "{arguments:?}: {}", said(&output));
    }
    let output = run(
        "ips-agent",
        &["--coordinator", "http://192.0.2.1:9443", "--node-uid", "u"],
        "",
    )
    .await;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("--allow-plain-text"), "{}", said(&output));
    let output = run("ips", &["--server", "http://192.0.2.1:9443", "node", "ls"], "").await;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("--allow-plain-text"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dawdles_in_a_handshake_keeps_nobody_waiting_and_is_cut_off() {
    let coordinator = Coordinator::start(&["--tls", "always"]).await.unwrap();
    let ca = coordinator.ca_file().unwrap();
    let [http, grpc, _] = coordinator.ports();
    let mut dawdlers = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(("127.0.0.1", grpc)).await.unwrap();
        // The beginning of a hello, and no more.
        stream.write_all(&[0x16, 0x03, 0x01]).await.unwrap();
        dawdlers.push(stream);
    }
    let began = Instant::now();
    shown(grpc, &ca, &["h2"]).await.unwrap();
    shown(http, &ca, &[]).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
    for mut stream in dawdlers {
        let mut rest = Vec::new();
        let _reset = tokio::time::timeout(LIMIT, stream.read_to_end(&mut rest))
            .await
            .expect("it is cut off");
    }
}
