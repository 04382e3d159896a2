//! Asking another service, by service invocation. What it answers comes in the body of a 200, failures of its own too: the sidecar makes one
//! text out of every other status.

use dapr::dapr::proto::{
    common::v1::{HttpExtension, InvokeRequest, http_extension::Verb},
    runtime::v1::InvokeServiceRequest,
};
use punctual_actors::ports::Failure;
use serde::{Serialize, de::DeserializeOwned};

use super::sidecar::{Sidecar, failure};

/// What is asked of a service.
pub(super) struct Asked<'a> {
    /// The app-id.
    pub(super) service: &'a str,
    /// The path without its first slash.
    pub(super) path: String,
    /// What follows the question mark.
    pub(super) query: String,
    /// The body of a POST; without one it is a GET.
    pub(super) body: Option<Vec<u8>>,
}

impl<'a> Asked<'a> {
    /// A GET.
    pub(super) fn get(service: &'a str, path: String, query: String) -> Self {
        Self {
            service,
            path,
            query,
            body: None,
        }
    }

    /// A POST.
    pub(super) fn post(service: &'a str, path: String, body: &impl Serialize) -> Result<Self, Failure> {
        Ok(Self {
            service,
            path,
            query: String::new(),
            body: Some(serde_json::to_vec(body).map_err(Failure::new)?),
        })
    }

    /// Asks, and reads the answer.
    pub(super) async fn answer<T: DeserializeOwned>(self, sidecar: &Sidecar) -> Result<T, Failure> {
        let verb = if self.body.is_some() { Verb::Post } else { Verb::Get };
        let data = self.body.map(|value| prost_types::Any {
            type_url: String::new(),
            value,
        });
        let request = InvokeServiceRequest {
            id: self.service.to_owned(),
            message: Some(InvokeRequest {
                method: self.path,
                data,
                content_type: "application/json".to_owned(),
                http_extension: Some(HttpExtension {
                    verb: verb as i32,
                    querystring: self.query,
                }),
            }),
        };
        let answer = sidecar.client().invoke_service(request).await;
        let asked = format!("ask {}", self.service);
        let answer = answer.map_err(|status| failure(&asked, &status))?.into_inner();
        let body = answer.data.map(|data| data.value).unwrap_or_default();
        serde_json::from_slice(&body).map_err(Failure::new)
    }
}
