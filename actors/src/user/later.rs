//! A change of the open instance of a series that is meant for others too: those after it, or all.

use chrono::{NaiveDateTime, TimeDelta};
use punctual_events::{
    HandoverMessage, Moment, RecurrenceDate, SeriesId, Task, TaskField, TaskId, UserEvent, WallTime,
};

use crate::{
    machine::{Context, Decision},
    recurrence::{Rule, Schedule},
    refusal::Refusal,
    user::{command::UserReply, draft::TaskPatch, merge::RecurrencePatch, state::UserActor, validate},
    zone::ZoneData,
};

/// Dates of a rule that are compared with where they would move to, one after the other.
const IN_A_ROW: usize = 400;
/// And further ones, with a gap after each.
const APART: usize = 400;
/// Through all hours of the day within four weeks.
const GAP: TimeDelta = TimeDelta::minutes(25 * 60 + 1);

/// What a change is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// One task.
    One,
    /// The open instance and those after it: where its dates are changed, the rule begins anew there.
    Later,
    /// The open instance and the series: where its dates are changed, all that are to come move by as much, and the rule keeps its beginning.
    All,
}

impl UserActor {
    /// Patches the instance and hands over to its series what that changed. For the later ones, a change of the recurrence is handed over already: it
    /// is always meant for them.
    pub(super) fn patch_others(
        &self,
        id: TaskId,
        patch: &TaskPatch,
        if_match: Option<u64>,
        scope: Scope,
        context: &mut Context<'_>,
    ) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        let record = self.record(id)?;
        let series = self.live_series(&record.task).filter(|_| record.is_open());
        let series = series.map(|(series, _)| series).ok_or_else(|| {
            Refusal::invalid(
                "edit",
                "only the open instance of a series that goes on is followed by others",
            )
        })?;
        let mut decision = self.patch_as(id, patch, if_match, scope, context)?;
        let updated = decision.events.iter().find_map(|event| match event {
            UserEvent::TaskUpdated(change) => Some(change.clone()),
            _ => None,
        });
        let is_handed_over = |changed: &[TaskField]| scope == Scope::Later && changed.contains(&TaskField::Recurrence);
        if let Some(change) = updated.filter(|change| !is_handed_over(&change.changed)) {
            let mut edit = self.edit(series, &change.changed, &change.task, scope, context)?;
            if let (Scope::All, Some((_, HandoverMessage::EditSeries { shift_s, .. }))) = (scope, &mut edit) {
                *shift_s = Some(moved(&record.task, &change.task).num_seconds());
            }
            decision.events.extend(self.offers(edit, context));
        }
        Ok(decision)
    }

    /// What is to be handed over; nothing of a series that the change ended.
    pub(super) fn edit(
        &self,
        series: SeriesId,
        changed: &[TaskField],
        task: &Task,
        scope: Scope,
        context: &Context<'_>,
    ) -> Result<Option<(SeriesId, HandoverMessage)>, Refusal> {
        let mut task = task.clone();
        let is_dated = changed
            .iter()
            .any(|field| matches!(field, TaskField::Due | TaskField::Start));
        if is_dated && scope != Scope::All {
            // The rule is to run from there.
            let (due, start) = (task.due.as_ref(), task.start.as_deref());
            let zone = &self.profile.time_zone;
            if let Some(recurrence) = &mut task.recurrence {
                **recurrence = validate::recurrence((recurrence, false), due, start, zone, context.zones)?;
            }
        }
        let message = self.definition(&task).map(|definition| HandoverMessage::EditSeries {
            changed: changed.to_vec(),
            occurrence: definition.first_occurrence,
            definition,
            shift_s: None,
        });
        Ok(message.map(|message| (series, message)))
    }

    /// The change without what it says of the recurrence that is so already: sent back as it was read, that is not to stay when the dates move.
    pub(super) fn without_what_is_so(current: &Task, mut patch: TaskPatch) -> TaskPatch {
        if let (Some(Some(changes)), Some(now)) = (&mut patch.recurrence, current.recurrence.as_deref()) {
            changes.rrule.take_if(|rrule| rrule.as_deref() == Some(&*now.rrule));
            changes.rdate.take_if(|dates| dates.as_deref() == Some(&*now.rdate));
            changes.exdate.take_if(|dates| dates.as_deref() == Some(&*now.exdate));
        }
        patch
    }

    /// The task a change of all is made of: as far as that moves all dates, those that were added to the rule and taken away from it have moved along.
    pub(super) fn with_dates_moved(
        &self,
        current: &Task,
        patch: &TaskPatch,
        context: &mut Context<'_>,
    ) -> Result<Task, Refusal> {
        let dates = TaskPatch {
            due: patch.due.clone(),
            start: patch.start.clone(),
            ..TaskPatch::default()
        };
        let after = self.patched(current, &dates, context)?;
        let shift = moved(current, &after);
        let is_day = after
            .due
            .as_ref()
            .or(after.start.as_deref())
            .is_some_and(Moment::is_day);
        let names_rule =
            |changes: &Option<RecurrencePatch>| changes.as_ref().is_none_or(|changes| changes.rrule.is_some());
        if !patch.recurrence.as_ref().is_some_and(names_rule) && !self.rule_moves(current, &after, context) {
            let detail = "the rule names days or times that do not move with it: change `recurrence.rrule` too";
            return Err(Refusal::invalid(
                if patch.due.is_some() { "due" } else { "start" },
                detail,
            ));
        }
        let mut task = current.clone();
        if let Some(recurrence) = &mut task.recurrence {
            let along = |dates: &[RecurrenceDate]| dates.iter().filter_map(|date| date.moved(shift, is_day)).collect();
            (recurrence.rdate, recurrence.exdate) = (along(&recurrence.rdate), along(&recurrence.exdate));
            if let Some(rrule) = self.rule_until(&recurrence.rrule, current, &after, context) {
                recurrence.rrule = rrule;
            }
        }
        Ok(task)
    }
}

impl UserActor {
    /// The rule with its `UNTIL` moved by as much as the dates, if that makes another of it.
    fn rule_until(&self, rrule: &str, before: &Task, after: &Task, context: &Context<'_>) -> Option<Box<str>> {
        let dated = |task: &Task| task.due.clone().or(task.start.as_deref().cloned());
        let (was, is) = (dated(before)?, dated(after)?);
        let zone_of = |moment: &Moment| match moment {
            Moment::Time {
                floating: false,
                time_zone,
                ..
            } => time_zone.clone(),
            Moment::Day { .. } | Moment::Time { .. } => self.profile.time_zone.clone(),
        };
        let by = moved(before, after);
        let rule = Rule::parse(rrule).ok()?;
        let instant = |until| {
            let wall = context.zones.wall_time(&zone_of(&was), until)?;
            context.zones.resolve(&zone_of(&is), wall.checked_add_signed(by)?)
        };
        let moved = rule.clone().moved(by, validate::wall_time(&was), instant);
        (moved != rule).then(|| moved.to_string().into())
    }

    /// Whether the dates of the rule move by as much as those of the task do.
    fn rule_moves(&self, before: &Task, after: &Task, context: &Context<'_>) -> bool {
        let rule = before
            .recurrence
            .as_ref()
            .and_then(|recurrence| Rule::parse(&recurrence.rrule).ok());
        let Some(rule) = rule.filter(Rule::names_dates) else {
            return true;
        };
        let next = |task: &Task| {
            let at = task.due.as_ref().or(task.start.as_deref())?;
            let schedule = Schedule::from_moment(rule.clone(), at, &self.profile.time_zone);
            let at = WallTime::new(validate::wall_time(at))?;
            schedule.next_after_wall(at, context.zones).ok().flatten()
        };
        if next(before).is_none() {
            // There is no further date to move.
            return true;
        }
        // Without clocks that change: only wall times are compared, and a gap takes some away at one of the two.
        let (rule, without_gaps) = (rule.without_end(), "Etc/UTC");
        let schedule = |task: &Task| {
            let at = task.due.as_ref().or(task.start.as_deref())?;
            let schedule = match at {
                Moment::Day { date, .. } => Schedule::all_day(rule.clone(), *date, without_gaps),
                Moment::Time { at, .. } => Schedule::timed(rule.clone(), *at, without_gaps),
            };
            Some((schedule, WallTime::new(validate::wall_time(at))?))
        };
        match (schedule(before), schedule(after)) {
            (Some(was), Some(is)) => are_alike((&was, &is), moved(before, after), context.zones),
            _ => true,
        }
    }
}

/// Whether the dates of two schedules after these are as far apart as `by`: some in a row, as of a rule that names days of the week, or of the month,
/// and then some a day and more apart, as of one that names hours.
fn are_alike((was, is): (&(Schedule, WallTime), &(Schedule, WallTime)), by: TimeDelta, zones: &dyn ZoneData) -> bool {
    let next = |schedule: &Schedule, after: NaiveDateTime| {
        let next = schedule.next_after_wall(WallTime::new(after)?, zones).ok()?;
        next.map(|next| next.at.get())
    };
    let (mut before, mut after) = (was.1.get(), is.1.get());
    for compared in 0..IN_A_ROW + APART {
        match (next(&was.0, before), next(&is.0, after)) {
            (Some(was), Some(is)) if is - was == by => (before, after) = (was, is),
            (None, None) => return true,
            _ => return false,
        }
        if compared >= IN_A_ROW {
            (before, after) = (before + GAP, after + GAP);
        }
    }
    true
}

/// By how much the date that a series counts by is another.
fn moved(before: &Task, after: &Task) -> TimeDelta {
    let wall = |task: &Task| task.due.as_ref().or(task.start.as_deref()).map(validate::wall_time);
    match (wall(before), wall(after)) {
        (Some(before), Some(after)) => after - before,
        _ => TimeDelta::zero(),
    }
}
