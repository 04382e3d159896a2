//! `/v1/webhooks`: where reminders are sent to.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use punctual_actors::Code;
use punctual_events::{Timestamp, WebhookId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Api, answer,
    auth::Caller,
    body::{Key, KeylessBody},
    openapi::{AUTHENTICATED, BODY, IdempotencyHeader, Problems},
    path::Id,
    problem::Problem,
    users::secret,
};
use crate::webhooks::{
    Disabled, NotAdded, Removed, Target, TargetError, Webhook, WebhookSecret, check_reachable, signature::SECRET_BYTES,
};

pub(super) const PROBLEMS: Problems = &[
    (
        "create_webhook",
        &[
            AUTHENTICATED,
            BODY,
            &[Code::Invalid, Code::WebhookAddress, Code::LimitReached],
        ],
    ),
    ("list_webhooks", &[AUTHENTICATED]),
    ("delete_webhook", &[AUTHENTICATED, &[Code::NotFound]]),
];

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookForm {
    /// Where reminders are sent to: http or https, an address on the public internet.
    #[schema(max_length = 2048, examples("https://example.org/hook"))]
    url: String,
}

/// A webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
struct ShownWebhook {
    /// Identifies it.
    id: WebhookId,
    /// Where reminders are sent to.
    url: Box<str>,
    /// When it was made.
    created: Timestamp,
    /// Set when deliveries were given up after a day of failures; delete it and make another.
    disabled: Option<Disabled>,
}

/// A webhook that was just made.
#[derive(Serialize, ToSchema)]
struct NewWebhook {
    #[serde(flatten)]
    webhook: ShownWebhook,
    /// What deliveries are signed with, by Standard Webhooks. It is shown this once.
    #[schema(examples("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))]
    secret: String,
}

/// A user's webhooks.
#[derive(Serialize, ToSchema)]
struct WebhookList {
    /// The oldest first.
    items: Vec<ShownWebhook>,
}

impl From<Webhook> for ShownWebhook {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            created: webhook.created,
            disabled: webhook.disabled,
        }
    }
}

/// Makes a webhook.
///
/// Reminders are sent as `{"type", "timestamp", "data"}` with the headers and the signature of [Standard Webhooks](https://www.standardwebhooks.com), at least once. There is no `Idempotency-Key` here, and one is refused: the
/// answer holds the secret, and what is remembered is kept where no credential may be. Should the answer get lost, list the webhooks and delete the one too many.
#[utoipa::path(
    post,
    path = "/v1/webhooks",
    tag = "webhooks",
    operation_id = "create_webhook",
    request_body(content = WebhookForm, example = json!({"url": "https://example.org/hook"})),
    responses((status = 201, description = "The webhook with its secret.", body = NewWebhook)),
    security(("token" = []))
)]
pub(super) async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    KeylessBody(form): KeylessBody<WebhookForm>,
) -> Result<Response, Problem> {
    api.profile_of(&caller).await?;
    let target = Target::parse(&form.url, &api.webhook_addresses).map_err(refuse)?;
    check_reachable(&target, &api.webhook_addresses)
        .await
        .map_err(|error| Problem::new(Code::WebhookAddress, error.to_string()).on("url"))?;
    let environment = &api.services.environment;
    let signs = WebhookSecret::from_random(random_bytes(api.as_ref()));
    let webhook = Webhook {
        created: api.now(),
        disabled: None,
        id: WebhookId(environment.new_uuid()),
        secret: signs.expose().into(),
        url: target.url().as_str().into(),
    };
    api.webhooks
        .add(caller.user, &webhook)
        .await?
        .map_err(|refused| match refused {
            NotAdded::Closed => Problem::new(Code::SessionEnded, refused.to_string()),
            NotAdded::TooMany => Problem::new(Code::LimitReached, refused.to_string()),
        })?;
    let answer = NewWebhook {
        webhook: webhook.into(),
        secret: signs.expose().to_owned(),
    };
    Ok(secret(answer::json(StatusCode::CREATED, &answer)))
}

/// Lists the caller's webhooks.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    tag = "webhooks",
    operation_id = "list_webhooks",
    responses((status = 200, description = "The webhooks.", body = WebhookList)),
    security(("token" = []))
)]
pub(super) async fn list(State(api): State<Arc<Api>>, caller: Caller) -> Result<Response, Problem> {
    api.profile_of(&caller).await?;
    let webhooks = api.webhooks.list(caller.user).await?;
    Ok(answer::ok(&WebhookList {
        items: webhooks.into_iter().map(ShownWebhook::from).collect(),
    }))
}

/// Deletes a webhook.
///
/// A repeat is 404 without an `Idempotency-Key`; with one it is answered as the first time, for the last 100 that were deleted.
#[utoipa::path(
    delete,
    path = "/v1/webhooks/{id}",
    tag = "webhooks",
    operation_id = "delete_webhook",
    params(("id" = WebhookId, Path, description = "The webhook."), IdempotencyHeader),
    responses((status = 204, description = "It is deleted.")),
    security(("token" = []))
)]
pub(super) async fn delete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Id(webhook): Id<WebhookId>,
    Key(key): Key,
) -> Result<Response, Problem> {
    api.profile_of(&caller).await?;
    match api.webhooks.remove(caller.user, webhook).await? {
        Removed::Now => Ok(answer::no_content()),
        Removed::Before if key.is_some() => Ok(answer::no_content()),
        Removed::Before | Removed::Never => Err(Problem::not_found()),
    }
}

fn refuse(error: TargetError) -> Problem {
    match error {
        TargetError::Address(_) => Problem::new(Code::WebhookAddress, error.to_string()).on("url"),
        TargetError::TooLong
        | TargetError::Malformed
        | TargetError::Scheme
        | TargetError::Credentials
        | TargetError::Port => Problem::invalid("url", error.to_string()),
    }
}

fn random_bytes(api: &Api) -> [u8; SECRET_BYTES] {
    let entropy = &api.services.environment.entropy;
    let mut bytes = [0; SECRET_BYTES];
    for part in bytes.chunks_exact_mut(16) {
        part.copy_from_slice(&entropy.random().to_be_bytes());
    }
    bytes
}
