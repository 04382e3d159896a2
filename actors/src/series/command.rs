//! What a series' actor can be asked to do.

use punctual_events::{AnswerKind, Handover, OccurrenceOutcome, RecurrenceDate, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{machine::Reply, series::patch::OccurrencePatch};

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
    /// The owner wants nothing to come for now.
    Pause,
    /// The owner wants it to go on.
    Resume {
        /// The zone the owner lives in now.
        time_zone: Box<str>,
    },
    /// The owner wants an occurrence to come to be unlike the others.
    ChangeOccurrence {
        /// Its date by the rule.
        date: RecurrenceDate,
        /// Set by an import: what it is known by. Once it is known by that, an import changes nothing more.
        #[serde(default)]
        external_uid: Option<Box<str>>,
        /// How.
        patch: Box<OccurrencePatch>,
    },
    /// The owner does not want an occurrence to come.
    SettleOccurrence {
        /// When that was, where it was not now.
        closed: Option<Timestamp>,
        /// Its date by the rule.
        date: RecurrenceDate,
        /// Set by an import: a date that is past and was missed ends so after all, and one that ended so already is left as it is.
        #[serde(default)]
        imported: bool,
        /// How it ends without an instance.
        outcome: OccurrenceOutcome,
    },
    /// The owner wants an occurrence to come to be as the series says again.
    RestoreOccurrence {
        /// Its date by the rule.
        date: RecurrenceDate,
    },
    /// An instant has come at which something is due.
    Wake,
}

impl SeriesCommand {
    /// True for what a person asks for, and not an actor.
    pub(super) fn is_of_a_person(&self) -> bool {
        match self {
            Self::Pause
            | Self::Resume { .. }
            | Self::ChangeOccurrence { .. }
            | Self::SettleOccurrence { .. }
            | Self::RestoreOccurrence { .. } => true,
            Self::Receive { .. } | Self::Acknowledge { .. } | Self::Wake => false,
        }
    }
}

/// What a series' actor answers to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesReply {
    /// Whether anything of the series was changed.
    #[serde(default)]
    pub changed: bool,
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
