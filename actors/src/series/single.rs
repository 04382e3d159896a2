//! One occurrence that is to come: skipped, moved or made different, before it has an instance.

use punctual_events::{
    Moment, OccurrenceChanged, OccurrenceChanges, OccurrenceClosed, OccurrenceOutcome, OccurrenceRestored,
    RecurrenceDate, SeriesEvent, Settled,
};

use crate::{
    machine::Context,
    refusal::{Code, Refusal},
    series::{
        instance::due_and_start,
        patch::OccurrencePatch,
        state::{OccurrenceRecord, SeriesActor},
    },
    user::validate::{self, wall_time},
    zone::ZoneData,
};

impl SeriesActor {
    /// It is to be unlike the others in what the patch says.
    pub(super) fn change_occurrence_to_come(
        &self,
        date: RecurrenceDate,
        patch: &OccurrencePatch,
        external_uid: Option<&str>,
        context: &mut Context<'_>,
    ) -> Result<Vec<SeriesEvent>, Refusal> {
        let at = self.to_come(date, context.zones)?;
        let definition = self.going_on()?;
        let mut changes = self.exceptions.of(date).cloned().unwrap_or_default();
        if external_uid.is_some() && changes.external_uid.as_deref() == external_uid {
            return Ok(Vec::new());
        }
        if let Some(uid) = external_uid {
            changes.external_uid = Some(validate::external_uid(uid)?);
        }
        if changes.settled.is_some() {
            let detail = "it was skipped; restore it first";
            return Err(Refusal::new(Code::OccurrenceClosed, detail));
        }
        let own = due_and_start(definition, None, &at, context.zones);
        self.changed(date, patch.apply(changes, definition, own, context)?)
    }

    /// It ends without an instance.
    pub(super) fn settle_occurrence(
        &self,
        date: RecurrenceDate,
        settled: Settled,
        context: &Context<'_>,
    ) -> Result<Vec<SeriesEvent>, Refusal> {
        self.to_come(date, context.zones)?;
        self.settled(date, settled)
    }

    /// The same as an import has it, which may be of a date that is past.
    pub(super) fn settle_imported(
        &self,
        date: RecurrenceDate,
        settled: Settled,
        context: &Context<'_>,
    ) -> Result<Vec<SeriesEvent>, Refusal> {
        if let Some(before) = self.exceptions.of(date).and_then(|changes| changes.settled) {
            agree(before.outcome, settled.outcome)?;
        }
        let Some((occurrence, record)) = self.recorded(date) else {
            return self.settle_occurrence(date, settled, context);
        };
        match record.outcome {
            None => self.settle_occurrence(date, settled, context),
            Some(OccurrenceOutcome::Missed) => {
                let event = SeriesEvent::OccurrenceClosed(OccurrenceClosed {
                    at: record.at.clone(),
                    closed: settled.closed,
                    occurrence,
                    outcome: settled.outcome,
                });
                // Should the one before be reopened, this one is to come once more.
                let to_come = self.settled(date, settled)?;
                Ok([event].into_iter().chain(to_come).collect())
            }
            Some(before) => agree(before, settled.outcome).map(|()| Vec::new()),
        }
    }

    fn settled(&self, date: RecurrenceDate, settled: Settled) -> Result<Vec<SeriesEvent>, Refusal> {
        let mut changes = self.exceptions.of(date).cloned().unwrap_or_default();
        changes.settled.get_or_insert(settled);
        self.changed(date, changes)
    }

    /// It is as the series says again.
    pub(super) fn restore_occurrence(
        &self,
        date: RecurrenceDate,
        context: &Context<'_>,
    ) -> Result<Vec<SeriesEvent>, Refusal> {
        self.to_come(date, context.zones)?;
        self.changed(date, OccurrenceChanges::default())
    }

    fn changed(&self, date: RecurrenceDate, changes: OccurrenceChanges) -> Result<Vec<SeriesEvent>, Refusal> {
        let before = self.exceptions.of(date);
        let recurrence_id = date;
        let is_plain = changes == OccurrenceChanges::default();
        Ok(match before {
            Some(before) if *before == changes => Vec::new(),
            None if is_plain => Vec::new(),
            Some(_) if is_plain => vec![SeriesEvent::OccurrenceRestored(OccurrenceRestored { recurrence_id })],
            Some(_) | None => {
                self.exceptions.refuse_one_too_many(date, &changes)?;
                vec![SeriesEvent::OccurrenceChanged(OccurrenceChanged {
                    changes,
                    recurrence_id,
                })]
            }
        })
    }

    /// What the rule says of an occurrence that has no instance yet.
    fn to_come(&self, date: RecurrenceDate, zones: &dyn ZoneData) -> Result<Moment, Refusal> {
        let last = self.known().next().map(|(_, record)| wall_time(&record.at));
        if last.is_some_and(|last| date.wall() <= last) {
            return Err(self.past(date, zones));
        }
        let definition = self.going_on()?;
        if self.policy().is_none() {
            return Err(unknown(
                "the series counts from completions, so no date to come is known",
            ));
        }
        let found = self.on_the_rule(date, zones);
        let is_of_its_kind = |at: &Moment| RecurrenceDate::from(at) == date;
        found.filter(is_of_its_kind).ok_or_else(|| {
            let first = definition.due.as_ref().or(definition.start.as_deref());
            unknown(match (first.is_some_and(Moment::is_day), date.is_day()) {
                (true, false) => "its occurrences are days, 2026-12-01",
                (false, true) => "its occurrences are wall times, 2026-12-01T09:00:00",
                _ => "the rule has no occurrence then",
            })
        })
    }

    /// Why one that is not to come cannot be changed.
    fn past(&self, date: RecurrenceDate, zones: &dyn ZoneData) -> Refusal {
        match self.recorded(date).map(|(_, record)| (record.outcome, record.task)) {
            Some((None, Some(task))) => {
                let detail = format!("its instance is open, the task {task}: change or delete that");
                Refusal::new(Code::OccurrenceOpen, detail)
            }
            Some(_) => Refusal::new(Code::OccurrenceClosed, "it is past and keeps what became of it"),
            None if self.policy().is_some() && self.on_the_rule(date, zones).is_some() => {
                Refusal::new(Code::OccurrenceClosed, "it is past, and nothing of it was recorded")
            }
            None => unknown("there was no occurrence then"),
        }
    }

    /// Those that have or had an instance or an outcome, the latest first.
    fn known(&self) -> impl Iterator<Item = (u32, &OccurrenceRecord)> {
        let known = self
            .occurrences
            .iter()
            .rev()
            .map(|(number, record)| (*number, &**record));
        known.filter(|(_, record)| !record.is_withdrawn())
    }

    fn recorded(&self, date: RecurrenceDate) -> Option<(u32, &OccurrenceRecord)> {
        self.known()
            .find(|(_, record)| RecurrenceDate::from(&record.at) == date)
    }

    /// The occurrence at exactly this date, if the rule has one.
    pub(super) fn on_the_rule(&self, date: RecurrenceDate, zones: &dyn ZoneData) -> Option<Moment> {
        let course = self.course(zones)?;
        course.at(date).map(|found| course.schedule.moment(found))
    }
}

/// An import says nothing else of a date than what became of it.
fn agree(before: OccurrenceOutcome, outcome: OccurrenceOutcome) -> Result<(), Refusal> {
    if before == outcome {
        return Ok(());
    }
    let detail = match before {
        OccurrenceOutcome::Done => "it is done in the series",
        OccurrenceOutcome::Skipped => "it is skipped in the series",
        OccurrenceOutcome::Missed => "it is missed in the series",
    };
    Err(Refusal::new(Code::OccurrenceClosed, detail))
}

fn unknown(detail: &str) -> Refusal {
    Refusal::new(Code::OccurrenceUnknown, detail)
}
