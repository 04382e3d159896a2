//! What comes after an occurrence.

use chrono::TimeDelta;
use punctual_events::{
    Anchor, LatePolicy, Moment, OccurrenceOutcome, Recurrence, SeriesDefinition, SeriesId, Status, Task, TaskId,
    Timestamp, WallTime, derive_uuid,
};

use crate::{
    recurrence::{Occurrence, Rule, Schedule},
    user::{
        record::resolve,
        validate::{wall_time, walls},
    },
    zone::ZoneData,
};

/// Missed occurrences that are recorded one by one; a series that is later than that goes on at the first instant after now all the same.
pub const MAX_MISSED: usize = 1_000;

/// What a closed occurrence leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Next {
    /// Occurrences that will have no instance: their instants passed while the closed one was open.
    pub(super) passed: Vec<Moment>,
    /// The next; none when the rule has no more.
    pub(super) open: Option<Moment>,
}

/// The schedule of a definition whose rule has `spent` occurrences behind it, from before the definition was last changed. `None` when its rule
/// cannot be read any more or it has no date.
pub(super) fn schedule(definition: &SeriesDefinition, spent: u32) -> Option<Schedule> {
    let rule = Rule::parse(&definition.recurrence.rrule).ok()?.after(spent);
    let first = definition.due.as_ref().or(definition.start.as_deref())?;
    let Recurrence {
        rdate,
        exdate,
        workdays,
        ..
    } = &*definition.recurrence;
    let schedule = Schedule::from_moment(rule, first, &definition.time_zone).by_workdays(*workdays);
    Some(schedule.with_dates(&walls(rdate), &walls(exdate)))
}

/// How many occurrences of its rule a definition had until another took over: those that were numbered, but for dates that were added, which `COUNT` does not count,
/// and with those that were taken away, which it does.
pub(super) fn spent_until(before: &SeriesDefinition, after: &SeriesDefinition) -> u32 {
    let numbered = after.first_occurrence.saturating_sub(before.first_occurrence);
    let at = after.due.as_ref().or(after.start.as_deref());
    match (schedule(before, 0), at) {
        (Some(schedule), Some(at)) => schedule.counted_of(numbered, wall_time(at)),
        _ => numbered,
    }
}

/// What comes after the occurrence at `closed_at` (number `occurrence`), closed at `closed`.
pub(super) fn after(
    (definition, spent): (&SeriesDefinition, u32),
    occurrence: u32,
    closed_at: &Moment,
    closed: Timestamp,
    zones: &dyn ZoneData,
) -> Next {
    let Some(schedule) = schedule(definition, spent) else {
        return Next::default();
    };
    match definition.recurrence.anchor {
        Anchor::Completion => Next {
            passed: Vec::new(),
            open: from_completion(&schedule, definition, occurrence, closed, zones),
        },
        Anchor::Schedule => match definition.recurrence.late_policy {
            // Where one is kept open, it has been moved to the newest instant, or is about to be.
            LatePolicy::RollToFuture | LatePolicy::KeepOneOpen => roll_to_future(&schedule, closed_at, closed, zones),
            LatePolicy::CatchUp => one_after(&schedule, closed_at, zones),
            LatePolicy::Skip => newest_or_next(&schedule, closed_at, closed, zones),
        },
    }
}

/// The occurrence after the one at `at`.
pub(super) fn following(schedule: &Schedule, at: &Moment, zones: &dyn ZoneData) -> Option<Occurrence> {
    let at = WallTime::new(wall_time(at))?;
    schedule.next_after_wall(at, zones).ok().flatten()
}

/// The newest occurrence after the one at `at` whose instant is not after `until`, and those in between, as far as they are recorded.
pub(super) fn newest(
    schedule: &Schedule,
    at: &Moment,
    until: Timestamp,
    zones: &dyn ZoneData,
) -> Option<(Vec<Moment>, Moment)> {
    let after = WallTime::new(wall_time(at))?;
    let passed = schedule.occurrences_after(after, zones).ok()?;
    let passed = passed.take_while(|occurrence| occurrence.instant <= until);
    let mut passed: Vec<Occurrence> = passed.take(MAX_MISSED + 1).collect();
    let last = passed.pop()?;
    let newest = match passed.len() {
        MAX_MISSED => schedule.last_until(until, zones).unwrap_or(last),
        _ => last,
    };
    let between = passed.into_iter().map(|occurrence| schedule.moment(occurrence));
    Some((between.collect(), schedule.moment(newest)))
}

/// The newest occurrence that has come since the closed one; where none has, the one to come.
fn newest_or_next(schedule: &Schedule, closed_at: &Moment, closed: Timestamp, zones: &dyn ZoneData) -> Next {
    match newest(schedule, closed_at, closed, zones) {
        Some((passed, newest)) => Next {
            passed,
            open: Some(newest),
        },
        None => one_after(schedule, closed_at, zones),
    }
}

/// The occurrence after the closed one, whatever the time.
fn one_after(schedule: &Schedule, closed_at: &Moment, zones: &dyn ZoneData) -> Next {
    Next {
        passed: Vec::new(),
        open: following(schedule, closed_at, zones).map(|next| schedule.moment(next)),
    }
}

/// The first occurrence after the closed one that is also after now; those in between are missed.
fn roll_to_future(schedule: &Schedule, closed_at: &Moment, closed: Timestamp, zones: &dyn ZoneData) -> Next {
    let Some(after) = WallTime::new(wall_time(closed_at)) else {
        return Next::default();
    };
    let Ok(occurrences) = schedule.occurrences_after(after, zones) else {
        return Next::default();
    };
    let mut passed = Vec::new();
    for occurrence in occurrences {
        if occurrence.instant > closed {
            return Next {
                passed,
                open: Some(schedule.moment(occurrence)),
            };
        }
        if passed.len() == MAX_MISSED {
            let next: Option<Occurrence> = schedule.next_after(closed, zones).ok().flatten();
            return Next {
                passed,
                open: next.map(|occurrence| schedule.moment(occurrence)),
            };
        }
        passed.push(schedule.moment(occurrence));
    }
    Next { passed, open: None }
}

/// The occurrence the rule gives when it counts from the day of completion.
fn from_completion(
    schedule: &Schedule,
    definition: &SeriesDefinition,
    occurrence: u32,
    closed: Timestamp,
    zones: &dyn ZoneData,
) -> Option<Moment> {
    let completed = zones.wall_time(schedule.zone(), closed)?;
    let made = (occurrence + 1).saturating_sub(definition.first_occurrence);
    let next = schedule.next_from_completion(completed, made, zones).ok().flatten()?;
    Some(schedule.moment(next))
}

/// The id of an instance.
pub(super) fn instance_id(series: SeriesId, occurrence: u32, generation: u32) -> TaskId {
    let parts: [&[u8]; 3] = [
        series.0.as_bytes(),
        &occurrence.to_be_bytes(),
        &generation.to_be_bytes(),
    ];
    TaskId(derive_uuid("punctual.instance.1", &parts))
}

/// True when both definitions repeat by the same rule, however it is written.
pub(super) fn is_same_rule(before: &SeriesDefinition, after: &SeriesDefinition) -> bool {
    let rule = |definition: &SeriesDefinition| Rule::parse(&definition.recurrence.rrule).ok();
    rule(before).is_some_and(|before| rule(after) == Some(before))
}

/// The instance of an occurrence; its owner's actor sets instants of change and version, and reminds of what passed since `updated`.
pub(super) fn instance(
    series: SeriesId,
    definition: &SeriesDefinition,
    occurrence: u32,
    task: TaskId,
    at: &Moment,
    zones: &dyn ZoneData,
) -> Task {
    let (due, start) = match (&definition.due, &definition.start) {
        (Some(due), Some(start)) => {
            let ahead = wall_time(due) - wall_time(start);
            (
                Some(at.clone()),
                shifted(start, at, ahead, &definition.time_zone, zones),
            )
        }
        (Some(_), None) => (Some(at.clone()), None),
        (None, _) => (None, Some(at.clone())),
    };
    Task {
        completed: None,
        created: Timestamp::MIN,
        description: definition.description.clone(),
        due,
        external_uid: None,
        id: task,
        list: definition.list.clone(),
        occurrence: Some(occurrence),
        overdue: false,
        priority: definition.priority,
        recurrence: Some(definition.recurrence.clone()),
        reminders: definition.reminders.clone(),
        series: Some(series),
        start: start.map(Box::new),
        status: Status::Open,
        tags: definition.tags.clone(),
        title: definition.title.clone(),
        updated: Timestamp::MIN,
        version: 1,
    }
}

/// The start that lies as far before `due` as the first occurrence's did.
fn shifted(start: &Moment, due: &Moment, ahead: TimeDelta, user_zone: &str, zones: &dyn ZoneData) -> Option<Moment> {
    let wall = WallTime::new(wall_time(due).checked_sub_signed(ahead)?)?;
    let unresolved = match start {
        Moment::Day { .. } => Moment::Day {
            date: wall.get().date(),
            instant: due.instant(),
        },
        Moment::Time {
            floating, time_zone, ..
        } => Moment::Time {
            at: wall,
            floating: *floating,
            instant: due.instant(),
            time_zone: time_zone.clone(),
        },
    };
    Some(resolve(&unresolved, user_zone, zones))
}

/// Whether an outcome was a person's doing.
pub(super) fn is_chosen(outcome: OccurrenceOutcome) -> bool {
    !matches!(outcome, OccurrenceOutcome::Missed)
}
