//! Warnings about unknown fields, as headers.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponseParts, ResponseParts},
};
use std::convert::Infallible;

/// Unknown fields that are named, at most.
const MAX_WARNINGS: usize = 10;

/// Unknown fields that were ignored; the answer names them in `Warning` headers.
#[derive(Debug, Default)]
pub(in crate::http) struct Warnings(pub(super) Vec<String>);

impl IntoResponseParts for Warnings {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        for name in self.0.iter().take(MAX_WARNINGS) {
            let shown: String = name.chars().take(64).map(printable).collect();
            if let Ok(value) = HeaderValue::try_from(format!("299 - \"unknown field: {shown}\"")) {
                response.headers_mut().append(header::WARNING, value);
            }
        }
        Ok(response)
    }
}

fn printable(c: char) -> char {
    if (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\') {
        c
    } else {
        '?'
    }
}
