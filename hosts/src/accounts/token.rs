//! Bearer tokens: who signed in, in which session, until when. Signed, so that no store is asked to read one; whether the session was
//! revoked since is asked elsewhere.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use punctual_events::{SessionId, Timestamp, UserId};
use uuid::Uuid;

use super::signing_key::{Purpose, SigningKey};
use crate::keyed_hash::{KeyedHash, TAG_BYTES};

/// How long a token is good for: 30 days.
pub const LIFETIME_MS: i64 = 30 * 24 * 3600 * 1000;

/// Tells our tokens from others, to people and to secret scanners, and says their format.
const PREFIX: &str = "pt1.";
/// User, session, expiry in milliseconds since the epoch.
const PAYLOAD_BYTES: usize = 16 + 16 + 8;
const PAYLOAD_CHARS: usize = base64_chars(PAYLOAD_BYTES);
const SIGNATURE_CHARS: usize = base64_chars(TAG_BYTES);
const TOKEN_CHARS: usize = PREFIX.len() + PAYLOAD_CHARS + 1 + SIGNATURE_CHARS;

const fn base64_chars(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// `pt1.<payload>.<signature>`, both base64url. A credential: `Debug` does not show it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Box<str>);

impl Token {
    /// The text, to be given to whom it belongs and to nobody else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What a valid token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who it is.
    pub user: UserId,
    /// The sign-in it comes from, by which it can be revoked.
    pub session: SessionId,
    /// The first instant at which it is no longer good.
    pub expires: Timestamp,
}

/// Why a token is not taken. The client is told the same of all three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not of our form.
    #[error("the token is malformed")]
    Malformed,
    /// Not signed with this installation's key.
    #[error("the token's signature is wrong")]
    Forged,
    /// It was good once.
    #[error("the token has expired")]
    Expired,
}

/// Issues and verifies tokens.
#[derive(Clone, Debug)]
pub struct Tokens(KeyedHash);

impl Tokens {
    /// With the installation's key.
    #[must_use]
    pub fn new(key: &SigningKey) -> Self {
        Self(key.derive(Purpose::Token))
    }

    /// A token for a session that starts `now`.
    #[must_use]
    pub fn issue(&self, user: UserId, session: SessionId, now: Timestamp) -> (Token, Claims) {
        let claims = Claims {
            user,
            session,
            expires: now.plus_millis(LIFETIME_MS),
        };
        let payload = to_bytes(&claims);
        let mut text = String::with_capacity(TOKEN_CHARS);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(payload, &mut text);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(self.signature(&payload), &mut text);
        (Token(text.into()), claims)
    }

    /// What the token says, when it is ours and still good. Allocates nothing; the signature is compared in constant time, before
    /// anything in the payload is believed.
    ///
    /// # Errors
    /// When it is malformed, forged or expired.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        let (payload, signature) = decode(token).ok_or(TokenError::Malformed)?;
        if !self.0.verifies(&[PREFIX.as_bytes(), &payload], &signature) {
            return Err(TokenError::Forged);
        }
        let claims = from_bytes(&payload);
        if claims.expires <= now {
            Err(TokenError::Expired)
        } else {
            Ok(claims)
        }
    }

    /// Prefix and payload fit one block of SHA-256 (44 of 55 bytes), which keeps this at two compressions.
    fn signature(&self, payload: &[u8; PAYLOAD_BYTES]) -> [u8; TAG_BYTES] {
        self.0.tag(&[PREFIX.as_bytes(), payload])
    }
}

/// Splits by position: the parts have fixed lengths. The decoder refuses stray last bits, so a token has one text.
fn decode(token: &str) -> Option<([u8; PAYLOAD_BYTES], [u8; TAG_BYTES])> {
    let token: &[u8; TOKEN_CHARS] = token.as_bytes().try_into().ok()?;
    let (payload, signature) = token.strip_prefix(PREFIX.as_bytes())?.split_at(PAYLOAD_CHARS);
    let signature = signature.strip_prefix(b".")?;
    Some((decode_exactly(payload)?, decode_exactly(signature)?))
}

fn decode_exactly<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    (length == N).then_some(bytes)
}

fn to_bytes(claims: &Claims) -> [u8; PAYLOAD_BYTES] {
    let mut bytes = [0; PAYLOAD_BYTES];
    bytes[..16].copy_from_slice(claims.user.0.as_bytes());
    bytes[16..32].copy_from_slice(claims.session.0.as_bytes());
    bytes[32..].copy_from_slice(&claims.expires.as_millis().to_be_bytes());
    bytes
}

fn from_bytes(bytes: &[u8; PAYLOAD_BYTES]) -> Claims {
    let mut id = [0; 16];
    id.copy_from_slice(&bytes[..16]);
    let user = UserId(Uuid::from_bytes(id));
    id.copy_from_slice(&bytes[16..32]);
    let session = SessionId(Uuid::from_bytes(id));
    let mut millis = [0; 8];
    millis.copy_from_slice(&bytes[32..]);
    Claims {
        user,
        session,
        expires: Timestamp::from_millis(i64::from_be_bytes(millis)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn tokens() -> Tokens {
        Tokens::new(&SigningKey::from_bytes([1; 32]))
    }

    fn issued() -> (Token, Claims) {
        tokens().issue(UserId(Uuid::from_u128(7)), SessionId(Uuid::from_u128(8)), NOW)
    }

    #[test]
    fn a_token_is_good_for_thirty_days_and_not_an_instant_longer() {
        let (token, claims) = issued();
        assert_eq!(claims.expires, NOW.plus_millis(LIFETIME_MS));
        assert_eq!(tokens().verify(token.expose(), NOW), Ok(claims));
        assert_eq!(
            tokens().verify(token.expose(), claims.expires.plus_millis(-1)),
            Ok(claims)
        );
        assert_eq!(
            tokens().verify(token.expose(), claims.expires),
            Err(TokenError::Expired)
        );
    }

    #[test]
    fn the_form_is_fixed() {
        let (token, _) = issued();
        assert_eq!(token.expose().len(), TOKEN_CHARS);
        assert_eq!(
            token.expose().rsplit_once('.').map(|(head, _)| head),
            Some("pt1.AAAAAAAAAAAAAAAAAAAABwAAAAAAAAAAAAAAAAAAAAgAAAGjstsYAA")
        );
    }

    #[test]
    fn a_token_of_another_installation_is_forged() {
        let (token, _) = issued();
        let elsewhere = Tokens::new(&SigningKey::from_bytes([2; 32]));
        assert_eq!(elsewhere.verify(token.expose(), NOW), Err(TokenError::Forged));
    }

    #[test]
    fn a_change_of_any_character_is_noticed() {
        let (token, _) = issued();
        for index in 0..TOKEN_CHARS {
            for replacement in ['A', 'B', '_', '.', ' '] {
                let mut changed = token.expose().to_owned();
                changed.replace_range(index..=index, &replacement.to_string());
                let outcome = tokens().verify(&changed, NOW);
                assert_eq!(outcome.is_ok(), changed == token.expose(), "{index} {replacement}");
            }
        }
    }

    #[test]
    fn debug_shows_no_credential() {
        assert_eq!(
            format!("{:?} {:?}", issued().0, tokens()),
            "Token(…) Tokens(KeyedHash(…))"
        );
    }

    proptest! {
        #[test]
        fn garbage_is_refused(text in "(pt1\\.)?\\PC{0,120}") {
            prop_assert!(tokens().verify(&text, NOW).is_err());
        }

        #[test]
        fn garbage_of_the_right_shape_is_forged_or_malformed(text in "pt1\\.[A-Za-z0-9_-]{54}\\.[A-Za-z0-9_-]{43}") {
            prop_assert!(matches!(tokens().verify(&text, NOW), Err(TokenError::Forged | TokenError::Malformed)));
        }
    }
}
