//! What was understood of a text, piece by piece.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A piece of the text that means something, or looks as if it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Span {
    /// What else it could mean, or how it was taken, where a person might have meant something else.
    pub ambiguous: Option<String>,
    /// Where it ends, in characters (Unicode scalar values) from the start of the text.
    pub end: usize,
    /// What it is about.
    pub kind: SpanKind,
    /// What it was taken to mean; where it was not understood, why not.
    pub meaning: String,
    /// Where it begins, in characters.
    pub start: usize,
    /// The piece itself.
    pub text: String,
    /// False for what stays in the title.
    pub understood: bool,
}

/// What a piece of text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// A day.
    Date,
    /// A time of day, or an instant.
    Time,
    /// How it repeats.
    Recurrence,
    /// Where a recurrence begins.
    Start,
    /// Where a recurrence ends.
    End,
    /// What a recurrence leaves out.
    Exception,
    /// When to remind.
    Reminder,
    /// `#tag`.
    Tag,
    /// `@list`.
    List,
    /// How urgent it is.
    Priority,
}
