//! A series that is paused makes no instance until it is resumed.

use std::sync::Arc;

use punctual_events::{Anchor, OccurrenceOutcome, SeriesDefinition, SeriesEvent, SeriesPaused, SeriesResumed};

use crate::{
    machine::Context,
    refusal::{Code, Refusal},
    series::{
        next::{Course, Next},
        receive::Closing,
        state::SeriesActor,
    },
};

impl SeriesActor {
    /// The definition of a series that can go on.
    pub(super) fn going_on(&self) -> Result<&Arc<SeriesDefinition>, Refusal> {
        let definition = self.definition.as_ref().ok_or_else(Refusal::not_found)?;
        if self.ended.is_some() {
            return Err(Refusal::new(Code::SeriesEnded, "the series has ended"));
        }
        Ok(definition)
    }

    /// The open instance stays as it is; nothing comes after it for now.
    pub(super) fn pause(&self, context: &Context<'_>) -> Result<Vec<SeriesEvent>, Refusal> {
        self.going_on()?;
        if self.exceptions.paused.is_some() {
            return Ok(Vec::new());
        }
        let paused = context.now;
        Ok(vec![SeriesEvent::SeriesPaused(SeriesPaused { paused })])
    }

    /// Goes on with the first date to come. Where an instance is open, that comes once it is closed, as ever.
    pub(super) fn resume(&self, time_zone: &str, context: &Context<'_>) -> Result<Vec<SeriesEvent>, Refusal> {
        let definition = self.going_on()?;
        if self.exceptions.paused.is_none() {
            return Ok(Vec::new());
        }
        let resumed = context.now;
        let mut events = vec![SeriesEvent::SeriesResumed(SeriesResumed { resumed })];
        events.extend(self.change_zone(time_zone));
        if self.open.is_some() {
            return Ok(events);
        }
        let mut definition = SeriesDefinition::clone(definition);
        definition.time_zone = time_zone.into();
        let mut exceptions = self.exceptions.clone();
        exceptions.resume(resumed);
        exceptions.resolve(time_zone, context.zones);
        let mut known = self.occurrences.iter().rev();
        let Some((last, record)) = known.find(|(_, record)| !record.is_withdrawn()) else {
            return Ok(events);
        };
        let closing = Closing {
            cause: self.received,
            closed: resumed,
            done: None,
            occurrence: *last,
            outcome: OccurrenceOutcome::Skipped,
            time_zone,
        };
        let course = Course::new((&definition, self.spent), &exceptions, context.zones);
        let next = course.map_or_else(Next::default, |course| match definition.recurrence.anchor {
            Anchor::Schedule => course.first_after(&record.at, Some(resumed)),
            Anchor::Completion => {
                // As it would have come; what would have come by now counts from now.
                let since = |closed| course.counted_from(*last, &record.at, closed);
                let due = since(record.closed.unwrap_or(resumed));
                let open = due.filter(|due| due.instant() > resumed).or_else(|| since(resumed));
                Next {
                    open,
                    ..Next::default()
                }
            }
        });
        events.extend(self.go_on(&next, &definition, &closing, context));
        Ok(events)
    }
}
