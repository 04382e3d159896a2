//! Addresses that mail can be sent to as they are.

use std::{fmt, str::FromStr};

use serde::Deserialize;

/// The longest part before the @ (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;
/// The longest address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const MAX_BYTES: usize = 254;

/// An address in the plain form that every mail server takes: letters, digits and a few signs, nothing quoted, no other script (RFC 5321, Dot-string and
/// Domain). It has no character that means something in a list of addresses, so it names one recipient. User content: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct MailAddress(Box<str>);

/// The text is no address of that form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address in the plain form ann@example.org")]
pub struct AddressError;

impl MailAddress {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.split_once('@').ok_or(AddressError)?;
        let is_plain = text.len() <= MAX_BYTES
            && local.len() <= MAX_LOCAL_BYTES
            && local.split('.').all(|atom| is_made_of(atom, is_atom_sign))
            && domain.split('.').all(is_label);
        is_plain.then(|| Self(text.into())).ok_or(AddressError)
    }
}

impl TryFrom<String> for MailAddress {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailAddress(…)")
    }
}

fn is_label(label: &str) -> bool {
    is_made_of(label, |byte| byte == b'-') && !label.starts_with('-') && !label.ends_with('-')
}

fn is_made_of(text: &str, sign: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || sign(byte))
}

fn is_atom_sign(byte: u8) -> bool {
    b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_taken_as_they_are() {
        for text in [
            "ann@example.org",
            "Ann.B+list@mail.example.org",
            "o'neil@localhost",
            "a@1.2",
        ] {
            assert_eq!(text.parse::<MailAddress>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_could_mean_more_than_one_recipient_or_another_header_is_refused() {
        for text in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@example.org;bob@example.org",
            "ann;bob@example.org",
            "ann,bob@example.org",
            "\"ann b\"@example.org",
            "Ann <ann@example.org>",
            "ann@example.org\r\nBcc: bob@example.org",
            "a..b@example.org",
            ".a@example.org",
            "ann@-example.org",
            "ann@exa mple.org",
            "ann@example..org",
            "änn@example.org",
            "ann@exämple.org",
            "ann@[127.0.0.1]",
        ] {
            assert_eq!(text.parse::<MailAddress>(), Err(AddressError), "{text:?}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        assert!(long.parse::<MailAddress>().is_err());
    }
}
