//! Why the registry could not say what a reference stands for.

/// Class of the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnresolvedReason {
    /// The registry has no such repository, tag or digest.
    NotFound,
    /// The registry wants a login, or refuses the one it got.
    Unauthorized,
    /// The image has no variant for any of the platforms.
    WrongPlatform,
    /// The registry could not be asked, or its answer not be used. Nodes may know better.
    Unknown,
}

impl UnresolvedReason {
    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Unauthorized => "unauthorized",
            Self::WrongPlatform => "wrong_platform",
            Self::Unknown => "unknown",
        }
    }
}

/// Class and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// Class.
    pub reason: UnresolvedReason,
    /// Words for people.
    pub message: String,
}

impl Unresolved {
    /// Nobody could be asked, for this reason.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self {
            reason: UnresolvedReason::Unknown,
            message: message.into(),
        }
    }
}
