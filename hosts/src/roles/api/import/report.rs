//! What became of each item.

use std::collections::BTreeMap;

use punctual_events::{SeriesId, TaskId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::icalendar::{Ignored, ImportItem};

/// Items the report lists, from the front of the file; and of those behind them as many that were refused. Series of which there is more to say are besides.
const MAX_LISTED: u64 = 10_000;

/// What became of a file.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct ImportReport {
    /// Items that became tasks, or what one occurrence of a series is.
    taken: u64,
    /// Items that are so already.
    existing: u64,
    /// Items that were refused.
    refused: u64,
    /// Components that are no to-dos: events, journals and others.
    passed_over: u64,
    /// Why the rest of the file was not read; null when all of it was.
    unread: Option<Unread>,
    /// The first 10,000 items, and of those behind them the first 10,000 that were refused and the series of which not every date was taken, in the order of the file.
    items: Vec<Outcome>,
}

/// Why the rest of a file was not read. What was read is imported; the rest has to be sent in a file of its own, and sending the whole again in pieces is
/// harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportUnread)]
pub(in super::super) enum Unread {
    /// The file is larger than the server takes.
    TooLarge,
    /// The file did not come within the time an import may take.
    TooSlow,
}

/// What became of an item.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportedItem)]
pub(in super::super) struct Outcome {
    /// Its UID; null where it has none.
    uid: Option<String>,
    /// Its RECURRENCE-ID.
    recurrence_id: Option<String>,
    /// The beginning of its SUMMARY.
    summary: Option<String>,
    outcome: Kind,
    /// The task it became or is.
    task: Option<TaskId>,
    /// The series of which it is one occurrence that has no task yet, or none any more.
    series: Option<SeriesId>,
    /// Why it was refused, for programs: one of those of the import or of any error, [which have a page](/docs/errors.md#items-of-an-import).
    #[schema(examples("recurrence_unsupported"))]
    code: Option<String>,
    /// Why it was refused, for people.
    reason: Option<String>,
    /// What of it was left out or changed.
    notes: Vec<String>,
}

/// What became of an item.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportOutcome)]
enum Kind {
    /// It became a task, or what one occurrence of a series is.
    Taken,
    /// It is so already.
    Existing,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// It is a task, from now on or already.
    pub(super) fn found(mut item: ImportItem, task: TaskId, is_new: bool) -> Self {
        if item.uid.is_none() {
            item.notes.push("it has no UID and is known by what it says".to_owned());
        }
        let kind = if is_new { Kind::Taken } else { Kind::Existing };
        Self {
            task: Some(task),
            ..Self::new(item, kind)
        }
    }

    /// It is one occurrence of a series, which has it changed, skipped or done, from now on or already.
    pub(super) fn changed(item: ImportItem, series: SeriesId, is_new: bool) -> Self {
        let kind = if is_new { Kind::Taken } else { Kind::Existing };
        Self {
            series: Some(series),
            ..Self::new(item, kind)
        }
    }

    /// Whether it is a task from now on, or already; none where it is no task.
    pub(super) fn is_new_task(&self) -> Option<bool> {
        self.task.map(|_| matches!(self.outcome, Kind::Taken))
    }

    /// It was not taken.
    pub(super) fn refused(item: ImportItem, (code, reason): (String, String)) -> Self {
        Self {
            code: Some(code),
            reason: Some(reason),
            ..Self::new(item, Kind::Refused)
        }
    }

    fn new(item: ImportItem, outcome: Kind) -> Self {
        Self {
            uid: item.uid,
            recurrence_id: item.recurrence_id,
            summary: item.summary_for_report,
            outcome,
            task: None,
            series: None,
            code: None,
            reason: None,
            notes: item.notes,
        }
    }
}

/// A report being written.
#[derive(Default)]
pub(super) struct Report {
    taken: u64,
    existing: u64,
    refused: u64,
    /// By their places in the file.
    items: Vec<(u64, Outcome)>,
    /// Series that are not listed unless there is more to say of them, by their places: not more than a user may have.
    unlisted: BTreeMap<u64, Outcome>,
    /// How many are listed for having been refused.
    refused_behind: u64,
}

impl Report {
    /// What became of the item at `place` in the file, from 0.
    pub(super) fn add(&mut self, place: u64, outcome: Outcome) {
        drop(self.list(place, outcome));
    }

    /// The same of an item with which a series came: there may be more to say of it.
    pub(super) fn add_series(&mut self, place: u64, outcome: Outcome) {
        if let Some(unlisted) = self.list(place, outcome) {
            self.unlisted.insert(place, unlisted);
        }
    }

    /// Counts it, and gives it back where it is not listed.
    fn list(&mut self, place: u64, outcome: Outcome) -> Option<Outcome> {
        match outcome.outcome {
            Kind::Taken => self.taken += 1,
            Kind::Existing => self.existing += 1,
            Kind::Refused => self.refused += 1,
        }
        let is_refused_behind = place >= MAX_LISTED && matches!(outcome.outcome, Kind::Refused);
        if is_refused_behind {
            self.refused_behind += 1;
        }
        if place < MAX_LISTED || (is_refused_behind && self.refused_behind <= MAX_LISTED) {
            self.items.push((place, outcome));
            return None;
        }
        Some(outcome)
    }

    /// There is more to say of the series at `place`.
    pub(super) fn note(&mut self, place: u64, note: String) {
        self.items
            .extend(self.unlisted.remove(&place).map(|outcome| (place, outcome)));
        let mut listed = self.items.iter_mut();
        if let Some((_, outcome)) = listed.find(|(listed, _)| *listed == place) {
            outcome.notes.push(note);
        }
    }

    pub(super) fn finish(mut self, ignored: Ignored, unread: Option<Unread>) -> ImportReport {
        self.items.sort_by_key(|(place, _)| *place);
        ImportReport {
            taken: self.taken,
            existing: self.existing,
            refused: self.refused,
            passed_over: ignored.events + ignored.journals + ignored.others,
            unread,
            items: self.items.into_iter().map(|(_, outcome)| outcome).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(outcome: Kind) -> Outcome {
        Outcome {
            uid: None,
            recurrence_id: None,
            summary: None,
            outcome,
            task: None,
            series: None,
            code: None,
            reason: None,
            notes: Vec::new(),
        }
    }

    #[test]
    fn what_was_refused_behind_the_items_that_are_listed_is_listed_too_within_bounds() {
        let mut report = Report::default();
        for place in 0..MAX_LISTED + 5 {
            report.add(place, outcome(Kind::Taken));
        }
        for place in 0..=MAX_LISTED {
            report.add(MAX_LISTED + 5 + place, outcome(Kind::Refused));
        }
        let report = report.finish(Ignored::default(), None);
        assert_eq!((report.taken, report.refused), (MAX_LISTED + 5, MAX_LISTED + 1));
        let listed = |kind: fn(&Kind) -> bool| report.items.iter().filter(|item| kind(&item.outcome)).count() as u64;
        assert_eq!(listed(|kind| matches!(kind, Kind::Taken)), MAX_LISTED);
        assert_eq!(listed(|kind| matches!(kind, Kind::Refused)), MAX_LISTED);
    }
    #[test]
    fn a_series_behind_the_items_that_are_listed_is_listed_once_there_is_more_to_say_of_it() {
        let mut report = Report::default();
        report.add_series(MAX_LISTED, outcome(Kind::Taken));
        report.add_series(MAX_LISTED + 1, outcome(Kind::Existing));
        report.note(MAX_LISTED + 1, "more".to_owned());
        report.note(MAX_LISTED + 1, "and more".to_owned());
        let report = report.finish(Ignored::default(), None);
        assert_eq!((report.taken, report.existing), (1, 1));
        let notes: Vec<_> = report.items.iter().map(|item| item.notes.clone()).collect();
        assert_eq!(notes, [["more", "and more"]]);
    }
}
