//! The keys themselves: where they come from and how they are written. One key a line, the newest first; older ones are for reading.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretBox, SecretString, zeroize::Zeroizing};
use sha2::{Digest as _, Sha256};
use std::{
    fmt::Write as _,
    fs::{File, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Bytes of a key.
const LENGTH: usize = 32;
/// Hex digits of a key's name.
const ID_DIGITS: usize = 16;

/// Where keys come from. The first that is set counts.
#[derive(Debug, Clone, Default)]
pub struct KeySettings {
    /// A file with keys.
    pub file: Option<PathBuf>,
    /// The keys themselves, from the environment.
    pub inline: Option<SecretString>,
    /// Where a key is made when the first is needed; `None` for databases that other machines may use.
    pub generated: Option<PathBuf>,
}

/// A key or a key file that cannot be used. No part of a key is in the message.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A line that is no key.
    #[error("{from}, key {number}: must be 32 bytes as base64 or hex")]
    Malformed {
        /// File or variable.
        from: String,
        /// Position from 1.
        number: usize,
    },
    /// Nothing in it.
    #[error("{from}: holds no key")]
    Empty {
        /// File or variable.
        from: String,
    },
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The keys are not in a file.
    #[error("the keys come from IPS_ENCRYPTION_KEY; put the new key in front of them there")]
    NotAFile,
    /// There is no place for keys.
    #[error("no encryption key is configured: set --encryption-key-file")]
    NoPlace,
}

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    /// Its name, stored beside what it sealed.
    pub(super) id: String,
    pub(super) bytes: SecretBox<[u8; LENGTH]>,
}

/// Some keys, the newest first.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    pub(super) fn newest(&self) -> Option<&Key> {
        self.0.first()
    }

    /// Takes over fresh keys; what was known and is not among them comes last.
    pub(super) fn replace(&mut self, fresh: Self) {
        let known = std::mem::replace(self, fresh).0;
        for key in known {
            if self.find(&key.id).is_none() {
                self.0.push(key);
            }
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }
}

impl KeySettings {
    /// Reads what is configured; a file that would be made may be missing.
    pub(super) fn read(&self) -> Result<Keys, KeyError> {
        if let Some(path) = &self.file {
            return read_file(path);
        }
        if let Some(inline) = &self.inline {
            return parse("IPS_ENCRYPTION_KEY", inline.expose_secret());
        }
        match &self.generated {
            Some(path) if path.exists() => read_file(path),
            Some(_) | None => Ok(Keys::default()),
        }
    }

    /// Where the first key is made, if nothing else is configured.
    pub(super) fn beside(&self) -> Option<&Path> {
        let configured = self.file.is_some() || self.inline.is_some();
        self.generated.as_deref().filter(|_| !configured)
    }

    /// The file that keys can be added to.
    pub(super) fn writable_file(&self) -> Result<&Path, KeyError> {
        match (&self.file, &self.inline) {
            (Some(path), _) => Ok(path),
            (None, Some(_)) => Err(KeyError::NotAFile),
            (None, None) => self.generated.as_deref().ok_or(KeyError::NoPlace),
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> KeyError + '_ {
    move |source| KeyError::File {
        path: path.to_owned(),
        source,
    }
}

fn read_file(path: &Path) -> Result<Keys, KeyError> {
    let text = std::fs::read(path).map(Zeroizing::new).map_err(failed(path))?;
    let from = path.display().to_string();
    // A file of exactly 32 bytes that are no text is the key itself.
    match std::str::from_utf8(&text) {
        Ok(text) => parse(&from, text),
        Err(_) => match <[u8; LENGTH]>::try_from(text.as_slice()) {
            Ok(bytes) => Ok(Keys(vec![key(bytes)])),
            Err(_) => Err(KeyError::Malformed { from, number: 1 }),
        },
    }
}

/// Reads keys that stand on lines or between commas; what follows a `#` is a remark.
fn parse(from: &str, text: &str) -> Result<Keys, KeyError> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or(""));
    let words = lines.flat_map(|line| line.split([',', ' ', '\t'])).map(str::trim);
    let mut keys: Vec<Key> = vec![];
    for (index, word) in words.filter(|word| !word.is_empty()).enumerate() {
        let bytes = decode(word).ok_or_else(|| KeyError::Malformed {
            from: from.to_owned(),
            number: index + 1,
        })?;
        keys.push(key(bytes));
    }
    if keys.is_empty() {
        return Err(KeyError::Empty { from: from.to_owned() });
    }
    Ok(Keys(keys))
}

fn decode(word: &str) -> Option<[u8; LENGTH]> {
    let hex = word.len() == 2 * LENGTH && word.chars().all(|c| c.is_ascii_hexdigit());
    let bytes = if hex {
        let pairs = (0..LENGTH).map(|at| u8::from_str_radix(word.get(2 * at..2 * at + 2)?, 16).ok());
        Zeroizing::new(pairs.collect::<Option<Vec<u8>>>()?)
    } else {
        Zeroizing::new(STANDARD.decode(word).ok()?)
    };
    bytes.as_slice().try_into().ok()
}

fn key(bytes: [u8; LENGTH]) -> Key {
    let hash = Sha256::new_with_prefix("ips key id\n").chain_update(bytes).finalize();
    let id = hash.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    });
    Key {
        id: id[..ID_DIGITS].to_owned(),
        bytes: SecretBox::new(Box::new(bytes)),
    }
}

fn fresh() -> (Zeroizing<String>, String) {
    let bytes: [u8; LENGTH] = rand::random();
    (Zeroizing::new(STANDARD.encode(bytes)), key(bytes).id)
}

/// Makes a file with one new key, readable by its owner only. False when there is a file already.
pub(super) fn create(path: &Path) -> Result<bool, KeyError> {
    let (text, _id) = fresh();
    // Written whole and then given its name, so that nobody ever reads a half key.
    let partial = partial(path);
    write(&partial, &format!("{}\n", *text), 0o600)?;
    let linked = std::fs::hard_link(&partial, path);
    let _gone_at_the_next_start = std::fs::remove_file(&partial);
    match linked {
        Ok(()) => sync_folder(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(path)(error)),
    }
}

/// Puts a new key before those in the file, which may be missing; answers its name.
pub(super) fn prepend(path: &Path) -> Result<String, KeyError> {
    let (text, id) = fresh();
    let (old, mode) = if path.exists() {
        let _checked = read_file(path)?;
        let old = std::fs::read_to_string(path).map_err(failed(path))?;
        let mode = std::fs::metadata(path).map_err(failed(path))?.permissions().mode();
        (Zeroizing::new(old), mode & 0o777)
    } else {
        (Zeroizing::new(String::new()), 0o600)
    };
    let partial = partial(path);
    write(&partial, &Zeroizing::new(format!("{}\n{}", *text, *old)), mode)?;
    std::fs::rename(&partial, path).map_err(failed(path))?;
    sync_folder(path)?;
    Ok(id)
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    PathBuf::from(name)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), KeyError> {
    let open = || {
        let mut options = OpenOptions::new();
        let mut file: File = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    open().map_err(failed(path))
}

fn sync_folder(path: &Path) -> Result<(), KeyError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    File::open(folder).and_then(|it| it.sync_all()).map_err(failed(folder))
}
