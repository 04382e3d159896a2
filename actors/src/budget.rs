//! What one decision may emit, and one page of a list may show: a commit has to be publishable and fit every store, however much is due at once, and
//! an answer has to fit a message between processes, however large what it shows.

/// Bytes of events a wake-up puts into one commit, about. Far below what brokers and stores take, as one event may exceed it.
const MAX_BYTES: usize = 512 * 1024;
/// Events a wake-up puts into one commit, about.
const MAX_EVENTS: usize = 500;
/// Bytes of what a page of a list shows, about. As JSON it may be twice as much, which a message (4 MiB) still takes.
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// What a commit, or a page, has still room for.
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

    /// All of a page of a list, whose length something else bounds.
    #[must_use]
    pub fn of_a_page() -> Self {
        Self {
            bytes: MAX_PAGE_BYTES,
            events: usize::MAX,
            is_untouched: true,
        }
    }

    /// Takes room for some events, or other things. False when there is none: they have to wait for the next commit or page. The first always fit, so that nothing waits
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
