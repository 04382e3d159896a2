//! What the API says of itself: the OpenAPI document, a page to browse it, the page of errors. The committed files are served, compiled in: nothing is
//! generated at start.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, header},
    response::Response,
    routing::get,
};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{Api, problem::ERRORS_PAGE};

const OPENAPI: &str = include_str!("../../../../docs/openapi.json");
const ERRORS: &str = include_str!("../../../../docs/errors.md");
const OPENAPI_PATH: &str = "/openapi.json";

/// Their routes.
pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route(OPENAPI_PATH, get(async || text("application/json", OPENAPI)))
        .route(ERRORS_PAGE, get(async || text("text/markdown; charset=utf-8", ERRORS)))
        .merge(SwaggerUi::new("/docs").config(Config::from(OPENAPI_PATH)))
}

fn text(media_type: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
