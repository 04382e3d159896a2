//! What a series' actor can be asked. A question takes no turn: it is answered from the last committed state.

use punctual_events::{Moment, OccurrenceChanges, RecurrenceDate, SeriesDefinition, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    series::state::{OccurrenceRecord, SeriesActor},
    zone::ZoneData,
};

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
        /// Where the owner lives now, if that is known.
        #[serde(default)]
        time_zone: Option<Box<str>>,
    },
    /// The series as it is, with what is special about a date to come.
    Changes {
        /// The date, by the rule.
        date: RecurrenceDate,
        /// Where the owner lives now, if that is known.
        #[serde(default)]
        time_zone: Option<Box<str>>,
    },
}

impl SeriesQuestion {
    /// The same, asked of an owner who lives in this zone now.
    #[must_use]
    pub fn lived_in(mut self, zone: &str) -> Self {
        let (Self::Occurrences { time_zone, .. } | Self::Changes { time_zone, .. }) = &mut self;
        // An older process does not say it.
        *time_zone = (!zone.is_empty()).then(|| zone.into());
        self
    }

    fn time_zone(&self) -> Option<&str> {
        let (Self::Occurrences { time_zone, .. } | Self::Changes { time_zone, .. }) = self;
        time_zone.as_deref()
    }
}

impl SeriesActor {
    /// The series as it is where its owner lives now, if it has not heard of that. With an instance open it is told by a hand-over; without one, which is so while it is
    /// paused, none may come between it and an instance that is on its way.
    pub(super) fn where_its_owner_lives(&self, question: &SeriesQuestion, zones: &dyn ZoneData) -> Option<Self> {
        let definition = self.definition.as_deref().filter(|_| self.open.is_none())?;
        let time_zone = question.time_zone().filter(|zone| *zone != &*definition.time_zone)?;
        let mut there = self.clone();
        let definition = SeriesDefinition {
            time_zone: time_zone.into(),
            ..definition.clone()
        };
        there.evolve_definition(&definition, zones);
        Some(there)
    }
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
