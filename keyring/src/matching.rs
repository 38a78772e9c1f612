//! The kubelet's rule for `matchImages` and for the keys of a plugin's answer: a pattern is a host with an optional port and an
//! optional path. Each label of the host may hold shell wildcards, the port must be equal, the path must be a prefix.

/// A pattern or an image, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts<'a> {
    labels: Vec<&'a str>,
    port: &'a str,
    path: &'a str,
}

/// True when the image (host and repository, without a scheme) fits the pattern. A malformed one fits nothing.
pub fn fits(pattern: &str, image: &str) -> bool {
    let (Some(pattern), Some(image)) = (parse(pattern), parse(image)) else {
        return false;
    };
    pattern.port == image.port
        && pattern.labels.len() == image.labels.len()
        && image.path.starts_with(pattern.path)
        && pattern
            .labels
            .iter()
            .zip(&image.labels)
            .all(|(pattern, label)| glob(pattern, label))
}

/// True when the pattern can be taken apart.
pub fn is_pattern(text: &str) -> bool {
    parse(text).is_some()
}

/// Takes a URL without its scheme apart, as Go's parser does: query and fragment are no part of the path.
fn parse(text: &str) -> Option<Parts<'_>> {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = text.split_at(text.find('/').unwrap_or(text.len()));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '%' | '{' | '}' | '|' | '^' | '`');
    if authority.contains(is_bad) {
        return None;
    }
    // A colon within brackets belongs to an address of version 6.
    let after_brackets = authority.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match authority.get(after_brackets..)?.find(':') {
        None => (authority, ""),
        Some(at) => {
            let (host, port) = authority.split_at(after_brackets + at);
            (host, port.get(1..)?)
        }
    };
    if !port.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    Some(Parts {
        labels: host.split('.').collect(),
        port,
        path,
    })
}

/// Shell wildcards within one label: `*` for any number of characters, `?` for one, `[a-z]` and `[^a-z]` for a class, `\` for the
/// next character as it is.
fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    glob_from(&pattern, &text)
}

fn glob_from(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|skip| text.get(skip..).is_some_and(|text| glob_from(rest, text))),
        Some(('?', rest)) => text.split_first().is_some_and(|(_, text)| glob_from(rest, text)),
        Some(('[', rest)) => match (text.split_first(), class(rest)) {
            (Some((first, text)), Some((class, rest))) => class.holds(*first) && glob_from(rest, text),
            (None, _) | (_, None) => false,
        },
        Some(('\\', rest)) => match (rest.split_first(), text.split_first()) {
            (Some((wanted, rest)), Some((first, text))) => wanted == first && glob_from(rest, text),
            (None, _) | (_, None) => false,
        },
        Some((wanted, rest)) => text
            .split_first()
            .is_some_and(|(first, text)| wanted == first && glob_from(rest, text)),
    }
}

/// The inside of brackets.
struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Class {
    fn holds(&self, c: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != self.negated
    }
}

/// Reads a class up to its closing bracket, and what follows it.
fn class(pattern: &[char]) -> Option<(Class, &[char])> {
    let negated = pattern.first() == Some(&'^');
    let mut rest = pattern.get(usize::from(negated)..)?;
    let mut ranges = Vec::new();
    loop {
        if let (Some((']', after)), false) = (rest.split_first(), ranges.is_empty()) {
            return Some((Class { negated, ranges }, after));
        }
        let (low, after) = member(rest)?;
        rest = after;
        let mut high = low;
        if let Some(('-', after)) = rest.split_first() {
            (high, rest) = member(after)?;
        }
        ranges.push((low, high));
    }
}

/// One character of a class.
fn member(pattern: &[char]) -> Option<(char, &[char])> {
    match pattern.split_first()? {
        ('-' | ']', _) => None,
        ('\\', rest) => rest.split_first().map(|(c, rest)| (*c, rest)),
        (c, rest) => Some((*c, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    // Hosts, label by label.
    #[case("registry.example", "registry.example/app", true)]
    #[case("registry.example", "other.example/app", false)]
    #[case("*.registry.io", "foo.registry.io/app", true)]
    #[case("*.registry.io", "a.foo.registry.io/app", false)]
    #[case("*.*.registry.io", "a.foo.registry.io/app", true)]
    #[case("*.io", "registry.io/app", true)]
    #[case("foo*.registry.io", "foobar.registry.io/app", true)]
    #[case("foo*.registry.io", "bar.registry.io/app", false)]
    #[case("*.registry.io", "registry.io/app", false)]
    #[case("*", "registry.io/app", false)]
    #[case("*", "localhost/app", true)]
    #[case("registry[0-9].io", "registry7.io/app", true)]
    #[case("registry[^0-9].io", "registry7.io/app", false)]
    #[case("Registry.example", "registry.example/app", false)]
    // Clouds.
    #[case(
        "*.dkr.ecr.*.amazonaws.com",
        "123456789.dkr.ecr.us-east-1.amazonaws.com/team/app",
        true
    )]
    #[case(
        "*.dkr.ecr.*.amazonaws.com.cn",
        "123456789.dkr.ecr.us-east-1.amazonaws.com/app",
        false
    )]
    #[case("*.azurecr.io", "mine.azurecr.io/app", true)]
    #[case("gcr.io", "gcr.io/project/app", true)]
    #[case("*.gcr.io", "gcr.io/project/app", false)]
    // Ports must be equal, and are never wild.
    #[case("registry.io:8080", "registry.io:8080/app", true)]
    #[case("registry.io:8080", "registry.io:8081/app", false)]
    #[case("registry.io", "registry.io:8080/app", false)]
    #[case("registry.io:8080", "registry.io/app", false)]
    #[case("127.0.0.1:5000", "127.0.0.1:5000/app", true)]
    #[case("*.0.0.1:5000", "127.0.0.1:5000/app", true)]
    // Paths are prefixes, character by character, and never wild.
    #[case("registry.io/team", "registry.io/team/app", true)]
    #[case("registry.io/team", "registry.io/teamwork/app", true)]
    #[case("registry.io/team/", "registry.io/teamwork/app", false)]
    #[case("registry.io/team", "registry.io/other/app", false)]
    #[case("registry.io/*/app", "registry.io/team/app", false)]
    #[case("registry.io:8080/path", "registry.io:8080/path/app", true)]
    #[case("*.registry.io/team", "a.registry.io/team/app", true)]
    // Docker Hub under the name that the kubelet gives it.
    #[case("docker.io", "docker.io/library/nginx", true)]
    #[case("*.docker.io", "docker.io/library/nginx", false)]
    fn the_kubelets_rule(#[case] pattern: &str, #[case] image: &str, #[case] expected: bool) {
        assert_eq!(fits(pattern, image), expected);
    }

    #[test]
    fn what_cannot_be_a_pattern() {
        for bad in ["registry io", "registry.io:port", "reg%zz.io", "a\nb"] {
            assert!(!is_pattern(bad), "{bad}");
            assert!(!fits(bad, bad), "{bad}");
        }
        for good in ["*.registry.io", "registry.io:8080/path", "[::1]:5000", "a"] {
            assert!(is_pattern(good), "{good}");
        }
    }

    #[test]
    fn broken_wildcards_fit_nothing() {
        for pattern in ["[", "[a", "[]a]", "[-]", "a[b-", "\\"] {
            assert!(!glob(pattern, "a"), "{pattern}");
        }
        assert!(glob("\\*", "*") && !glob("\\*", "a") && glob("a?c", "abc") && glob("[a\\]]", "]"));
    }

    proptest! {
        #[test]
        fn never_panics(pattern in ".{0,40}", image in ".{0,40}") {
            let _ = (fits(&pattern, &image), is_pattern(&pattern), glob(&pattern, &image));
        }

        #[test]
        fn a_host_fits_itself(host in "[a-z0-9]{1,8}(\\.[a-z0-9]{1,8}){0,3}(:[0-9]{1,5})?", path in "(/[a-z0-9]{1,8}){1,3}") {
            let fits_all = [fits(&host, &format!("{host}{path}")), fits(&format!("{host}{path}"), &format!("{host}{path}"))];
            prop_assert_eq!(fits_all, [true, true]);
        }
    }
}
