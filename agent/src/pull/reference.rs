//! Reads what the agent must know of a reference: its registry host and repository as containerd labels content with them,
//! and its digest. It never rewrites a reference: the runtime gets it as pods write it.

/// Registry of references without one.
pub const DEFAULT_HOST: &str = "docker.io";

/// The digest that a reference pins, as in `repo@sha256:…` or `repo:tag@sha256:…`.
#[must_use]
pub fn digest_of(reference: &str) -> Option<&str> {
    reference
        .rsplit_once('@')
        .map(|(_, digest)| digest)
        .filter(|digest| digest.contains(':'))
}

/// Host and repository: `nginx:1` is (`docker.io`, `library/nginx`).
#[must_use]
pub fn host_and_repository(reference: &str) -> (String, String) {
    let name = reference.split_once('@').map_or(reference, |(name, _)| name);
    let (host, path) = match name.split_once('/') {
        Some((first, rest)) if is_host(first) => (first, rest),
        _ => (DEFAULT_HOST, name),
    };
    let repository = match path.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => path,
    };
    if host == DEFAULT_HOST && !repository.contains('/') {
        return (host.into(), format!("library/{repository}"));
    }
    (host.into(), repository.into())
}

/// The full name under which the runtime files a reference: `nginx` is `docker.io/library/nginx:latest`. Where a reference
/// has a tag and a digest, the digest counts.
#[must_use]
pub fn full_name(reference: &str) -> String {
    let (host, repository) = host_and_repository(reference);
    if let Some(digest) = digest_of(reference) {
        return format!("{host}/{repository}@{digest}");
    }
    let tag = reference
        .rsplit_once(':')
        .map(|(_, tag)| tag)
        .filter(|tag| !tag.contains('/'))
        .unwrap_or("latest");
    format!("{host}/{repository}:{tag}")
}

/// The registry that a login is for, as URL. The runtime never uses one with a bare host, and gives one without any host to
/// whoever asks, mirrors included, so both are made whole; `reference` tells the host where the login does not. Only scheme and
/// host are kept, and Docker Hub gets the name under which the runtime asks it.
#[must_use]
pub fn registry_url(server_address: &str, reference: &str) -> String {
    let (scheme, rest) = server_address
        .trim()
        .split_once("://")
        .unwrap_or(("https", server_address.trim()));
    let host = match rest.split('/').next().unwrap_or_default() {
        "" => host_and_repository(reference).0,
        given => given.to_owned(),
    };
    match host.as_str() {
        DEFAULT_HOST | "index.docker.io" => format!("{scheme}://registry-1.docker.io"),
        host => format!("{scheme}://{host}"),
    }
}

/// The rule of all container tools: a first component with a dot or port, or `localhost`, is a host.
fn is_host(first: &str) -> bool {
    first == "localhost" || first.contains('.') || first.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("nginx", "docker.io", "library/nginx", None)]
    #[case("nginx:1.27", "docker.io", "library/nginx", None)]
    #[case("team/app:1", "docker.io", "team/app", None)]
    #[case("localhost:5000/app", "localhost:5000", "app", None)]
    #[case("127.0.0.1:5000/a/b:tag", "127.0.0.1:5000", "a/b", None)]
    #[case("r.example/a/b@sha256:ab", "r.example", "a/b", Some("sha256:ab"))]
    #[case("r.example/a:1@sha256:ab", "r.example", "a", Some("sha256:ab"))]
    fn known_references(#[case] text: &str, #[case] host: &str, #[case] repo: &str, #[case] digest: Option<&str>) {
        assert_eq!(host_and_repository(text), (host.to_owned(), repo.to_owned()));
        assert_eq!(digest_of(text), digest);
    }

    #[rstest]
    #[case("nginx", "docker.io/library/nginx:latest")]
    #[case("localhost:5000/app", "localhost:5000/app:latest")]
    #[case("r.example/a:1", "r.example/a:1")]
    #[case("r.example/a:1@sha256:ab", "r.example/a@sha256:ab")]
    fn full_names(#[case] text: &str, #[case] full: &str) {
        assert_eq!(full_name(text), full);
    }

    #[rstest]
    #[case("https://r.example:5000", "r.example:5000/a:1", "https://r.example:5000")]
    #[case("http://r.example", "r.example/a:1", "http://r.example")]
    #[case("r.example:5000", "r.example:5000/a:1", "https://r.example:5000")]
    #[case("", "r.example/a:1", "https://r.example")]
    #[case("", "nginx", "https://registry-1.docker.io")]
    #[case("https://", "r.example/a:1", "https://r.example")]
    #[case("https://index.docker.io/v1/", "nginx", "https://registry-1.docker.io")]
    #[case("https://r.example/v2/", "r.example/a:1", "https://r.example")]
    fn registry_urls(#[case] given: &str, #[case] reference: &str, #[case] url: &str) {
        assert_eq!(registry_url(given, reference), url);
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,200}") {
            let _ = host_and_repository(&text);
            let _ = (digest_of(&text), full_name(&text));
            let url = registry_url(&text, &text);
            prop_assert!(url.contains("://"));
        }
    }
}
