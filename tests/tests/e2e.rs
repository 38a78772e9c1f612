//! The product as its users install it, on a real Kubernetes node: `kubectl apply -k deploy/`, a task, an image on the node, and a pod
//! that may not pull starts from it. `make e2e` runs it in a network and a mount namespace of its own, where it may be the machine.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ips_tests::containerd::{Containerd, ContainerdOptions, ContainerdVersion};
use ips_tests::http::Api;
use ips_tests::kubernetes::network::{NODE, Network};
use ips_tests::kubernetes::node::{WholeNode, is_ready};
use ips_tests::kubernetes::{Call, KubeClient, Kubectl, Kubernetes};
use ips_tests::layout::images;
use ips_tests::product::{Builder, Image, source};
use ips_tests::registry::Registry;
use ips_tests::wait::{wait_for, wait_until};
use ips_tests::{cache, login};
use nix::mount::{MsFlags, mount};
use serde_json::{Value, json};

/// Longest wait for anything that a cluster does by itself.
const LIMIT: Duration = Duration::from_secs(300);
const SYSTEM: &str = "ips-system";

/// Makes this mount namespace look like a node: containerd's folders where everybody expects them, logs of pods nowhere else.
fn furnish(containerd: &Containerd) {
    let shared = MsFlags::MS_REC | MsFlags::MS_SHARED;
    // Volumes of pods take part in what is mounted on the node later.
    mount(None::<&str>, "/", None::<&str>, shared, None::<&str>).expect("a mount namespace of our own");
    for folder in ["/var/log/pods", "/var/log/containers", "/var/lib/ips-agent"] {
        std::fs::create_dir_all(folder).expect("a folder");
        mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::empty(), None::<&str>).expect("a tmpfs");
    }
    let socket = containerd.socket();
    for (from, to) in [
        (socket.parent().expect("a folder"), "/run/containerd"),
        (containerd.root(), "/var/lib/containerd"),
    ] {
        std::fs::create_dir_all(to).expect("a folder");
        mount(
            Some(from),
            to,
            None::<&str>,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            None::<&str>,
        )
        .expect("a bind mount");
    }
}

/// What `deploy/` says of images, with those of this registry: what the README tells its readers to write.
fn with_images(registry: &Registry, to: &Path) {
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .arg(source("deploy"))
        .arg(to)
        .status();
    assert!(copied.expect("cp").success());
    let file = to.join("kustomization.yaml");
    let mut text = std::fs::read_to_string(&file).expect("the kustomization");
    for image in [Image::Agent, Image::Coordinator] {
        let name = image.name();
        text = text.replace(
            &format!("newName: {name}\n"),
            &format!("newName: {}\n", registry.reference(name)),
        );
    }
    std::fs::write(file, text).expect("written");
    // How full this machine's own disk is decides nothing here.
    let file = to.join("base/agent.yaml");
    let text = std::fs::read_to_string(&file).expect("the agent");
    let last = "            - name: IPS_LOG_FORMAT\n";
    let off = format!("            - name: IPS_SPACE_FACTOR\n              value: \"0\"\n{last}");
    std::fs::write(file, text.replace(last, &off)).expect("written");
}

struct Stand {
    kubernetes: Kubernetes,
    admin: KubeClient,
    registry: Registry,
    network: Network,
    builder: Builder,
    node: Option<WholeNode>,
    containerd: Containerd,
}

impl Stand {
    async fn start() -> Self {
        let network = Network::start().await.expect("a network");
        let at = IpAddr::V4(NODE);
        let registry = Registry::start_at(at).await.expect("a registry");
        let builder = Builder::new().expect("a builder");
        registry
            .client()
            .push(images::SMALL, "small:v1")
            .await
            .expect("an image");
        registry.client().push(images::BASE, "base:v1").await.expect("an image");
        pause(&builder, &registry).await;
        for image in [Image::Agent, Image::Coordinator] {
            builder.build(image).await.expect("an image of ours");
            let reference = registry.reference(&format!("{}:0.1.0", image.name()));
            builder.push(image, &reference).await.expect("pushed");
        }
        let kubernetes = Kubernetes::start_at(at).await.expect("a Kubernetes");
        let options = ContainerdOptions {
            pods: Some(registry.socket_address()),
            ..ContainerdOptions::default()
        };
        let containerd = Containerd::start(ContainerdVersion::V1_7, options)
            .await
            .expect("containerd");
        let hosts = format!(
            "[host.\"http://{}\"]\ncapabilities = [\"pull\", \"resolve\"]\n",
            registry.address()
        );
        containerd
            .hosts(&registry.address(), &hosts)
            .expect("its configuration");
        furnish(&containerd);
        let node = WholeNode::start(&kubernetes, "node-1", &containerd)
            .await
            .expect("a node");
        Self {
            admin: kubernetes.admin(),
            kubernetes,
            registry,
            network,
            builder,
            node: Some(node),
            containerd,
        }
    }

    /// A disk for the coordinator, as a cluster's own provisioner would make it.
    async fn offer_disk(&self) {
        let folder = self.kubernetes.home().join("disk");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::os::unix::fs::chown(&folder, Some(65532), Some(65532)).expect("its owner");
        let disk = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "disk"}, "spec": {
            "capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": folder}}});
        self.admin
            .create("/api/v1/persistentvolumes", &disk)
            .await
            .expect("a disk");
    }

    /// The pods of one of our workloads that are ready.
    async fn ready_pod(&self, name: &str) -> Value {
        let path = format!("/api/v1/namespaces/{SYSTEM}/pods?labelSelector=app.kubernetes.io/name={name}");
        let mut last = Value::Null;
        let found = tokio::time::timeout(LIMIT, async {
            loop {
                last = self.admin.get(&path).await.unwrap_or_default();
                let pods = last["items"].as_array().cloned().unwrap_or_default();
                if let Some(pod) = pods.into_iter().find(is_ready) {
                    return pod;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        })
        .await;
        match found {
            Ok(pod) => pod,
            Err(_) => {
                let events = self
                    .kubernetes
                    .kubectl(Kubectl::Oldest, &["-n", SYSTEM, "get", "events"])
                    .await;
                let logs = self
                    .kubernetes
                    .kubectl(
                        Kubectl::Oldest,
                        &["-n", SYSTEM, "logs", "--tail=40", "-l", "app.kubernetes.io/part-of=ips"],
                    )
                    .await;
                panic!("{name} is not ready: {last:#}\n{events:?}\n{logs:?}");
            }
        }
    }

    /// Applies `deploy/` as its README says, and gives back the base of the API.
    async fn install(&self) -> String {
        self.offer_disk().await;
        let deploy = self.builder.join("deploy");
        with_images(&self.registry, &deploy);
        let kubectl = async |arguments: &[&str]| {
            self.kubernetes
                .kubectl(Kubectl::Oldest, arguments)
                .await
                .expect("kubectl")
        };
        let namespace = deploy.join("base/namespace.yaml").display().to_string();
        kubectl(&["apply", "-f", &namespace]).await;
        let password = format!("--from-literal=password={}", login::FIRST_PASSWORD);
        kubectl(&["-n", SYSTEM, "create", "secret", "generic", "ips-admin", &password]).await;
        kubectl(&["apply", "-k", &deploy.display().to_string()]).await;
        let path = format!("/api/v1/namespaces/{SYSTEM}/services/ips-coordinator");
        let service = self.admin.get(&path).await.expect("the service");
        let address: Ipv4Addr = service["spec"]["clusterIP"]
            .as_str()
            .expect("an address")
            .parse()
            .expect("an address");
        self.network.name("ips-coordinator", SYSTEM, address);
        self.ready_pod("ips-coordinator").await;
        self.ready_pod("ips-agent").await;
        format!("http://{address}:8080")
    }
}

/// What holds a pod together.
async fn pause(builder: &Builder, registry: &Registry) {
    let folder = builder.join("pause");
    std::fs::create_dir_all(&folder).expect("a folder");
    let text = format!(
        "FROM {}\nENTRYPOINT [\"/bin/busybox\", \"sleep\", \"1000000\"]\n",
        registry.reference("small:v1")
    );
    std::fs::write(folder.join("Dockerfile"), text).expect("written");
    let folder = folder.display().to_string();
    let arguments = ["bud", "--tls-verify=false", "--tag", "pause:test", &folder];
    builder.buildah(&arguments).await.expect("the pause image");
    let to = format!("docker://{}", registry.reference("pause:v1"));
    let arguments = ["push", "--tls-verify=false", "pause:test", &to];
    builder.buildah(&arguments).await.expect("pushed");
}

async fn completed(api: &Api, id: &str) -> Value {
    wait_for(&format!("the end of task {id}"), LIMIT, async || {
        let task = api.get(&format!("/api/v1/tasks/{id}")).await.ok()?;
        matches!(task["status"].as_str(), Some("completed" | "failed" | "cancelled")).then_some(task)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs namespaces of its own: make e2e"]
async fn it_is_installed_warms_an_image_and_a_pod_that_may_not_pull_starts_from_it() {
    let stand = Stand::start().await;
    let base = stand.install().await;
    let token = login::admin(&base).await.expect("the admin");
    let api = Api::with_token(&base, &token);

    // The node is there by the cluster's word, and its agent by the cluster's word, too.
    let node = wait_for("node-1 to be ready", LIMIT, async || {
        let node = api.get("/api/v1/nodes/node-1").await.ok()?;
        (node["ready"] == true).then_some(node)
    })
    .await;
    assert_eq!(node["kubernetes"]["ready"], true, "{node}");
    assert_eq!(node["kubernetes"]["kubeletVersion"], "v1.20.2", "{node}");

    // A task by REST; containerd itself is asked whether it is true.
    let reference = stand.registry.reference("base:v1");
    let order = json!({"images": [reference], "nodeSelector": {"kubernetes.io/hostname": "node-1"}});
    let (status, task) = api.post("/api/v1/tasks", &order).await.expect("an answer");
    assert_eq!(status, 201, "{task}");
    let task = completed(&api, task["taskId"].as_str().expect("an id")).await;
    assert_eq!(task["status"], "completed", "{task:#}");
    let truth = stand.containerd.truth().await;
    assert!(truth.image_status(&reference).await.expect("an answer").is_some());

    // A pod that may not pull.
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "never"}, "spec": {
        "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "it", "image": reference, "imagePullPolicy": "Never", "command": ["/bin/sleep", "1000000"]}]}});
    wait_until("the default service account", LIMIT, async || {
        stand
            .admin
            .get("/api/v1/namespaces/default/serviceaccounts/default")
            .await
            .is_ok()
    })
    .await;
    stand
        .admin
        .create("/api/v1/namespaces/default/pods", &pod)
        .await
        .expect("a pod");
    wait_until("the pod to run", LIMIT, async || {
        let pod = stand
            .admin
            .get("/api/v1/namespaces/default/pods/never")
            .await
            .unwrap_or_default();
        is_ready(&pod)
    })
    .await;
    // Its sandbox goes before the kubelet does.
    stand
        .admin
        .delete("/api/v1/namespaces/default/pods/never")
        .await
        .expect("deleted");

    by_command_line(&stand, &token).await;
    another_pod(&stand).await;
    rights(&stand).await;
}

/// The same by the command line, over gRPC with the certificate that the coordinator has published.
async fn by_command_line(stand: &Stand, token: &str) {
    let path = format!("/api/v1/namespaces/{SYSTEM}/services/ips-coordinator");
    let service = stand.admin.get(&path).await.expect("the service");
    let map = stand
        .admin
        .get(&format!("/api/v1/namespaces/{SYSTEM}/configmaps/ips-ca"))
        .await;
    let authority = stand.builder.join("ca.crt");
    std::fs::write(
        &authority,
        map.expect("the map")["data"]["ca.crt"].as_str().expect("a certificate"),
    )
    .expect("written");
    // The certificate is for the service's name.
    let hosts = format!(
        "127.0.0.1 localhost\n{} ips-coordinator.{SYSTEM}.svc\n",
        service["spec"]["clusterIP"].as_str().expect("an address")
    );
    let own = stand.builder.join("hosts");
    std::fs::write(&own, hosts).expect("written");
    mount(Some(&own), "/etc/hosts", None::<&str>, MsFlags::MS_BIND, None::<&str>).expect("a bind mount");
    let reference = stand.registry.reference("small:v1");
    let program: PathBuf = cache::program("ips").expect("ips");
    let output = tokio::process::Command::new(program)
        .args(["task", "create", "--image", &reference, "--watch"])
        .env("IPS_SERVER", format!("https://ips-coordinator.{SYSTEM}.svc:9443"))
        .env("IPS_CA_FILE", &authority)
        .env("IPS_TOKEN", token)
        .output()
        .await
        .expect("ips runs");
    assert!(output.status.success(), "{output:?}");
}

/// The coordinator's pod goes, and the next one serves the same database: it knows the tasks, and the agent comes back to it.
async fn another_pod(stand: &Stand) {
    let old = stand.ready_pod("ips-coordinator").await;
    let name = old["metadata"]["name"].as_str().expect("a name");
    let path = format!("/api/v1/namespaces/{SYSTEM}/pods/{name}");
    stand.admin.delete(&path).await.expect("deleted");
    wait_until("the old pod to be gone", LIMIT, async || {
        stand.admin.get(&path).await.is_err()
    })
    .await;
    let new = stand.ready_pod("ips-coordinator").await;
    assert_ne!(new["metadata"]["uid"], old["metadata"]["uid"]);
    let service = format!("/api/v1/namespaces/{SYSTEM}/services/ips-coordinator");
    let service = stand.admin.get(&service).await.expect("the service");
    let base = format!(
        "http://{}:8080",
        service["spec"]["clusterIP"].as_str().expect("an address")
    );
    let token = wait_for("the admin to be let in", LIMIT, async || login::admin(&base).await.ok()).await;
    let api = Api::with_token(&base, &token);
    let tasks = api.get("/api/v1/tasks").await.expect("the tasks");
    assert_eq!(tasks["total"], 2, "{tasks}");
    wait_until("node-1 to be ready again", LIMIT, async || {
        let node = api.get("/api/v1/nodes/node-1").await.unwrap_or_default();
        node["ready"] == true
    })
    .await;
}

/// Nothing that the coordinator asked for was refused, and it used every right that it has.
async fn rights(stand: &Stand) {
    let account = format!("system:serviceaccount:{SYSTEM}:ips-coordinator");
    // That of the pod before this one: a watch is written down when it ends.
    let watch = |call: &Call| call.user == account && call.verb == "watch";
    stand.kubernetes.call("the watch on nodes", watch).await;
    let calls = stand.kubernetes.calls().expect("the calls");
    let own = calls.iter().filter(|call| call.user == account).collect::<Vec<&Call>>();
    let refused = own.iter().filter(|call| call.code == 403).collect::<Vec<_>>();
    assert!(refused.is_empty(), "{refused:?}");
    for (verb, resource) in [
        ("list", "nodes"),
        ("watch", "nodes"),
        ("create", "tokenreviews"),
        ("get", "pods"),
        ("get", "configmaps"),
        ("update", "configmaps"),
    ] {
        assert!(
            own.iter().any(|call| call.verb == verb && call.resource == resource),
            "{verb} {resource} was never used: {own:#?}"
        );
    }
    let agent = format!("system:serviceaccount:{SYSTEM}:ips-agent");
    assert!(
        !calls.iter().any(|call| call.user == agent),
        "agents have nothing to say to the API server"
    );
}

impl Drop for Stand {
    fn drop(&mut self) {
        // First the kubelet, then what it has started: sandboxes and containers live on without it.
        self.node = None;
        let tasks = cache::containerd("1.7", "ctr").map(|ctr| {
            std::process::Command::new(ctr)
                .arg("--address")
                .arg(self.containerd.socket())
                .args(["--namespace", "k8s.io", "tasks", "ls", "--quiet"])
                .output()
        });
        let Ok(Ok(tasks)) = tasks else { return };
        for task in String::from_utf8_lossy(&tasks.stdout).lines() {
            for arguments in [
                &["tasks", "kill", "--signal", "SIGKILL", task][..],
                &["tasks", "rm", "--force", task],
            ] {
                let Ok(ctr) = cache::containerd("1.7", "ctr") else {
                    return;
                };
                let _gone = std::process::Command::new(ctr)
                    .arg("--address")
                    .arg(self.containerd.socket())
                    .args(["--namespace", "k8s.io"])
                    .args(arguments)
                    .output();
            }
        }
    }
}
