//! One try of delivering a webhook, whatever it goes out by.

use std::{fmt, time::Duration};

use bytes::Bytes;
use punctual_actors::ports::{self, BoxFuture};
use punctual_events::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use serde::{Deserialize, Serialize};

use super::{
    address::{AddressPolicy, RefusedAddress},
    signature::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookSecret, timestamp_seconds},
    target::Target,
};

/// How long a receiver has, from resolving its name to the head of its answer.
pub const TIMEOUT: Duration = Duration::from_secs(15);

/// The headers of a webhook; there are no others.
pub const HEADERS: [HeaderName; 5] = [
    CONTENT_TYPE,
    USER_AGENT,
    HeaderName::from_static(ID_HEADER),
    HeaderName::from_static(SIGNATURE_HEADER),
    HeaderName::from_static(TIMESTAMP_HEADER),
];

/// Who asks, as receivers see it.
const WHO: HeaderValue = HeaderValue::from_static(concat!("Punctual/", env!("CARGO_PKG_VERSION")));

/// Sends webhooks, to addresses the policy allows and no others: no redirects, no retries of its own.
pub trait WebhookSender: Send + Sync + 'static {
    /// The policy, to check URLs with when they are taken and before each try.
    fn policy(&self) -> &AddressPolicy;

    /// Tries once.
    ///
    /// A failure is ours: what carries requests out of here is away, and nothing is known of the receiver. It does not count as a try.
    fn send<'a>(&'a self, target: &'a Target, request: Request) -> BoxFuture<'a, Result<Outcome, ports::Failure>>;
}

/// What is to be sent.
#[derive(Clone, Debug)]
pub struct Delivery<'a> {
    /// The id of the message, the same on every try.
    pub id: &'a str,
    /// What it is signed with.
    pub secret: &'a WebhookSecret,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

/// What is sent, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Some of [`HEADERS`].
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Delivery<'_> {
    /// Signs it as of `now`.
    ///
    /// # Errors
    /// When the id is nothing a header can carry.
    pub fn sign(self, now: Timestamp) -> Result<Request, ports::Failure> {
        let value = |text: &str| HeaderValue::from_str(text).map_err(ports::Failure::new);
        let mut headers = HeaderMap::with_capacity(HEADERS.len());
        headers.insert(USER_AGENT, WHO);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(ID_HEADER, value(self.id)?);
        headers.insert(TIMESTAMP_HEADER, timestamp_seconds(now).into());
        headers.insert(SIGNATURE_HEADER, value(&self.secret.sign(self.id, now, &self.body))?);
        Ok(Request {
            headers,
            body: self.body,
        })
    }
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The receiver took it: a status of 200 to 299.
    Delivered {
        /// The status.
        status: u16,
    },
    /// Nothing was sent: the target is an address, or a name of addresses, that may not be reached.
    Refused(RefusedAddress),
    /// The receiver did not take it, as far as we know.
    Failed(Failure),
}

/// Why a try failed, in words fit to be shown to the webhook's owner: neither the URL nor the answer's body is in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// It answered with another status. Redirects are among them: they are not followed.
    Status(u16),
    /// It did not answer.
    NoAnswer(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "answered with status {status}"),
            Self::NoAnswer(reason) => f.write_str(reason),
        }
    }
}
