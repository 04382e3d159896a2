//! What all jobs of this role have in common: a payload with a format, read by the release that wrote it and every later one.

use bytes::Bytes;
use punctual_actors::ports::Failure;
use serde::{Serialize, de::DeserializeOwned};

use crate::versioned::{self, Unread};

/// A payload.
pub(super) fn encode<T: Serialize>(job: &T) -> Result<Bytes, Failure> {
    serde_json::to_vec(job).map(Bytes::from).map_err(Failure::new)
}

/// Reads the payload of the job `name`, in this format or an earlier one. `None` for one that is damaged, which no release will ever read.
///
/// # Errors
/// When a newer release wrote it: that one, or a newer one, has to do it.
pub(super) fn decode<T: DeserializeOwned>(name: &str, payload: &[u8], known: u16) -> Result<Option<T>, Failure> {
    match versioned::read(payload, known) {
        Ok(job) => Ok(Some(job)),
        Err(newer @ Unread::Newer { .. }) => Err(newer.failure("a job")),
        Err(Unread::Damaged { column }) => {
            tracing::error!(job = name, column, "a damaged job is given up");
            Ok(None)
        }
    }
}
