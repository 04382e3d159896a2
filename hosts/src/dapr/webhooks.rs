//! Webhooks by service invocation of an external URL.
//!
//! That URL is our own: the gateway in `hosts/src/dapr/app/egress.rs`, which speaks to the receiver. A sidecar that speaks to strangers can be killed by
//! them, gives away our token, and resolves names anew after they were checked: `docs/decisions/0009-webhooks-leave-through-a-gateway.md`.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use punctual_actors::ports::{self, BoxFuture, Failure};
use reqwest::{
    Client, Response, StatusCode,
    header::{HeaderMap, HeaderValue},
    redirect, retry,
};

use super::{
    app::{EGRESS, TARGET_HEADER},
    sidecar::SidecarError,
};
use crate::webhooks::{AddressPolicy, Outcome, Request, Target, WebhookSender, sender};

/// Names what is to be invoked. In the path of `/v1.0/invoke/` a URL would be tidied up.
const APP_ID: &str = "dapr-app-id";
const API_TOKEN: &str = "dapr-api-token";
/// Longer than the gateway takes: a call that is cut off while the sidecar passes the answer on can end the sidecar.
const TIMEOUT: Duration = sender::TIMEOUT.saturating_add(Duration::from_secs(5));

/// Where the sidecar is, and where it finds the gateway.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// The sidecar's port for HTTP, on this machine.
    pub sidecar_port: u16,
    /// What the sidecar asks of this process.
    pub api_token: Option<&'a str>,
    /// Where the sidecar reaches this process.
    pub app_listen: SocketAddr,
}

/// Webhooks that leave through the sidecar.
pub struct InvokedWebhooks {
    policy: AddressPolicy,
    client: Client,
    gateway: String,
    sidecar: String,
}

impl InvokedWebhooks {
    /// Webhooks that go this way.
    ///
    /// # Errors
    /// When the token cannot be sent, or the system refuses a client.
    pub fn new(way: &Way<'_>, policy: AddressPolicy) -> Result<Self, SidecarError> {
        let mut headers = HeaderMap::new();
        if let Some(token) = way.api_token {
            let token = HeaderValue::from_str(token).map_err(|error| SidecarError::Token(error.to_string()));
            let mut token = token?;
            token.set_sensitive(true);
            headers.insert(API_TOKEN, token);
        }
        crate::tls::install_crypto_provider();
        let client = Client::builder()
            // To loopback only, so there is nobody to be trusted.
            .tls_certs_only([])
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .timeout(TIMEOUT)
            .default_headers(headers)
            .build()?;
        Ok(Self {
            policy,
            client,
            gateway: gateway(way.app_listen),
            sidecar: format!("http://{}:{}/", Ipv4Addr::LOCALHOST, way.sidecar_port),
        })
    }

    async fn invoke(&self, target: &Target, request: Request) -> Result<Outcome, Failure> {
        // A URL as the parser writes it is ASCII.
        let target = HeaderValue::from_str(target.url().as_str()).map_err(Failure::new)?;
        let post = self.client.post(&self.sidecar).headers(request.headers);
        let post = post.header(APP_ID, &self.gateway).header(TARGET_HEADER, target);
        let answer = post.body(request.body).send().await.map_err(away)?;
        outcome(answer).await
    }
}

impl WebhookSender for InvokedWebhooks {
    fn policy(&self) -> &AddressPolicy {
        &self.policy
    }

    fn send<'a>(&'a self, target: &'a Target, request: Request) -> BoxFuture<'a, Result<Outcome, ports::Failure>> {
        Box::pin(self.invoke(target, request))
    }
}

/// The gateway's URL as the sidecar sees it, which is on the same machine.
fn gateway(app_listen: SocketAddr) -> String {
    let host = match app_listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) | IpAddr::V6(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    format!("http://{}{EGRESS}", SocketAddr::new(host, app_listen.port()))
}

/// What the gateway says came of it. Any other answer is of the sidecar, or of the gateway's guard, and says nothing of the receiver.
async fn outcome(answer: Response) -> Result<Outcome, Failure> {
    let status = answer.status();
    let body = answer.bytes().await.map_err(away)?;
    if status != StatusCode::OK {
        return Err(Failure::new(format_args!("webhooks cannot leave: status {status}")));
    }
    serde_json::from_slice(&body).map_err(Failure::new)
}

/// The URL in the error is that of the sidecar.
fn away(error: reqwest::Error) -> Failure {
    Failure::new(format_args!("webhooks cannot leave: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_found_on_this_machine_wherever_the_process_listens() {
        for (listen, url) in [
            ("127.0.0.1:8081", "http://127.0.0.1:8081/egress"),
            ("0.0.0.0:8081", "http://127.0.0.1:8081/egress"),
            ("[::]:8081", "http://127.0.0.1:8081/egress"),
            ("10.1.2.3:8081", "http://10.1.2.3:8081/egress"),
        ] {
            assert_eq!(gateway(listen.parse().unwrap()), url);
        }
    }
}
