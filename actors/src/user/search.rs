//! Finding tasks.

/// Columns of one page.
#[derive(Debug)]
pub struct Columns;
