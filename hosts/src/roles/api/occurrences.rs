//! `/v1/series/{id}/occurrences`: what is in a series, past and future, and single dates to come that are skipped, moved or made different.

use std::{borrow::Cow, sync::Arc};

use axum::{extract::State, response::Response};
use punctual_actors::{
    Code,
    series::{OccurrencePatch, OccurrenceRecord, SeriesCommand, SeriesQuestion},
};
use punctual_events::{Moment, OccurrenceChanges, OccurrenceOutcome, RecurrenceDate, SeriesId, TaskId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api, answer,
    auth::Caller,
    body::{JsonBody, Key},
    openapi::{AUTHENTICATED, BODY, IdempotencyHeader, KEYED, Problems},
    path::{Dated, Id},
    problem::Problem,
    query::{FromQuery, Query, parse, parse_limit, set_once, unknown},
    series::{command, find},
};

/// Of operations on one date to come.
const SINGLE: &[Code] = &[
    Code::NotFound,
    Code::OccurrenceUnknown,
    Code::OccurrenceOpen,
    Code::OccurrenceClosed,
    Code::SeriesEnded,
];

pub(super) const PROBLEMS: Problems = &[
    ("list_occurrences", &[AUTHENTICATED, &[Code::NotFound]]),
    (
        "change_occurrence",
        &[
            AUTHENTICATED,
            BODY,
            KEYED,
            SINGLE,
            &[Code::UnknownTimeZone, Code::ReadOnly, Code::LimitReached],
        ],
    ),
    (
        "skip_occurrence",
        &[AUTHENTICATED, KEYED, SINGLE, &[Code::LimitReached]],
    ),
    ("restore_occurrence", &[AUTHENTICATED, KEYED, SINGLE]),
];

const MAX_LIMIT: u16 = 200;
const DEFAULT_LIMIT: u16 = 50;
const DEFAULT_UPCOMING: u16 = 10;

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
    /// Its date by the rule, which identifies one to come: RFC 5545's RECURRENCE-ID.
    recurrence_id: RecurrenceDate,
    /// What it is due (or starts) at by the rule. `changes` says where one to come was moved, its task where an open one was.
    at: Moment,
    /// How it was closed; null until then.
    outcome: Option<OccurrenceOutcome>,
    /// When it was closed.
    closed: Option<Timestamp>,
    /// Its instance; null when it has none. One that was moved from occurrence to occurrence is the instance of each.
    task: Option<TaskId>,
    /// What one to come is to be unlike the others; null where that is nothing.
    changes: Option<OccurrenceChanges>,
}

/// Where an occurrence is in its life.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OccurrenceStatus {
    /// It has an outcome. One to come that is to be skipped has it already.
    Closed,
    /// Its instance is open.
    Open,
    /// Its instance is not made yet.
    Upcoming,
}

/// What one occurrence to come is to be unlike the others.
#[derive(Serialize, ToSchema)]
struct ChangedOccurrence {
    /// Its date by the rule.
    recurrence_id: RecurrenceDate,
    /// What it is to be unlike the others; null where that is nothing.
    changes: Option<OccurrenceChanges>,
}

/// Lists the occurrences of a series.
///
/// Past and future in one list: those with an outcome, the open one, and some of those to come, as they will be if the open one is completed now and nothing is changed,
/// with what is special about them. While the series is paused nothing is to come. Of a series that counts from completions one is to come at most.
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
pub(super) async fn list(
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
        time_zone: None,
    };
    let (_, found) = find(&api, &caller, series, &question).await?;
    let changes = found.changes;
    let known = found
        .occurrences
        .into_iter()
        .map(|(number, record)| Occurrence::new(number, record));
    let to_come = found
        .upcoming
        .into_iter()
        .map(|(number, at)| Occurrence::to_come(number, at, &changes));
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

/// Changes one occurrence to come.
///
/// A JSON Merge Patch (RFC 7396) of one date that has no instance yet: it is moved, or gets a title, reminders and so on of its own. What is absent stays, what is null is as the series says again.
/// Its instance is made with that when its turn comes. When it is its turn goes by its date under the rule, as do `COUNT`, `UNTIL` and the late policy; only `roll_to_future` waits for one that was moved further.
/// Changes of the series leave what was changed here; a date the series does not have any more is forgotten. The open instance is a task: change that.
#[utoipa::path(
    patch,
    path = "/v1/series/{id}/occurrences/{date}",
    tag = "series",
    operation_id = "change_occurrence",
    params(
        ("id" = SeriesId, Path, description = "The series."),
        ("date" = RecurrenceDate, Path, description = "The date by the rule: the `recurrence_id` of the list."),
        IdempotencyHeader
    ),
    request_body(
        content((OccurrencePatch = "application/merge-patch+json"), (OccurrencePatch = "application/json")),
        description = "The changes.",
    ),
    responses((status = 200, description = "What it is to be unlike the others.", body = ChangedOccurrence)),
    security(("token" = []))
)]
pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Dated(series, date): Dated,
    body: JsonBody<OccurrencePatch>,
) -> Result<Response, Problem> {
    let patch = Box::new(body.value);
    let change = |_| SeriesCommand::ChangeOccurrence {
        date,
        external_uid: None,
        patch: patch.clone(),
    };
    command(&api, &caller, series, body.key, change).await?;
    let (_, found) = find(
        &api,
        &caller,
        series,
        &SeriesQuestion::Changes { date, time_zone: None },
    )
    .await?;
    let changes = found.changes.into_iter().map(|(_, changes)| changes).next();
    Ok(answer::ok(&ChangedOccurrence {
        recurrence_id: date,
        changes,
    }))
}

/// Skips one occurrence to come.
///
/// It never gets an instance and has the outcome `skipped` from now on. Skipping a skipped one changes nothing. To skip the open instance, delete its task.
#[utoipa::path(
    delete,
    path = "/v1/series/{id}/occurrences/{date}",
    tag = "series",
    operation_id = "skip_occurrence",
    params(
        ("id" = SeriesId, Path, description = "The series."),
        ("date" = RecurrenceDate, Path, description = "The date by the rule: the `recurrence_id` of the list."),
        IdempotencyHeader
    ),
    responses((status = 204, description = "It is skipped.")),
    security(("token" = []))
)]
pub(super) async fn skip(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Dated(series, date): Dated,
    Key(key): Key,
) -> Result<Response, Problem> {
    let skip = |_| SeriesCommand::SettleOccurrence {
        closed: None,
        date,
        imported: false,
        outcome: OccurrenceOutcome::Skipped,
    };
    command(&api, &caller, series, key, skip).await?;
    Ok(answer::no_content())
}

/// Takes back what was changed of one occurrence to come.
///
/// It is neither skipped nor moved nor unlike the others any more. Of one that is not, this changes nothing.
#[utoipa::path(
    post,
    path = "/v1/series/{id}/occurrences/{date}/restore",
    tag = "series",
    operation_id = "restore_occurrence",
    params(
        ("id" = SeriesId, Path, description = "The series."),
        ("date" = RecurrenceDate, Path, description = "The date by the rule: the `recurrence_id` of the list."),
        IdempotencyHeader
    ),
    responses((status = 204, description = "It is as the series says.")),
    security(("token" = []))
)]
pub(super) async fn restore(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Dated(series, date): Dated,
    Key(key): Key,
) -> Result<Response, Problem> {
    command(&api, &caller, series, key, |_| SeriesCommand::RestoreOccurrence {
        date,
    })
    .await?;
    Ok(answer::no_content())
}

impl Occurrence {
    fn new(occurrence: u32, record: OccurrenceRecord) -> Self {
        Self {
            occurrence,
            status: match record.outcome {
                Some(_) => OccurrenceStatus::Closed,
                None => OccurrenceStatus::Open,
            },
            recurrence_id: RecurrenceDate::from(&record.at),
            at: record.at,
            outcome: record.outcome,
            closed: record.closed,
            task: record.task,
            changes: None,
        }
    }

    fn to_come(occurrence: u32, at: Moment, changes: &[(RecurrenceDate, OccurrenceChanges)]) -> Self {
        let recurrence_id = RecurrenceDate::from(&at);
        let special = changes.iter().find(|(date, _)| *date == recurrence_id);
        let changes = special.map(|(_, changes)| changes.clone());
        let settled = changes.as_ref().and_then(|changes| changes.settled);
        Self {
            occurrence,
            status: match settled {
                Some(_) => OccurrenceStatus::Closed,
                None => OccurrenceStatus::Upcoming,
            },
            recurrence_id,
            at,
            outcome: settled.map(|settled| settled.outcome),
            closed: settled.map(|settled| settled.closed),
            task: None,
            changes,
        }
    }
}
