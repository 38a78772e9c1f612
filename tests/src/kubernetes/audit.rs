//! The audit log of the API server: who has called what, and whether it was allowed. A watch is written down when it ends.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Who, such as `system:serviceaccount:ips-system:ips-coordinator`.
    pub user: String,
    /// `get`, `list`, `watch`, `create`, …
    pub verb: String,
    /// `nodes`, `tokenreviews`, …; empty for what is no resource.
    pub resource: String,
    /// `status`, `token`, …; empty for the object itself.
    pub subresource: String,
    /// Empty for what has none.
    pub namespace: String,
    /// Name of the object, where the call named one.
    pub name: String,
    /// Path and query.
    pub uri: String,
    /// HTTP status.
    pub code: u64,
}

/// Reads the whole log.
pub(super) fn read(path: &Path) -> Result<Vec<Call>> {
    let text = std::fs::read_to_string(path).context("the audit log")?;
    // The last line may be half written.
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .map(|event| call(&event))
        .collect())
}

fn call(event: &Value) -> Call {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = &event["objectRef"];
    Call {
        user: text(&event["user"]["username"]),
        verb: text(&event["verb"]),
        resource: text(&object["resource"]),
        subresource: text(&object["subresource"]),
        namespace: text(&object["namespace"]),
        name: text(&object["name"]),
        uri: text(&event["requestURI"]),
        code: event["responseStatus"]["code"].as_u64().unwrap_or_default(),
    }
}
