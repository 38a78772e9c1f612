//! Log-ins of this user on this machine: a file that only its owner can read, one log-in for each server. A token goes to the server that
//! it came from and to no other.

use crate::{error::CliError, human::now_ms};
use ips_proto::v1;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::Interceptor,
};

/// A token that ends sooner is refreshed before it is used.
const SOON_MS: i64 = 30_000;

/// Where tokens come from.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Given for this call; nothing is read then.
    pub given: Option<String>,
    /// The file of log-ins; `None` where there is no home.
    pub file: Option<PathBuf>,
}

/// One log-in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// Who.
    pub username: String,
    /// Access token.
    pub token: String,
    /// When it ends.
    pub expires_at_ms: i64,
    /// What it is refreshed with, once.
    pub refresh_token: String,
}

impl Login {
    /// The log-in of an answer.
    pub fn new(answer: v1::LoginResponse) -> Self {
        Self {
            username: answer.user.map(|user| user.username).unwrap_or_default(),
            token: answer.token,
            expires_at_ms: now_ms() + answer.expires_in_s * 1000,
            refresh_token: answer.refresh_token,
        }
    }

    /// Whether it should be refreshed before it is used.
    pub fn ends_soon(&self) -> bool {
        self.expires_at_ms - now_ms() < SOON_MS
    }
}

type Logins = BTreeMap<String, Login>;

impl Tokens {
    /// The file that is meant: the one that is named, or the usual one.
    pub fn new(given: Option<String>, file: Option<PathBuf>) -> Self {
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let folder = || {
            let var = |name| {
                std::env::var_os(name)
                    .filter(|value| !value.is_empty())
                    .map(PathBuf::from)
            };
            let config = var("XDG_CONFIG_HOME").or_else(|| Some(var("HOME")?.join(".config")));
            Some(config?.join("ips").join("logins.json"))
        };
        Self {
            given: filled(given),
            file: file.or_else(folder),
        }
    }

    /// The log-in at a server, if there is one.
    pub fn read(&self, server: &str) -> Option<Login> {
        let text = fs::read_to_string(self.file.as_ref()?).ok()?;
        serde_json::from_str::<Logins>(&text).ok()?.remove(server)
    }

    /// Keeps a log-in, or forgets the one that there is.
    pub fn write(&self, server: &str, login: Option<Login>) -> Result<(), CliError> {
        let path = self.file.as_deref().ok_or_else(no_home)?;
        let mut logins: Logins = match fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text).unwrap_or_default(),
            Err(_absent) => Logins::default(),
        };
        match login {
            Some(login) => drop(logins.insert(server.to_owned(), login)),
            None => drop(logins.remove(server)),
        }
        let text = serde_json::to_vec_pretty(&logins).map_err(std::io::Error::from)?;
        replace(path, &text).map_err(|error| CliError::Usage(format!("--token-file {}: {error}", path.display())))
    }

    /// Holds other programs of this user back while a token is refreshed: one that is spent twice would end the log-in.
    pub fn lock(&self) -> Result<Option<File>, CliError> {
        let Some(path) = &self.file else { return Ok(None) };
        let named = |error| CliError::Usage(format!("--token-file {}: {error}", path.display()));
        let mut name = path.clone().into_os_string();
        name.push(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(name);
        let file = file.map_err(named)?;
        file.lock().map_err(named)?;
        Ok(Some(file))
    }
}

fn no_home() -> CliError {
    CliError::Usage("there is no home folder to keep the log-in in; give --token-file".into())
}

/// A file appears under its name only when it is whole, and is its owner's alone from the beginning.
fn replace(path: &Path, text: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let partial = path.with_extension("partial");
    // One that was left behind may belong to anybody.
    let _absent = fs::remove_file(&partial);
    let mut file = File::options()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&partial)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&partial, path)
}

/// Puts the token on every call.
#[derive(Clone, Default)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    /// With a token, or without one.
    pub fn new(token: Option<&str>) -> Result<Self, CliError> {
        let Some(token) = token else { return Ok(Self(None)) };
        let value = format!("Bearer {token}").parse::<MetadataValue<Ascii>>();
        let mut value = value.map_err(|_invalid| CliError::Usage("the token (IPS_TOKEN) is no token".into()))?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn log_ins_are_kept_apart_by_server_in_a_file_of_their_owner() {
        let folder = std::env::temp_dir().join(format!("ips-session-{}", std::process::id()));
        let path = folder.join("deep").join("logins.json");
        let tokens = Tokens::new(None, Some(path.clone()));
        let login = Login {
            username: "ana".into(),
            token: "t".into(),
            expires_at_ms: now_ms() + 1_000,
            refresh_token: "r".into(),
        };
        assert!(tokens.read("http://a:1").is_none());
        tokens.write("http://a:1", Some(login)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(tokens.read("http://a:1").unwrap().ends_soon());
        assert!(tokens.read("http://b:1").is_none(), "another server gets nothing");
        tokens.write("http://a:1", None).unwrap();
        assert!(tokens.read("http://a:1").is_none());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_token_that_cannot_be_one_is_refused_without_being_shown() {
        let line = Bearer::new(Some("canary\n"))
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(line.contains("IPS_TOKEN") && !line.contains("canary"), "{line}");
    }
}
