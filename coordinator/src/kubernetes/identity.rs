//! TokenReview, and the node of a pod.

use super::{Kubernetes, chain};
use crate::domain::{
    agent::{Answer, ClusterIdentity, PodName, ReviewError, Reviewed},
    ids::NodeName,
};
use k8s_openapi::{
    api::{
        authentication::v1::{TokenReview, TokenReviewSpec, TokenReviewStatus, UserInfo},
        core::v1::Pod,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{Api, api::PostParams};
use secrecy::{ExposeSecret as _, SecretString};

/// Where a review says which pod a token is bound to.
const POD_NAME: &str = "authentication.kubernetes.io/pod-name";
const POD_UID: &str = "authentication.kubernetes.io/pod-uid";
/// The API server's answer where a right is missing.
const FORBIDDEN: u16 = 403;

impl ClusterIdentity for Kubernetes {
    fn review<'a>(&'a self, token: &'a SecretString, audience: &'a str) -> Answer<'a, Reviewed> {
        Box::pin(async move {
            let review = TokenReview {
                metadata: ObjectMeta::default(),
                spec: TokenReviewSpec {
                    audiences: Some(vec![audience.to_owned()]),
                    token: Some(token.expose_secret().to_owned()),
                },
                status: None,
            };
            let reviews: Api<TokenReview> = Api::all(self.client.clone());
            let answer = reviews.create(&PostParams::default(), &review).await;
            let status = answer.map_err(|error| away(&error))?.status.unwrap_or_default();
            reviewed(status, audience)
        })
    }

    fn node_of<'a>(&'a self, pod: &'a PodName) -> Answer<'a, NodeName> {
        Box::pin(async move {
            let pods: Api<Pod> = Api::namespaced(self.client.clone(), &pod.namespace);
            let (namespace, name) = (&pod.namespace, &pod.name);
            let found = pods.get_opt(name).await.map_err(|error| away(&error))?;
            // One of the same name may have taken its place.
            let found = found.filter(|found| found.metadata.uid.as_deref() == Some(&pod.uid));
            let spec = found.and_then(|found| found.spec);
            let Some(node) = spec.and_then(|spec| spec.node_name) else {
                let why = format!("the pod {namespace}/{name} of the token is gone or on no node");
                return Err(ReviewError::Refused(why));
            };
            NodeName::parse(&node).map_err(|invalid| ReviewError::Refused(invalid.to_string()))
        })
    }
}

/// Whose fault it is decides what is told: rights that are missing do not come back by waiting.
fn away(error: &kube::Error) -> ReviewError {
    tracing::warn!(error = chain(error), "The cluster could not be asked who somebody is");
    let forbidden = matches!(error, kube::Error::Api(status) if status.code == FORBIDDEN);
    ReviewError::Unavailable(if forbidden {
        "the coordinator may not ask the cluster who it is: rights are missing, which its log names".into()
    } else {
        "the cluster cannot be asked who it is".into()
    })
}

/// What a status says. A server that knows no audiences answers without one, and its word is worth nothing then.
fn reviewed(status: TokenReviewStatus, audience: &str) -> Result<Reviewed, ReviewError> {
    let refused = |why: &str| Err(ReviewError::Refused(why.to_owned()));
    if status.authenticated != Some(true) {
        return refused("the cluster does not know the token, or it has ended");
    }
    let audiences = status.audiences.unwrap_or_default();
    if !audiences.iter().any(|known| known == audience) {
        return refused("the token is not for this coordinator's audience");
    }
    let UserInfo {
        extra,
        groups,
        username,
        ..
    } = status.user.unwrap_or_default();
    let Some(username) = username.filter(|name| !name.is_empty()) else {
        return refused("the cluster does not say whose token it is");
    };
    let extra = extra.unwrap_or_default();
    let one = |key: &str| match extra.get(key).map(Vec::as_slice) {
        Some([value]) if !value.is_empty() => Some(value.clone()),
        Some(_) | None => None,
    };
    let mut reviewed = Reviewed {
        username,
        groups: groups.unwrap_or_default(),
        pod: None,
    };
    if let (Some((namespace, _)), Some(name), Some(uid)) = (reviewed.service_account(), one(POD_NAME), one(POD_UID)) {
        let namespace = namespace.to_owned();
        reviewed.pod = Some(PodName { namespace, name, uid });
    }
    Ok(reviewed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    /// As Kubernetes 1.20 answers.
    fn status() -> TokenReviewStatus {
        let text = r#"{
            "authenticated": true,
            "audiences": ["ips"],
            "user": {
                "username": "system:serviceaccount:ips-system:ips-agent",
                "uid": "8b2c3e0f-1111-4222-8333-444455556666",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:ips-system", "system:authenticated"],
                "extra": {
                    "authentication.kubernetes.io/pod-name": ["ips-agent-x7k2p"],
                    "authentication.kubernetes.io/pod-uid": ["0d9f2b1a-7777-4888-9999-aaaabbbbcccc"]
                }
            }
        }"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_bound_token_names_its_pod() {
        let reviewed = reviewed(status(), "ips").unwrap();
        assert_eq!(reviewed.service_account(), Some(("ips-system", "ips-agent")));
        let pod = reviewed.pod.unwrap();
        assert_eq!(
            (pod.namespace.as_str(), pod.name.as_str(), pod.uid.len()),
            ("ips-system", "ips-agent-x7k2p", 36)
        );
    }

    #[test]
    fn a_word_that_is_not_for_us_is_worth_nothing() {
        type Edit = fn(&mut TokenReviewStatus);
        let edits: [Edit; 6] = [
            |status| status.authenticated = Some(false),
            |status| status.authenticated = None,
            |status| status.audiences = None,
            |status| status.audiences = Some(vec!["https://kubernetes.default.svc".into()]),
            |status| status.user = None,
            |status| status.user.as_mut().unwrap().username = Some(String::new()),
        ];
        for edit in edits {
            let mut status = status();
            edit(&mut status);
            assert!(matches!(reviewed(status, "ips"), Err(ReviewError::Refused(_))));
        }
    }

    #[test]
    fn a_person_has_no_pod_whatever_the_review_says() {
        let mut status = status();
        status.user.as_mut().unwrap().username = Some("ana".into());
        assert_eq!(reviewed(status, "ips").unwrap().pod, None);
    }
}
