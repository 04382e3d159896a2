//! What a series' actor can be asked. A question takes no turn: it is answered from the last committed state.

use punctual_events::{Moment, SeriesDefinition};
use serde::{Deserialize, Serialize};

use crate::series::state::OccurrenceRecord;

/// A question to a series' actor.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum SeriesQuestion {
    /// The series as it is, with some of its occurrences.
    Occurrences {
        /// Only those after this one.
        after: Option<u32>,
        /// How many at most.
        limit: u16,
        /// How many to come at most.
        #[serde(default)]
        upcoming: u16,
    },
}

/// What a series' actor answers to a question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeriesAnswer {
    /// What its instances look like from the occurrence on at which it was last changed.
    pub definition: SeriesDefinition,
    /// True when there will be no further instance.
    pub ended: bool,
    /// Occurrences with their numbers, in order.
    pub occurrences: Vec<(u32, OccurrenceRecord)>,
    /// Those to come, with their numbers, if the open one is completed now and nothing is changed.
    #[serde(default)]
    pub upcoming: Vec<(u32, Moment)>,
}
