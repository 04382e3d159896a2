//! The header by which every answer names the release of the zone data its instants were derived with.

use axum::{http::HeaderName, response::Response};
use punctual_actors::zone::ZoneData;
use tower::util::MapResponseLayer;
use utoipa::{
    Modify,
    openapi::{HeaderBuilder, Object, RefOr, schema::Type},
};

use super::{answer::header_value, openapi::operations};

const NAME: HeaderName = HeaderName::from_static("time-zone-data");

/// Has a service name the release of `zones`.
pub(super) fn named(zones: &dyn ZoneData) -> MapResponseLayer<impl FnOnce(Response) -> Response + Clone + use<>> {
    let version = header_value(zones.version().to_owned());
    MapResponseLayer::new(move |mut response: Response| {
        response.headers_mut().insert(NAME, version);
        response
    })
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
                            "The release of the IANA time zone data that every `instant` was derived with, as `2026f`.",
                        ))
                        .build();
                    response.headers.insert("Time-Zone-Data".to_owned(), RefOr::T(header));
                }
            }
        }
    }
}
