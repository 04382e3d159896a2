//! E-mail addresses as names of accounts: what is accepted, and which spellings are the same person.

use std::fmt;

use caseless::Caseless as _;
use unicode_normalization::UnicodeNormalization as _;

use super::{
    hex,
    signing_key::{Purpose, SigningKey},
};
use crate::keyed_hash::KeyedHash;

/// The longest address SMTP can carry (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const MAX_BYTES: usize = 254;

/// An address as its owner wrote it, without the space around it. User content: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(Box<str>);

/// The text is not taken as an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Not of the form `someone@somewhere`.
    #[error("an e-mail address has one @ with something before and after it, and no spaces or invisible characters")]
    Malformed,
    /// Longer than mail can carry.
    #[error("an e-mail address has at most {MAX_BYTES} bytes")]
    TooLong,
}

impl Email {
    /// Takes an address. Pragmatic on purpose: only a mail that arrives proves an address, so this refuses what cannot be one
    /// or could pass for another.
    ///
    /// # Errors
    /// When it is too long or malformed.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        let email = Self(text.into());
        // The folded form is checked too: U+FF20 folds to @, and some letters fold to a space and a mark.
        if is_plausible(text) && is_plausible(&email.folded()) {
            Ok(email)
        } else {
            Err(EmailError::Malformed)
        }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which all spellings of it are equal: compatibility caseless matching (The Unicode Standard, section 3.13, D146),
    /// composed again. The part before the @ is folded too: no provider in use tells `Ann@` from `ann@`, and people do not either.
    fn folded(&self) -> String {
        self.0
            .nfd()
            .default_case_fold()
            .nfkd()
            .default_case_fold()
            .nfkc()
            .collect()
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

fn is_plausible(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !text.contains(is_unprintable)
}

/// Spaces, controls, and the characters that show as nothing or turn the text around.
fn is_unprintable(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The name of an account's record: a keyed hash of the folded address. Without the signing key it neither tells the address nor
/// lets one be tried, so it may appear in keys, metrics and logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey([u8; 32]);

impl AccountKey {
    /// Reads the 64 hexadecimal digits back.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text).map(Self)
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountKey({self})")
    }
}

/// Makes account keys.
#[derive(Clone, Debug)]
pub struct AccountKeys(KeyedHash);

impl AccountKeys {
    /// With the installation's key.
    #[must_use]
    pub fn new(key: &SigningKey) -> Self {
        Self(key.derive(Purpose::Email))
    }

    /// The name of the record of whoever has this address.
    #[must_use]
    pub fn key(&self, email: &Email) -> AccountKey {
        AccountKey(self.0.tag(&[email.folded().as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> AccountKey {
        AccountKeys::new(&SigningKey::from_bytes([1; 32])).key(&Email::parse(text).unwrap())
    }

    #[test]
    fn spellings_of_one_address_name_one_account() {
        for (a, b) in [
            ("ann@example.org", " Ann@EXAMPLE.org\n"),
            ("straße@example.org", "STRASSE@example.org"),
            ("jose\u{301}@example.org", "JOS\u{c9}@example.org"),
            ("ａｎｎ@example.org", "ann@example.org"),
            ("σίσυφος@example.org", "ΣΊΣΥΦΟΣ@example.org"),
        ] {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        assert_ne!(key("ann@example.org"), key("anna@example.org"));
        assert_ne!(key("ann@example.org"), key("ann+list@example.org"));
    }

    #[test]
    fn the_name_of_an_account_depends_on_the_installations_key() {
        let email = Email::parse("ann@example.org").unwrap();
        let other = AccountKeys::new(&SigningKey::from_bytes([2; 32])).key(&email);
        assert_ne!(key("ann@example.org"), other);
        assert_eq!(AccountKey::from_hex(&other.to_string()), Some(other));
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for text in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "a@b@c",
            "a n@example.org",
            "ann@exam\u{200b}ple.org",
            "ann\0@example.org",
            "a\u{202e}nn@example.org",
            "a＠b@c",
        ] {
            assert_eq!(Email::parse(text), Err(EmailError::Malformed), "{text:?}");
        }
        let long = format!("{}@example.org", "a".repeat(243));
        assert_eq!(Email::parse(&long), Err(EmailError::TooLong));
        assert!(Email::parse(&long[1..]).is_ok());
    }

    #[test]
    fn debug_shows_no_address() {
        assert_eq!(format!("{:?}", Email::parse("ann@example.org").unwrap()), "Email(…)");
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused_and_folding_twice_changes_nothing(text in "\\PC{0,20}@\\PC{1,20}") {
            if let Ok(email) = Email::parse(&text) {
                let folded = email.folded();
                prop_assert_eq!(Email(folded.as_str().into()).folded(), folded);
            }
        }
    }
}
