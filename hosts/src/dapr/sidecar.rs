//! The sidecar of this process: one multiplexed connection, made when it is first needed and again whenever it breaks, so that it does not
//! matter which of the two starts first.

use std::time::Duration;

use dapr::{client::ApiTokenInterceptor, dapr::proto::runtime::v1::dapr_client::DaprClient};
use punctual_actors::ports::Failure;
use tonic::{
    Code, Status,
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};

/// The sidecar refuses larger messages (gRPC's own limit, in both directions).
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// How long a call may take before its outcome counts as unknown. Longer than any time-out of the components behind the sidecar, and shorter
/// than the guard of an outbox.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The generated client, which sends the API token.
pub type Client = DaprClient<InterceptedService<Channel, ApiTokenInterceptor>>;

/// Where the sidecar is and what it wants to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SidecarAddress {
    /// `DAPR_GRPC_PORT`, on this machine.
    pub grpc_port: u16,
    /// `DAPR_API_TOKEN`, where the sidecar asks for one.
    pub api_token: Option<String>,
}

/// The sidecar's address makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum SidecarError {
    /// The token cannot be sent.
    #[error("DAPR_API_TOKEN holds characters that a header cannot: {0}")]
    Token(String),
    /// The address is none.
    #[error("the sidecar's address makes no sense: {0}")]
    Address(#[from] tonic::transport::Error),
    /// The system refuses a client for HTTP.
    #[error("no client for the sidecar: {0}")]
    Client(#[from] reqwest::Error),
}

/// The sidecar. Clones share its connection.
#[derive(Clone)]
pub struct Sidecar {
    client: Client,
}

impl Sidecar {
    /// A sidecar that need not be there yet.
    ///
    /// # Errors
    /// When the address or the token makes no sense. Must be called within a Tokio runtime.
    pub fn new(address: &SidecarAddress) -> Result<Self, SidecarError> {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", address.grpc_port))?
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .tcp_nodelay(true);
        let token = ApiTokenInterceptor::try_new(address.api_token.clone())
            .map_err(|error| SidecarError::Token(error.to_string()))?;
        let client = DaprClient::new(InterceptedService::new(endpoint.connect_lazy(), token))
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        Ok(Self { client })
    }

    /// A client to make a call with.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }
}

/// What a call that did not succeed means for the ports: nothing is known of its effect.
#[must_use]
pub fn failure(call: &str, status: &Status) -> Failure {
    Failure::new(format_args!("{call}: {:?}: {}", status.code(), status.message()))
}

/// True where the sidecar says that a write did not find the version it was for. On Redis every failed write that carries an ETag is reported so,
/// so that even this is no proof that nothing was written.
#[must_use]
pub fn is_conflict(status: &Status) -> bool {
    status.code() == Code::Aborted
}
