//! What must be remembered of a browser while it is at the provider: a signed text for a cookie, so that no replica has to keep it. It is signed
//! with the keys of access tokens for another audience, so that neither can be taken for the other.

use crate::{
    domain::{Millis, sso::Return},
    identity::{error::IdentityError, keys::TokenKeys},
};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

const AUDIENCE: &str = "ips-oidc-state";

/// See the module.
#[derive(Debug)]
pub(super) struct Trip {
    /// Must come back in the address.
    pub(super) state: String,
    /// Must come back in the token.
    pub(super) nonce: String,
    /// Spends the provider's code.
    pub(super) verifier: SecretString,
    /// Where the browser goes in the end.
    pub(super) back_to: Return,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    state: String,
    nonce: String,
    verifier: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
}

impl Trip {
    /// The text of the cookie.
    pub(super) fn signed(self, keys: &TokenKeys, issuer: &str, now: Millis) -> Result<SecretString, IdentityError> {
        let keys = keys.current();
        let no_key = || IdentityError::Internal("there is no key to sign with".into());
        let key = keys.newest().ok_or_else(no_key)?;
        let (path, port, challenge) = match self.back_to {
            Return::Console { path } => (Some(path), None, None),
            Return::Program { port, challenge } => (None, Some(port), Some(challenge)),
        };
        let claims = Claims {
            iss: issuer.to_owned(),
            aud: AUDIENCE.to_owned(),
            exp: (now + super::TRIP_LIFE_MS) / 1000,
            state: self.state,
            nonce: self.nonce,
            verifier: self.verifier.expose_secret().to_owned(),
            path,
            port,
            challenge,
        };
        let header = Header {
            kid: Some(key.kid.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let text = encode(&header, &claims, &key.encoding);
        text.map(Into::into)
            .map_err(|error| IdentityError::Internal(Box::new(error)))
    }

    /// Reads a text that we signed and that is not over.
    pub(super) fn read(text: &str, keys: &TokenKeys, issuer: &str) -> Option<Self> {
        let kid = decode_header(text).ok()?.kid?;
        let keys = keys.with(&kid);
        let key = keys.find(&kid)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        validation.leeway = 0;
        let claims = decode::<Claims>(text, &key.decoding, &validation).ok()?.claims;
        let back_to = match (claims.port, claims.challenge) {
            (Some(port), Some(challenge)) => Return::program(i64::from(port), &challenge).ok()?,
            (None, None) => Return::console(claims.path.as_deref()),
            (Some(_), None) | (None, Some(_)) => return None,
        };
        Some(Self {
            state: claims.state,
            nonce: claims.nonce,
            verifier: claims.verifier.into(),
            back_to,
        })
    }
}
