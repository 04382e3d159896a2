//! `/v1/me`: the caller's account.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use punctual_actors::{
    Code,
    user::{UserCommand, draft::unknown_zone, merge::nullable},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Api,
    accounts::{bad_credentials, contended, name_of, to_the_end},
    answer,
    auth::Caller,
    body::{JsonBody, Key},
    idempotency::no_key,
    openapi::{AUTHENTICATED, BODY, IdempotencyHeader, KEYED, Problems},
    origin::Whence,
    problem::Problem,
    sessions::verify,
    users::{User, choose_password},
};
use crate::{
    accounts::{AccountKey, AccountRecord, Found, Password},
    limits::Origin,
};

pub(super) const PROBLEMS: Problems = &[
    ("get_me", &[AUTHENTICATED]),
    (
        "change_me",
        &[
            AUTHENTICATED,
            BODY,
            KEYED,
            &[
                Code::BadCredentials,
                Code::Invalid,
                Code::ReadOnly,
                Code::UnknownTimeZone,
            ],
        ],
    ),
    ("delete_me", &[AUTHENTICATED, KEYED]),
];

/// How often a change of password starts over because the record was changed under it.
const MAX_ATTEMPTS: u32 = 3;

/// Shows the caller's account.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "account",
    operation_id = "get_me",
    responses((status = 200, description = "The user.", body = User)),
    security(("token" = []))
)]
pub(super) async fn show(State(api): State<Arc<Api>>, caller: Caller) -> Result<Response, Problem> {
    Ok(answer::ok(&user(&api, &caller).await?))
}

/// Changes of an account; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountPatch {
    /// The password it has, to change it.
    #[schema(max_length = 1024, format = Password)]
    current_password: Option<String>,
    /// The password it is to have. Every other session ends.
    #[schema(min_length = 8, max_length = 1024, format = Password)]
    password: Option<String>,
    /// The IANA name of the zone the user lives in. All-day tasks move with it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 64, examples("Europe/Paris"))]
    time_zone: Option<Option<Box<str>>>,

    /// Read-only: accepted when equal.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Value>)]
    created: Option<Option<Value>>,
    /// Read-only: accepted when equal.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Value>)]
    email: Option<Option<Value>>,
    /// Read-only: accepted when equal.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Value>)]
    id: Option<Option<Value>>,
}

impl AccountPatch {
    fn refuse_read_only(&self, current: &User) -> Result<(), Problem> {
        let current = serde_json::to_value(current).map_err(Problem::internal)?;
        for (field, sent) in [("created", &self.created), ("email", &self.email), ("id", &self.id)] {
            let differs = |sent: &Option<Value>| sent.as_ref().unwrap_or(&Value::Null) != &current[field];
            if sent.as_ref().is_some_and(differs) {
                return Err(Problem::new(Code::ReadOnly, "only the server sets it").on(field));
            }
        }
        Ok(())
    }

    /// The zone the user is to live in; there is no user without one.
    fn chosen_zone(&self) -> Result<Option<Box<str>>, Problem> {
        match &self.time_zone {
            None => Ok(None),
            Some(Some(zone)) => Ok(Some(zone.clone())),
            Some(None) => Err(Problem::invalid("time_zone", "a user lives in some time zone")),
        }
    }
}

/// Changes the caller's account.
///
/// A new password ends every other session. A change of password takes no `Idempotency-Key`, and one is refused: a digest of the request would be
/// remembered, from which the password could be guessed. Repeating the change is harmless.
#[utoipa::path(
    patch,
    path = "/v1/me",
    tag = "account",
    operation_id = "change_me",
    params(IdempotencyHeader),
    request_body(
        content((AccountPatch = "application/merge-patch+json"), (AccountPatch = "application/json")),
        description = "The changes."
    ),
    responses((status = 200, description = "The user.", body = User)),
    security(("token" = []))
)]
pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Whence(origin): Whence,
    JsonBody { value: patch, key }: JsonBody<AccountPatch>,
) -> Result<Response, Problem> {
    if key.is_some() && (patch.password.is_some() || patch.current_password.is_some()) {
        return Err(no_key());
    }
    patch.refuse_read_only(&user(&api, &caller).await?)?;
    let time_zone = patch.chosen_zone()?;
    if let Some(zone) = &time_zone
        && !api.services.environment.zones.contains(zone)
    {
        return Err(unknown_zone(zone, "time_zone").into());
    }
    let passwords = passwords(&patch)?;
    let user = to_the_end(async move {
        if let Some((current, chosen)) = passwords {
            change_password(&api, &caller, origin, current, chosen).await?;
        }
        if let Some(zone) = &time_zone {
            let change = UserCommand::ChangeUser {
                time_zone: zone.clone(),
            };
            api.command(caller.again(), change, key).await?;
        }
        let user = user(&api, &caller).await?;
        // A repeat is answered as the first time, whatever was changed since.
        Ok::<_, Problem>(User {
            time_zone: time_zone.unwrap_or(user.time_zone),
            ..user
        })
    });
    Ok(answer::ok(&user.await?))
}

/// The present and the new password, if it is to be changed.
fn passwords(patch: &AccountPatch) -> Result<Option<(Password, Password)>, Problem> {
    let Some(chosen) = &patch.password else {
        return Ok(None);
    };
    let current = patch
        .current_password
        .as_deref()
        .ok_or_else(|| Problem::invalid("current_password", "a change of password needs the present one"))?;
    let current = Password::presented(current).map_err(|_| bad_credentials())?;
    Ok(Some((current, choose_password(chosen)?)))
}

/// Changes the record, then ends the other sessions. After a crash in between the request can be repeated: that the password is the chosen one already counts
/// as knowing it.
async fn change_password(
    api: &Api,
    caller: &Caller,
    origin: Origin,
    current: Password,
    chosen: Password,
) -> Result<(), Problem> {
    let name = name_of(&api.profile_of(caller).await?.account)?;
    let verified = verify_either(api, name, current.clone(), chosen.clone());
    if let Some(found) = api.guess(origin, name, verified).await? {
        replace_password(api, name, found, current, chosen).await?;
    }
    let keep = caller.session;
    api.command(caller.again(), UserCommand::EndOtherSessions { keep }, None)
        .await?;
    Ok(())
}

/// The record to change; `None` when it has the chosen password already.
async fn verify_either(
    api: &Api,
    name: AccountKey,
    current: Password,
    chosen: Password,
) -> Result<Option<Found>, Problem> {
    match verify(api, name, current).await {
        Ok((found, _)) => Ok(Some(found)),
        Err(problem) if problem.code() == Code::BadCredentials => {
            verify(api, name, chosen).await?;
            Ok(None)
        }
        Err(problem) => Err(problem),
    }
}

async fn replace_password(
    api: &Api,
    name: AccountKey,
    mut found: Found,
    current: Password,
    chosen: Password,
) -> Result<(), Problem> {
    let salt = api.services.environment.entropy.random().to_be_bytes();
    let hash = api.hasher.hash(chosen, salt).await?;
    for _ in 0..MAX_ATTEMPTS {
        let record = AccountRecord {
            password_hash: hash.expose().into(),
            ..found.record.clone()
        };
        if api.accounts.put(name, Some(found.etag), &record).await?.is_some() {
            return Ok(());
        }
        // Somebody else changed it: only who still knows the password may go on.
        (found, _) = verify(api, name, current.clone()).await?;
    }
    Err(contended())
}

/// Deletes the caller's account with everything in it.
///
/// Every session ends at once; the e-mail address can be registered again, as another user. With or without an `Idempotency-Key`, a repeat is
/// answered with `session_ended`: the token it comes with went with the account.
#[utoipa::path(
    delete,
    path = "/v1/me",
    tag = "account",
    operation_id = "delete_me",
    params(IdempotencyHeader),
    responses((status = 204, description = "It is deleted.")),
    security(("token" = []))
)]
pub(super) async fn delete(State(api): State<Arc<Api>>, caller: Caller, Key(key): Key) -> Result<Response, Problem> {
    let name = name_of(&api.profile_of(&caller).await?.account)?;
    // The actor first: with it goes everything that reacts to its end, the content, the webhooks, and the record too where a crash comes in between.
    // The other order would leave content that nobody can reach and nobody deletes. Here the record goes at once, so that the address is free when this is answered.
    to_the_end(async move {
        let user = caller.user;
        api.command(caller, UserCommand::DeleteUser, key).await?;
        api.accounts.bury(name, user).await.map_err(Problem::from)
    })
    .await?;
    Ok(answer::no_content())
}

async fn user(api: &Api, caller: &Caller) -> Result<User, Problem> {
    let profile = api.profile_of(caller).await?;
    let found = api.accounts.find(name_of(&profile.account)?).await?;
    let found = found.filter(|found| found.record.user == caller.user);
    let found = found.ok_or_else(|| Problem::internal("an account without its record"))?;
    Ok(User::new(&found.record, profile.time_zone))
}
