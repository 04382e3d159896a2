//! `/v1/audit`: what happened to the caller's data, and whether the record of it is whole. The audit role answers; here are its routes.

use std::{borrow::Cow, sync::Arc};

use axum::{extract::State, response::Response};
use punctual_actors::Code;
use punctual_events::Seq;

use super::{
    Api, answer,
    auth::Caller,
    openapi::{AUTHENTICATED, Problems},
    problem::Problem,
    query::{FromQuery, Query, parse, parse_limit, set_once, unknown},
};
use crate::ports::{AuditPage, AuditVerification};

pub(super) const PROBLEMS: Problems = &[
    ("list_audit", &[AUTHENTICATED, &[Code::BadRequest]]),
    ("verify_audit", &[AUTHENTICATED]),
];

const MAX_LIMIT: u16 = 500;
const DEFAULT_LIMIT: u16 = 100;

/// Shows the caller's audit trail.
///
/// A page holds whole commits, so it can be a little longer than `limit`. What was committed a moment ago may not be there yet.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "audit",
    operation_id = "list_audit",
    params(
        ("after" = Option<u64>, Query, description = "Only commits after this one: the `next` of the page before."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 500, description = "About how many events; 100 when it is absent.")
    ),
    responses((status = 200, description = "A page of events.", body = AuditPage)),
    security(("token" = []))
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<Response, Problem> {
    api.profile_of(&caller).await?;
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT).into();
    let page = api.audit.page(caller.user, Seq(page.after.unwrap_or(0)), limit);
    Ok(answer::ok(&page.await?))
}

/// Verifies the caller's audit trail.
///
/// Computes every hash anew. Who keeps a `head` can check later that it still is in the chain.
#[utoipa::path(
    get,
    path = "/v1/audit/verify",
    tag = "audit",
    operation_id = "verify_audit",
    responses((status = 200, description = "What was found.", body = AuditVerification)),
    security(("token" = []))
)]
pub(super) async fn verify(State(api): State<Arc<Api>>, caller: Caller) -> Result<Response, Problem> {
    api.profile_of(&caller).await?;
    Ok(answer::ok(&api.audit.verify(caller.user).await?))
}

/// Which commits.
#[derive(Default)]
pub(super) struct Page {
    after: Option<u64>,
    limit: Option<u16>,
}

impl FromQuery for Page {
    fn set(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), Problem> {
        match name {
            "after" => set_once(&mut self.after, name, parse(name, &value, "the number of a commit")?),
            "limit" => set_once(&mut self.limit, name, parse_limit(name, &value, MAX_LIMIT)?),
            _ => Err(unknown(name)),
        }
    }
}
