//! A change of the open instance that is meant for others too, and what a changed definition is to a series.

use std::sync::Arc;

use chrono::TimeDelta;
use punctual_events::{Anchor, Moment, RecurrenceDate, SeriesDefinition, SeriesEvent, TaskField, WallTime};

use crate::{
    recurrence::{Rule, Schedule},
    series::{instance::due_and_start, next, state::SeriesActor},
    user::{record::resolve, validate::wall_time},
    zone::ZoneData,
};

impl SeriesActor {
    /// The series takes over what was changed, and nothing else: what only the one instance is or was moved to stays its own. Where its dates were
    /// changed, the rule runs from there, or, where the change is of all, from where it did, moved by as much as the instance was.
    pub(super) fn edit(
        &self,
        changed: &[TaskField],
        instance: &SeriesDefinition,
        shift_s: Option<i64>,
        zones: &dyn ZoneData,
    ) -> Vec<SeriesEvent> {
        let Some(mut edited) = self.definition.as_deref().cloned() else {
            return Vec::new();
        };
        for field in changed {
            match field {
                TaskField::Description => edited.description.clone_from(&instance.description),
                TaskField::List => edited.list.clone_from(&instance.list),
                TaskField::Priority => edited.priority = instance.priority,
                TaskField::Reminders => edited.reminders.clone_from(&instance.reminders),
                TaskField::Tags => edited.tags.clone_from(&instance.tags),
                TaskField::Title => edited.title.clone_from(&instance.title),
                TaskField::Due | TaskField::Start | TaskField::Recurrence => {
                    edited.recurrence.clone_from(&instance.recurrence);
                    edited.time_zone.clone_from(&instance.time_zone);
                }
                TaskField::ExternalUid => {}
            }
        }
        let is_dated = changed
            .iter()
            .any(|field| matches!(field, TaskField::Due | TaskField::Start));
        match shift_s {
            Some(shift_s) if is_dated => {
                shift(&mut edited, instance, TimeDelta::seconds(shift_s), zones);
            }
            None if is_dated || self.takes_another_course(&edited) => {
                self.begin_anew(&mut edited, instance, is_dated, zones);
            }
            Some(_) | None => {}
        }
        if self.definition.as_deref() == Some(&edited) {
            return Vec::new();
        }
        let counted = shift_s.and_then(|_| self.counting_what_has_been(&edited, zones));
        std::iter::once(edited)
            .chain(counted)
            .map(SeriesEvent::SeriesChanged)
            .collect()
    }

    /// The definition after a change of all to `edited`, where that has another `COUNT`: it counts what there has been under the rule before. The rule keeps its
    /// rhythm, and begins with the newest of its dates that is not after the open occurrence.
    fn counting_what_has_been(&self, edited: &SeriesDefinition, zones: &dyn ZoneData) -> Option<SeriesDefinition> {
        let before = self.definition.as_deref()?;
        let rule = Rule::parse(&edited.recurrence.rrule).ok()?;
        if next::is_same_rule(before, edited) || !rule.is_counted() || edited.recurrence.anchor == Anchor::Completion {
            return None;
        }
        let open = self.open?;
        let at = &self.occurrences.get(&open)?.at;
        let been = match before.recurrence.anchor {
            Anchor::Completion => next::counted_before(before, open, at),
            // With the open one, unless it was added, and without the one that the rule begins with.
            Anchor::Schedule => {
                let end = wall_time(at).checked_add_signed(TimeDelta::seconds(1))?;
                next::schedule(before, 0)?.counted_before(end).saturating_sub(1)
            }
        };
        let mut after = self.clone();
        after.evolve_definition(edited, zones);
        let at = &after.occurrences.get(&open)?.at;
        let first = edited.due.as_ref().or(edited.start.as_deref())?;
        let endless = Schedule::from_moment(rule.without_end(), first, &edited.time_zone);
        let begin = endless.moment(endless.last_until(at.instant(), zones)?);
        let (due, start) = due_and_start(edited, None, &begin, zones);
        // Whoever counts completions later begins there, too: with the open one, where it is at a date of the rule.
        let first_occurrence = if begin == *at { open } else { edited.first_occurrence };
        Some(SeriesDefinition {
            due,
            first_occurrence,
            spent: Some(self.spent + been),
            start: start.map(Box::new),
            ..edited.clone()
        })
    }

    /// Whether the dates to come are to be others than those of the rule as it runs, but for single ones that are added or taken away.
    fn takes_another_course(&self, edited: &SeriesDefinition) -> bool {
        let Some(before) = self.definition.as_deref() else {
            return true;
        };
        let (was, is) = (&before.recurrence, &edited.recurrence);
        let is_day = edited.due.as_ref().or(edited.start.as_deref()).map(Moment::is_day);
        let mut dates = is.rdate.iter().chain(&is.exdate);
        let are_of_its_kind = dates.all(|date| Some(date.is_day()) == is_day);
        let counts_alike = (was.anchor, was.workdays) == (is.anchor, is.workdays);
        !(next::is_same_rule(before, edited) && counts_alike && are_of_its_kind)
    }

    /// The rule is to run from the open occurrence: from the dates of its instance, where those were changed, and else from where the rule has it, for
    /// the instance may have been put off by itself.
    fn begin_anew(
        &self,
        edited: &mut SeriesDefinition,
        instance: &SeriesDefinition,
        is_dated: bool,
        zones: &dyn ZoneData,
    ) {
        let open = self.open.filter(|open| *open == instance.first_occurrence);
        let at = open.and_then(|open| Some(&self.occurrences.get(&open)?.at));
        let instance_is_day = instance
            .due
            .as_ref()
            .or(instance.start.as_deref())
            .is_some_and(Moment::is_day);
        // Dates that are added or taken away are of the instance's kind.
        let is_of_kind = |at: &&Moment| {
            let mut dates = edited.recurrence.rdate.iter().chain(&edited.recurrence.exdate);
            // A day of the series has no hours, and a rule of the instance may have.
            let has_hours = || Rule::parse(&edited.recurrence.rrule).is_ok_and(|rule| rule.has_hours());
            let loses_hours = at.is_day() && !instance_is_day && has_hours();
            dates.all(|date| date.is_day() == at.is_day()) && !loses_hours
        };
        (edited.due, edited.start) = match at.filter(is_of_kind) {
            Some(at) if !is_dated => {
                let at = resolve(at, &edited.time_zone, zones);
                let (due, start) = due_and_start(edited, None, &at, zones);
                (due, start.map(Box::new))
            }
            Some(_) | None => (instance.due.clone(), instance.start.clone()),
        };
        edited.first_occurrence = instance.first_occurrence;
        if let (Some(before), Some(at)) = (self.definition.as_deref(), at)
            && before != edited
        {
            let same_rule = next::is_same_rule(before, edited);
            let counted = || self.spent + next::counted_before(before, edited.first_occurrence, at);
            edited.spent = Some(if same_rule { counted() } else { 0 });
        }
    }

    /// The rule runs from the definition's own moment. Where that was changed together with the rule, it is what the open occurrence is at: what
    /// comes next comes after it. Where it is the same occurrence's as before, and the rule does not begin anew there, the dates of all that are to come
    /// have moved by as much.
    pub(super) fn evolve_definition(&mut self, definition: &SeriesDefinition, zones: &dyn ZoneData) {
        let at = definition.due.as_ref().or(definition.start.as_deref());
        let before = self.definition.as_deref();
        let before = before
            .filter(|before| definition.spent.is_none() && before.first_occurrence == definition.first_occurrence);
        let was = before.and_then(|before| before.due.as_ref().or(before.start.as_deref()));
        if let (Some(at), Some(was)) = (at, was)
            && said(at) != said(was)
        {
            let (shift, at) = (wall_time(at) - wall_time(was), at.clone());
            self.exceptions.shift(shift, at.is_day());
            let open = self
                .open
                .and_then(|open| Some((open, wall_time(&self.occurrences.get(&open)?.at))));
            let open = open.and_then(|(open, was)| Some((open, was.checked_add_signed(shift)?)));
            if let Some((open, wall)) = open
                && let Some(at) = like(&at, wall, &definition.time_zone, zones)
            {
                self.change_occurrence(open, &at, |_| ());
            }
        }
        if let (Some(at), Some(open)) = (at, self.open.filter(|open| *open == definition.first_occurrence)) {
            self.change_occurrence(open, at, |_| ());
        }
        self.spent = match self.definition.as_deref() {
            _ if definition.spent.is_some() => definition.spent.unwrap_or_default(),
            Some(before) if next::is_same_rule(before, definition) => {
                self.spent + next::spent_until(before, definition, zones)
            }
            Some(_) | None => 0,
        };
        self.definition = Some(Arc::new(SeriesDefinition {
            spent: None,
            ..definition.clone()
        }));
        self.exceptions.resolve(&definition.time_zone, zones);
        self.forget_changes_of_no_date(zones);
    }

    /// What is special about dates that the rule does not have any more is forgotten.
    fn forget_changes_of_no_date(&mut self, zones: &dyn ZoneData) {
        let dates = self.exceptions.changes.iter().map(|(date, _)| *date);
        let is_gone = |date: &RecurrenceDate| {
            let found = self.on_the_rule(*date, zones);
            found.is_none_or(|at| RecurrenceDate::from(&at) != *date)
        };
        for date in dates.filter(is_gone).collect::<Vec<_>>() {
            self.exceptions.changes.remove(&date);
        }
    }
}

/// A moment as it is written; what it resolves to, and the zone of one that follows the user, is left out.
fn said(moment: &Moment) -> (RecurrenceDate, Option<&str>) {
    let zone = match moment {
        Moment::Day { .. } | Moment::Time { floating: true, .. } => None,
        Moment::Time { time_zone, .. } => Some(&**time_zone),
    };
    (RecurrenceDate::from(moment), zone)
}

/// Moves the beginning of a series, and has its dates look like those of the instance: days or times, in its zone, and as far apart.
fn shift(
    edited: &mut SeriesDefinition,
    instance: &SeriesDefinition,
    by: TimeDelta,
    zones: &dyn ZoneData,
) -> Option<()> {
    let first = wall_time(edited.due.as_ref().or(edited.start.as_deref())?);
    let first = first.checked_add_signed(by)?;
    let zone = &*instance.time_zone;
    let like = |moment: &Moment, wall| like(moment, wall, zone, zones);
    (edited.due, edited.start) = match (&instance.due, &instance.start) {
        (Some(due), Some(start)) => {
            let before = first.checked_sub_signed(wall_time(due) - wall_time(start))?;
            (Some(like(due, first)?), Some(Box::new(like(start, before)?)))
        }
        (Some(due), None) => (Some(like(due, first)?), None),
        (None, start) => (None, Some(Box::new(like(start.as_deref()?, first)?))),
    };
    Some(())
}

/// A day or a time, in the zone of `moment`, at another wall time.
pub(super) fn like(moment: &Moment, wall: chrono::NaiveDateTime, zone: &str, zones: &dyn ZoneData) -> Option<Moment> {
    let at = WallTime::new(wall)?;
    let instant = moment.instant();
    let unresolved = match moment {
        Moment::Day { .. } => Moment::Day {
            date: at.get().date(),
            instant,
        },
        Moment::Time {
            floating, time_zone, ..
        } => Moment::Time {
            at,
            floating: *floating,
            instant,
            time_zone: time_zone.clone(),
        },
    };
    Some(resolve(&unresolved, zone, zones))
}
