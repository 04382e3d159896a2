//! What the store remembers of it.

use punctual_actors::ports::Failure;
use punctual_events::{ActorId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dapr::{
    frame,
    keys::{Keys, Version, Written},
};

/// The only key.
const KEY: &str = "zone-data";
/// The format this release writes; a newer one is refused.
const FORMAT: u16 = 1;

/// With which zone data wake-ups are armed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// The release of the data with which all are armed; none where somebody began with another since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) zone_data: Option<String>,
    /// Somebody is having them armed with other data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) walk: Option<Walk>,
}

/// How far somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Walk {
    /// The release of the data.
    pub(super) zone_data: String,
    /// The process.
    pub(super) by: Uuid,
    /// Unless it says more by then, it is not about it any more.
    pub(super) until: Timestamp,
    /// All actors up to this one are armed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reached: Option<ActorId>,
}

impl Remembered {
    /// What is remembered, if anything is.
    pub(super) async fn read(keys: &impl Keys) -> Result<Option<(Self, Version)>, Failure> {
        let Some((bytes, version)) = keys.get(KEY).await? else {
            return Ok(None);
        };
        let (remembered, _) = frame::decode("the record of zone data", FORMAT, &bytes)?;
        Ok(Some((remembered, version)))
    }

    /// Remembers this instead of `version`. False when another was first.
    pub(super) async fn write(&self, keys: &impl Keys, version: Option<&Version>) -> Result<bool, Failure> {
        let bytes = frame::encode(FORMAT, self, &[])?;
        match version {
            Some(version) => Ok(keys.replace(KEY, version, bytes).await? == Written::Done),
            None => keys.create(KEY, bytes).await.map(|()| true),
        }
    }
}
