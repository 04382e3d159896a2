//! Who is asking. The token says it and is verified by its signature alone; whether its session was ended since, the user's actor checks with every
//! command and question, so that revocation holds at once and costs no look-up of its own.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use punctual_actors::Code;
use punctual_events::{Principal, SessionId, UserId};

use super::{Api, problem::Problem, trace};
use crate::accounts::TokenError;

/// The user who sent the request, by a token of ours that has not expired.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    pub(super) by: Principal,
    /// W3C trace context of the request, where there is one.
    pub(super) traceparent: Option<Box<str>>,
}

impl Caller {
    /// For a request that is several commands.
    pub(super) fn again(&self) -> Self {
        Self {
            traceparent: self.traceparent.clone(),
            ..*self
        }
    }
}

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let now = api.now();
        let token = bearer(&parts.headers)?;
        let claims = api.tokens.verify(token, now).map_err(refuse)?;
        if let Some(limiter) = &api.per_user {
            limiter.try_take(&claims.user, now).map_err(Problem::rate_limited)?;
        }
        Ok(Self {
            user: claims.user,
            session: claims.session,
            by: Principal::User(claims.user, claims.session),
            traceparent: trace::of_request(parts),
        })
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let unauthorised = || Problem::new(Code::Unauthorised, "send `Authorization: Bearer` and a token");
    let value = headers.get(header::AUTHORIZATION).ok_or_else(unauthorised)?;
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or_else(unauthorised)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim_ascii())
    } else {
        Err(unauthorised())
    }
}

fn refuse(error: TokenError) -> Problem {
    match error {
        TokenError::Expired => Problem::new(Code::SessionEnded, "the token has expired: sign in again"),
        TokenError::Malformed | TokenError::Forged => Problem::new(Code::Unauthorised, "not a token of this server"),
    }
}
