//! Ids and dates in paths.

use std::{str::FromStr, sync::Arc};

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

use punctual_actors::Code;
use punctual_events::{RecurrenceDate, SeriesId};

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

/// The `{id}` of a series and the `{date}` of one of its occurrences. There is none at what is no date.
pub(super) struct Dated(pub(super) SeriesId, pub(super) RecurrenceDate);

impl FromRequestParts<Arc<Api>> for Dated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let texts = Path::<(String, String)>::from_request_parts(parts, api).await;
        let (id, date) = texts.map(|Path(texts)| texts).unwrap_or_default();
        let id = id.parse().map_err(|_| Problem::not_found())?;
        let date = date.parse().map_err(|_| {
            let detail = "a date is written 2026-12-01T09:00:00, or 2026-12-01 where occurrences are days";
            Problem::new(Code::OccurrenceUnknown, detail)
        })?;
        Ok(Self(id, date))
    }
}
