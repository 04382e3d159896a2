//! What keeps a series from its rule: pauses, and single dates that are to be unlike the others.

use std::sync::Arc;

use chrono::TimeDelta;
use punctual_events::{Moment, OccurrenceChanges, OccurrenceOutcome, RecurrenceDate, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    paged::{Paged, Weigh},
    recurrence::Occurrence,
    refusal::{Code, Refusal},
    user::{record::resolve, validate::wall_time},
    zone::ZoneData,
};

/// Dates of one series that can be different at a time.
pub(super) const MAX_CHANGED: usize = 366;
/// Dates of one series that can be settled at a time, besides: ten years of days and some more, as a calendar that is imported has them. When the
/// open instance is closed, what became of them is recorded in one commit: 250 bytes each, where that can have 4 MiB.
pub(super) const MAX_SETTLED: usize = 4_000;
/// Pauses that are remembered while the same instance is open.
const MAX_PAUSES: usize = 50;

/// A pause that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pause {
    from: Timestamp,
    until: Timestamp,
}

/// Pauses, and what is special about dates to come.
#[derive(Clone, Debug, Default)]
pub(super) struct Exceptions {
    /// By the date the rule gives. Those of dates that are over are forgotten once nothing can bring them back.
    pub(super) changes: Paged<RecurrenceDate, Arc<OccurrenceChanges>>,
    /// Since when nothing is to come.
    pub(super) paused: Option<Timestamp>,
    /// Those that are over, as long as the instance is open that was open then.
    pub(super) pauses: Vec<Pause>,
}

/// How an occurrence ends that gets no instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settlement {
    /// When, where that is known.
    pub(super) closed: Option<Timestamp>,
    /// How, where the late policy has no say in it.
    pub(super) outcome: Option<OccurrenceOutcome>,
}

impl Exceptions {
    /// What is special about a date.
    pub(super) fn of(&self, date: RecurrenceDate) -> Option<&OccurrenceChanges> {
        self.changes.get(&date).map(Arc::as_ref)
    }

    /// Whether a person said how a date ends.
    pub(super) fn is_settled(&self, date: RecurrenceDate) -> bool {
        self.of(date).is_some_and(|changes| changes.settled.is_some())
    }

    /// The dates of which a person said how they end.
    pub(super) fn settled(&self) -> impl Iterator<Item = RecurrenceDate> {
        let settled = self.changes.iter().filter(|(_, changes)| changes.settled.is_some());
        settled.map(|(date, _)| *date)
    }

    /// There is room for this of a date, or it is of its kind already.
    pub(super) fn refuse_one_too_many(&self, date: RecurrenceDate, changes: &OccurrenceChanges) -> Result<(), Refusal> {
        let is_settled = changes.settled.is_some();
        if self
            .of(date)
            .is_some_and(|before| before.settled.is_some() == is_settled)
        {
            return Ok(());
        }
        let (most, kind) = if is_settled {
            (MAX_SETTLED, "are done or skipped")
        } else {
            (MAX_CHANGED, "are different")
        };
        let known = if self.changes.len() < most {
            0
        } else if is_settled {
            self.settled().count()
        } else {
            self.changes.len() - self.settled().count()
        };
        if known < most {
            return Ok(());
        }
        let detail = format!("at most {most} dates of a series that {kind} before they have an instance");
        Err(Refusal::new(Code::LimitReached, detail))
    }

    /// Up to when dates get no instance any more, because a pause has ended since.
    pub(super) fn floor(&self) -> Option<Timestamp> {
        self.pauses.last().map(|pause| pause.until)
    }

    /// The later of the instants the rule gives and a person moved it to.
    pub(super) fn latest(&self, date: RecurrenceDate, occurrence: Occurrence) -> Timestamp {
        let moved = self
            .of(date)
            .and_then(|changes| changes.due.as_ref().or(changes.start.as_deref()));
        moved.map_or(occurrence.instant, |moved| moved.instant().max(occurrence.instant))
    }

    /// When an occurrence comes: by the rule, but for one that was moved out of a pause.
    pub(super) fn comes_at(&self, date: RecurrenceDate, occurrence: Occurrence) -> Timestamp {
        match self.floor() {
            Some(floor) if occurrence.instant <= floor => self.latest(date, occurrence),
            Some(_) | None => occurrence.instant,
        }
    }

    /// How an occurrence ends, if it is certain that it gets no instance.
    pub(super) fn settlement(&self, date: RecurrenceDate, occurrence: Occurrence) -> Option<Settlement> {
        if let Some(settled) = self.of(date).and_then(|changes| changes.settled) {
            return Some(Settlement {
                closed: Some(settled.closed),
                outcome: Some(settled.outcome),
            });
        }
        let is_over = self.floor().is_some_and(|floor| self.latest(date, occurrence) <= floor);
        is_over.then(|| Settlement {
            closed: None,
            outcome: self.skipped_by_pause(occurrence.instant),
        })
    }

    /// Skipped, where the instant fell into a pause.
    pub(super) fn skipped_by_pause(&self, instant: Timestamp) -> Option<OccurrenceOutcome> {
        let mut pauses = self.pauses.iter();
        let fell = pauses.any(|pause| pause.from <= instant && instant <= pause.until);
        fell.then_some(OccurrenceOutcome::Skipped)
    }

    /// Where dates were moved to is at other instants: the owner lives in this zone now, or the zone data is another.
    pub(super) fn resolve(&mut self, zone: &str, zones: &dyn ZoneData) {
        let movable = |changes: &OccurrenceChanges| changes.due.is_some() || changes.start.is_some();
        let changes = self.changes.iter().filter(|(_, changes)| movable(changes));
        let moved = changes.filter_map(|(date, changes)| {
            let resolved = resolved(changes, zone, zones);
            (resolved != **changes).then(|| (*date, Arc::new(resolved)))
        });
        for (date, changes) in moved.collect::<Vec<_>>() {
            self.changes.insert(date, changes);
        }
    }

    /// All dates to come have moved.
    pub(super) fn shift(&mut self, by: TimeDelta, to_day: bool) {
        let unlike = self.changes.iter();
        let moved: Vec<_> = unlike
            .filter_map(|(date, changes)| Some((date.moved(by, to_day)?, Arc::clone(changes))))
            .collect();
        let is_moved = self
            .changes
            .iter()
            .map(|(date, _)| *date)
            .ne(moved.iter().map(|(date, _)| *date));
        if is_moved {
            self.changes = Paged::default();
            moved
                .into_iter()
                .for_each(|(date, changes)| self.changes.insert(date, changes));
        }
    }

    /// The pause ends.
    pub(super) fn resume(&mut self, until: Timestamp) {
        let Some(from) = self.paused.take() else { return };
        if self.pauses.len() == MAX_PAUSES {
            self.pauses.remove(0);
        }
        self.pauses.push(Pause { from, until });
    }

    /// The occurrence at `at` was closed by a person or a late policy: what was special up to there is over. What is special about later ones may be
    /// needed again, should it be reopened.
    pub(super) fn forget_until(&mut self, at: &Moment) {
        let over = self.changes.iter().map(|(date, _)| *date);
        let over: Vec<_> = over.filter(|date| date.wall() <= wall_time(at)).collect();
        for date in over {
            self.changes.remove(&date);
        }
        self.pauses.retain(|pause| pause.until >= at.instant());
    }
}

/// What is special about a date, where its owner lives in this zone.
pub(super) fn resolved(changes: &OccurrenceChanges, zone: &str, zones: &dyn ZoneData) -> OccurrenceChanges {
    let here = |moment: &Moment| resolve(moment, zone, zones);
    OccurrenceChanges {
        due: changes.due.as_ref().map(here),
        start: changes.start.as_deref().map(here).map(Box::new),
        ..changes.clone()
    }
}

impl Weigh for OccurrenceChanges {
    fn weight(&self) -> usize {
        let tags = self.tags.iter().flatten().map(|tag| tag.len() + 4);
        let texts = [&self.title, &self.description];
        let texts = texts.into_iter().flatten().map(|text| text.len());
        400 + texts.sum::<usize>() + tags.sum::<usize>() + self.reminders.iter().flatten().count() * 130
    }
}
