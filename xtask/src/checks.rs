//! Rules of this repository that no general tool knows. A check returns what is wrong, one line per fault.

mod architecture;
pub(crate) mod chart;
mod clients;
mod components;
mod length;
mod links;
mod markdown;
mod names;
mod notes;
mod paths;
mod roles;

use crate::failure::Result;
use crate::workspace::Workspace;

/// One rule.
pub(crate) struct Check {
    /// What holds, in the words of a test name.
    pub(crate) fact: &'static str,
    /// Finds what breaks it.
    pub(crate) run: fn(&Workspace) -> Result<Vec<String>>,
}

/// Every check.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        fact: "every path named in the architecture document exists",
        run: architecture::run,
    },
    Check {
        fact: "relative links in Markdown resolve",
        run: links::run,
    },
    Check {
        fact: "only a runtime's own module names its libraries",
        run: names::run,
    },
    Check {
        fact: "no role names another's module",
        run: roles::run,
    },
    Check {
        fact: "only the embedded runtime has a client of a broker or database, and it is SQLite's",
        run: clients::run,
    },
    Check {
        fact: "nothing is left to do in a comment",
        run: notes::run,
    },
    Check {
        fact: "every Dapr component parses, is scoped and keeps its secrets",
        run: components::run,
    },
    Check {
        fact: "every value of the chart is explained, in its schema, and true to the components",
        run: chart::run,
    },
    Check {
        fact: "no source file is longer than 500 lines",
        run: length::run,
    },
];

/// True when `word` stands in `text` with nothing that could be part of a word on either side.
pub(crate) fn contains_word(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part_of_word) && !text[at + word.len()..].starts_with(part_of_word))
}
