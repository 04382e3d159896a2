//! `/v1/tasks` and below: one task at a time.

use std::{borrow::Cow, sync::Arc};

use axum::{extract::State, http::StatusCode, response::Response};
use punctual_actors::{
    Code,
    user::{
        UserAnswer, UserCommand, UserQuestion,
        draft::{TaskDraft, TaskPatch},
    },
};
use punctual_events::{IdempotencyKey, Task, TaskId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api, answer,
    auth::Caller,
    body::{JsonBody, Key},
    command::{task_of, unexpected},
    etag::IfMatch,
    openapi::{AUTHENTICATED, BODY, CONDITIONAL, IdempotencyHeader, IfMatchHeader, KEYED, Problems},
    path::Id,
    problem::Problem,
    query::{FromQuery, Query, parse, set_once, unknown},
};

const VALUES: &[Code] = &[
    Code::Invalid,
    Code::UnknownTimeZone,
    Code::RecurrenceInvalid,
    Code::RecurrenceUnsupported,
    Code::RecurrenceTooFrequent,
    Code::RecurrenceNeverOccurs,
    Code::RecurrenceWithoutDate,
];

pub(super) const PROBLEMS: Problems = &[
    (
        "create_task",
        &[AUTHENTICATED, BODY, KEYED, VALUES, &[Code::LimitReached]],
    ),
    ("get_task", &[AUTHENTICATED, &[Code::NotFound]]),
    (
        "change_task",
        &[
            AUTHENTICATED,
            BODY,
            KEYED,
            CONDITIONAL,
            VALUES,
            &[Code::ReadOnly, Code::NotFound],
        ],
    ),
    ("complete_task", &[AUTHENTICATED, KEYED, CONDITIONAL, &[Code::NotFound]]),
    (
        "reopen_task",
        &[
            AUTHENTICATED,
            KEYED,
            CONDITIONAL,
            &[Code::NotFound, Code::OccurrenceSuperseded],
        ],
    ),
    ("delete_task", &[AUTHENTICATED, KEYED, CONDITIONAL, &[Code::NotFound]]),
];

/// Creates a task.
///
/// With a `recurrence` it is the first instance of a series.
#[utoipa::path(
    post,
    path = "/v1/tasks",
    tag = "tasks",
    operation_id = "create_task",
    params(IdempotencyHeader),
    request_body(content = TaskDraft, example = json!({
        "title": "Water the plants",
        "due": {"at": "2026-12-01T09:00:00", "time_zone": "Europe/Paris"},
        "reminders": [{"before": "PT15M"}],
        "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=MO"}
    })),
    responses((status = 201, description = "The task.", body = Task, headers(
        ("ETag" = String, description = "Its version in quotes."),
        ("Location" = String, description = "Its path.")
    ))),
    security(("token" = []))
)]
pub(super) async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    body: JsonBody<TaskDraft>,
) -> Result<Response, Problem> {
    let command = UserCommand::CreateTask {
        draft: Box::new(body.value),
        imported: None,
    };
    let (_, task) = task_of(api.command(caller, command, body.key).await?)?;
    let response = answer::task(StatusCode::CREATED, &task);
    Ok(answer::created(response, format!("/v1/tasks/{}", task.id)))
}

/// Reads a task.
///
/// The `ETag` is for `If-Match`: it is the `version`, which counts edits. The `instant` of a day follows the zone the user lives in, each `instant` the zone
/// data, and `overdue` the clock, without an edit; so `If-None-Match` is not looked at, and the task is answered whole.
#[utoipa::path(
    get,
    path = "/v1/tasks/{id}",
    tag = "tasks",
    operation_id = "get_task",
    params(("id" = TaskId, Path, description = "The task.")),
    responses((status = 200, description = "The task.", body = Task, headers(("ETag" = String, description = "Its version in quotes.")))),
    security(("token" = []))
)]
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(task): Id<TaskId>,
) -> Result<Response, Problem> {
    Ok(answer::task(StatusCode::OK, &*find(&api, &caller, task).await?))
}

/// Changes a task.
///
/// A JSON Merge Patch (RFC 7396): what is absent stays, null takes away. Read-only members are accepted when they are equal to what they are;
/// `overdue`, which changes with the clock, whatever it says.
/// A change is of this instance alone, unless `edit` says that it is of others too; `recurrence` always changes the series, and null ends it.
///
/// With `this_and_later`, of the open instance of a series, what the request changes is changed in the instances after it too. Where that is a due or start, the rule begins anew at this instance, with its `INTERVAL`;
/// where it is `recurrence`, a new `COUNT` counts from this instance on. With `all` the rule keeps its beginning: a due that moves by an hour moves every date to come by an hour, added and excluded dates and
/// changed occurrences along with them, `INTERVAL` keeps its rhythm, and a new `COUNT` counts what there has been already. Without `edit`, `recurrence` is changed as with `this_and_later`. No edit changes an occurrence that is past,
/// or what one to come was changed to by itself.
#[utoipa::path(
    patch,
    path = "/v1/tasks/{id}",
    tag = "tasks",
    operation_id = "change_task",
    params(
        ("id" = TaskId, Path, description = "The task."),
        ("edit" = Option<Edit>, Query, description = "What is changed besides this task, the open instance of a series: with `this_and_later` the instances after it, with `all` what the series says of every instance."),
        IfMatchHeader,
        IdempotencyHeader
    ),
    request_body(
        content((TaskPatch = "application/merge-patch+json"), (TaskPatch = "application/json")),
        description = "The changes."
    ),
    responses((status = 200, description = "The task.", body = Task, headers(("ETag" = String, description = "Its version in quotes.")))),
    security(("token" = []))
)]
pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(task): Id<TaskId>,
    Query(params): Query<ChangeParams>,
    condition: IfMatch,
    body: JsonBody<TaskPatch>,
) -> Result<Response, Problem> {
    let if_match = required_version(&api, &caller, task, condition).await?;
    let patch = Box::new(body.value);
    let command = match params.edit.unwrap_or_default() {
        Edit::This => UserCommand::PatchTask { if_match, patch, task },
        Edit::ThisAndLater => UserCommand::PatchLater { if_match, patch, task },
        Edit::All => UserCommand::PatchAll { if_match, patch, task },
    };
    changed(&api, caller, command, body.key).await
}

/// Completes a task.
///
/// Completing a completed task changes nothing. The next instance of a series is made once this one is completed.
#[utoipa::path(
    post,
    path = "/v1/tasks/{id}/complete",
    tag = "tasks",
    operation_id = "complete_task",
    params(("id" = TaskId, Path, description = "The task."), IfMatchHeader, IdempotencyHeader),
    responses((status = 200, description = "The task.", body = Task, headers(("ETag" = String, description = "Its version in quotes.")))),
    security(("token" = []))
)]
pub(super) async fn complete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(task): Id<TaskId>,
    condition: IfMatch,
    Key(key): Key,
) -> Result<Response, Problem> {
    let if_match = required_version(&api, &caller, task, condition).await?;
    changed(&api, caller, UserCommand::CompleteTask { if_match, task }, key).await
}

/// Opens a completed task again.
///
/// Opening an open task changes nothing. The next instance of a series is withdrawn, unless somebody has touched it.
#[utoipa::path(
    post,
    path = "/v1/tasks/{id}/reopen",
    tag = "tasks",
    operation_id = "reopen_task",
    params(("id" = TaskId, Path, description = "The task."), IfMatchHeader, IdempotencyHeader),
    responses((status = 200, description = "The task.", body = Task, headers(("ETag" = String, description = "Its version in quotes.")))),
    security(("token" = []))
)]
pub(super) async fn reopen(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(task): Id<TaskId>,
    condition: IfMatch,
    Key(key): Key,
) -> Result<Response, Problem> {
    let if_match = required_version(&api, &caller, task, condition).await?;
    changed(&api, caller, UserCommand::ReopenTask { if_match, task }, key).await
}

/// Deletes a task.
///
/// Deleting the open instance of a series skips that occurrence; with `series` the whole series ends.
#[utoipa::path(
    delete,
    path = "/v1/tasks/{id}",
    tag = "tasks",
    operation_id = "delete_task",
    params(
        ("id" = TaskId, Path, description = "The task."),
        ("series" = Option<bool>, Query, description = "End the series too."),
        IfMatchHeader,
        IdempotencyHeader
    ),
    responses((status = 204, description = "It is deleted.")),
    security(("token" = []))
)]
pub(super) async fn delete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(task): Id<TaskId>,
    Query(params): Query<DeleteParams>,
    condition: IfMatch,
    Key(key): Key,
) -> Result<Response, Problem> {
    let command = UserCommand::DeleteTask {
        if_match: required_version(&api, &caller, task, condition).await?,
        series: params.series.unwrap_or(false),
        task,
    };
    api.command(caller, command, key).await?;
    Ok(answer::no_content())
}

/// What a change is of.
#[derive(Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Edit {
    /// This instance alone.
    #[default]
    This,
    /// This instance and those after it. Where its due, start or recurrence is changed, the rule begins anew at this one.
    ThisAndLater,
    /// This instance and all that are to come, and what the series says of each. Where its due or start is changed, all dates to come move by as much; the rule keeps its beginning, so that
    /// `COUNT` and `INTERVAL` count on from there. What is past stays as it was.
    All,
}

/// What to change besides the task.
#[derive(Default)]
pub(super) struct ChangeParams {
    edit: Option<Edit>,
}

impl FromQuery for ChangeParams {
    fn set(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), Problem> {
        match name {
            "edit" if &*value == "this" => set_once(&mut self.edit, name, Edit::This),
            "edit" if &*value == "this_and_later" => set_once(&mut self.edit, name, Edit::ThisAndLater),
            "edit" if &*value == "all" => set_once(&mut self.edit, name, Edit::All),
            "edit" => Err(Problem::bad_request("expected this, this_and_later or all").on(name)),
            _ => Err(unknown(name)),
        }
    }
}

/// What to delete besides the task.
#[derive(Default)]
pub(super) struct DeleteParams {
    series: Option<bool>,
}

impl FromQuery for DeleteParams {
    fn set(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), Problem> {
        match name {
            "series" => set_once(&mut self.series, name, parse(name, &value, "true or false")?),
            _ => Err(unknown(name)),
        }
    }
}

/// Has a task changed and answers with it.
async fn changed(
    api: &Api,
    caller: Caller,
    command: UserCommand,
    key: Option<IdempotencyKey>,
) -> Result<Response, Problem> {
    let (_, task) = task_of(api.command(caller, command, key).await?)?;
    Ok(answer::task(StatusCode::OK, &task))
}

async fn find(api: &Api, caller: &Caller, task: TaskId) -> Result<Arc<Task>, Problem> {
    match api.ask(caller, &UserQuestion::Task { task }).await? {
        UserAnswer::Task { task } => Ok(task),
        _ => Err(unexpected()),
    }
}

/// The version the actor is to insist on. Of several, the one the task has: should it change in between, the actor refuses.
async fn required_version(
    api: &Api,
    caller: &Caller,
    task: TaskId,
    condition: IfMatch,
) -> Result<Option<u64>, Problem> {
    let versions = match condition {
        IfMatch::Any => return Ok(None),
        IfMatch::Versions(versions) => versions,
    };
    if let [version] = versions[..] {
        return Ok(Some(version));
    }
    let current = match find(api, caller, task).await {
        Ok(task) => Some(task.version),
        // The actor says so too, unless it remembers the answer to the key.
        Err(problem) if problem.is_not_found() => None,
        Err(problem) => return Err(problem),
    };
    let named = versions.iter().find(|version| Some(**version) == current);
    Ok(named.or(versions.first()).copied())
}
