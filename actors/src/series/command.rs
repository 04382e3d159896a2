//! What a series' actor can be asked to do.

use punctual_events::{AnswerKind, Handover};
use serde::{Deserialize, Serialize};

use crate::machine::Reply;

/// A command to a series' actor.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum SeriesCommand {
    /// The owner's actor hands something over.
    Receive {
        /// What.
        handover: Handover,
    },
    /// A hand-over of this series arrived.
    Acknowledge {
        /// Its number.
        number: u64,
    },
    /// An instant has come at which something is due.
    Wake,
}

/// What a series' actor answers to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesReply {
    /// The hand-overs up to this number were taken in. A sender that hears less than it handed over sends what is missing first.
    pub received: u64,
}

impl Reply for SeriesReply {
    fn kind(&self) -> AnswerKind {
        AnswerKind::Done
    }

    fn weight(&self) -> usize {
        24
    }
}
