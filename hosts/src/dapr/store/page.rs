//! A page as it is stored. In a frame, although it is one value: PostgreSQL's component takes a value without bytes for none and refuses it.

use bytes::Bytes;
use punctual_events::DecodeError;
use serde::{Deserialize, Serialize};

use crate::dapr::frame;

/// The format this release writes; a newer one is refused. What is in the page says its own.
const PAGE_FORMAT: u16 = 1;

#[derive(Serialize, Deserialize)]
struct Header {}

/// The stored form of a page's content.
pub(super) fn encode(content: &Bytes) -> Result<Bytes, DecodeError> {
    frame::encode(PAGE_FORMAT, &Header {}, std::slice::from_ref(content))
}

/// Reads the stored form.
pub(super) fn decode(value: &Bytes) -> Result<Bytes, DecodeError> {
    let (Header {}, parts) = frame::decode("a page", PAGE_FORMAT, value)?;
    let [content] = <[Bytes; 1]>::try_from(parts).map_err(|_| DecodeError::Malformed("a page".into()))?;
    Ok(content)
}
