//! Ids in paths.

use std::{str::FromStr, sync::Arc};

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

use super::{Api, problem::Problem};

/// The `{id}` of a path. A text that is no id names nothing, so it is 404 like the id of a thing that does not exist.
pub(super) struct Id<T>(pub(super) T);

impl<T: FromStr + Send> FromRequestParts<Arc<Api>> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, api).await;
        let id = text.ok().and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or_else(Problem::not_found)
    }
}
