//! The network of a whole node: a bridge that its pods are on, and names for its services. For a network namespace of one's own only
//! (`make e2e` makes one), because kube-proxy writes the rules of its machine.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// The node's address on the bridge: where everything that pods reach listens.
pub const NODE: Ipv4Addr = Ipv4Addr::new(10, 214, 0, 1);
/// The bridge.
const BRIDGE: &str = "ips0";
/// Answers that may be kept, in seconds.
const TTL: u32 = 5;

/// See the module.
#[derive(Debug)]
pub struct Network {
    names: Arc<Mutex<Vec<(String, Ipv4Addr)>>>,
    answering: JoinHandle<()>,
}

impl Network {
    /// Makes the bridge, and answers for names on its port 53.
    pub async fn start() -> Result<Self> {
        ensure!(
            !Path::new("/sys/class/net").join(BRIDGE).exists(),
            "there is a bridge {BRIDGE} already"
        );
        let address = format!("{NODE}/24");
        for arguments in [
            &["link", "set", "lo", "up"][..],
            &["link", "add", BRIDGE, "type", "bridge"],
            &["address", "add", &address, "dev", BRIDGE],
            &["link", "set", BRIDGE, "up"],
            // Whatever has no better way: a kubelet wants a default route.
            &["route", "add", "default", "dev", BRIDGE],
        ] {
            let status = Command::new("ip").args(arguments).status()?;
            ensure!(status.success(), "ip {arguments:?}: {status}");
        }
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1")?;
        // Without it an answer from pod to pod on the bridge passes by the rules that the question went through.
        std::fs::write("/proc/sys/net/bridge/bridge-nf-call-iptables", "1")?;
        let socket = UdpSocket::bind((NODE, 53)).await?;
        let names = Arc::<Mutex<Vec<(String, Ipv4Addr)>>>::default();
        let known = Arc::clone(&names);
        let answering = tokio::spawn(async move {
            let mut question = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                let find = |name: &str| {
                    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
                    known.iter().find(|(own, _)| own == name).map(|(_, address)| *address)
                };
                if let Some(answer) = question.get(..length).and_then(|question| answer(question, find)) {
                    let _gone = socket.send_to(&answer, from).await;
                }
            }
        });
        Ok(Self { names, answering })
    }

    /// Lets `name.namespace.svc.cluster.local` be this address.
    pub fn name(&self, service: &str, namespace: &str, address: Ipv4Addr) {
        let name = format!("{service}.{namespace}.svc.cluster.local");
        self.names
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((name, address));
    }

    /// Writes the configuration by which containerd puts pods on the bridge.
    pub fn write_cni(folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let [a, b, c, _] = NODE.octets();
        let list = json!({
            "cniVersion": "0.4.0", "name": "test", "plugins": [
                {"type": "bridge", "bridge": BRIDGE, "isGateway": true, "hairpinMode": true, "ipam": {
                    "type": "host-local", "dataDir": folder.join("addresses"), "routes": [{"dst": "0.0.0.0/0"}],
                    "ranges": [[{"subnet": format!("{a}.{b}.{c}.0/24"), "rangeStart": format!("{a}.{b}.{c}.10"), "gateway": NODE}]]}},
                {"type": "loopback"},
            ]
        });
        Ok(std::fs::write(folder.join("10-test.conflist"), list.to_string())?)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

/// Answers a question of one name for its IPv4 address; other types have no records, other names do not exist.
fn answer(question: &[u8], find: impl Fn(&str) -> Option<Ipv4Addr>) -> Option<Vec<u8>> {
    const HEAD: usize = 12;
    let mut labels = Vec::new();
    let mut at = HEAD;
    loop {
        let length = usize::from(*question.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(question.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let is_address = question.get(at..at + 4)? == [0, 1, 0, 1];
    let found = find(&labels.join("."));
    let shown = found.filter(|_| is_address);
    let mut answer = question.get(..2)?.to_vec();
    // An answer, with recursion; no such name where it is not known.
    answer.extend([0x85, if found.is_some() { 0x80 } else { 0x83 }]);
    answer.extend([0, 1, 0, u8::from(shown.is_some()), 0, 0, 0, 0]);
    answer.extend(question.get(HEAD..at + 4)?);
    if let Some(address) = shown {
        answer.extend([0xc0, 0x0c, 0, 1, 0, 1]);
        answer.extend(TTL.to_be_bytes());
        answer.extend([0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: u8) -> Vec<u8> {
        let mut question = vec![7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in ["ips", "Svc"] {
            question.push(u8::try_from(label.len()).expect("short"));
            question.extend(label.bytes());
        }
        question.extend([0, 0, kind, 0, 1]);
        question
    }

    #[test]
    fn a_known_name_has_its_address_and_no_other_records() {
        let find = |name: &str| (name == "ips.svc").then_some(NODE);
        let found = answer(&question(1), find).expect("an answer");
        assert_eq!(found.get(..4), Some(&[7, 9, 0x85, 0x80][..]));
        assert_eq!(found.get(found.len() - 4..), Some(&NODE.octets()[..]));
        let six = answer(&question(28), find).expect("an answer");
        assert_eq!((six[3], six[7]), (0x80, 0), "it exists, without such a record");
        let none = answer(&question(1), |_| None).expect("an answer");
        assert_eq!((none[3], none[7]), (0x83, 0));
        assert!(answer(&[1, 2, 3], find).is_none());
    }
}
