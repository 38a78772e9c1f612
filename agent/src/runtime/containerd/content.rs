//! containerd's content store, read only: what is being written, what is there, and small documents.

use super::{
    Containerd,
    errors::{absent, refused},
};
use crate::{
    pull::layout::LARGEST_DOCUMENT,
    runtime::{Blob, Ingest, ManifestQuery, RuntimeError},
};
use containerd_client::services::v1::{
    Info, InfoRequest, ListContentRequest, ListStatusesRequest, ReadContentRequest, content_client::ContentClient,
};
use futures::TryStreamExt;
use std::time::SystemTime;
use tonic::transport::Channel;

/// Names under which CRI pulls write layers and configurations, before the digest.
const INGEST_PREFIXES: [&str; 2] = ["layer-", "config-"];

fn client(containerd: &Containerd) -> ContentClient<Channel> {
    ContentClient::new(containerd.channel.clone())
}

pub(super) async fn ingests(containerd: &Containerd) -> Result<Vec<Ingest>, RuntimeError> {
    let filters = INGEST_PREFIXES.iter().map(|prefix| format!("ref~=^{prefix}")).collect();
    let request = containerd.request(ListStatusesRequest { filters });
    let answer = client(containerd)
        .list_statuses(request)
        .await
        .map_err(|status| refused(&status))?;
    let ingest = |name: &str, offset: i64| {
        let digest = INGEST_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix))?;
        Some(Ingest {
            digest: digest.to_owned(),
            offset: u64::try_from(offset).unwrap_or(0),
        })
    };
    Ok(answer
        .into_inner()
        .statuses
        .iter()
        .filter_map(|status| ingest(&status.r#ref, status.offset))
        .collect())
}

pub(super) async fn blob(containerd: &Containerd, digest: &str) -> Result<Option<Blob>, RuntimeError> {
    let request = containerd.request(InfoRequest {
        digest: digest.to_owned(),
    });
    let answer = absent(client(containerd).info(request).await)?;
    Ok(answer.and_then(|answer| answer.into_inner().info).map(record))
}

pub(super) async fn read(containerd: &Containerd, digest: &str) -> Result<Option<Vec<u8>>, RuntimeError> {
    let known = blob(containerd, digest).await?;
    let Some(size) = known.map(|blob| blob.size).filter(|size| *size <= LARGEST_DOCUMENT) else {
        return Ok(None);
    };
    let request = ReadContentRequest {
        digest: digest.to_owned(),
        offset: 0,
        size: 0,
    };
    let Some(answer) = absent(client(containerd).read(containerd.request(request)).await)? else {
        return Ok(None);
    };
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    let mut chunks = answer.into_inner();
    while let Some(chunk) = chunks.try_next().await.map_err(|status| refused(&status))? {
        bytes.extend_from_slice(&chunk.data);
    }
    Ok((bytes.len() as u64 == size).then_some(bytes))
}

pub(super) async fn manifests(containerd: &Containerd, find: &ManifestQuery) -> Result<Vec<Blob>, RuntimeError> {
    let request = containerd.request(ListContentRequest {
        filters: vec![filter(find)],
    });
    let mut parts = client(containerd)
        .list(request)
        .await
        .map_err(|status| refused(&status))?
        .into_inner();
    let mut found = Vec::new();
    while let Some(part) = parts.try_next().await.map_err(|status| refused(&status))? {
        found.extend(
            part.info
                .into_iter()
                .map(record)
                .filter(|blob| blob.size <= LARGEST_DOCUMENT),
        );
    }
    Ok(found)
}

/// Only manifests refer to a configuration, so the label that keeps one from garbage collection finds them.
fn filter(find: &ManifestQuery) -> String {
    match find {
        ManifestQuery::Config(digest) => format!(r#"labels."containerd.io/gc.ref.content.config"=={digest}"#),
        ManifestQuery::Source { host, repository } => format!(
            r#"labels."containerd.io/gc.ref.content.config",labels."containerd.io/distribution.source.{}"~="(^|,){}($|,)""#,
            without_port(host),
            repository.replace('.', "[.]")
        ),
    }
}

/// containerd leaves the port out of this label.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    }
}

fn record(info: Info) -> Blob {
    Blob {
        size: u64::try_from(info.size).unwrap_or(0),
        created_at: info
            .created_at
            .and_then(|at| SystemTime::try_from(at).ok())
            .unwrap_or(SystemTime::UNIX_EPOCH),
        digest: info.digest,
    }
}
