//! The stored form of most keys: one line of JSON, which says its format and how long each part is, then the parts as they are. A person can
//! read it in the store's own console, and a commit goes in and out without being parsed.

use bytes::Bytes;
use punctual_events::DecodeError;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The first line.
#[derive(Serialize, Deserialize)]
struct Line<H> {
    format: u16,
    #[serde(flatten)]
    header: H,
    /// Lengths of the parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<usize>,
}

/// Writes a header and the parts after it.
///
/// # Errors
/// When the header cannot be written as JSON.
pub(super) fn encode<H: Serialize>(format: u16, header: &H, parts: &[Bytes]) -> Result<Bytes, DecodeError> {
    let content: usize = parts.iter().map(Bytes::len).sum();
    let mut out = Vec::with_capacity(content + 1024);
    let line = Line {
        format,
        header,
        parts: parts.iter().map(Bytes::len).collect(),
    };
    serde_json::to_writer(&mut out, &line)?;
    out.push(b'\n');
    for part in parts {
        out.extend_from_slice(part);
    }
    Ok(out.into())
}

/// Reads what [`encode`] wrote; the parts share the memory of `bytes`.
///
/// # Errors
/// When it is of a format newer than `known`, or damaged.
pub(super) fn decode<H: DeserializeOwned>(
    what: &'static str,
    known: u16,
    bytes: &Bytes,
) -> Result<(H, Vec<Bytes>), DecodeError> {
    let damaged = || DecodeError::Malformed(what.into());
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
    let line = read_line::<H>(what, known, &bytes[..end])?;
    let mut rest = bytes.slice(end + 1..);
    let mut parts = Vec::with_capacity(line.parts.len());
    for length in line.parts {
        if length > rest.len() {
            return Err(damaged());
        }
        parts.push(rest.split_to(length));
    }
    if rest.is_empty() {
        Ok((line.header, parts))
    } else {
        Err(damaged())
    }
}

fn read_line<H: DeserializeOwned>(what: &'static str, known: u16, line: &[u8]) -> Result<Line<H>, DecodeError> {
    #[derive(Deserialize)]
    struct Format {
        format: u16,
    }
    // The format first: what a newer release writes may not even look like a header of this one.
    let Format { format } = serde_json::from_slice(line)?;
    if format > known {
        return Err(DecodeError::Newer {
            what,
            found: format,
            known,
        });
    }
    Ok(serde_json::from_slice(line)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Header {
        name: String,
    }

    fn header() -> Header {
        Header { name: "a".into() }
    }

    #[test]
    fn any_bytes_come_back_as_they_went_in() {
        let parts = [
            Bytes::from_static(b"\n{\n"),
            Bytes::new(),
            Bytes::from((0..=255).collect::<Vec<u8>>()),
        ];
        let bytes = encode(1, &header(), &parts).unwrap();
        assert_eq!(
            decode::<Header>("a test", 1, &bytes).unwrap(),
            (header(), parts.to_vec())
        );
    }

    #[test]
    fn the_stored_form_is_a_line_of_json_and_the_parts() {
        let bytes = encode(1, &header(), &["one".into(), "two".into()]).unwrap();
        assert_eq!(bytes, "{\"format\":1,\"name\":\"a\",\"parts\":[3,3]}\nonetwo");
    }

    #[test]
    fn a_newer_format_is_refused_whatever_it_looks_like() {
        let outcome = decode::<Header>("a test", 1, &Bytes::from_static(b"{\"format\":2}\n"));
        assert!(matches!(outcome, Err(DecodeError::Newer { found: 2, .. })));
    }

    #[test]
    fn what_is_too_short_or_too_long_is_damaged() {
        let bytes = encode(1, &header(), &["one".into()]).unwrap();
        let longer = Bytes::from([bytes.as_ref(), b"x"].concat());
        for damaged in [bytes.slice(..bytes.len() - 1), bytes.slice(..5), longer, Bytes::new()] {
            assert!(matches!(
                decode::<Header>("a test", 1, &damaged),
                Err(DecodeError::Malformed(_))
            ));
        }
    }
}
