//! The bar that says how far it is, where somebody looks.

use std::io::{self, IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use punctual_events::Timestamp;

use crate::embedded::sqlite::Copied;

/// What the time of one user is divided into.
const PARTS: u64 = 1_000;

/// The bar. Clones are the same one.
#[derive(Clone)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// On a terminal only: it draws on standard error.
    pub(super) fn new() -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        // The template is a constant: one that makes no sense leaves the default.
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {elapsed}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    pub(super) fn copied(&self, copied: Copied) {
        self.bar.set_message("copying");
        self.bar.set_length(copied.of);
        self.bar.set_position(copied.done);
    }

    pub(super) fn users(&self, users: usize) {
        self.bar.set_message("simulating");
        self.bar.set_length(users as u64 * PARTS);
        self.bar.set_position(0);
    }

    /// The user at this place is at `now`, on the way from `from` to `until`.
    pub(super) fn reached(&self, place: usize, now: Timestamp, (from, until): (Timestamp, Timestamp)) {
        let passed = |to: Timestamp| u64::try_from(to.as_millis() - from.as_millis()).unwrap_or(0);
        let part = passed(now).saturating_mul(PARTS) / passed(until).max(1);
        self.bar.set_position(place as u64 * PARTS + part.min(PARTS));
    }

    /// Writes to standard output, past the bar.
    pub(super) fn write(&self, text: &[u8]) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.bar.suspend(|| io::stdout().lock().write_all(text))
    }

    /// Says on standard error what is not among what is shown.
    #[expect(clippy::print_stderr, reason = "what could not be read is not among what comes")]
    pub(super) fn complain(&self, what: &str) {
        self.bar.suspend(|| eprintln!("punctual: {what}"));
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
