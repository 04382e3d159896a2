//! `/v1/me/mail`: what the caller wants by mail.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use punctual_actors::{
    Code,
    user::{MailPatch, UserCommand, merge::nullable},
};
use punctual_events::{DailyDigest, MailSettings};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Api,
    accounts::name_of,
    answer,
    auth::Caller,
    body::JsonBody,
    command::Profile,
    openapi::{AUTHENTICATED, BODY, IdempotencyHeader, KEYED, Problems},
    problem::Problem,
};
use crate::mail::MailAddress;

pub(super) const PROBLEMS: Problems = &[
    ("get_mail", &[AUTHENTICATED]),
    (
        "change_mail",
        &[
            AUTHENTICATED,
            BODY,
            KEYED,
            &[Code::Invalid, Code::MailUnavailable, Code::ReadOnly],
        ],
    ),
];

/// What a user wants by mail.
#[derive(Serialize, ToSchema)]
#[schema(as = Mail)]
pub(super) struct ShownMail {
    /// Whether this server sends mail. Where it does not, nothing can be turned on.
    available: bool,
    /// A mail a day about what is overdue and due; null for none.
    digest: Option<DailyDigest>,
    /// Whether each reminder that fires is mailed.
    reminders: bool,
}

/// A change of what a user wants by mail; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailPatch)]
pub(super) struct MailForm {
    /// A mail a day about what is overdue and due, at a time of day in the user's zone; null for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<DailyDigest>)]
    digest: Option<Option<DailyDigest>>,
    /// Whether each reminder that fires is mailed.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<bool>)]
    reminders: Option<Option<bool>>,

    /// Read-only: accepted when equal.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Value>)]
    available: Option<Option<Value>>,
}

impl MailForm {
    fn into_patch(self, available: bool) -> Result<MailPatch, Problem> {
        let equal = self.available.is_none_or(|sent| sent == Some(Value::Bool(available)));
        if !equal {
            return Err(Problem::new(Code::ReadOnly, "only the server sets it").on("available"));
        }
        if self.reminders == Some(None) {
            return Err(Problem::invalid("reminders", "true or false"));
        }
        Ok(MailPatch {
            digest: self.digest,
            reminders: self.reminders.flatten(),
        })
    }
}

/// Shows what the caller wants by mail.
#[utoipa::path(
    get,
    path = "/v1/me/mail",
    tag = "account",
    operation_id = "get_mail",
    responses((status = 200, description = "What is wanted.", body = ShownMail)),
    security(("token" = []))
)]
pub(super) async fn show(State(api): State<Arc<Api>>, caller: Caller) -> Result<Response, Problem> {
    let profile = api.profile_of(&caller).await?;
    Ok(answer::ok(&api.shown(profile.mail)))
}

/// Changes what the caller wants by mail.
///
/// Mail goes to the e-mail address of the account, at least once; the last line of a mail is an id by which repeats can be told.
#[utoipa::path(
    patch,
    path = "/v1/me/mail",
    tag = "account",
    operation_id = "change_mail",
    params(IdempotencyHeader),
    request_body(
        content((MailForm = "application/merge-patch+json"), (MailForm = "application/json")),
        description = "The changes.",
        example = json!({"reminders": false, "digest": null})
    ),
    responses((status = 200, description = "What is wanted.", body = ShownMail)),
    security(("token" = []))
)]
pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    JsonBody { value: form, key }: JsonBody<MailForm>,
) -> Result<Response, Problem> {
    let change = form.into_patch(api.sends_mail)?;
    let profile = api.profile_of(&caller).await?;
    let wanted = change.apply(profile.mail);
    if adds(wanted, profile.mail) {
        api.can_mail(&profile).await?;
    }
    api.command(caller, UserCommand::ChangeMail { change }, key).await?;
    Ok(answer::ok(&api.shown(wanted)))
}

/// True where something is to be mailed that was not, or at another time.
fn adds(wanted: MailSettings, before: MailSettings) -> bool {
    (wanted.reminders && !before.reminders) || (wanted.digest.is_some() && wanted.digest != before.digest)
}

impl Api {
    fn shown(&self, settings: MailSettings) -> ShownMail {
        ShownMail {
            available: self.sends_mail,
            digest: settings.digest,
            reminders: settings.reminders,
        }
    }

    /// Refuses where no mail can reach the user.
    async fn can_mail(&self, profile: &Profile) -> Result<(), Problem> {
        if !self.sends_mail {
            return Err(Problem::new(Code::MailUnavailable, "this server sends no mail"));
        }
        let found = self.accounts.find(name_of(&profile.account)?).await?;
        let email = found.map(|found| found.record.email).unwrap_or_default();
        match email.parse::<MailAddress>() {
            Ok(_) => Ok(()),
            Err(_) => Err(Problem::invalid(
                "email",
                "no mail can be sent to the account's e-mail address: it has other characters than plain ones",
            )),
        }
    }
}
