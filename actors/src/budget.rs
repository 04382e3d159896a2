//! What one decision may emit: a commit has to be publishable and fit every store, however much is due at once.

/// Bytes of events a wake-up puts into one commit, about. Far below what brokers and stores take, as one event may exceed it.
const MAX_BYTES: usize = 512 * 1024;
/// Events a wake-up puts into one commit, about.
const MAX_EVENTS: usize = 500;

/// What a commit has still room for.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    bytes: usize,
    events: usize,
    is_untouched: bool,
}

impl Budget {
    /// All of it.
    #[must_use]
    pub fn of_a_commit() -> Self {
        Self {
            bytes: MAX_BYTES,
            events: MAX_EVENTS,
            is_untouched: true,
        }
    }

    /// Takes room for some events. False when there is none: they have to wait for the next commit. The first always fit, so that nothing waits
    /// for ever.
    #[must_use]
    pub fn take(&mut self, events: usize, bytes: usize) -> bool {
        let fits = self.is_untouched || (events <= self.events && bytes <= self.bytes);
        if fits {
            self.is_untouched = false;
            self.events = self.events.saturating_sub(events);
            self.bytes = self.bytes.saturating_sub(bytes);
        }
        fits
    }
}
