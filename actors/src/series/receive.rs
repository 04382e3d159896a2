//! What an owner's hand-overs mean to a series.

use std::sync::Arc;

use punctual_events::{
    ActorId, Handover, HandoverMessage, HandoverReceived, Moment, OccurrenceClosed, OccurrenceOpened,
    OccurrenceOutcome, OccurrenceReopened, RecurrenceDate, SeriesDefinition, SeriesDeleted, SeriesEnded, SeriesEvent,
    TaskId, Timestamp,
};

use crate::{
    machine::Context,
    series::{
        instance::{instance, instance_id},
        next::{self, Course, Next, Passed},
        state::SeriesActor,
    },
};

/// An occurrence that was closed.
pub(super) struct Closing<'a> {
    /// The owner's hand-over that says so.
    pub(super) cause: u64,
    pub(super) closed: Timestamp,
    /// When it was done, where that was not then.
    pub(super) done: Option<Timestamp>,
    pub(super) occurrence: u32,
    pub(super) outcome: OccurrenceOutcome,
    /// The zone the owner lives in now.
    pub(super) time_zone: &'a str,
}

impl Closing<'_> {
    /// The event of the closed occurrence.
    pub(super) fn event(&self, at: &Moment) -> SeriesEvent {
        SeriesEvent::OccurrenceClosed(OccurrenceClosed {
            at: at.clone(),
            closed: self.done.unwrap_or(self.closed),
            occurrence: self.occurrence,
            outcome: self.outcome,
        })
    }

    /// The event of an occurrence that gets no instance; its outcome is `outcome` where nothing else is known of it.
    pub(super) fn passed(&self, occurrence: u32, passed: &Passed, outcome: OccurrenceOutcome) -> SeriesEvent {
        SeriesEvent::OccurrenceClosed(OccurrenceClosed {
            at: passed.at.clone(),
            closed: passed.settled.and_then(|settled| settled.closed).unwrap_or(self.closed),
            occurrence,
            outcome: passed.settled.and_then(|settled| settled.outcome).unwrap_or(outcome),
        })
    }
}

impl SeriesActor {
    /// Takes in what the owner hands over: once, and each after the one before it.
    pub(super) fn receive(&self, handover: &Handover, context: &Context<'_>) -> Vec<SeriesEvent> {
        // Passed already, or not its turn yet: the reply says how far we are.
        if handover.number <= self.received || handover.previous > self.received {
            return Vec::new();
        }
        let mut events = vec![SeriesEvent::HandoverReceived(HandoverReceived {
            number: handover.number,
        })];
        if self.deleted.is_some() {
            return events;
        }
        events.extend(match &handover.message {
            HandoverMessage::StartSeries { definition, first } => self.start(definition, *first),
            HandoverMessage::ChangeSeries { definition, .. } => {
                vec![SeriesEvent::SeriesChanged(SeriesDefinition::clone(definition))]
            }
            HandoverMessage::CloseOccurrence {
                closed,
                done,
                occurrence,
                outcome,
                time_zone,
            } => {
                let closing = Closing {
                    cause: handover.number,
                    closed: *closed,
                    done: *done,
                    occurrence: *occurrence,
                    outcome: *outcome,
                    time_zone,
                };
                self.close(&closing, context)
            }
            HandoverMessage::EditSeries {
                changed,
                definition,
                shift_s,
                ..
            } => self.edit(changed, definition, *shift_s, context.zones),
            HandoverMessage::ChangeZone { time_zone } => self.change_zone(time_zone),
            HandoverMessage::PassOccurrence {
                at,
                closed,
                occurrence,
                time_zone,
                to,
            } => {
                let passing = Closing {
                    cause: handover.number,
                    closed: *closed,
                    done: None,
                    occurrence: *occurrence,
                    outcome: OccurrenceOutcome::Missed,
                    time_zone,
                };
                self.pass(&passing, *to, at, context)
            }
            HandoverMessage::ReopenOccurrence { occurrence } => self.reopen(*occurrence, context),
            HandoverMessage::EndSeries { closed } => self.end(*closed),
            HandoverMessage::DeleteSeries { owner } => {
                vec![SeriesEvent::SeriesDeleted(SeriesDeleted { owner: *owner })]
            }
            HandoverMessage::OpenInstance { .. }
            | HandoverMessage::MoveInstance { .. }
            | HandoverMessage::SkipInstance { .. } => Vec::new(),
        });
        events
    }

    fn start(&self, definition: &SeriesDefinition, first: TaskId) -> Vec<SeriesEvent> {
        let Some(at) = definition.due.as_ref().or(definition.start.as_deref()).cloned() else {
            return Vec::new();
        };
        let opened = OccurrenceOpened {
            at,
            generation: 1,
            occurrence: definition.first_occurrence,
            task: first,
        };
        vec![
            SeriesEvent::SeriesStarted(definition.clone()),
            SeriesEvent::OccurrenceOpened(opened),
        ]
    }

    /// A person ended the series, at `closed` with the occurrence that is open.
    fn end(&self, closed: Option<Timestamp>) -> Vec<SeriesEvent> {
        let skipped = closed.zip(self.open).and_then(|(closed, occurrence)| {
            let at = self.occurrences.get(&occurrence)?.at.clone();
            Some(SeriesEvent::OccurrenceClosed(OccurrenceClosed {
                at,
                closed,
                occurrence,
                outcome: OccurrenceOutcome::Skipped,
            }))
        });
        let ended = SeriesEvent::SeriesEnded(SeriesEnded { exhausted: false });
        skipped.into_iter().chain([ended]).collect()
    }

    /// Once a person ended the series, any of its instances can be opened again by itself; what became of those after it stays.
    fn reopen(&self, occurrence: u32, context: &Context<'_>) -> Vec<SeriesEvent> {
        let is_ended = self.ended.is_some_and(|ended| !ended.exhausted);
        let mut known = self.occurrences.iter();
        if is_ended && known.any(|(number, record)| *number > occurrence && !record.is_withdrawn()) {
            return Vec::new();
        }
        let closed = self
            .occurrences
            .get(&occurrence)
            .is_some_and(|record| record.outcome.is_some_and(next::is_chosen));
        let event = closed.then_some(SeriesEvent::OccurrenceReopened(OccurrenceReopened {
            occurrence,
            reopened: self.gives_up().then_some(context.now),
        }));
        event.into_iter().collect()
    }

    fn close(&self, closing: &Closing<'_>, context: &Context<'_>) -> Vec<SeriesEvent> {
        let occurrence = closing.occurrence;
        let (Some(definition), Some(record)) = (&self.definition, self.occurrences.get(&occurrence)) else {
            return Vec::new();
        };
        if self.open != Some(occurrence) {
            return Vec::new();
        }
        let mut events = vec![closing.event(&record.at)];
        if self.ended.is_some() {
            return events;
        }
        let mut definition = Arc::clone(definition);
        if *definition.time_zone != *closing.time_zone {
            Arc::make_mut(&mut definition).time_zone = closing.time_zone.into();
            events.push(SeriesEvent::SeriesChanged(SeriesDefinition::clone(&definition)));
        }
        if self.exceptions.paused.is_some() {
            return events;
        }
        let course = Course::new((&definition, self.spent), &self.exceptions, context.zones);
        let next = course.map_or_else(Next::default, |course| {
            let done = closing.done.unwrap_or(closing.closed);
            course.after(occurrence, &record.at, closing.closed, done)
        });
        events.extend(self.go_on(&next, &definition, closing, context));
        events
    }

    /// What comes next, after the occurrence that was closed.
    pub(super) fn go_on(
        &self,
        next: &Next,
        definition: &SeriesDefinition,
        closing: &Closing<'_>,
        context: &Context<'_>,
    ) -> Vec<SeriesEvent> {
        let outcome = self.outcome_of_passed();
        let mut number = closing.occurrence;
        let mut events = Vec::with_capacity(next.passed.len() + 2);
        for passed in &next.passed {
            number += 1;
            events.push(closing.passed(number, passed, outcome));
        }
        match &next.open {
            Some(at) => events.extend(self.open(number + 1, at.clone(), definition, closing, context)),
            None => events.push(SeriesEvent::SeriesEnded(SeriesEnded { exhausted: true })),
        }
        events
    }

    fn open(
        &self,
        occurrence: u32,
        at: Moment,
        definition: &SeriesDefinition,
        closing: &Closing<'_>,
        context: &Context<'_>,
    ) -> [SeriesEvent; 2] {
        let generation = self.occurrences.get(&occurrence).map_or(0, |record| record.generation) + 1;
        let id = instance_id(self.id, occurrence, generation);
        let changes = self.exceptions.of(RecurrenceDate::from(&at));
        let mut task = instance(self.id, (definition, changes), (occurrence, id), &at, context.zones);
        task.updated = closing.closed;
        let message = HandoverMessage::OpenInstance {
            cause: closing.cause,
            task: Box::new(task),
        };
        let offer = self.handovers.numbering().offer(
            ActorId::User(definition.owner),
            self.handovers.last(),
            message,
            context.now,
        );
        let opened = OccurrenceOpened {
            at,
            generation,
            occurrence,
            task: id,
        };
        [
            SeriesEvent::OccurrenceOpened(opened),
            SeriesEvent::HandoverOffered(offer),
        ]
    }
}
