//! What became of each record, counted, with a line for each that is not as it was.

use std::{collections::BTreeMap, fmt};

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Counts {
    taken: u32,
    there: u32,
    left_out: u32,
}

/// See the module.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    tables: BTreeMap<&'static str, Counts>,
    remarks: Vec<String>,
}

impl Report {
    /// It was taken, or was there already.
    pub(super) fn done(&mut self, table: &'static str, taken: bool) {
        let counts = self.tables.entry(table).or_default();
        if taken {
            counts.taken += 1;
        } else {
            counts.there += 1;
        }
    }

    /// It was taken, but not all of it or not as it was.
    pub(super) fn changed(&mut self, table: &'static str, name: &str, how: &str) {
        self.remarks.push(format!("{table}: {name:?}: changed: {how}"));
    }

    /// It was not taken.
    pub(super) fn left_out(&mut self, table: &'static str, name: &str, why: &str) {
        self.tables.entry(table).or_default().left_out += 1;
        self.remarks.push(format!("{table}: {name:?}: left out: {why}"));
    }

    /// How many of a table were taken, were there already, were left out.
    pub fn counts(&self, table: &str) -> (u32, u32, u32) {
        let counts = self.tables.get(table).cloned().unwrap_or_default();
        (counts.taken, counts.there, counts.left_out)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for remark in &self.remarks {
            writeln!(f, "{remark}")?;
        }
        for (table, counts) in &self.tables {
            let Counts { taken, there, left_out } = counts;
            writeln!(f, "{table}: {taken} taken, {there} there already, {left_out} left out")?;
        }
        Ok(())
    }
}
