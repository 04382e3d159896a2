//! Telling everybody that the server ends.

use std::io;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// The end of the server, foreseen by many: announced first, while whoever sends requests does not know of it yet, and then begun.
#[derive(Clone, Debug)]
pub struct Shutdown {
    nearness: watch::Sender<Nearness>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    Unforeseen,
    Announced,
    Begun,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            nearness: watch::Sender::new(Nearness::Unforeseen),
        }
    }
}

impl Shutdown {
    /// Says that it will begin before long. Requests are still taken.
    pub fn announce(&self) {
        self.come(Nearness::Announced);
    }

    /// Begins it: nothing new is taken.
    pub fn begin(&self) {
        self.come(Nearness::Begun);
    }

    /// Whether it has been announced, or has begun.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        *self.nearness.borrow() >= Nearness::Announced
    }

    /// Waits until it is announced, or begins without that; at once when it was.
    pub async fn announced(&self) {
        self.wait_for(Nearness::Announced).await;
    }

    /// Waits until it begins; at once when it has begun.
    pub async fn begun(&self) {
        self.wait_for(Nearness::Begun).await;
    }

    fn come(&self, nearness: Nearness) {
        self.nearness.send_modify(|now| *now = nearness.max(*now));
    }

    async fn wait_for(&self, nearness: Nearness) {
        let mut now = self.nearness.subscribe();
        // An error would mean that the sender is gone, and we hold one.
        let _ = now.wait_for(|now| *now >= nearness).await;
    }
}

/// What the system says to a process that is to end: SIGTERM, SIGINT from Ctrl-C on a terminal, or SIGHUP where that was
/// closed.
///
/// From when this is made, the process no longer ends by itself on any.
#[derive(Debug)]
pub struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
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
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one; its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.hang_up.recv() => "SIGHUP",
        }
    }
}
