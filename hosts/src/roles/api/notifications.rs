//! `/v1/notifications`: the inbox of reminders that fired.

use std::{borrow::Cow, sync::Arc};

use axum::{extract::State, response::Response};
use punctual_actors::{
    Code,
    user::{MAX_NOTIFICATIONS, NotificationFilter, SnoozeUntil, UserAnswer, UserCommand, UserQuestion, UserReply},
};
use punctual_events::{IdempotencyKey, Notification, NotificationId, Offset, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Api, answer,
    auth::Caller,
    body::{JsonBody, Key},
    command::unexpected,
    openapi::{AUTHENTICATED, BODY, IdempotencyHeader, KEYED, Problems},
    path::Id,
    problem::Problem,
    query::{FromQuery, Query, parse_limit, set_once, unknown},
    quick::within_bounds,
};

pub(super) const PROBLEMS: Problems = &[
    ("list_notifications", &[AUTHENTICATED]),
    ("dismiss_notification", &[AUTHENTICATED, KEYED, &[Code::NotFound]]),
    (
        "snooze_notification",
        &[
            AUTHENTICATED,
            BODY,
            KEYED,
            &[Code::NotFound, Code::TaskClosed, Code::LimitReached],
        ],
    ),
];

/// All that are kept.
const MAX_LIMIT: u16 = 1000;
const _: () = assert!(MAX_LIMIT as usize == MAX_NOTIFICATIONS);
const DEFAULT_LIMIT: u16 = 50;

/// The inbox.
#[derive(Serialize, ToSchema)]
struct Inbox {
    /// The latest first.
    #[schema(value_type = Vec<Notification>)]
    items: Vec<Arc<Notification>>,
}

/// Shows the inbox.
///
/// The latest 1,000 notifications are kept. Of a task that is completed or deleted none waits, and none is snoozed.
#[utoipa::path(
    get,
    path = "/v1/notifications",
    tag = "notifications",
    operation_id = "list_notifications",
    params(
        ("filter" = inline(Option<NotificationFilter>), Query, description = "Those that wait for somebody (also when it is absent), those that were snoozed, or all."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000, description = "How many at most; 50 when it is absent.")
    ),
    responses((status = 200, description = "Notifications.", body = Inbox)),
    security(("token" = []))
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let question = UserQuestion::Notifications {
        filter: params.filter.unwrap_or_default(),
        limit: params.limit.unwrap_or(DEFAULT_LIMIT),
    };
    match api.ask(&caller, &question).await? {
        UserAnswer::Notifications { items } => Ok(answer::ok(&Inbox { items })),
        _ => Err(unexpected()),
    }
}

/// Which notifications.
#[derive(Default)]
pub(super) struct Params {
    filter: Option<NotificationFilter>,
    limit: Option<u16>,
}

impl FromQuery for Params {
    fn set(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), Problem> {
        match (name, &*value) {
            ("filter", "open") => set_once(&mut self.filter, name, NotificationFilter::Open),
            ("filter", "all") => set_once(&mut self.filter, name, NotificationFilter::All),
            ("filter", "snoozed") => set_once(&mut self.filter, name, NotificationFilter::Snoozed),
            ("filter", _) => Err(Problem::bad_request("expected open, snoozed or all").on(name)),
            ("limit", limit) => set_once(&mut self.limit, name, parse_limit(name, limit, MAX_LIMIT)?),
            _ => Err(unknown(name)),
        }
    }
}

/// Dismisses a notification.
///
/// It disappears on every device, and a reminder that nags comes again no more. Dismissing it twice is the same as once. Where another has taken its
/// place, that one is dismissed and answered.
#[utoipa::path(
    post,
    path = "/v1/notifications/{id}/dismiss",
    tag = "notifications",
    operation_id = "dismiss_notification",
    params(("id" = NotificationId, Path, description = "The notification."), IdempotencyHeader),
    responses((status = 200, description = "The notification.", body = Notification)),
    security(("token" = []))
)]
pub(super) async fn dismiss(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(notification): Id<NotificationId>,
    Key(key): Key,
) -> Result<Response, Problem> {
    put_off(&api, caller, UserCommand::Dismiss { notification }, key).await
}

/// When a notification is to come again: one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Snooze {
    /// So long from now: an ISO 8601 duration. Days are of the calendar, in the user's zone.
    #[serde(rename = "for")]
    #[schema(examples("PT1H"))]
    duration: Option<Offset>,
    /// When a phrase in English says, in the user's zone; a day alone is nine in the morning.
    #[schema(max_length = 2000, examples("tomorrow morning"))]
    phrase: Option<Box<str>>,
    /// At an instant.
    until: Option<Timestamp>,
}

impl Snooze {
    fn until(self) -> Result<SnoozeUntil, Problem> {
        match (self.duration, self.phrase, self.until) {
            (Some(duration), None, None) => Ok(SnoozeUntil::For(duration)),
            (None, Some(phrase), None) => {
                within_bounds("phrase", &phrase)?;
                Ok(SnoozeUntil::Phrase(phrase))
            }
            (None, None, Some(until)) => Ok(SnoozeUntil::At(until)),
            _ => Err(Problem::invalid(
                "until",
                "say when: one of `for`, `phrase` and `until`",
            )),
        }
    }
}

/// Puts a notification off.
///
/// It leaves the inbox on every device and comes again as another notification, whose `replaces` names it. A reminder that nags begins to nag anew then.
/// Snoozing it again moves the snooze. Where another has taken its place, that one is snoozed and answered.
#[utoipa::path(
    post,
    path = "/v1/notifications/{id}/snooze",
    tag = "notifications",
    operation_id = "snooze_notification",
    params(("id" = NotificationId, Path, description = "The notification."), IdempotencyHeader),
    request_body(content = Snooze, example = json!({"for": "PT1H"})),
    responses((status = 200, description = "The notification.", body = Notification)),
    security(("token" = []))
)]
pub(super) async fn snooze(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(notification): Id<NotificationId>,
    body: JsonBody<Snooze>,
) -> Result<Response, Problem> {
    let until = body.value.until()?;
    let command = UserCommand::Snooze { notification, until };
    put_off(&api, caller, command, body.key).await
}

async fn put_off(
    api: &Api,
    caller: Caller,
    command: UserCommand,
    key: Option<IdempotencyKey>,
) -> Result<Response, Problem> {
    match api.command(caller, command, key).await?.reply {
        UserReply::Notification { notification } => Ok(answer::ok(&notification)),
        UserReply::Task { .. } | UserReply::Done => Err(unexpected()),
    }
}
