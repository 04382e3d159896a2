//! What a series' actor can be asked. A question takes no turn: it is answered from the last committed state.

use punctual_events::{Moment, OccurrenceChanges, RecurrenceDate, SeriesDefinition, Timestamp};
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
    /// The series as it is, with what is special about a date to come.
    Changes {
        /// The date, by the rule.
        date: RecurrenceDate,
    },
}

/// What a series' actor answers to a question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeriesAnswer {
    /// What is special about some of those to come, by their dates.
    #[serde(default)]
    pub changes: Vec<(RecurrenceDate, OccurrenceChanges)>,
    /// What its instances look like from the occurrence on at which it was last changed.
    pub definition: SeriesDefinition,
    /// True when there will be no further instance.
    pub ended: bool,
    /// Occurrences with their numbers, in order.
    pub occurrences: Vec<(u32, OccurrenceRecord)>,
    /// Since when it is paused.
    #[serde(default)]
    pub paused: Option<Timestamp>,
    /// Those to come, with their numbers, if the open one is completed now and nothing is changed.
    #[serde(default)]
    pub upcoming: Vec<(u32, Moment)>,
}
