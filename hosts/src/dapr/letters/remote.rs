//! The dead letters of a role, asked for from elsewhere.

use punctual_actors::ports::Failure;
use serde::{Deserialize, Serialize};

use super::{LetterId, LetterPage, Replayed};
use crate::dapr::{invoke::Asked, sidecar::Sidecar, wire::Outcome};

/// What is asked about one letter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AboutLetter {
    /// Which.
    pub id: LetterId,
}

/// Where a page of letters begins.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct PageQuery {
    /// The `next` of the page before.
    #[serde(default)]
    pub from: u8,
}

/// The services that have dead letters, each called like its role.
pub struct RemoteLetters {
    sidecar: Sidecar,
}

impl RemoteLetters {
    /// The services this sidecar can reach.
    #[must_use]
    pub fn new(sidecar: Sidecar) -> Self {
        Self { sidecar }
    }

    /// Some of a role's letters.
    ///
    /// # Errors
    /// When the service is away or cannot read them.
    pub async fn list(&self, role: &str, from: u8) -> Result<LetterPage, Failure> {
        let asked = Asked::get(role, format!("dead-letters/{role}/list"), format!("from={from}"));
        asked.answer::<Outcome<_>>(&self.sidecar).await?.into_port()
    }

    /// Has a letter replayed.
    ///
    /// # Errors
    /// When the service is away or cannot note what became of it.
    pub async fn replay(&self, role: &str, id: &LetterId) -> Result<Replayed, Failure> {
        let body = AboutLetter { id: id.clone() };
        let asked = Asked::post(role, format!("dead-letters/{role}/replay"), &body)?;
        asked.answer::<Outcome<_>>(&self.sidecar).await?.into_port()
    }

    /// Has a letter thrown away; false where there is none.
    ///
    /// # Errors
    /// When the service is away or cannot say whether it is gone.
    pub async fn discard(&self, role: &str, id: &LetterId) -> Result<bool, Failure> {
        let body = AboutLetter { id: id.clone() };
        let asked = Asked::post(role, format!("dead-letters/{role}/discard"), &body)?;
        asked.answer::<Outcome<_>>(&self.sidecar).await?.into_port()
    }
}
