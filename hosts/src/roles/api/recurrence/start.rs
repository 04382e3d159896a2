//! Where what is previewed starts, and the dates it comes to.

use chrono::NaiveDate;
use punctual_actors::{
    recurrence::{Rule, Schedule},
    user::merge::full_date,
    zone::{ZoneData, is_within_range},
};
use punctual_events::{RecurrenceDate, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::roles::api::problem::Problem;

/// A wall time or a day, by itself or as a task has its due.
#[derive(Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "a wall time, 2026-12-07T09:00:00 or {\"at\"}, or a day, 2026-12-07 or {\"date\"}"
)]
pub(super) enum StartForm {
    Written(RecurrenceDate),
    Moment(StartMoment),
}

/// One of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StartMoment {
    /// A wall time, `2026-12-07T09:00:00`.
    at: Option<WallTime>,
    /// A day, `2026-12-07`.
    #[serde(default, deserialize_with = "full_date")]
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<NaiveDate>,
}

impl StartForm {
    /// The date that is said.
    pub(super) fn date(&self) -> Result<RecurrenceDate, Problem> {
        match self {
            Self::Written(date) => Ok(*date),
            Self::Moment(StartMoment {
                at: Some(at),
                date: None,
            }) => Ok(RecurrenceDate::Time(*at)),
            Self::Moment(StartMoment {
                at: None,
                date: Some(date),
            }) => Ok(RecurrenceDate::Day(*date)),
            Self::Moment(_) => Err(Problem::invalid("start", "give either `date` or `at`")),
        }
    }
}

/// Where what a phrase says starts: where it is asked to, on a day at the time the phrase says, or at the date it knows itself.
pub(super) fn of_phrase(asked: Option<RecurrenceDate>, own: Option<RecurrenceDate>) -> Option<RecurrenceDate> {
    match (asked, own) {
        (Some(RecurrenceDate::Day(day)), Some(RecurrenceDate::Time(own))) => {
            WallTime::new(day.and_time(own.get().time())).map(RecurrenceDate::Time)
        }
        (asked, own) => asked.or(own),
    }
}

/// A date as an answer has it: a day, or a wall time.
#[derive(Serialize, ToSchema)]
pub(super) struct Dated {
    /// The wall time, where occurrences are no days.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<WallTime>,
    /// The day, where occurrences are days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<NaiveDate>,
}

impl Dated {
    /// A wall time, or the day it is on.
    pub(super) fn new(at: WallTime, is_day: bool) -> Self {
        Self {
            at: (!is_day).then_some(at),
            date: is_day.then(|| at.get().date()),
        }
    }
}

/// The schedule of a rule that starts then, in this zone.
pub(super) fn schedule(
    rule: Rule,
    start: RecurrenceDate,
    zone: &str,
    zones: &dyn ZoneData,
) -> Result<Schedule, Problem> {
    let wall = start.wall();
    let (schedule, instant) = match start {
        RecurrenceDate::Day(date) => (Schedule::all_day(rule, date, zone), zones.day_start(zone, date)),
        RecurrenceDate::Time(at) => (Schedule::timed(rule, at, zone), zones.resolve(zone, wall)),
    };
    if instant.is_some_and(|instant| !is_within_range(instant, zone, wall, zones)) {
        let detail = "its instant is not between the years 1 and 9999 in UTC";
        return Err(Problem::invalid("start", detail));
    }
    Ok(schedule)
}
