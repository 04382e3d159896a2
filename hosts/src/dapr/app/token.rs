//! The token by which the sidecar proves that it is the sidecar: without it, whoever reaches the listener could command any actor.

use std::{fmt, sync::Arc};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};

use super::App;

/// The header the sidecar sends it in.
const HEADER: &str = "dapr-api-token";

/// The token, hashed: comparing hashes says nothing of how much of a guess was right.
#[derive(Clone, PartialEq, Eq)]
pub struct AppToken([u8; 32]);

impl AppToken {
    /// The token of this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

impl fmt::Debug for AppToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppToken(…)")
    }
}

/// Refuses whoever does not know the token.
pub(super) async fn require(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(expected) = &app.token else {
        return next.run(request).await;
    };
    let given = request.headers().get(HEADER);
    if given.is_some_and(|given| AppToken(Sha256::digest(given).into()) == *expected) {
        return next.run(request).await;
    }
    tracing::warn!(
        path = request.uri().path(),
        "a request to the sidecar's listener without the sidecar's token"
    );
    StatusCode::UNAUTHORIZED.into_response()
}
