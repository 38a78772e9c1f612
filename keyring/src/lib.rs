//! The kubelet's rule for which login is for which image: the keys of Docker's configuration files and of credential plugins are patterns, and
//! the most specific one comes first. Knows nothing of what a login is.

mod matching;

pub use matching::{fits, is_pattern};

/// The host that images without one have.
const DEFAULT_HOST: &str = "docker.io";
/// Key of Docker Hub in the files of old, which counts for images without a host of their own.
const DEFAULT_KEY: &str = "index.docker.io";

/// A login and the key under which it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<L> {
    key: String,
    login: L,
}

impl<L> Entry<L> {
    /// The key is made a pattern: its scheme goes, and so do the version prefixes of Docker's files.
    pub fn new(key: &str, login: L) -> Self {
        let bare = key
            .strip_prefix("https://")
            .or_else(|| key.strip_prefix("http://"))
            .unwrap_or(key);
        let (host, path) = bare.split_at(bare.find('/').unwrap_or(bare.len()));
        let path = match path {
            "/" => "",
            path if path.starts_with("/v1/") || path.starts_with("/v2/") => path.get(3..).unwrap_or_default(),
            path => path,
        };
        let path = if path == "/" { "" } else { path };
        Self {
            key: format!("{host}{path}"),
            login,
        }
    }
}

/// The logins that are for the image (host and repository), the most specific first; entries of equal keys in their order.
pub fn choose<'a, L>(entries: &'a [Entry<L>], image: &str) -> impl Iterator<Item = &'a L> {
    let mut fitting: Vec<&Entry<L>> = entries.iter().filter(|entry| fits(&entry.key, image)).collect();
    if fitting.is_empty() && image.split('/').next() == Some(DEFAULT_HOST) {
        fitting = entries.iter().filter(|entry| entry.key == DEFAULT_KEY).collect();
    }
    // "quay.io/coreos" stands before "quay.io".
    fitting.sort_by(|one, other| other.key.cmp(&one.key));
    fitting.into_iter().map(|entry| &entry.login)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str) -> Entry<String> {
        Entry::new(key, key.to_owned())
    }

    fn chosen(keys: &[&str], image: &str) -> Vec<String> {
        let entries: Vec<Entry<String>> = keys.iter().map(|key| entry(key)).collect();
        choose(&entries, image).cloned().collect()
    }

    #[test]
    fn the_most_specific_key_comes_first() {
        let keys = ["quay.io", "quay.io/coreos", "quay.io/coreos/etcd", "other.io", "*.io"];
        assert_eq!(
            chosen(&keys, "quay.io/coreos/etcd"),
            ["quay.io/coreos/etcd", "quay.io/coreos", "quay.io", "*.io"]
        );
        assert_eq!(chosen(&keys, "quay.io/other/app"), ["quay.io", "*.io"]);
        assert!(chosen(&keys, "registry.example/app").is_empty());
    }

    #[test]
    fn keys_are_cleaned_as_the_kubelet_does() {
        for key in [
            "https://r.example",
            "http://r.example/",
            "r.example/v1/",
            "https://r.example/v2/",
        ] {
            assert_eq!(entry(key).key, "r.example", "{key}");
        }
        assert_eq!(entry("https://r.example/v2/team").key, "r.example/team");
        assert_eq!(entry("r.example/v2").key, "r.example/v2");
    }

    #[test]
    fn docker_hubs_old_key_counts_for_docker_hub_only() {
        let keys = ["https://index.docker.io/v1/"];
        assert_eq!(chosen(&keys, "docker.io/library/nginx").len(), 1);
        assert!(chosen(&keys, "quay.io/app").is_empty());
        assert_eq!(
            chosen(&["docker.io", keys[0]], "docker.io/library/nginx"),
            ["docker.io"]
        );
    }
}
