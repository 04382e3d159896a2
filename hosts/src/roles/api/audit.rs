//! `/v1/audit`: what happened to the caller's data, and whether the record of it is whole. The audit role answers; here are its routes.

use std::{borrow::Cow, sync::Arc};

use axum::{extract::State, response::Response};
use punctual_actors::Code;

use super::{
    Api, answer,
    auth::Caller,
    openapi::{AUTHENTICATED, Problems},
    problem::Problem,
    query::{FromQuery, Query, parse, parse_limit, set_once, unknown},
};
use crate::ports::{AuditPage, AuditPlace, AuditVerification, verify_within};

pub(super) const PROBLEMS: Problems = &[
    ("list_audit", &[AUTHENTICATED]),
    ("verify_audit", &[AUTHENTICATED, &[Code::RecordTooLong]]),
];

const MAX_LIMIT: u16 = 500;
const DEFAULT_LIMIT: u16 = 100;

/// Shows the caller's audit trail.
///
/// It has the events of the caller's own log and of the logs of their series, deleted ones included, in the order in which audit took them. A page holds whole commits, so it can be a little longer than `limit`; where they are large it is shorter, and whether there is another, `next` says. What was committed a moment ago may not be there yet.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "audit",
    operation_id = "list_audit",
    params(
        ("after" = Option<u64>, Query, description = "Only commits after this place: the `next` of the page before, or the `place` of an entry."),
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
    let page = api.audit.page(caller.user, AuditPlace(page.after.unwrap_or(0)), limit);
    Ok(answer::ok(&page.await?))
}

/// Verifies the caller's audit trail.
///
/// Computes every hash anew, in the caller's own log and in those of their series. Who keeps an answer can check later that its `head` still is in the
/// chain: that the trail shows a commit of the caller's own log of that number with that hash, or one that names it as `previous`. A record is verified as a
/// whole or not at all.
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
    let verified = verify_within(api.limits.verify_timeout, &*api.audit, caller.user);
    Ok(answer::ok(&verified.await?))
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
            "after" => set_once(&mut self.after, name, parse(name, &value, "the place of a commit")?),
            "limit" => set_once(&mut self.limit, name, parse_limit(name, &value, MAX_LIMIT)?),
            _ => Err(unknown(name)),
        }
    }
}
