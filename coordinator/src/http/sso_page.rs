//! What a person sees in the browser when a log-in at the provider fails: what happened, and the way back.

use super::error::ApiError;
use axum::{
    http::header,
    response::{IntoResponse, Response},
};

/// A page with the status of the error.
pub(super) fn refusal(error: &ApiError) -> Response {
    error.log();
    let status = error.status();
    let text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>IPS</title></head>\n<body><main>\n\
         <h1>Log-in failed</h1>\n<p>{}</p>\n<p lang=\"zh-CN\">登录失败，请返回后重试，或联系管理员。</p>\n\
         <p><a href=\"/login\">Back to the log-in / 返回登录</a></p>\n</main></body>\n</html>\n",
        escaped(&error.said())
    );
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, headers, text).into_response()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_somebody_sent_becomes_markup() {
        assert_eq!(
            escaped("<a href='x' b=\"&\">"),
            "&lt;a href=&#39;x&#39; b=&quot;&amp;&quot;&gt;"
        );
    }
}
