//! The header by which every answer names the release of the zone data its instants were derived with.

use std::future::ready;

use axum::{Router, http::HeaderName, middleware::map_response, response::Response};
use punctual_actors::zone::ZoneData;
use utoipa::{
    Modify,
    openapi::{HeaderBuilder, Object, RefOr, schema::Type},
};

use super::{answer::header_value, openapi::operations};

const NAME: HeaderName = HeaderName::from_static("time-zone-data");

/// Has the routes name the release.
pub(super) fn named<S: Clone + Send + Sync + 'static>(routes: Router<S>, zones: &dyn ZoneData) -> Router<S> {
    let version = header_value(zones.version().to_owned());
    routes.route_layer(map_response(move |mut response: Response| {
        response.headers_mut().insert(NAME, version.clone());
        ready(response)
    }))
}

/// Describes the header of every success.
pub(super) struct ZoneDataHeader;

impl Modify for ZoneDataHeader {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        for operation in openapi.paths.paths.values_mut().flat_map(operations) {
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && status.starts_with('2')
                {
                    let header = HeaderBuilder::new()
                        .schema(Some(Object::with_type(Type::String)))
                        .description(Some(
                            "The release of the IANA time zone data that every `instant` was derived with, as `2025b`.",
                        ))
                        .build();
                    response.headers.insert("Time-Zone-Data".to_owned(), RefOr::T(header));
                }
            }
        }
    }
}
