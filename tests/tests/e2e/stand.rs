//! The whole installation: network, registry, images, API server, node, and what `deploy/` makes of them.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ips_proto::v1::task_service_client::TaskServiceClient;
use ips_tests::cache;
use ips_tests::containerd::{Containerd, ContainerdOptions, ContainerdVersion};
use ips_tests::fault_proxy::{FaultProxy, Faults};
use ips_tests::http::Api;
use ips_tests::kubernetes::network::{NODE, Network};
use ips_tests::kubernetes::node::{WholeNode, is_ready};
use ips_tests::kubernetes::{KubeClient, Kubectl, Kubernetes};
use ips_tests::layout::images;
use ips_tests::login::{self, Bearer};
use ips_tests::product::{Builder, Image, source};
use ips_tests::registry::Registry;
use ips_tests::wait::wait_for;
use nix::mount::{MsFlags, mount};
use serde_json::{Value, json};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig};

/// Longest wait for anything that a cluster does by itself.
pub const LIMIT: Duration = Duration::from_secs(300);
/// The namespace of everything of ours.
pub const SYSTEM: &str = "ips-system";
/// The name that the coordinator's certificate is for.
pub const HOST: &str = "ips-coordinator.ips-system.svc";
/// So many bytes a second that a layer of 58 MB is in the middle for some seconds.
const SLOW: u64 = 6 << 20;
/// Bytes that are there in the middle of a layer.
const MIDDLE: u64 = 4 << 20;

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
    for folder in ["", "overlays/ha-postgres"] {
        let file = to.join(folder).join("kustomization.yaml");
        let mut text = std::fs::read_to_string(&file).expect("the kustomization");
        for image in [Image::Agent, Image::Coordinator] {
            let name = image.name();
            text = text.replace(
                &format!("newName: {name}\n"),
                &format!("newName: {}\n", registry.reference(name)),
            );
        }
        std::fs::write(file, text).expect("written");
    }
    // How full this machine's own disk is decides nothing here.
    let file = to.join("base/agent.yaml");
    let text = std::fs::read_to_string(&file).expect("the agent");
    let last = "            - name: IPS_LOG_FORMAT\n";
    let off = format!("            - name: IPS_SPACE_FACTOR\n              value: \"0\"\n{last}");
    std::fs::write(file, text.replace(last, &off)).expect("written");
}

/// See the module.
pub struct Stand {
    pub kubernetes: Kubernetes,
    pub admin: KubeClient,
    pub registry: Registry,
    /// Before the registry, to make its blobs slow.
    pub proxy: FaultProxy,
    pub builder: Builder,
    /// The runtime of the node with a kubelet, `node-1`.
    pub containerd: Containerd,
    /// The REST API, with port and without a path.
    pub base: String,
    /// The admin's access token.
    pub token: String,
    network: Network,
    node: Option<WholeNode>,
}

impl Stand {
    /// Starts everything and installs the product.
    pub async fn start() -> Self {
        let mut stand = Self::node().await;
        stand.install().await;
        stand
    }

    /// A cluster of one node, and our images in a registry.
    async fn node() -> Self {
        let network = Network::start().await.expect("a network");
        let at = IpAddr::V4(NODE);
        let registry = Registry::start_at(at).await.expect("a registry");
        let builder = Builder::new().expect("a builder");
        for image in [images::SMALL, images::BASE, images::LIBRARY, images::TOOLCHAIN] {
            let pushed = registry.client().push(image, &format!("{image}:v1")).await;
            pushed.expect("an image");
        }
        let proxy = FaultProxy::start_at(at, registry.address()).await.expect("a proxy");
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
        know(&containerd, &[&registry.address(), proxy.address()]);
        furnish(&containerd);
        let node = WholeNode::start(&kubernetes, "node-1", &containerd)
            .await
            .expect("a node");
        Self {
            admin: kubernetes.admin(),
            kubernetes,
            registry,
            proxy,
            builder,
            containerd,
            base: String::new(),
            token: String::new(),
            network,
            node: Some(node),
        }
    }

    /// The folder that the coordinator's volume is.
    pub fn disk(&self) -> PathBuf {
        self.kubernetes.home().join("disk")
    }

    /// A disk for the coordinator, as a cluster's own provisioner would make it.
    async fn offer_disk(&self) {
        let folder = self.disk();
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
    pub async fn ready_pod(&self, name: &str) -> Value {
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

    /// Runs the oldest kubectl, which must succeed; gives back what it prints.
    pub async fn kubectl(&self, arguments: &[&str]) -> String {
        let said = self.kubernetes.kubectl(Kubectl::Oldest, arguments).await;
        said.expect("kubectl")
    }

    /// What is applied: `deploy/` with the images of this registry.
    pub fn deploy(&self) -> String {
        self.builder.join("deploy").display().to_string()
    }

    /// Applies `deploy/` as its README says, and logs in.
    async fn install(&mut self) {
        self.offer_disk().await;
        let deploy = self.deploy();
        with_images(&self.registry, Path::new(&deploy));
        self.kubectl(&["apply", "-f", &format!("{deploy}/base/namespace.yaml")])
            .await;
        let password = format!("--from-literal=password={}", login::FIRST_PASSWORD);
        self.kubectl(&["-n", SYSTEM, "create", "secret", "generic", "ips-admin", &password])
            .await;
        self.kubectl(&["apply", "-k", &deploy]).await;
        let address = self.address().await;
        self.network.name("ips-coordinator", SYSTEM, address);
        // The same name for what runs beside the pods.
        let hosts = self.builder.join("hosts");
        std::fs::write(&hosts, format!("127.0.0.1 localhost\n{address} {HOST}\n")).expect("written");
        mount(Some(&hosts), "/etc/hosts", None::<&str>, MsFlags::MS_BIND, None::<&str>).expect("a bind mount");
        self.ready_pod("ips-coordinator").await;
        self.ready_pod("ips-agent").await;
        self.base = format!("http://{address}:8080");
        self.token = login::admin(&self.base).await.expect("the admin");
    }

    /// The address of the coordinator's service.
    async fn address(&self) -> Ipv4Addr {
        let path = format!("/api/v1/namespaces/{SYSTEM}/services/ips-coordinator");
        let service = self.admin.get(&path).await.expect("the service");
        let address = service["spec"]["clusterIP"].as_str().expect("an address");
        address.parse().expect("an address")
    }

    /// REST, as the admin.
    pub fn api(&self) -> Api {
        Api::with_token(&self.base, &self.token)
    }

    /// Writes down the certificate that the coordinator has published, and says where.
    pub async fn authority(&self) -> PathBuf {
        let path = format!("/api/v1/namespaces/{SYSTEM}/configmaps/ips-ca");
        let map = self.admin.get(&path).await.expect("the map");
        let file = self.builder.join("ca.crt");
        std::fs::write(&file, map["data"]["ca.crt"].as_str().expect("a certificate")).expect("written");
        file
    }

    /// gRPC over TLS, as the admin.
    pub async fn tasks(&self) -> TaskServiceClient<InterceptedService<Channel, Bearer>> {
        let pem = std::fs::read(self.authority().await).expect("the certificate");
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
        let endpoint = Channel::from_shared(format!("https://{HOST}:9443")).expect("a URL");
        let channel = endpoint.tls_config(tls).expect("TLS").connect().await;
        let channel = channel.expect("the coordinator's gRPC port");
        TaskServiceClient::new(InterceptedService::new(channel, Bearer::new(&self.token)))
    }

    /// The command line, from outside of the pods.
    pub async fn ips(&self, arguments: &[&str]) -> std::process::Output {
        let program: PathBuf = cache::program("ips").expect("ips");
        let mut command = tokio::process::Command::new(program);
        command
            .args(arguments)
            .env("IPS_SERVER", format!("https://{HOST}:9443"));
        command.env("IPS_CA_FILE", self.authority().await);
        let output = command.env("IPS_TOKEN", &self.token).output().await;
        output.expect("ips runs")
    }

    /// Orders images on one node; gives back the id of the task.
    pub async fn order(&self, image: &str, node: &str) -> String {
        let order = json!({"images": [image], "nodeSelector": {"kubernetes.io/hostname": node}, "maxRetries": 5, "retryDelay": 1});
        let (status, task) = self.api().post("/api/v1/tasks", &order).await.expect("an answer");
        assert_eq!(status, 201, "{task}");
        task["taskId"].as_str().expect("an id").to_owned()
    }

    /// Waits until a task has ended.
    pub async fn ended(&self, id: &str) -> Value {
        wait_for(&format!("the end of task {id}"), LIMIT, async || {
            let task = self.api().get(&format!("/api/v1/tasks/{id}")).await.ok()?;
            matches!(task["status"].as_str(), Some("completed" | "failed" | "cancelled")).then_some(task)
        })
        .await
    }

    /// Waits until a task has ended well.
    pub async fn completed(&self, id: &str) {
        let task = self.ended(id).await;
        assert_eq!(task["status"], "completed", "{task:#}\n{:#}", self.pull(id).await);
    }

    /// The only pull of a task.
    pub async fn pull(&self, id: &str) -> Value {
        let page = self.api().get(&format!("/api/v1/tasks/{id}/pulls")).await;
        page.unwrap_or_default()["pulls"][0].clone()
    }

    /// Waits until a node is as the test says.
    pub async fn node_is(&self, what: &str, name: &str, mut test: impl FnMut(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let seen = tokio::time::timeout(LIMIT, async {
            loop {
                last = self
                    .api()
                    .get(&format!("/api/v1/nodes/{name}"))
                    .await
                    .unwrap_or_default();
                if test(&last) {
                    return last.clone();
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        })
        .await;
        seen.unwrap_or_else(|_| panic!("{name} is not {what}: {last:#}"))
    }

    /// Waits until our agent and the runtime of a node are ready.
    pub async fn node_ready(&self, name: &str) -> Value {
        self.node_is("ready", name, |node| node["ready"] == true).await
    }

    /// Whether the coordinator warns of something with these words.
    pub async fn warns(&self, of: &str) -> bool {
        let warnings = self.warnings().await;
        warnings.iter().any(|one| one.contains(of))
    }

    /// What the coordinator warns of.
    pub async fn warnings(&self) -> Vec<String> {
        let body = self.api().get("/readyz").await.unwrap_or_default();
        let all = body["warnings"].as_array().cloned().unwrap_or_default();
        all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
    }

    /// From now on blobs come slowly through the proxy, or as fast as they can.
    pub fn slow(&self, slow: bool) {
        let slowly = Faults {
            blob_bytes_per_second: Some(SLOW),
            spare_blobs_below: 1 << 20,
            ..Faults::default()
        };
        self.proxy.set(if slow { slowly } else { Faults::default() });
    }

    /// Orders an image that comes slowly, and waits until it is in the middle of it.
    pub async fn in_mid_pull(&self, image: &str, node: &str) -> String {
        self.slow(true);
        let id = self.order(&self.proxy.reference(image), node).await;
        wait_for("the middle of a layer", LIMIT, async || {
            let pull = self.pull(&id).await;
            let ended = matches!(pull["state"].as_str(), Some("succeeded" | "failed" | "skipped"));
            assert!(!ended, "it ended before its middle: {pull:#}");
            (pull["bytes"]["fetched"].as_u64() >= Some(MIDDLE)).then_some(())
        })
        .await;
        id
    }
}

/// Lets a containerd fetch from registries that speak plain HTTP.
pub fn know(containerd: &Containerd, registries: &[&str]) {
    for registry in registries {
        let hosts = format!("[host.\"http://{registry}\"]\ncapabilities = [\"pull\", \"resolve\"]\n");
        containerd.hosts(registry, &hosts).expect("its configuration");
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
