//! Routes that come once the process has what they need. It listens before, so that whoever probes it hears what it waits for.

use std::sync::{Arc, OnceLock};

use axum::{Router, extract::Request, response::Response};
use tower::ServiceExt as _;

use crate::roles::api::not_yet;

/// Routes to come.
#[derive(Clone, Default)]
pub(super) struct Late(Arc<OnceLock<Router>>);

impl Late {
    /// They have come.
    pub(super) fn set(&self, routes: Router) {
        // Nobody sets them twice.
        let _ = self.0.set(routes);
    }

    /// `router`, and these routes for everything it has none for.
    pub(super) fn behind(&self, router: Router) -> Router {
        let late = self.clone();
        router.fallback(move |request: Request| async move { late.answer(request).await })
    }

    async fn answer(&self, request: Request) -> Response {
        match self.0.get() {
            Some(routes) => match routes.clone().oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
            None => not_yet().await,
        }
    }
}
