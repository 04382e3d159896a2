//! What an operator does to a running installation on the Dapr runtime: `punctual dead-letters` and `punctual rearm`. Both are clients of a sidecar,
//! and may do what the services beside it may.

mod arguments;
pub mod dead_letters;
pub mod rearm;

use std::io;

use punctual_actors::ports::Failure;

pub use self::arguments::{DeadLettersArguments, DeadLettersCommand, LetterName, RearmArguments, SidecarArguments};
use crate::dapr::sidecar::{Sidecar, SidecarAddress, SidecarError};

/// Some of what was to be done was not.
const SOME_FAILED: u8 = 2;

/// Why an operation failed as a whole.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// The sidecar cannot be spoken to.
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
    /// Something behind the sidecar did not do what it was asked.
    #[error("{0}")]
    Failed(#[from] Failure),
    /// The system lacks something.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl SidecarArguments {
    /// The sidecar. Must be called within a Tokio runtime.
    fn sidecar(&self) -> Result<Sidecar, SidecarError> {
        Sidecar::new(&SidecarAddress {
            grpc_port: self.dapr_grpc_port,
            api_token: self.dapr_api_token.clone().filter(|token| !token.is_empty()),
        })
    }
}

fn tokio() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
