//! The one place that prints.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these commands talk to a person at a terminal, or to a CI log"
)]

/// Prints a line of the report.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Prints a line about something that is wrong.
pub(crate) fn complain(line: &str) {
    eprintln!("{line}");
}
