//! `/v1/notifications`: the inbox of reminders that fired.

use std::{borrow::Cow, sync::Arc};

use axum::{extract::State, response::Response};
use punctual_actors::{
    Code,
    user::{MAX_NOTIFICATIONS, NotificationFilter, UserAnswer, UserCommand, UserQuestion, UserReply},
};
use punctual_events::{Notification, NotificationId};
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
    query::{FromQuery, Query, parse_limit, set_once, unknown},
};

pub(super) const PROBLEMS: Problems = &[
    ("list_notifications", &[AUTHENTICATED]),
    ("dismiss_notification", &[AUTHENTICATED, KEYED, &[Code::NotFound]]),
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
/// The latest 1,000 notifications are kept.
#[utoipa::path(
    get,
    path = "/v1/notifications",
    tag = "notifications",
    operation_id = "list_notifications",
    params(
        ("filter" = inline(Option<NotificationFilter>), Query, description = "Those that were not dismissed (also when it is absent), or all."),
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
            ("filter", _) => Err(Problem::bad_request("expected open or all").on(name)),
            ("limit", limit) => set_once(&mut self.limit, name, parse_limit(name, limit, MAX_LIMIT)?),
            _ => Err(unknown(name)),
        }
    }
}

/// Dismisses a notification.
///
/// It disappears on every device. Dismissing it twice is the same as once.
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
    let command = UserCommand::Dismiss { notification };
    match api.command(caller, command, key).await?.reply {
        UserReply::Notification { notification } => Ok(answer::ok(&notification)),
        UserReply::Task { .. } | UserReply::Done => Err(unexpected()),
    }
}
