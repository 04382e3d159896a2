//! Whole numbers, as flags and variables have them.

use std::num::NonZeroU32;

/// A number, which may be zero.
pub(super) fn number(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("expected a whole number from 0 to {}", u32::MAX))
}

/// A number of something there has to be.
pub(super) fn positive(text: &str) -> Result<NonZeroU32, String> {
    text.parse()
        .map_err(|_| format!("expected a whole number from 1 to {}", u32::MAX))
}
