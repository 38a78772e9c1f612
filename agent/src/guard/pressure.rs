//! The kernel's figure for I/O pressure (PSI): the share of the last ten seconds in which something waited for a disk.

use std::{fs, path::Path};

/// Percent, from 0 to 100; `None` where the kernel does not tell.
#[must_use]
pub fn read(file: &Path) -> Option<f64> {
    parse(&fs::read_to_string(file).ok()?)
}

fn parse(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let figure = line.split_whitespace().find_map(|word| word.strip_prefix("avg10="))?;
    figure.parse().ok().filter(|percent| (0.0..=100.0).contains(percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_form_is_read_and_nothing_else() {
        let text = "some avg10=12.50 avg60=1.00 avg300=0.00 total=5\nfull avg10=90.00 avg60=0.00 avg300=0.00 total=1\n";
        assert_eq!(parse(text), Some(12.5));
        for bad in [
            "",
            "full avg10=1.00",
            "some avg60=1.00",
            "some avg10=x",
            "some avg10=NaN",
            "some avg10=101",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
