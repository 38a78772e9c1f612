//! Records as CSV (RFC 4180) that a spreadsheet takes for text and nothing else.

use crate::{domain::audit::AuditRecord, http::dto::time};

/// The first line.
pub(super) const HEAD: &str =
    "id,time,tenant,subject,door,operation,resource,result,status,requestId,source,userAgent\r\n";

/// Adds one line.
pub(super) fn push(text: &mut String, it: &AuditRecord) {
    let status = it.status.to_string();
    let time = time::rfc3339(it.at);
    let cells = [
        it.id.as_str(),
        &time,
        &it.tenant,
        &it.subject,
        it.door.as_str(),
        &it.operation,
        &it.resource,
        it.result.as_str(),
        &status,
        &it.request_id,
        &it.source,
        &it.user_agent,
    ];
    text.push_str(&cells.map(cell).join(","));
    text.push_str("\r\n");
}

/// What a client chose may begin like a formula.
fn cell(text: &str) -> String {
    let harmless = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if harmless.contains([',', '"', '\n', '\r', '\'']) {
        format!("\"{}\"", harmless.replace('"', "\"\""))
    } else {
        harmless
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formula() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("=cmd|' /c calc'!A0"), "\"'=cmd|' /c calc'!A0\"");
        assert_eq!(cell("@SUM(1)"), "\"'@SUM(1)\"");
    }
}
