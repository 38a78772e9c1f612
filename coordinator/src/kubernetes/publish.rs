//! Publishes the certificate that agents are to trust in a config map, as `ca.crt`.

use super::{Kubernetes, chain};
use k8s_openapi::{api::core::v1::ConfigMap, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{Api, api::PostParams};
use std::{collections::BTreeMap, time::Duration};
use tokio_util::sync::CancellationToken;

/// Name of the certificate in the config map.
const KEY: &str = "ca.crt";
/// Pause between two looks, and after one that failed; longest look.
const LOOK: Duration = Duration::from_secs(600);
const AGAIN: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);

impl Kubernetes {
    /// Keeps the certificate in a config map until `stop`.
    pub async fn keep_published(&self, (namespace, name): (String, String), pem: String, stop: CancellationToken) {
        loop {
            let published = tokio::time::timeout(ANSWER, self.publish(&namespace, &name, &pem)).await;
            let published = published
                .map_err(|_| "the cluster does not answer".to_owned())
                .and_then(|published| published.map_err(|error| chain(&error)));
            let pause = match published {
                Ok(true) => {
                    tracing::info!(namespace, name, "The certificate of the own authority was published");
                    LOOK
                }
                Ok(false) => LOOK,
                Err(error) => {
                    tracing::warn!(
                        namespace,
                        name,
                        error,
                        "The certificate of the own authority was not published"
                    );
                    AGAIN
                }
            };
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// Writes it where it is not written yet; says whether it had to.
    async fn publish(&self, namespace: &str, name: &str, pem: &str) -> Result<bool, kube::Error> {
        let maps: Api<ConfigMap> = Api::namespaced(self.client.clone(), namespace);
        let Some(mut known) = maps.get_opt(name).await? else {
            let map = ConfigMap {
                metadata: ObjectMeta {
                    name: Some(name.to_owned()),
                    ..ObjectMeta::default()
                },
                data: Some(BTreeMap::from([(KEY.to_owned(), pem.to_owned())])),
                ..ConfigMap::default()
            };
            maps.create(&PostParams::default(), &map).await?;
            return Ok(true);
        };
        let data = known.data.get_or_insert_default();
        if data.get(KEY).is_some_and(|kept| kept == pem) {
            return Ok(false);
        }
        data.insert(KEY.to_owned(), pem.to_owned());
        // Somebody who was quicker is a conflict, and looked at again.
        maps.replace(name, &PostParams::default(), &known).await?;
        Ok(true)
    }
}
