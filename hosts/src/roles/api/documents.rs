//! What the API says of itself: the OpenAPI document, a page to browse it, the page of errors. The committed files are served, compiled in: nothing is
//! generated at start.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{
    Api,
    problem::{ERRORS_PAGE, Problem},
};

const OPENAPI: &str = include_str!("../../../../docs/openapi.json");
const ERRORS: &str = include_str!("../../../../docs/errors.md");
const OPENAPI_PATH: &str = "/openapi.json";

/// Their routes.
pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        // Whoever opens the URL of the first line finds something to read; later it may lead elsewhere, so it is no permanent redirect.
        .route("/", get(async || Redirect::temporary("/docs/")))
        .route(OPENAPI_PATH, get(async || text("application/json", OPENAPI)))
        .route(ERRORS_PAGE, get(async || text("text/markdown; charset=utf-8", ERRORS)))
        .merge(Router::from(SwaggerUi::new("/docs").config(Config::from(OPENAPI_PATH))).layer(map_response(explained)))
}

/// The pages' own way of saying that there is nothing is an empty answer.
async fn explained(response: Response) -> Response {
    if response.status() == StatusCode::NOT_FOUND {
        return Problem::not_found().into_response();
    }
    response
}

fn text(media_type: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
