//! Signatures as specified by Standard Webhooks (<https://www.standardwebhooks.com>), version 1, symmetric.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use punctual_events::Timestamp;

use crate::keyed_hash::{BLOCK_BYTES, KeyedHash};

/// The header with the id of the message: the same on every try, so that a receiver can tell repeats.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time of the try, in seconds since the epoch.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// Bytes of the secrets made here.
pub const SECRET_BYTES: usize = 32;

const PREFIX: &str = "whsec_";
const MIN_SECRET_BYTES: usize = 24;
const MAX_SECRET_BYTES: usize = BLOCK_BYTES;

/// What a webhook and its receiver both know. `Debug` does not show it.
#[derive(Clone)]
pub struct WebhookSecret {
    text: Box<str>,
    key: KeyedHash,
}

/// The text is not a secret of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is `whsec_` and the base64 of {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes")]
pub struct SecretError;

impl WebhookSecret {
    /// A secret of random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; SECRET_BYTES]) -> Self {
        Self::from_key(&bytes, format!("{PREFIX}{}", STANDARD.encode(bytes)))
    }

    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// When it is not that, or of the wrong length.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SecretError)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| SecretError)?;
        if (MIN_SECRET_BYTES..=MAX_SECRET_BYTES).contains(&bytes.len()) {
            Ok(Self::from_key(&bytes, text.to_owned()))
        } else {
            Err(SecretError)
        }
    }

    /// The text, to be stored, and shown once to whom the webhook belongs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The value of `webhook-signature` for a body sent under an id at an instant: `v1,` and the base64 of HMAC-SHA256 over `id.seconds.body`.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let seconds = timestamp_seconds(at).to_string();
        let tag = self.key.tag(&[id.as_bytes(), b".", seconds.as_bytes(), b".", body]);
        format!("v1,{}", STANDARD.encode(tag))
    }

    /// `bytes` is at most a block, which the callers have checked.
    fn from_key(bytes: &[u8], text: String) -> Self {
        let mut block = [0; BLOCK_BYTES];
        block[..bytes.len()].copy_from_slice(bytes);
        Self {
            text: text.into(),
            key: KeyedHash::new(&block),
        }
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// The value of `webhook-timestamp`.
#[must_use]
pub fn timestamp_seconds(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_published_example() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_millis(1_614_265_330_999);
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_read_back_from_its_text() {
        let secret = WebhookSecret::from_random([9; SECRET_BYTES]);
        let read = WebhookSecret::parse(secret.expose()).unwrap();
        assert_eq!(read.expose(), secret.expose());
        let at = Timestamp::from_millis(0);
        assert_eq!(read.sign("id", at, b"body"), secret.sign("id", at, b"body"));
    }

    #[test]
    fn secrets_have_24_to_64_bytes() {
        for (bytes, taken) in [(0, false), (23, false), (24, true), (64, true), (65, false)] {
            let text = format!("whsec_{}", STANDARD.encode(vec![1; bytes]));
            assert_eq!(WebhookSecret::parse(&text).is_ok(), taken, "{bytes}");
        }
        for text in ["", "whsec_", "whsec_%%%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert_eq!(WebhookSecret::parse(text).unwrap_err(), SecretError);
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(
            format!("{:?}", WebhookSecret::from_random([9; SECRET_BYTES])),
            "WebhookSecret(…)"
        );
    }
}
