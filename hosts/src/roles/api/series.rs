//! `/v1/series/{id}`: recurring series and their occurrences.

use std::{borrow::Cow, sync::Arc};

use axum::{extract::State, response::Response};
use punctual_actors::{
    Code, Refusal,
    series::{OccurrenceRecord, SeriesAnswer, SeriesQuestion},
    turn::TurnError,
    user::{SeriesRef, UserAnswer, UserQuestion},
};
use punctual_events::{
    Moment, OccurrenceOutcome, Priority, Recurrence, Reminder, SeriesDefinition, SeriesId, TaskId, Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api, answer,
    auth::Caller,
    command::unexpected,
    openapi::{AUTHENTICATED, Problems},
    path::Id,
    problem::Problem,
    query::{FromQuery, Query, parse, parse_limit, set_once, unknown},
};

pub(super) const PROBLEMS: Problems = &[
    ("get_series", &[AUTHENTICATED, &[Code::NotFound]]),
    ("list_occurrences", &[AUTHENTICATED, &[Code::NotFound]]),
];

const MAX_LIMIT: u16 = 200;
const DEFAULT_LIMIT: u16 = 50;
const DEFAULT_UPCOMING: u16 = 10;

/// How long to wait for a series that is about to begin, in milliseconds: some 600 in all.
const PAUSES_MS: [u64; 7] = [5, 10, 20, 40, 80, 160, 320];

/// A recurring series.
#[derive(Serialize, ToSchema)]
struct Series {
    /// Identifies it.
    id: SeriesId,
    /// How it repeats.
    recurrence: Box<Recurrence>,
    /// The zone of all-day and floating occurrences, by its IANA name.
    time_zone: Box<str>,
    /// True when there will be no further instance.
    ended: bool,
    /// The open instance; null when there is none.
    open: Option<TaskId>,
    /// The occurrence from which on it is as shown here.
    first_occurrence: u32,
    /// Due of that occurrence.
    due: Option<Moment>,
    /// Start of that occurrence.
    start: Option<Box<Moment>>,
    /// Title of each instance.
    title: Box<str>,
    /// Description of each instance.
    description: Option<Box<str>>,
    /// List of each instance; null is the inbox.
    list: Option<Box<str>>,
    /// Priority of each instance.
    priority: Option<Priority>,
    /// Tags of each instance.
    tags: Box<[Box<str>]>,
    /// Relative reminders of each instance.
    reminders: Box<[Reminder]>,
}

/// A page of occurrences.
#[derive(Serialize, ToSchema)]
struct Occurrences {
    /// In order.
    items: Vec<Occurrence>,
    /// The `after` of the next page; null on the last.
    next: Option<u32>,
}

/// An occurrence of a series.
#[derive(Serialize, ToSchema)]
struct Occurrence {
    /// Its number, from 0.
    occurrence: u32,
    /// Whether it has an outcome, is the open one, or is to come.
    status: OccurrenceStatus,
    /// What it is due (or starts) at.
    at: Moment,
    /// How it was closed; null until then.
    outcome: Option<OccurrenceOutcome>,
    /// When it was closed.
    closed: Option<Timestamp>,
    /// Its instance; null when it has none. One that was moved from occurrence to occurrence is the instance of each.
    task: Option<TaskId>,
}

/// Where an occurrence is in its life.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OccurrenceStatus {
    /// It has an outcome.
    Closed,
    /// Its instance is open.
    Open,
    /// Its instance is not made yet.
    Upcoming,
}

/// Reads a series.
#[utoipa::path(
    get,
    path = "/v1/series/{id}",
    tag = "series",
    operation_id = "get_series",
    params(("id" = SeriesId, Path, description = "The series.")),
    responses((status = 200, description = "The series.", body = Series)),
    security(("token" = []))
)]
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(series): Id<SeriesId>,
) -> Result<Response, Problem> {
    let question = SeriesQuestion::Occurrences {
        after: None,
        limit: 0,
        upcoming: 0,
    };
    let (reference, found) = find(&api, &caller, series, &question).await?;
    Ok(answer::ok(&Series::new(series, &reference, found)))
}

/// Lists the occurrences of a series.
///
/// Past and future in one list: those with an outcome, the open one, and some of those to come, as they will be if the open one is completed now and nothing is changed.
/// Of a series that counts from completions one is to come at most.
#[utoipa::path(
    get,
    path = "/v1/series/{id}/occurrences",
    tag = "series",
    operation_id = "list_occurrences",
    params(
        ("id" = SeriesId, Path, description = "The series."),
        ("after" = Option<u32>, Query, description = "Only those after this one: the `next` of the page before."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "How many on a page at most; 50 when it is absent."),
        ("upcoming" = Option<u16>, Query, minimum = 0, maximum = 200, description = "How many of those to come, in all; 10 when it is absent.")
    ),
    responses((status = 200, description = "A page of occurrences.", body = Occurrences)),
    security(("token" = []))
)]
pub(super) async fn occurrences(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(series): Id<SeriesId>,
    Query(page): Query<Page>,
) -> Result<Response, Problem> {
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT);
    // One more than fits on the page shows that there is another.
    let question = SeriesQuestion::Occurrences {
        after: page.after,
        limit: limit + 1,
        upcoming: page.upcoming.unwrap_or(DEFAULT_UPCOMING),
    };
    let (_, found) = find(&api, &caller, series, &question).await?;
    let known = found
        .occurrences
        .into_iter()
        .map(|(number, record)| Occurrence::new(number, record));
    let to_come = found
        .upcoming
        .into_iter()
        .map(|(number, at)| Occurrence::to_come(number, at));
    let to_come = to_come.filter(|one| page.after.is_none_or(|after| one.occurrence > after));
    let mut items: Vec<Occurrence> = known.chain(to_come).take(usize::from(limit) + 1).collect();
    let has_more = items.len() > usize::from(limit);
    items.truncate(limit.into());
    let next = items.last().filter(|_| has_more).map(|last| last.occurrence);
    Ok(answer::ok(&Occurrences { items, next }))
}

/// Which occurrences.
#[derive(Default)]
pub(super) struct Page {
    after: Option<u32>,
    limit: Option<u16>,
    upcoming: Option<u16>,
}

impl FromQuery for Page {
    fn set(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), Problem> {
        match name {
            "after" => set_once(
                &mut self.after,
                name,
                parse(name, &value, "the number of an occurrence")?,
            ),
            "limit" => set_once(&mut self.limit, name, parse_limit(name, &value, MAX_LIMIT)?),
            "upcoming" if &*value == "0" => set_once(&mut self.upcoming, name, 0),
            "upcoming" => set_once(&mut self.upcoming, name, parse_limit(name, &value, MAX_LIMIT)?),
            _ => Err(unknown(name)),
        }
    }
}

/// What the user's actor and the series' own know of it. The first also tells whether the session is live and the series the caller's.
async fn find(
    api: &Api,
    caller: &Caller,
    series: SeriesId,
    question: &SeriesQuestion,
) -> Result<(SeriesRef, SeriesAnswer), Problem> {
    let reference = match api.ask(caller, &UserQuestion::Series { series }).await? {
        UserAnswer::Series(summary) => summary.reference,
        _ => return Err(unexpected()),
    };
    let clock = &api.services.environment.clock;
    for pause_ms in PAUSES_MS {
        match api.services.actors.ask_series(series, caller.by, question).await {
            // The hand-over that begins it is on its way.
            Err(TurnError::Refused(Refusal {
                code: Code::NotFound, ..
            })) => clock.sleep_ms(pause_ms).await,
            outcome => return Ok((reference, outcome?)),
        }
    }
    Err(Problem::unavailable("a series has not begun yet"))
}

impl Series {
    fn new(id: SeriesId, reference: &SeriesRef, found: SeriesAnswer) -> Self {
        let SeriesDefinition {
            description,
            due,
            first_occurrence,
            list,
            owner: _,
            priority,
            recurrence,
            reminders,
            start,
            tags,
            time_zone,
            title,
        } = found.definition;
        Self {
            id,
            recurrence,
            time_zone,
            ended: found.ended || reference.ended,
            open: reference.open,
            first_occurrence,
            due,
            start,
            title,
            description,
            list,
            priority,
            tags,
            reminders,
        }
    }
}

impl Occurrence {
    fn new(occurrence: u32, record: OccurrenceRecord) -> Self {
        Self {
            occurrence,
            status: match record.outcome {
                Some(_) => OccurrenceStatus::Closed,
                None => OccurrenceStatus::Open,
            },
            at: record.at,
            outcome: record.outcome,
            closed: record.closed,
            task: record.task,
        }
    }

    fn to_come(occurrence: u32, at: Moment) -> Self {
        Self {
            occurrence,
            status: OccurrenceStatus::Upcoming,
            at,
            outcome: None,
            closed: None,
            task: None,
        }
    }
}
