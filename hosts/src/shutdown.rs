//! Telling everybody that the server ends.

use tokio::sync::watch;

/// The end of the server, foreseen by many and begun by one.
#[derive(Clone, Debug)]
pub struct Shutdown {
    has_begun: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            has_begun: watch::Sender::new(false),
        }
    }
}

impl Shutdown {
    /// Begins it.
    pub fn begin(&self) {
        self.has_begun.send_replace(true);
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.has_begun.borrow()
    }

    /// Waits until it begins; at once when it has begun.
    pub async fn begun(&self) {
        let mut has_begun = self.has_begun.subscribe();
        // An error would mean that the sender is gone, and we hold one.
        let _ = has_begun.wait_for(|has_begun| *has_begun).await;
    }
}

/// Waits until the system asks the process to end: SIGTERM, or Ctrl-C on a terminal.
///
/// # Errors
/// When the system lets nobody wait for that.
pub async fn asked_by_the_system() -> std::io::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    }
}
