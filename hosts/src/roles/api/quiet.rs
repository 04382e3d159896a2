//! `/v1/me/reminders`: how the caller wants to be reminded.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use punctual_actors::{
    Code,
    user::{UserCommand, merge::nullable},
};
use punctual_events::QuietHours;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Api, answer,
    auth::Caller,
    body::JsonBody,
    openapi::{AUTHENTICATED, BODY, IdempotencyHeader, KEYED, Problems},
    problem::Problem,
};

pub(super) const PROBLEMS: Problems = &[
    ("get_reminder_settings", &[AUTHENTICATED]),
    (
        "change_reminder_settings",
        &[AUTHENTICATED, BODY, KEYED, &[Code::Invalid]],
    ),
];

/// How a user wants to be reminded.
#[derive(Serialize, ToSchema)]
#[schema(as = ReminderSettings)]
pub(super) struct Shown {
    /// Hours in which reminders are held back, by the clocks where the user lives; null for none.
    quiet_hours: Option<QuietHours>,
}

/// A change of how a user wants to be reminded; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReminderSettingsPatch)]
pub(super) struct Change {
    /// Hours in which reminders are held back, given as a whole; null for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<QuietHours>)]
    quiet_hours: Option<Option<QuietHours>>,
}

/// Shows how the caller wants to be reminded.
#[utoipa::path(
    get,
    path = "/v1/me/reminders",
    tag = "account",
    operation_id = "get_reminder_settings",
    responses((status = 200, description = "The settings.", body = Shown)),
    security(("token" = []))
)]
pub(super) async fn show(State(api): State<Arc<Api>>, caller: Caller) -> Result<Response, Problem> {
    let quiet_hours = api.profile_of(&caller).await?.quiet_hours;
    Ok(answer::ok(&Shown { quiet_hours }))
}

/// Changes how the caller wants to be reminded.
///
/// What falls into quiet hours comes at their end, once; tasks of the priorities in `at_once` remind at once all the same.
#[utoipa::path(
    patch,
    path = "/v1/me/reminders",
    tag = "account",
    operation_id = "change_reminder_settings",
    params(IdempotencyHeader),
    request_body(
        content((Change = "application/merge-patch+json"), (Change = "application/json")),
        description = "The changes.",
        example = json!({"quiet_hours": {"from": "22:00", "until": "07:00", "at_once": ["urgent"]}})
    ),
    responses((status = 200, description = "The settings.", body = Shown)),
    security(("token" = []))
)]
pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    JsonBody { value, key }: JsonBody<Change>,
) -> Result<Response, Problem> {
    if let Some(hours) = value.quiet_hours {
        api.command(caller.again(), UserCommand::ChangeQuiet { hours }, key)
            .await?;
    }
    show(State(api), caller).await
}
