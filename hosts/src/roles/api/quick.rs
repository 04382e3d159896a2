//! `POST /v1/tasks/quick`: a task from a sentence, or what would be made of it.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use punctual_actors::{
    Code,
    phrases::{MAX_TEXT_CHARS, Reading, Scene, Span, read},
    user::{UserCommand, check_draft, draft::TaskDraft},
};
use punctual_events::{Task, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Api, answer,
    auth::Caller,
    body::JsonBody,
    command::task_of,
    openapi::{AUTHENTICATED, BODY, IdempotencyHeader, KEYED, Problems},
    problem::{Problem, ProblemDocument},
};

pub(super) const PROBLEMS: Problems = &[(
    "quick_add",
    &[
        AUTHENTICATED,
        BODY,
        KEYED,
        &[
            Code::Invalid,
            Code::RecurrenceInvalid,
            Code::RecurrenceUnsupported,
            Code::RecurrenceNeverOccurs,
            Code::RecurrenceTooFrequent,
            Code::LimitReached,
        ],
    ],
)];

/// A task in a sentence.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuickForm {
    /// Only show what was understood; nothing is stored.
    #[serde(default)]
    #[schema(default = false)]
    dry_run: bool,
    /// What is to be done, and when, how often and how urgently, in English; dates and times are meant in the user's zone.
    #[schema(
        max_length = 2000,
        examples("Water the plants every other tue at 8 remind me 30 min before #home")
    )]
    text: String,
}

/// The task that was made of a sentence.
#[derive(Serialize, ToSchema)]
struct QuickTask<'a> {
    /// The task.
    task: &'a Task,
    /// The pieces of the text that mean something, from left to right.
    #[schema(value_type = Vec<Span>)]
    understood: &'a [Span],
}

/// What would be made of a sentence.
#[derive(Serialize, ToSchema)]
struct QuickPreview<'a> {
    /// What creating the task would be refused for; null when it would not be.
    #[schema(value_type = Option<ProblemDocument<'static>>)]
    refused: Option<ProblemDocument<'a>>,
    /// The task as it could be sent to `POST /v1/tasks`; null when it would be refused.
    #[schema(value_type = Option<TaskDraft>)]
    task: Option<&'a TaskDraft>,
    /// The pieces of the text that mean something, from left to right.
    #[schema(value_type = Vec<Span>)]
    understood: &'a [Span],
}

/// Creates a task from a sentence.
///
/// What is understood of the text (its grammar is at `docs/phrases.md`) becomes due, recurrence, reminders, tags and priority; the rest is the title. Each piece says what it was
/// taken for, and what else it could have meant. With `dry_run` nothing is stored.
#[utoipa::path(
    post,
    path = "/v1/tasks/quick",
    tag = "tasks",
    operation_id = "quick_add",
    params(IdempotencyHeader),
    request_body(content = QuickForm, example = json!({
        "text": "Water the plants every other tue at 8 remind me 30 min before #home !high", "dry_run": false
    })),
    responses(
        (status = 200, description = "What it would be, for a dry run.", body = QuickPreview),
        (status = 201, description = "The task, and what was understood.", body = QuickTask, headers(
            ("ETag" = String, description = "The task's version in quotes."),
            ("Location" = String, description = "The task's path.")
        ))
    ),
    security(("token" = []))
)]
pub(super) async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    body: JsonBody<QuickForm>,
) -> Result<Response, Problem> {
    let QuickForm { dry_run, text } = body.value;
    within_bounds("text", &text)?;
    let zone = api.profile_of(&caller).await?.time_zone;
    let now = api.now();
    let reading = api.read_phrase(&text, &zone, now);
    if dry_run {
        return Ok(api.preview(reading, &zone, now));
    }
    let command = UserCommand::CreateTask {
        draft: Box::new(reading.draft),
        imported: None,
    };
    let answered = api.command(caller, command, body.key).await?;
    let replayed = answered.replayed;
    let (_, task) = task_of(answered)?;
    // A repeated request is told what was understood when the task was made, which may have been yesterday.
    let understood = if replayed {
        api.read_phrase(&text, &zone, task.created).understood
    } else {
        reading.understood
    };
    let body = QuickTask {
        task: &task,
        understood: &understood,
    };
    let response = answer::with_etag(answer::json(StatusCode::CREATED, &body), task.version);
    Ok(answer::created(response, format!("/v1/tasks/{}", task.id)))
}

/// Refuses a text that is too long to be read.
pub(super) fn within_bounds(field: &str, text: &str) -> Result<(), Problem> {
    // Bytes first: a long text is not counted to be refused.
    if text.len() > MAX_TEXT_CHARS * 4 || text.chars().count() > MAX_TEXT_CHARS {
        return Err(Problem::invalid(field, format!("at most {MAX_TEXT_CHARS} characters")));
    }
    Ok(())
}

impl Api {
    /// Reads a text as it is meant in a zone, at an instant.
    pub(super) fn read_phrase(&self, text: &str, zone: &str, now: Timestamp) -> Reading {
        let scene = Scene {
            now,
            time_zone: zone,
            zones: &*self.services.environment.zones,
        };
        read(text, &scene)
    }

    fn preview(&self, mut reading: Reading, zone: &str, now: Timestamp) -> Response {
        let zones = &*self.services.environment.zones;
        if let Some(due) = &mut reading.draft.due {
            due.instant = due.resolve("due", zone, zones).ok().map(|moment| moment.instant());
        }
        let refusal = check_draft(&reading.draft, zone, now, zones).err().map(Problem::from);
        answer::ok(&QuickPreview {
            task: refusal.is_none().then_some(&reading.draft),
            refused: refusal.as_ref().map(Problem::document),
            understood: &reading.understood,
        })
    }
}
