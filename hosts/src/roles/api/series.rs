//! `/v1/series/{id}`: recurring series, which are paused, resumed and ended; `occurrences` has what is in them.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use punctual_actors::{
    Code,
    series::{SeriesAnswer, SeriesCommand, SeriesQuestion, SeriesReply},
    turn::{Pending, TurnError},
    user::{SeriesRef, SeriesSummary, UserAnswer, UserCommand, UserQuestion},
};
use punctual_events::{
    CommandId, IdempotencyKey, Moment, Priority, Recurrence, Reminder, SeriesDefinition, SeriesId, TaskId, Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api, answer,
    auth::Caller,
    body::Key,
    command::unexpected,
    openapi::{AUTHENTICATED, IdempotencyHeader, KEYED, Problems},
    path::Id,
    problem::Problem,
};
use crate::ports::refusal;

pub(super) const PROBLEMS: Problems = &[
    ("get_series", &[AUTHENTICATED, &[Code::NotFound]]),
    (
        "pause_series",
        &[AUTHENTICATED, KEYED, &[Code::NotFound, Code::SeriesEnded]],
    ),
    (
        "resume_series",
        &[AUTHENTICATED, KEYED, &[Code::NotFound, Code::SeriesEnded]],
    ),
    ("end_series", &[AUTHENTICATED, KEYED, &[Code::NotFound]]),
];

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
    /// Since when it is paused: until it is resumed no further instance is made.
    paused: Option<Timestamp>,
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
    answered(&api, &caller, series).await
}

/// Pauses a series.
///
/// No further instance is made until it is resumed, and its late policy does nothing. The instance that is open stays as it is, and can be completed; nothing comes after it for now.
/// Pausing a paused series changes nothing.
#[utoipa::path(
    post,
    path = "/v1/series/{id}/pause",
    tag = "series",
    operation_id = "pause_series",
    params(("id" = SeriesId, Path, description = "The series."), IdempotencyHeader),
    responses((status = 200, description = "The series.", body = Series)),
    security(("token" = []))
)]
pub(super) async fn pause(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(series): Id<SeriesId>,
    Key(key): Key,
) -> Result<Response, Problem> {
    command(&api, &caller, series, key, |_| SeriesCommand::Pause).await?;
    answered(&api, &caller, series).await
}

/// Resumes a series.
///
/// It goes on with the next date that is still to come, at once where no instance is open. Dates that fell into the pause are `skipped`, whatever the late policy, `catch_up` included; dates
/// before it that had no instance are `missed` (`skipped` under `skip`). Where it counts from completions, what would have come by now counts from now. Resuming a series that is not paused changes nothing.
#[utoipa::path(
    post,
    path = "/v1/series/{id}/resume",
    tag = "series",
    operation_id = "resume_series",
    params(("id" = SeriesId, Path, description = "The series."), IdempotencyHeader),
    responses((status = 200, description = "The series.", body = Series)),
    security(("token" = []))
)]
pub(super) async fn resume(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(series): Id<SeriesId>,
    Key(key): Key,
) -> Result<Response, Problem> {
    let resume = |time_zone| SeriesCommand::Resume { time_zone };
    command(&api, &caller, series, key, resume).await?;
    answered(&api, &caller, series).await
}

/// Ends a series.
///
/// No further instance is made, ever. The instance that is open stays, as a task without `recurrence`, and keeps its place in the series: what becomes of it is recorded there.
/// Ending a series that has ended changes nothing. `DELETE /v1/tasks/{id}?series=true` ends it and deletes the instance.
#[utoipa::path(
    post,
    path = "/v1/series/{id}/end",
    tag = "series",
    operation_id = "end_series",
    params(("id" = SeriesId, Path, description = "The series."), IdempotencyHeader),
    responses((status = 200, description = "The series.", body = Series)),
    security(("token" = []))
)]
pub(super) async fn end(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(series): Id<SeriesId>,
    Key(key): Key,
) -> Result<Response, Problem> {
    api.command(caller.again(), UserCommand::EndSeries { series }, key)
        .await?;
    answered(&api, &caller, series).await
}

/// Answers with the series as it is.
async fn answered(api: &Api, caller: &Caller, series: SeriesId) -> Result<Response, Problem> {
    let question = SeriesQuestion::Occurrences {
        after: None,
        limit: 0,
        upcoming: 0,
        time_zone: None,
    };
    let (reference, found) = find(api, caller, series, &question).await?;
    Ok(answer::ok(&Series::new(series, &reference, found)))
}

/// Has a series of the caller's carry out a command, which is made for the zone they live in. Their own actor tells whether the session is live and the series theirs.
pub(super) async fn command(
    api: &Api,
    caller: &Caller,
    series: SeriesId,
    key: Option<IdempotencyKey>,
    command: impl Fn(Box<str>) -> SeriesCommand,
) -> Result<SeriesReply, Problem> {
    Ok(submit(api, caller, series, key, command).await??)
}

/// The same, for who wants to look at a refusal of the series.
pub(super) async fn submit(
    api: &Api,
    caller: &Caller,
    series: SeriesId,
    key: Option<IdempotencyKey>,
    command: impl Fn(Box<str>) -> SeriesCommand,
) -> Result<Result<SeriesReply, TurnError>, Problem> {
    let summary = summary(api, caller, series).await?;
    let environment = &api.services.environment;
    for pause_ms in PAUSES_MS {
        let pending = Pending {
            id: CommandId(environment.new_uuid()),
            by: caller.by,
            command: command(summary.time_zone.clone()),
            key,
            seed: environment.entropy.random(),
            traceparent: caller.traceparent.clone(),
        };
        match api.services.actors.command_series(series, pending).await {
            Err(error) if has_not_begun(&error) => environment.clock.sleep_ms(pause_ms).await,
            outcome => return Ok(outcome.map(|answered| answered.reply)),
        }
    }
    Err(Problem::unavailable("a series has not begun yet"))
}

async fn summary(api: &Api, caller: &Caller, series: SeriesId) -> Result<SeriesSummary, Problem> {
    match api.ask(caller, &UserQuestion::Series { series }).await? {
        UserAnswer::Series(summary) => Ok(summary),
        _ => Err(unexpected()),
    }
}

/// The hand-over that begins a series is on its way.
fn has_not_begun(error: &TurnError) -> bool {
    refusal(error).is_some_and(|refusal| refusal.code == Code::NotFound)
}

/// What the user's actor and the series' own know of it. The first also tells whether the session is live and the series the caller's.
pub(super) async fn find(
    api: &Api,
    caller: &Caller,
    series: SeriesId,
    question: &SeriesQuestion,
) -> Result<(SeriesRef, SeriesAnswer), Problem> {
    let SeriesSummary { reference, time_zone } = summary(api, caller, series).await?;
    let question = question.clone().lived_in(&time_zone);
    let clock = &api.services.environment.clock;
    for pause_ms in PAUSES_MS {
        match api.services.actors.ask_series(series, caller.by, &question).await {
            Err(error) if has_not_begun(&error) => clock.sleep_ms(pause_ms).await,
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
            spent: _,
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
            paused: found.paused.filter(|_| !reference.ended),
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
