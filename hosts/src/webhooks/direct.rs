//! Webhooks by a client of our own, for a runtime without a sidecar. It connects to exactly the addresses that were checked.

use std::{error::Error, sync::Arc, time::Duration};

use punctual_actors::ports::{self, BoxFuture};
use reqwest::{Client, ClientBuilder, redirect, retry};
use tokio::sync::OnceCell;

use super::{
    address::{AddressPolicy, RefusedAddress},
    resolver::CheckedResolver,
    sender::{Failure, Outcome, Request, TIMEOUT, WebhookSender},
    target::Target,
};

/// Of the time a receiver has, how long a connection may take; shared among the addresses of a name, so that a dead one leaves time for the
/// next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_REASON_CHARS: usize = 200;

/// Sends webhooks straight to their receivers: no proxy, no redirects, no retries of its own.
#[derive(Debug)]
pub struct DirectSender {
    policy: Arc<AddressPolicy>,
    timeout: Duration,
    /// Made with the first delivery: reading the system's certificates takes milliseconds and memory most installations never need.
    client: OnceCell<Client>,
}

impl DirectSender {
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

    /// Tries once. Whatever goes wrong is the receiver's doing, or counts as such.
    pub async fn exchange(&self, target: &Target, request: Request) -> Outcome {
        if let Err(refused) = target.check_literal(&self.policy) {
            return Outcome::Refused(refused);
        }
        let client = match self.client().await {
            Ok(client) => client,
            Err(reason) => return Outcome::Failed(Failure::NoAnswer(reason)),
        };
        let post = client.post(target.url().clone());
        match post.headers(request.headers).body(request.body).send().await {
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

impl WebhookSender for DirectSender {
    fn policy(&self) -> &AddressPolicy {
        &self.policy
    }

    fn send<'a>(&'a self, target: &'a Target, request: Request) -> BoxFuture<'a, Result<Outcome, ports::Failure>> {
        Box::pin(async move { Ok(self.exchange(target, request).await) })
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
