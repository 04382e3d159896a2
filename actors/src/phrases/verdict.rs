//! What is said of each phrase that was found, once it is known what they come to together.

use super::{
    dates::Doubt,
    scan::Found,
    spans::{Span, SpanKind},
};

/// What is said of a phrase.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    kind: SpanKind,
    meaning: String,
    ambiguous: Doubt,
    pub(super) understood: bool,
}

impl Verdict {
    pub(super) fn understood(kind: SpanKind, meaning: impl Into<String>, ambiguous: Doubt) -> Self {
        Self {
            kind,
            meaning: meaning.into(),
            ambiguous,
            understood: true,
        }
    }

    /// Says this of it, too, where nothing is said yet.
    pub(super) fn doubt(&mut self, doubt: impl Into<std::borrow::Cow<'static, str>>) {
        self.ambiguous.get_or_insert_with(|| doubt.into());
    }

    pub(super) fn refused(kind: SpanKind, why: impl Into<String>) -> Self {
        Self {
            kind,
            meaning: why.into(),
            ambiguous: None,
            understood: false,
        }
    }
}

/// The pieces with their places in characters, counted in one pass.
pub(super) fn spans(text: &str, judged: Vec<(&Found, Verdict)>) -> Vec<Span> {
    let (mut chars, mut bytes) = (0, 0);
    let mut chars_to = |at: usize| {
        chars += text[bytes..at].chars().count();
        bytes = at;
        chars
    };
    judged
        .into_iter()
        .map(|(found, verdict)| Span {
            ambiguous: verdict.ambiguous.map(Into::into),
            start: chars_to(found.start),
            end: chars_to(found.end),
            kind: verdict.kind,
            meaning: verdict.meaning,
            text: text[found.start..found.end].to_owned(),
            understood: verdict.understood,
        })
        .collect()
}
