//! One try of delivering a webhook.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use punctual_events::Timestamp;
use reqwest::{Client, ClientBuilder, header::CONTENT_TYPE, redirect, retry};
use tokio::sync::OnceCell;

use super::{
    address::{AddressPolicy, RefusedAddress},
    resolver::CheckedResolver,
    signature::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookSecret, timestamp_seconds},
    target::Target,
};

/// How long a receiver has, from resolving its name to the head of its answer.
pub const TIMEOUT: Duration = Duration::from_secs(15);

/// Of that, how long a connection may take; shared among the addresses of a name, so that a dead one leaves time for the next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_REASON_CHARS: usize = 200;

/// What is sent.
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

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// Sends webhooks, to addresses the policy allows and no others: no proxy, no redirects, no retries of its own.
#[derive(Debug)]
pub struct Sender {
    policy: Arc<AddressPolicy>,
    timeout: Duration,
    /// Made with the first delivery: reading the system's certificates takes milliseconds and memory most installations never need.
    client: OnceCell<Client>,
}

impl Sender {
    /// A sender under this policy.
    #[must_use]
    pub fn new(policy: AddressPolicy) -> Self {
        Self::with_timeout(policy, TIMEOUT)
    }

    fn with_timeout(policy: AddressPolicy, timeout: Duration) -> Self {
        Self {
            policy: Arc::new(policy),
            timeout,
            client: OnceCell::new(),
        }
    }

    /// The policy, to check URLs with when they are taken.
    #[must_use]
    pub fn policy(&self) -> &AddressPolicy {
        &self.policy
    }

    /// Tries once, signed as of `now`.
    pub async fn send(&self, target: &Target, delivery: Delivery<'_>, now: Timestamp) -> Outcome {
        if let Err(refused) = target.check_literal(&self.policy) {
            return Outcome::Refused(refused);
        }
        let client = match self.client().await {
            Ok(client) => client,
            Err(reason) => return Outcome::Failed(Failure::NoAnswer(reason)),
        };
        let request = client
            .post(target.url().clone())
            .header(CONTENT_TYPE, delivery.content_type)
            .header(ID_HEADER, delivery.id)
            .header(TIMESTAMP_HEADER, timestamp_seconds(now))
            .header(SIGNATURE_HEADER, delivery.secret.sign(delivery.id, now, &delivery.body))
            .body(delivery.body);
        match request.send().await {
            // The body is dropped unread: only the status matters, and nobody can feed us an endless one.
            Ok(response) if response.status().is_success() => Outcome::Delivered {
                status: response.status().as_u16(),
            },
            Ok(response) => Outcome::Failed(Failure::Status(response.status().as_u16())),
            Err(error) => self.explain(&error),
        }
    }

    async fn client(&self) -> Result<&Client, String> {
        let build = || async {
            let (policy, timeout) = (Arc::clone(&self.policy), self.timeout);
            match tokio::task::spawn_blocking(move || build_client(&policy, timeout)).await {
                Ok(Ok(client)) => Ok(client),
                Ok(Err(error)) => Err(cut(format!("no client: {}", root_cause(&error)))),
                Err(_) => Err("the server is stopping".to_owned()),
            }
        };
        self.client.get_or_try_init(build).await
    }

    fn explain(&self, error: &reqwest::Error) -> Outcome {
        if let Some(refused) = causes(error).find_map(|cause| cause.downcast_ref::<RefusedAddress>()) {
            return Outcome::Refused(*refused);
        }
        let reason = if error.is_timeout() {
            format!("no answer within {} s", self.timeout.as_secs_f32())
        } else if error.is_connect() {
            format!("no connection: {}", root_cause(error))
        } else {
            format!("no answer: {}", root_cause(error))
        };
        Outcome::Failed(Failure::NoAnswer(cut(reason)))
    }
}

fn build_client(policy: &Arc<AddressPolicy>, timeout: Duration) -> reqwest::Result<Client> {
    crate::tls::install_crypto_provider();
    let builder = || -> ClientBuilder {
        Client::builder()
            .dns_resolver(CheckedResolver(Arc::clone(policy)))
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .timeout(timeout)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("Punctual/", env!("CARGO_PKG_VERSION")))
    };
    builder().build().or_else(|error| {
        // An image without certificates can still reach http:// receivers; https:// ones then fail, as untrusted.
        tracing::warn!(reason = %root_cause(&error), "webhooks to https are not possible: no root certificates on this system");
        builder().tls_certs_only([]).build()
    })
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// What went wrong first, without the URL that the errors around it name.
fn root_cause(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .filter(|cause| !cause.is::<reqwest::Error>())
        .map_or_else(|| "the request could not be made".to_owned(), ToString::to_string)
}

fn cut(reason: String) -> String {
    match reason.char_indices().nth(MAX_REASON_CHARS) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason,
    }
}

#[cfg(test)]
mod tests;
