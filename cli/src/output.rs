//! Answers on standard output: aligned columns for people, JSON for programs, names for shells.

pub mod json;
pub mod policy;
pub mod preview;
pub mod schedule;
pub mod task;

use crate::error::CliError;
use serde::Serialize;
use std::io::Write as _;

/// How to show an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Columns
    Table,
    /// JSON in the shapes of the REST API; a watch writes one object a line
    Json,
    /// Only kind and name, like task/nightly
    Name,
}

/// Writes text and a line break.
pub fn line(text: &str) -> Result<(), CliError> {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Writes a value as indented JSON.
pub fn object(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(std::io::Error::from)?;
    line(&text)
}

/// Writes a value as JSON on one line, at once: a reader waits for it.
pub fn object_line(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string(value).map_err(std::io::Error::from)?;
    line(&text)?;
    std::io::stdout().flush()?;
    Ok(())
}

/// Columns aligned by their widest cell; an empty cell shows as a dash.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let head: Vec<String> = head.iter().map(|&name| name.to_owned()).collect();
    let lines = std::iter::once(&head).chain(rows).map(|row| aligned(row, &widths));
    lines.collect::<Vec<_>>().join("\n")
}

fn aligned(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| {
        let cell = if cell.is_empty() { "-" } else { cell };
        format!("{cell:<width$}")
    });
    cells.collect::<Vec<_>>().join("   ").trim_end().to_owned()
}

/// Lines of `Name:  value`, aligned; entries without a value are left out, one without a name continues the one above.
pub fn description(entries: &[(&str, String)]) -> String {
    let shown: Vec<_> = entries.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = shown.iter().map(|(name, _)| name.len() + 1).max().unwrap_or(0);
    let lines = shown.iter().map(|(name, value)| {
        let name = if name.is_empty() {
            String::new()
        } else {
            format!("{name}:")
        };
        format!("{name:<width$}  {value}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// `key=value` pairs with commas.
pub fn labels<'a>(labels: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let mut pairs: Vec<String> = labels
        .into_iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.sort();
    pairs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_gaps_are_dashes() {
        let rows = [vec!["a".into(), String::new()], vec!["long-name".into(), "x".into()]];
        assert_eq!(
            table(&["NAME", "B"], &rows),
            "NAME        B\na           -\nlong-name   x"
        );
        assert_eq!(table(&["NAME"], &[]), "NAME");
    }

    #[test]
    fn descriptions_leave_out_what_is_empty() {
        let entries = [
            ("Id", "a".to_owned()),
            ("", "b".to_owned()),
            ("Error", String::new()),
            ("Priority", "5".to_owned()),
        ];
        assert_eq!(description(&entries), "Id:        a\n           b\nPriority:  5");
    }
}
