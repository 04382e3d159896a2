//! How far a row of numbered keys was some time ago: from there on its end is looked for.

use std::fmt::Display;

use punctual_actors::ports::Failure;
use serde::{Deserialize, Serialize};

use crate::dapr::{frame, keys::Keys};

/// The format this release writes; a newer one is refused.
const HINT_FORMAT: u16 = 1;

/// Every how many keys the hint is written: half as many reads, on the average, find the end again, once per process and row.
pub(super) const HINT_EVERY: u64 = 32;

#[derive(Serialize, Deserialize)]
struct Hint {
    ordinal: u64,
}

/// The number the hint `name` says; zero where there is none.
pub(super) async fn read(keys: &impl Keys, name: &str) -> Result<u64, Failure> {
    let Some((bytes, _)) = keys.get(name).await? else {
        return Ok(0);
    };
    let (Hint { ordinal }, _) = frame::decode("a hint of the audit record", HINT_FORMAT, &bytes)?;
    Ok(ordinal)
}

/// Notes how far the row is. Of several writers any may be last: from an older hint the end is found as well.
pub(super) async fn write(keys: &impl Keys, name: &str, ordinal: u64) {
    let written = match frame::encode(HINT_FORMAT, &Hint { ordinal }, &[]) {
        Ok(bytes) => keys.put(vec![(name.to_owned(), bytes)]).await,
        Err(error) => Err(error.into()),
    };
    if let Err(failure) = written {
        tracing::warn!(name, %failure, "how far the audit record is could not be noted; it will be searched for");
    }
}

/// What has to be there and is not.
pub(super) fn gone(name: impl Display) -> Failure {
    Failure::damaged(format_args!("{name} of the audit record is gone"))
}
