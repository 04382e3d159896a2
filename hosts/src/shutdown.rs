//! Telling everybody that the server ends.

use std::io;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

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

/// What the system says to a process that is to end: SIGTERM, or SIGINT from Ctrl-C on a terminal.
///
/// From when this is made, the process no longer ends by itself on either.
#[derive(Debug)]
pub struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl EndSignals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one; its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
