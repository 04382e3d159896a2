//! Reading what is stored as JSON with its format in it: this release's format and every one before it, never a newer one.

use punctual_actors::ports::Failure;
use serde::{Deserialize, de::DeserializeOwned};

/// Why something stored is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// A later release wrote it; guessing would lose what it added.
    Newer {
        /// Its format.
        found: u16,
    },
    /// It is damaged. Only the place is kept of the parser's message, which may quote a credential or what a person wrote into a log.
    Damaged {
        /// Where the parser stopped.
        column: usize,
    },
}

impl From<serde_json::Error> for Unread {
    fn from(error: serde_json::Error) -> Self {
        Self::Damaged { column: error.column() }
    }
}

impl Unread {
    /// The failure to read `what`, which another release may be able to, or nobody.
    pub(crate) fn failure(self, what: &str) -> Failure {
        match self {
            Self::Newer { found } => Failure::new(format_args!(
                "{what} has format {found}: it was written by a newer version of Punctual"
            )),
            Self::Damaged { column } => Failure::damaged(format_args!("{what} at column {column}")),
        }
    }
}

#[derive(Deserialize)]
struct Versioned {
    format: u16,
}

/// Reads what was written in the format `known` or an earlier one.
///
/// # Errors
/// When it is of a newer format or damaged.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8], known: u16) -> Result<T, Unread> {
    // The format first: a newer record need not have the fields this release expects.
    let Versioned { format } = serde_json::from_slice(json)?;
    if format > known {
        return Err(Unread::Newer { found: format });
    }
    Ok(serde_json::from_slice(json)?)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_newer_format_is_refused_before_anything_else_of_it_is_read() {
        #[derive(Debug, Deserialize, PartialEq, Eq)]
        struct Stored {
            kept: u8,
        }
        assert_eq!(read::<Stored>(br#"{"format":2,"kept":7}"#, 2), Ok(Stored { kept: 7 }));
        let newer = read::<Stored>(br#"{"format":3}"#, 2).unwrap_err();
        assert_eq!(newer, Unread::Newer { found: 3 });
        let failure = newer.failure("a record");
        let said = "a record has format 3: it was written by a newer version of Punctual";
        assert_eq!((failure.to_string().as_str(), failure.is_damage()), (said, false));
    }

    #[test]
    fn what_no_release_can_read_is_damage_and_not_quoted() {
        for json in [&b"{\"kept\":\"secret\"}"[..], b"", b"{\"format\":-1}", b"secret"] {
            let damaged = read::<Value>(json, 2).unwrap_err();
            assert!(matches!(damaged, Unread::Damaged { .. }), "{damaged:?}");
        }
        let failure = Unread::Damaged { column: 7 }.failure("a record");
        assert!(failure.is_damage());
        assert_eq!(failure.to_string(), "damaged: a record at column 7");
    }
}
