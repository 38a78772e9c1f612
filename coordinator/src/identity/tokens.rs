//! Access tokens: JWT by HS256 with the key's name, for this installation only. What a token says of a role is for its reader; the
//! coordinator asks the store.

use super::{error::IdentityError, keys::TokenKeys};
use crate::{domain::Millis, store::SessionUser};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

const AUDIENCE: &str = "ips-api";
/// Longer texts are no tokens of ours.
const LONGEST: usize = 4096;
/// Clocks of replicas may differ by so much, in seconds.
const LEEWAY_S: u64 = 5;

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Claims {
    /// Number of the user.
    pub(super) sub: String,
    /// Name of the user.
    pub(super) name: String,
    /// Role when it was made.
    pub(super) role: String,
    /// The log-in.
    pub(super) sid: String,
    /// Which installation.
    pub(super) iss: String,
    /// What it is for.
    pub(super) aud: String,
    /// When it was made, in seconds.
    pub(super) iat: i64,
    /// When it ends, in seconds.
    pub(super) exp: i64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct AccessTokens {
    keys: TokenKeys,
    issuer: String,
    validation: Validation,
    life_ms: i64,
}

impl AccessTokens {
    /// Tokens of an installation.
    pub(super) fn new(keys: TokenKeys, issuer: String, life_ms: i64) -> Self {
        Self {
            validation: validation(AUDIENCE, &issuer),
            keys,
            issuer,
            life_ms,
        }
    }

    /// This installation.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Seconds that a token lives.
    pub(super) fn life_s(&self) -> i64 {
        self.life_ms / 1000
    }

    /// Makes a token; it ends with its log-in at the latest.
    pub(super) fn make(&self, user: &SessionUser, session: &str, now: Millis) -> Result<String, IdentityError> {
        self.sign(&Claims {
            sub: user.user.to_string(),
            name: user.username.clone(),
            role: user.role.to_string(),
            sid: session.to_owned(),
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            iat: now / 1000,
            exp: (now + self.life_ms).min(user.expires_at) / 1000,
        })
    }

    /// Signs what a token says.
    pub(super) fn sign(&self, claims: &impl Serialize) -> Result<String, IdentityError> {
        let keys = self.keys.current();
        let no_key = || IdentityError::Internal("there is no key for access tokens".into());
        let key = keys.newest().ok_or_else(no_key)?;
        let header = Header {
            kid: Some(key.kid.clone()),
            ..Header::new(Algorithm::HS256)
        };
        encode(&header, claims, &key.encoding).map_err(|error| IdentityError::Internal(Box::new(error)))
    }

    /// Reads a token that we made and that has not ended.
    pub(super) fn read(&self, token: &str) -> Result<Claims, IdentityError> {
        self.decoded(token, &self.validation)
    }

    /// Reads a token that we signed for another audience and that has not ended.
    pub(super) fn verified<C: DeserializeOwned>(&self, token: &str, audience: &str) -> Result<C, IdentityError> {
        self.decoded(token, &validation(audience, &self.issuer))
    }

    fn decoded<C: DeserializeOwned>(&self, token: &str, validation: &Validation) -> Result<C, IdentityError> {
        if token.len() > LONGEST {
            return Err(IdentityError::BadToken);
        }
        let bad = |_| IdentityError::BadToken;
        let header = decode_header(token).map_err(bad)?;
        let kid = header.kid.ok_or(IdentityError::BadToken)?;
        let mut keys = self.keys.known();
        if keys.find(&kid).is_none() {
            // Another replica may have been given a new key a moment earlier.
            keys = self.keys.current();
        }
        let key = keys.find(&kid).ok_or(IdentityError::BadToken)?;
        let data = decode::<C>(token, &key.decoding, validation);
        data.map(|data| data.claims).map_err(bad)
    }
}

/// What must be true of a token for an audience.
fn validation(audience: &str, issuer: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    validation.leeway = LEEWAY_S;
    validation
}
