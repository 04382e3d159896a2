//! `/v1/sessions`: signing in and out.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use punctual_actors::{Code, user::UserCommand};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Api,
    accounts::{bad_credentials, contended, to_the_end},
    answer,
    auth::Caller,
    body::{Key, KeylessBody},
    openapi::{ANONYMOUS, AUTHENTICATED, BODY, IdempotencyHeader, KEYED, Problems},
    origin::Anonymous,
    problem::Problem,
    users::{SignedIn, User, parse_email},
};
use crate::accounts::{AccountKey, AccountRecord, Found, Password, PasswordHash, Token, Verdict};

pub(super) const PROBLEMS: Problems = &[
    ("sign_in", &[ANONYMOUS, BODY, &[Code::BadCredentials, Code::Invalid]]),
    ("sign_out", &[AUTHENTICATED, KEYED]),
];

/// How often a sign-in starts over because the account was changed under it.
const MAX_ATTEMPTS: u32 = 3;

/// Somebody who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    /// The e-mail address of the account.
    #[schema(max_length = 254, examples("ann@example.org"))]
    email: String,
    /// Its password.
    #[schema(max_length = 1024, format = Password)]
    password: String,
}

/// Signs in.
///
/// A user has up to 100 sessions; the one that expires first ends when another begins. There is no `Idempotency-Key` here, and one is refused: the
/// answer holds a token, and what is remembered is kept where no credential may be. Signing in twice is harmless.
#[utoipa::path(
    post,
    path = "/v1/sessions",
    tag = "account",
    operation_id = "sign_in",
    request_body(content = Credentials, example = json!({
        "email": "ann@example.org", "password": "correct horse battery staple"
    })),
    responses((status = 201, description = "The user and a token.", body = SignedIn)),
    security(())
)]
pub(super) async fn sign_in(
    State(api): State<Arc<Api>>,
    Anonymous(origin): Anonymous,
    KeylessBody(credentials): KeylessBody<Credentials>,
) -> Result<Response, Problem> {
    let email = parse_email(&credentials.email)?;
    // No account has a password that long.
    let password = Password::presented(&credentials.password).map_err(|_| bad_credentials())?;
    let name = api.account_keys.key(&email);
    let signed_in = to_the_end(async move { api.guess(origin, name, check_in(&api, name, password)).await });
    Ok(signed_in.await?.answer())
}

async fn check_in(api: &Api, name: AccountKey, password: Password) -> Result<SignedIn, Problem> {
    for _ in 0..MAX_ATTEMPTS {
        let (found, rehash) = verify(api, name, password.clone()).await?;
        let token = match begin_session(api, name, &found).await? {
            Some(token) => token,
            None => continue,
        };
        if rehash && let Err(problem) = renew_hash(api, name, &found, password).await {
            // The next sign-in tries again.
            tracing::warn!(code = problem.code().as_str(), "a password hash could not be renewed");
        }
        let time_zone = api.zone_of(found.record.user).await?;
        return Ok(SignedIn::new(User::new(&found.record, time_zone), &token));
    }
    Err(contended())
}

/// The account, if the password is its own, and whether its hash should be made anew. As much work without an account as with one.
pub(super) async fn verify(api: &Api, name: AccountKey, password: Password) -> Result<(Found, bool), Problem> {
    let found = api.accounts.find(name).await?.filter(|found| !found.record.deleted);
    let hash = found
        .as_ref()
        .map(|found| PasswordHash::from_stored(&found.record.password_hash));
    match (api.hasher.verify(password, hash).await?, found) {
        (Verdict::Right { rehash }, Some(found)) => Ok((found, rehash)),
        (Verdict::Right { .. } | Verdict::Wrong, _) => Err(bad_credentials()),
    }
}

/// Starts a session. `None` when the record changed since the password was verified: a session that outlived the change of its password would be one nobody
/// ends.
async fn begin_session(api: &Api, name: AccountKey, found: &Found) -> Result<Option<Token>, Problem> {
    let (token, session) = match api.start_session(name, &found.record).await {
        Ok(started) => started,
        Err(problem) if problem.code() == Code::SessionEnded => {
            // The actor was deleted, and the record was not yet.
            api.accounts.bury(name, found.record.user).await?;
            return Err(bad_credentials());
        }
        Err(problem) => return Err(problem),
    };
    if api.accounts.find(name).await?.is_some_and(|now| now.etag == found.etag) {
        return Ok(Some(token));
    }
    let command = UserCommand::EndSession { session };
    api.command_as_system(found.record.user, command).await?;
    Ok(None)
}

async fn renew_hash(api: &Api, name: AccountKey, found: &Found, password: Password) -> Result<(), Problem> {
    let salt = api.services.environment.entropy.random().to_be_bytes();
    let hash = api.hasher.hash(password, salt).await?;
    let record = AccountRecord {
        password_hash: hash.expose().into(),
        ..found.record.clone()
    };
    api.accounts.put(name, Some(found.etag.clone()), &record).await?;
    Ok(())
}

/// Signs out.
///
/// The token is void at once, everywhere. With or without an `Idempotency-Key`, a repeat is answered with `session_ended`.
#[utoipa::path(
    delete,
    path = "/v1/sessions/current",
    tag = "account",
    operation_id = "sign_out",
    params(IdempotencyHeader),
    responses((status = 204, description = "The session has ended.")),
    security(("token" = []))
)]
pub(super) async fn sign_out(State(api): State<Arc<Api>>, caller: Caller, Key(key): Key) -> Result<Response, Problem> {
    let session = caller.session;
    api.command(caller, UserCommand::EndSession { session }, key).await?;
    Ok(answer::no_content())
}
