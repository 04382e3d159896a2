//! The gateway by which webhooks leave: the sidecar invokes it, and it speaks to the receiver.
//!
//! To the sidecar it is an external URL, which gets the token of the app with every call: so the guard of the other routes is its guard too.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};

use super::App;
use crate::webhooks::{Outcome, Request, Target, TargetError, WebhookSender as _, sender::HEADERS};

/// Where it is.
pub(in crate::dapr) const EGRESS: &str = "/egress";
/// Names the receiver.
pub(in crate::dapr) const TARGET_HEADER: &str = "punctual-target";

/// Passes a webhook on, and nothing else of the request. What came of it is said in the body: any other status is about the gateway itself.
pub(super) async fn send(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Outcome>, StatusCode> {
    let sender = app.egress.as_ref().ok_or(StatusCode::NOT_FOUND)?;
    let url = headers.get(TARGET_HEADER).and_then(|url| url.to_str().ok());
    // Who sent it has checked it under the same policy; here is where it counts.
    let target = match Target::parse(url.unwrap_or_default(), sender.policy()) {
        Ok(target) => target,
        Err(TargetError::Address(refused)) => return Ok(Json(Outcome::Refused(refused))),
        Err(_) => return Err(StatusCode::BAD_REQUEST),
    };
    let kept = HEADERS.into_iter().filter_map(|name| {
        let value = headers.get(&name)?.clone();
        Some((name, value))
    });
    let request = Request {
        headers: kept.collect(),
        body,
    };
    Ok(Json(sender.exchange(&target, request).await))
}
