//! The one place that prints. A reader that went away (`… | head`) ends the printing, not the run: the exit code still tells.

use std::io::{self, Write};

/// Prints a line of the report.
pub(crate) fn say(line: &str) {
    let _reader_may_be_gone = writeln!(io::stdout().lock(), "{line}");
}

/// Prints a line about something that is wrong.
pub(crate) fn complain(line: &str) {
    let _reader_may_be_gone = writeln!(io::stderr().lock(), "{line}");
}
