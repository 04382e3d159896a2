//! What the late policy does when an instant comes while the instance before it is open.
//!
//! The series knows the instants and asks; the owner's actor knows whether the instance is still open, and answers with a hand-over of what it
//! did. What a person does at the same time is newer than what the question was made for, and then nothing is done.

use punctual_events::{
    ActorId, Anchor, HandoverMessage, HandoverOffered, LatePolicy, Moment, OccurrenceOpened, OccurrenceOutcome,
    RecurrenceDate, SeriesDefinition, SeriesEvent, Timestamp, WallTime,
};

use crate::{
    machine::Context,
    series::{
        instance::due_and_start,
        next::{Course, Passed},
        receive::Closing,
        state::SeriesActor,
    },
    user::validate::wall_time,
    zone::ZoneData,
};

impl SeriesActor {
    /// The late policy, where one says something: not of a series that counts from completions.
    pub(super) fn policy(&self) -> Option<LatePolicy> {
        let recurrence = &self.definition.as_deref()?.recurrence;
        (recurrence.anchor == Anchor::Schedule).then_some(recurrence.late_policy)
    }

    /// True where an instance is given up when the next instant comes.
    pub(super) fn gives_up(&self) -> bool {
        self.policy() == Some(LatePolicy::Skip)
    }

    /// How occurrences end that never had an instance of their own.
    pub(super) fn outcome_of_passed(&self) -> OccurrenceOutcome {
        if self.gives_up() {
            OccurrenceOutcome::Skipped
        } else {
            OccurrenceOutcome::Missed
        }
    }

    /// When the open instance gives way to the next occurrence, by the late policy. Derived from everything else.
    pub(super) fn derive_passing(&mut self, zones: &dyn ZoneData) {
        self.passes_at = self.next_passing(zones);
    }

    fn next_passing(&self, zones: &dyn ZoneData) -> Option<Timestamp> {
        let passes = matches!(self.policy(), Some(LatePolicy::KeepOneOpen | LatePolicy::Skip));
        if !passes || self.ended.is_some() || self.exceptions.paused.is_some() {
            return None;
        }
        let record = self.occurrences.get(&self.open?)?;
        // Only what is given up waits for an instant after it was reopened. The policy may have been another then.
        let since = record.reopened.filter(|_| self.gives_up());
        self.course(zones)?.following(&record.at, since)
    }

    /// The course of the series as it is.
    pub(super) fn course<'a>(&'a self, zones: &'a dyn ZoneData) -> Option<Course<'a>> {
        Course::new((self.definition.as_deref()?, self.spent), &self.exceptions, zones)
    }

    /// When the owner has to be asked. Not while the instance may still be on its way there, nor again before an answer.
    pub(super) fn asks_at(&self) -> Option<Timestamp> {
        let may_ask = self.handovers.is_empty() && self.asked != Some(self.received);
        self.passes_at.filter(|_| may_ask)
    }

    /// Asks the owner to let the open instance pass, if it is time.
    pub(super) fn ask_to_pass(&self, context: &Context<'_>) -> Option<HandoverOffered> {
        self.asks_at().filter(|at| *at <= context.now)?;
        let definition = self.definition.as_deref()?;
        let open = self.open?;
        let record = self.occurrences.get(&open)?;
        let (cause, task) = (self.received, record.task?);
        let message = if self.gives_up() {
            HandoverMessage::SkipInstance { cause, task }
        } else {
            let (between, newest) = self.course(context.zones)?.newest(&record.at, context.now)?;
            let changes = self.exceptions.of(RecurrenceDate::from(&newest));
            let (due, start) = due_and_start(definition, changes, &newest, context.zones);
            let is_there = due.as_ref().or(start.as_ref()) == Some(&newest);
            HandoverMessage::MoveInstance {
                at: (!is_there).then(|| Box::new(newest)),
                cause,
                due,
                occurrence: open + u32::try_from(between.len()).ok()? + 1,
                start: start.map(Box::new),
                task,
            }
        };
        let owner = ActorId::User(definition.owner);
        let mut numbering = self.handovers.numbering();
        Some(numbering.offer(owner, self.handovers.last(), message, context.now))
    }

    /// The owner moved the open instance to the occurrence `to`, which is at `at`; it and those in between are missed.
    pub(super) fn pass(&self, passing: &Closing<'_>, to: u32, at: &Moment, context: &Context<'_>) -> Vec<SeriesEvent> {
        let occurrence = passing.occurrence;
        let (Some(definition), Some(record)) = (&self.definition, self.occurrences.get(&occurrence)) else {
            return Vec::new();
        };
        let Some(task) = record.task.filter(|_| self.open == Some(occurrence) && to > occurrence) else {
            return Vec::new();
        };
        let mut events = vec![passing.event(&record.at)];
        let between = self.between(definition, &record.at, at, context.zones);
        for (number, passed) in (occurrence + 1..to).zip(&between) {
            events.push(passing.passed(number, passed, passing.outcome));
        }
        events.extend(self.change_zone(passing.time_zone));
        events.push(SeriesEvent::OccurrenceOpened(OccurrenceOpened {
            at: at.clone(),
            generation: self.occurrences.get(&to).map_or(0, |record| record.generation) + 1,
            occurrence: to,
            task,
        }));
        events
    }

    /// The owner lives in this zone now.
    pub(super) fn change_zone(&self, time_zone: &str) -> Vec<SeriesEvent> {
        let definition = self
            .definition
            .as_deref()
            .filter(|definition| *definition.time_zone != *time_zone);
        let changed = definition.map(|definition| {
            let mut changed = definition.clone();
            changed.time_zone = time_zone.into();
            SeriesEvent::SeriesChanged(changed)
        });
        changed.into_iter().collect()
    }

    /// The occurrences between two, as far as they are recorded.
    fn between(&self, definition: &SeriesDefinition, from: &Moment, to: &Moment, zones: &dyn ZoneData) -> Vec<Passed> {
        let course = Course::new((definition, self.spent), &self.exceptions, zones);
        let Some((course, from)) = course.zip(WallTime::new(wall_time(from))) else {
            return Vec::new();
        };
        let (between, _) = course.recorded(from, |occurrence| occurrence.at.get() < wall_time(to));
        between
            .into_iter()
            .map(|occurrence| course.passed(occurrence))
            .collect()
    }
}
