//! `POST /v1/users`: registration.

use std::sync::Arc;

use axum::{extract::State, http::HeaderValue, http::StatusCode, http::header, response::Response};
use punctual_actors::{Code, user::draft::unknown_zone};
use punctual_events::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Api, Registration,
    accounts::to_the_end,
    answer,
    body::KeylessBody,
    openapi::{ANONYMOUS, BODY, Problems},
    origin::Anonymous,
    problem::Problem,
};
use crate::accounts::{AccountKey, AccountRecord, Email, Password, Token, record::FORMAT};

pub(super) const PROBLEMS: Problems = &[(
    "register",
    &[
        ANONYMOUS,
        BODY,
        &[
            Code::RegistrationClosed,
            Code::EmailTaken,
            Code::Invalid,
            Code::UnknownTimeZone,
        ],
    ],
)];

/// Somebody who registers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistrationForm {
    /// Their e-mail address; case and the like do not count.
    #[schema(max_length = 254, examples("ann@example.org"))]
    email: String,
    /// At least 8 characters, at most 1,024 bytes.
    #[schema(min_length = 8, max_length = 1024, format = Password)]
    password: String,
    /// The IANA name of the zone they live in.
    #[schema(max_length = 64, examples("Europe/Paris"))]
    time_zone: String,
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(super) struct User {
    pub(super) id: UserId,
    /// As it was written at registration.
    pub(super) email: Box<str>,
    /// IANA name of the zone they live in.
    pub(super) time_zone: Box<str>,
    /// When they registered.
    pub(super) created: Timestamp,
}

/// A user with a token.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedIn {
    pub(super) user: User,
    /// To be sent as `Authorization: Bearer`. Good for 30 days, or until its session is ended.
    token: String,
}

impl User {
    pub(super) fn new(record: &AccountRecord, time_zone: Box<str>) -> Self {
        Self {
            id: record.user,
            email: record.email.clone(),
            time_zone,
            created: record.created,
        }
    }
}

impl SignedIn {
    pub(super) fn new(user: User, token: &Token) -> Self {
        Self {
            user,
            token: token.expose().to_owned(),
        }
    }

    /// 201, not to be kept by anybody on the way.
    pub(super) fn answer(&self) -> Response {
        secret(answer::json(StatusCode::CREATED, self))
    }
}

/// An answer with a credential in it.
pub(super) fn secret(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Registers.
///
/// The answer's token is that of a first session. Should the answer get lost, sign in. There is no `Idempotency-Key` here, and one is refused:
/// the answer holds a token, and what is remembered is kept where no credential may be. The e-mail address keeps a repeated request from making a second account.
#[utoipa::path(
    post,
    path = "/v1/users",
    tag = "account",
    operation_id = "register",
    request_body(content = RegistrationForm, example = json!({
        "email": "ann@example.org", "password": "correct horse battery staple", "time_zone": "Europe/Paris"
    })),
    responses((status = 201, description = "The user and a token.", body = SignedIn)),
    security(())
)]
pub(super) async fn register(
    State(api): State<Arc<Api>>,
    Anonymous(origin): Anonymous,
    KeylessBody(form): KeylessBody<RegistrationForm>,
) -> Result<Response, Problem> {
    if api.registration == Registration::Closed {
        return Err(Problem::new(
            Code::RegistrationClosed,
            "this server does not take new users",
        ));
    }
    let email = parse_email(&form.email)?;
    let password = choose_password(&form.password)?;
    if !api.services.environment.zones.contains(&form.time_zone) {
        return Err(unknown_zone(&form.time_zone, "time_zone").into());
    }
    let name = api.account_keys.key(&email);
    let signed_in = to_the_end(async move {
        let enrolled = enrol(&api, name, email, password, form.time_zone.into());
        api.guess(origin, name, enrolled).await
    });
    Ok(signed_in.await?.answer())
}

/// Makes the record, then the actor. A crash in between leaves a record whose actor begins to exist with the first sign-in.
async fn enrol(
    api: &Api,
    name: AccountKey,
    email: Email,
    password: Password,
    time_zone: Box<str>,
) -> Result<SignedIn, Problem> {
    let taken = || Problem::new(Code::EmailTaken, "there is an account with this e-mail address").on("email");
    let before = api.accounts.find(name).await?;
    if let Some(found) = &before
        && !found.record.deleted
        && !api.is_deleted(found.record.user).await?
    {
        return Err(taken());
    }
    let environment = &api.services.environment;
    let hash = api
        .hasher
        .hash(password, environment.entropy.random().to_be_bytes())
        .await?;
    let record = AccountRecord {
        format: FORMAT,
        user: UserId(environment.new_uuid()),
        email: email.as_str().into(),
        password_hash: hash.expose().into(),
        time_zone,
        created: api.now(),
        deleted: false,
    };
    let before = before.map(|found| found.etag);
    api.accounts.put(name, before, &record).await?.ok_or_else(taken)?;
    let (token, _) = api.start_session(name, &record).await?;
    let user = User::new(&record, record.time_zone.clone());
    Ok(SignedIn::new(user, &token))
}

pub(super) fn parse_email(text: &str) -> Result<Email, Problem> {
    Email::parse(text).map_err(|error| Problem::invalid("email", error.to_string()))
}

pub(super) fn choose_password(text: &str) -> Result<Password, Problem> {
    Password::chosen(text).map_err(|error| Problem::invalid("password", error.to_string()))
}
