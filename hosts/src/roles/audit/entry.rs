//! The stored form of the audit record: the chain, and apart from it the content, so that the content can be erased.
//!
//! Both are lines of JSON: the first says the format, each further one is a commit, in order. A line of the chain has what the hashes are
//! computed from; the line of the content has the data of the commit's events in an array.

use std::sync::Arc;

use punctual_events::{DecodeError, Digest, EventType, Principal, Seq, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// The format this release writes.
const FORMAT: u16 = 1;
/// Room for the lines of a usual commit, so that they are not moved while they grow.
const USUAL_BYTES: usize = 1_024;

#[derive(Serialize, Deserialize)]
struct FormatLine {
    format: u16,
}

/// A commit in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) events: Vec<EventEntry>,
    pub(super) hash: Digest,
    pub(super) previous: Digest,
    pub(super) seq: Seq,
    pub(super) time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) traceparent: Option<Box<str>>,
}

/// An event in the chain, without what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EventEntry {
    pub(super) by: Principal,
    pub(super) digest: Digest,
    #[serde(rename = "type")]
    pub(super) event_type: EventType,
}

/// The content of a commit: the data of each event, `null` where it was erased before it was copied.
pub(super) type Content = Vec<Arc<RawValue>>;

/// Lines being written; the one that says the format comes with the first.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<u8>);

impl Lines {
    pub(super) fn push(&mut self, line: &impl Serialize) -> Result<(), serde_json::Error> {
        if self.0.is_empty() {
            self.0.reserve(USUAL_BYTES);
            serde_json::to_writer(&mut self.0, &FormatLine { format: FORMAT })?;
            self.0.push(b'\n');
        }
        serde_json::to_writer(&mut self.0, line)?;
        self.0.push(b'\n');
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Reads lines.
///
/// # Errors
/// When they are of a newer format or damaged.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, DecodeError> {
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let first = lines
        .next()
        .ok_or_else(|| DecodeError::Malformed("an empty audit batch".into()))?;
    let FormatLine { format } = serde_json::from_slice(first)?;
    if format > FORMAT {
        return Err(DecodeError::Newer {
            what: "an audit batch",
            found: format,
            known: FORMAT,
        });
    }
    lines.map(|line| Ok(serde_json::from_slice(line)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_a_newer_format_is_refused_by_name_and_a_damaged_one_too() {
        let newer = read::<Entry>(b"{\"format\":2}\n{\"else\":1}\n").unwrap_err();
        assert!(
            matches!(newer, DecodeError::Newer { found: 2, known: 1, .. }),
            "{newer}"
        );
        assert!(newer.to_string().contains("newer"), "{newer}");
        for damaged in ["", "\n", "{}", "{\"format\":1}\n{}"] {
            let error = read::<Entry>(damaged.as_bytes()).unwrap_err();
            assert!(matches!(error, DecodeError::Malformed(_)), "{damaged:?}: {error}");
        }
    }
}
