//! Who may reach the listener for the sidecar. It commands any actor for whoever knows its token, so without a token nobody beyond this machine may reach it.

use super::ServeError;
use crate::config::SidecarConfig;

/// Looked at before anything is begun, so that whoever starts the process hears of it at once, and not when the sidecar comes.
///
/// # Errors
/// When there is no token and the address is not one of loopback.
pub(super) async fn check(sidecar: &SidecarConfig) -> Result<(), ServeError> {
    if sidecar.app_token.is_some() {
        return Ok(());
    }
    let address = sidecar.app_listen.clone();
    let found = match address.resolve().await {
        Ok(found) => found,
        Err(source) => return Err(ServeError::Listen { address, source }),
    };
    if !found.iter().all(|address| address.ip().to_canonical().is_loopback()) {
        return Err(ServeError::OpenToAll { address });
    }
    tracing::warn!(
        %address,
        "APP_API_TOKEN is not set: any program on this machine can command every actor by way of --app-listen"
    );
    Ok(())
}
