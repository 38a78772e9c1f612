//! A JSON parser's errors in the words of the API.

use crate::http::error::ApiError;

/// Puts a parser's error into the words of the API: the field, then the rule.
pub(super) fn refusal(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let text = error.inner().to_string();
    match error.inner().classify() {
        serde_json::error::Category::Data => {
            let path = error.path().to_string();
            let field = if path == "." { "body" } else { path.as_str() };
            ApiError::invalid(field, in_json_words(&text))
        }
        serde_json::error::Category::Io | serde_json::error::Category::Syntax | serde_json::error::Category::Eof => {
            ApiError::invalid("body", format!("is not valid JSON: {text}"))
        }
    }
}

/// "invalid type: string \"x\", expected i64 at line 1 column 9" -> "invalid type: string \"x\", expected an integer"
pub(super) fn in_json_words(text: &str) -> String {
    let text = text.rsplit_once(" at line ").map_or(text, |(text, _)| text);
    let Some((found, expected)) = text.rsplit_once(", expected ") else {
        return text.to_owned();
    };
    let expected = match expected {
        "i64" | "u64" | "i32" | "u32" => "an integer",
        "a sequence" => "an array",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => other,
    };
    format!("{found}, expected {expected}")
}
