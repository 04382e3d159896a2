//! What all jobs of this role have in common: a payload with a format, read by the release that wrote it and every later one.

use bytes::Bytes;
use punctual_actors::ports::Failure;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A payload.
pub(super) fn encode<T: Serialize>(job: &T) -> Result<Bytes, Failure> {
    serde_json::to_vec(job).map(Bytes::from).map_err(Failure::new)
}

/// Reads the payload of the job `name`, in this format or an earlier one. `None` for one that is damaged, which no release will ever read.
///
/// # Errors
/// When a newer release wrote it: that one, or a newer one, has to do it.
pub(super) fn decode<T: DeserializeOwned>(name: &str, payload: &[u8], known: u16) -> Result<Option<T>, Failure> {
    #[derive(Deserialize)]
    struct Versioned {
        format: u16,
    }
    let read = serde_json::from_slice(payload).and_then(|Versioned { format }| {
        if format > known {
            return Ok(Err(format));
        }
        serde_json::from_slice(payload).map(Ok)
    });
    match read {
        Ok(Ok(job)) => Ok(Some(job)),
        Ok(Err(format)) => Err(Failure::new(format_args!(
            "a job has format {format}: it was written by a newer version of Punctual"
        ))),
        Err(error) => {
            // Not the parser's message, which may quote what a person wrote.
            tracing::error!(job = name, column = error.column(), "a damaged job is given up");
            Ok(None)
        }
    }
}
