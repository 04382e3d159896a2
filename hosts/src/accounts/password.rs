//! Passwords as people choose and present them (NIST SP 800-63B).

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

/// The fewest characters a new password has.
pub const MIN_CHARS: usize = 8;
/// The most bytes a password has, so that nobody makes us normalise megabytes.
pub const MAX_BYTES: usize = 1024;

/// A password as presented, normalised to NFKC so that it is the same from every keyboard. `Debug` does not show it.
#[derive(Clone)]
pub struct Password(Box<str>);

/// Why a password is not taken. There are no rules of composition: length is what counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too easily guessed.
    #[error("a password has at least {MIN_CHARS} characters")]
    TooShort,
    /// Longer than anybody types.
    #[error("a password has at most {MAX_BYTES} bytes")]
    TooLong,
}

impl Password {
    /// A password somebody wants to have.
    ///
    /// # Errors
    /// When the policy refuses it.
    pub fn chosen(text: &str) -> Result<Self, PasswordError> {
        let password = Self::presented(text)?;
        if text.chars().count() < MIN_CHARS {
            return Err(PasswordError::TooShort);
        }
        Ok(password)
    }

    /// A password somebody signs in with. One shorter than today's policy may be that of an old account.
    ///
    /// # Errors
    /// When it is longer than any account's can be.
    pub fn presented(text: &str) -> Result<Self, PasswordError> {
        if text.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(text.nfkc().collect::<String>().into()))
    }

    /// What is hashed.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_the_only_rule() {
        assert!(Password::chosen("aaaaaaaa").is_ok());
        assert!(Password::chosen("ααααααα").is_err(), "seven characters, fourteen bytes");
        assert_eq!(Password::chosen("1234567").unwrap_err(), PasswordError::TooShort);
        assert_eq!(Password::chosen(&"x".repeat(1025)).unwrap_err(), PasswordError::TooLong);
        assert!(Password::chosen(&"x".repeat(1024)).is_ok());
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Password::presented("secret").unwrap()), "Password(…)");
    }
}
