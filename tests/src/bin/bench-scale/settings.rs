//! What the environment asks of the bench.

use anyhow::{Context, Result};

use crate::stand::Database;

/// Parts of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Everything that one stand shows.
    Main,
    /// Pages with a million pulls in the database.
    Pages,
    /// Cost at several sizes.
    Cost,
}

/// See the module of the program.
#[derive(Debug)]
pub struct Settings {
    pub runs: usize,
    pub nodes: usize,
    /// Pulls in the database when pages are measured.
    pub pulls: usize,
    pub databases: Vec<Database>,
    pub stages: Vec<Stage>,
    pub check: bool,
}

impl Settings {
    pub fn from_environment() -> Result<Self> {
        let stages = words("STAGES", "main,pages,cost", |word| match word {
            "main" => Some(Stage::Main),
            "pages" => Some(Stage::Pages),
            "cost" => Some(Stage::Cost),
            _other => None,
        })?;
        Ok(Self {
            runs: number("RUNS", 5)?,
            nodes: number("NODES", 10_000)?,
            pulls: number("PULLS", 1_000_000)?,
            databases: words("DATABASES", "sqlite,postgres", Database::parse)?,
            stages,
            check: std::env::var("CHECK").is_ok_and(|check| check == "1"),
        })
    }
}

fn number(name: &str, default: usize) -> Result<usize> {
    let Ok(text) = std::env::var(name) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| *number > 0);
    number.with_context(|| format!("{name} must be a positive number"))
}

fn words<T>(name: &str, default: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
    let text = std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| parse(word).with_context(|| format!("{name}: {word:?} is unknown")))
        .collect()
}
