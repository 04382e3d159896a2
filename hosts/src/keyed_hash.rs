//! HMAC-SHA256 under one key, prepared once: what signs tokens, hides e-mail addresses and signs webhooks.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Length of a tag.
pub const TAG_BYTES: usize = 32;

/// The block of SHA-256: HMAC pads a shorter key with zeros up to it (RFC 2104, section 2).
pub const BLOCK_BYTES: usize = 64;

/// HMAC-SHA256 with its key already absorbed, which saves two of the four compressions of a short message.
///
/// Its `Debug` shows nothing of the key.
#[derive(Clone)]
pub struct KeyedHash(Hmac<Sha256>);

impl KeyedHash {
    /// Under a key of at most one block; a shorter key is padded with zeros by the caller, as HMAC itself does it.
    #[must_use]
    pub fn new(padded_key: &[u8; BLOCK_BYTES]) -> Self {
        Self(Hmac::new(padded_key.into()))
    }

    /// The tag of the parts, one after the other. The caller sees to it that different messages differ when concatenated.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; TAG_BYTES] {
        self.absorb(parts).finalize().into_bytes().into()
    }

    /// Whether `tag` is the tag of the parts, in a time that does not depend on where they differ.
    #[must_use]
    pub fn verifies(&self, parts: &[&[u8]], tag: &[u8; TAG_BYTES]) -> bool {
        self.absorb(parts).verify(tag.into()).is_ok()
    }

    fn absorb(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_that_of_rfc_4231_test_case_2() {
        let mut key = [0; BLOCK_BYTES];
        key[..4].copy_from_slice(b"Jefe");
        let hash = KeyedHash::new(&key);
        let tag = hash.tag(&[b"what do ya want ", b"for nothing?"]);
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn a_tag_verifies_only_its_own_message() {
        let hash = KeyedHash::new(&[7; BLOCK_BYTES]);
        let tag = hash.tag(&[b"message"]);
        assert!(hash.verifies(&[b"mess", b"age"], &tag));
        assert!(!hash.verifies(&[b"massage"], &tag));
        assert!(!KeyedHash::new(&[8; BLOCK_BYTES]).verifies(&[b"message"], &tag));
    }

    #[test]
    fn debug_shows_nothing_of_the_key() {
        assert_eq!(format!("{:?}", KeyedHash::new(&[7; BLOCK_BYTES])), "KeyedHash(…)");
    }
}
