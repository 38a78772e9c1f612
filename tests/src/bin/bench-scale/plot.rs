//! A plot of bars as text.

/// Longest bar, in characters.
const WIDTH: f64 = 50.0;

/// One bar for each number of nodes; bars of one length mean that cost grows linearly.
pub fn bars(title: &str, values: &[(usize, f64)]) -> String {
    let most = values.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let lines = values.iter().map(|(nodes, value)| {
        let bar = "█".repeat((value / most * WIDTH).round() as usize);
        format!("{nodes:>7} nodes {bar} {value:.1}")
    });
    std::iter::once(title.to_owned())
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}
