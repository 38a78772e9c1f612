//! Which variant of an image a node takes, by the rules of containerd's platform matcher within one architecture. Falling back to
//! another architecture (386 on amd64, arm on arm64) is left out on purpose: such an image does not count as warm.

use crate::domain::image::Platform;

/// The best entry for a platform; among equals the first one, as the runtime takes it.
pub(super) fn best<'a, T>(wanted: &Platform, entries: &'a [(Platform, T)]) -> Option<&'a T> {
    let ranked = entries
        .iter()
        .filter_map(|(offered, entry)| rank(wanted, offered).map(|rank| (rank, entry)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, entry)| entry)
}

/// How well `offered` fits, 0 best; `None` when it does not run there.
pub(super) fn rank(wanted: &Platform, offered: &Platform) -> Option<u32> {
    let (wanted, offered) = (normal(wanted), normal(offered));
    if (&wanted.0, &wanted.1) != (&offered.0, &offered.1) {
        return None;
    }
    if wanted.2 == offered.2 {
        return Some(0);
    }
    // Older variants of the same architecture run too: arm v7 runs v6 and v5, amd64 v3 runs v2 and v1.
    let lowest = match wanted.1.as_str() {
        "amd64" => 1,
        "arm" => 5,
        _other => return None,
    };
    let (have, need) = (number(&wanted.2)?, number(&offered.2)?);
    (lowest..have).contains(&need).then(|| have - need)
}

/// Os, architecture and variant with the aliases and defaults of containerd written out.
fn normal(platform: &Platform) -> (String, String, String) {
    let os = platform.os.to_ascii_lowercase();
    let architecture = platform.architecture.to_ascii_lowercase();
    let variant = platform.variant.to_ascii_lowercase();
    let architecture = match architecture.as_str() {
        "x86_64" | "x86-64" => "amd64".to_owned(),
        "aarch64" => "arm64".to_owned(),
        "i386" => "386".to_owned(),
        "armhf" | "armel" => "arm".to_owned(),
        _other => architecture,
    };
    let variant = match (architecture.as_str(), variant.as_str()) {
        ("arm64", "" | "8") => "v8".to_owned(),
        ("arm", "") => "v7".to_owned(),
        ("amd64", "") => "v1".to_owned(),
        ("arm" | "amd64" | "arm64", number) if number.starts_with(|c: char| c.is_ascii_digit()) => format!("v{number}"),
        _other => variant,
    };
    (os, architecture, variant)
}

fn number(variant: &str) -> Option<u32> {
    variant.strip_prefix('v')?.parse().ok()
}

/// The platforms as a list for people, without repetitions.
pub(super) fn join(platforms: &[Platform]) -> String {
    let mut words: Vec<String> = platforms.iter().map(Platform::to_string).collect();
    words.sort();
    words.dedup();
    match words.len() {
        0 => "no platform".to_owned(),
        1..=12 => words.join(", "),
        count => format!("{}, … ({count} in all)", words[..12].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        let mut parts = text.split('/').map(str::to_owned);
        Platform {
            os: parts.next().unwrap_or_default(),
            architecture: parts.next().unwrap_or_default(),
            variant: parts.next().unwrap_or_default(),
        }
    }

    #[test]
    fn variants_fit_as_containerd_fits_them() {
        for (wanted, offered, expected) in [
            ("linux/amd64", "linux/amd64", Some(0)),
            ("linux/amd64", "linux/arm64", None),
            ("linux/amd64", "windows/amd64", None),
            ("linux/amd64", "linux/386", None),
            ("linux/amd64", "linux/amd64/v1", Some(0)),
            ("linux/amd64", "linux/amd64/v2", None),
            ("linux/amd64/v3", "linux/amd64", Some(2)),
            ("linux/x86_64", "linux/amd64", Some(0)),
            ("linux/arm64", "linux/arm64/v8", Some(0)),
            ("linux/arm64/v8", "linux/arm64", Some(0)),
            ("linux/aarch64", "linux/arm64/8", Some(0)),
            ("linux/arm64", "linux/arm/v7", None),
            ("linux/arm", "linux/arm/v7", Some(0)),
            ("linux/arm/v7", "linux/arm/v5", Some(2)),
            ("linux/arm/v6", "linux/arm/v7", None),
            ("linux/riscv64", "linux/riscv64", Some(0)),
        ] {
            assert_eq!(
                rank(&platform(wanted), &platform(offered)),
                expected,
                "{wanted} takes {offered}"
            );
        }
    }

    #[test]
    fn the_nearest_variant_is_taken_and_the_first_of_equals() {
        let entries = ["linux/arm/v5", "linux/arm/v6", "linux/arm/v6", "linux/arm64"]
            .into_iter()
            .enumerate()
            .map(|(position, text)| (platform(text), position))
            .collect::<Vec<_>>();
        assert_eq!(best(&platform("linux/arm/v7"), &entries), Some(&1));
        assert_eq!(best(&platform("linux/arm64/v8"), &entries), Some(&3));
        assert_eq!(best(&platform("linux/amd64"), &entries), None);
    }
}
