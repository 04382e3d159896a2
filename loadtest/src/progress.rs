//! What is being done, for the person who waits.

use std::fmt::Display;

/// Says it on standard error; standard output is for the report.
#[expect(
    clippy::print_stderr,
    reason = "progress has to be seen while the report is not there yet"
)]
pub(crate) fn progress(what: impl Display) {
    eprintln!("{what}");
}
