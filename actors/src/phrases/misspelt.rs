//! Names of days and months with one wrong letter, one too many or too few, or two in each other's place: "firday", "decmber", "tommorow".

use super::lexer::{Kind, Token};

/// What is looked for: short names are too close to other words.
const NAMES: [&str; 17] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "tomorrow",
    "tonight",
    "january",
    "february",
    "august",
    "september",
    "october",
    "november",
    "december",
    "thanksgiving",
];

/// Words that are close to a name and mean something else, and names of people.
const OTHER_WORDS: &[&str] = &[
    "augusta",
    "auguste",
    "augusti",
    "augusto",
    "augusts",
    "octobers",
    "octobre",
    "mondays",
    "tuesdays",
    "fridays",
    "saturdays",
    "sundays",
    "thursdays",
    "wednesdays",
    "sundae",
    "sundry",
    "sunday's",
    "tonights",
    "tomorrows",
];

/// The shortest word that is taken for one of them.
const SHORTEST: usize = 6;

/// Has every misspelt name read as the name; `true` at the places of those.
pub(super) fn correct(tokens: &mut [Token<'_>]) -> Vec<Correction> {
    let mut corrections = Vec::new();
    for token in tokens.iter_mut().filter(|token| token.kind == Kind::Word) {
        if let Some(name) = meant(token.text) {
            token.text = name;
            corrections.push(Correction { at: token.start, name });
        }
    }
    corrections
}

/// A word that was taken for a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Correction {
    /// Where it begins, in bytes.
    pub(super) at: usize,
    pub(super) name: &'static str,
}

/// The name that a word was meant to be.
fn meant(word: &str) -> Option<&'static str> {
    match word {
        "tommorow" | "tommorrow" | "tomorow" | "tommorw" | "tomorrrow" => return Some("tomorrow"),
        "tonite" => return Some("tonight"),
        "wendsday" | "wensday" | "wendesday" => return Some("wednesday"),
        _ => {}
    }
    let is_long_enough = word.len() >= SHORTEST && word.is_ascii() && !word.contains('\'');
    if !is_long_enough || OTHER_WORDS.contains(&word) {
        return None;
    }
    let word = word.as_bytes();
    NAMES.into_iter().find(|name| is_slip(word, name.as_bytes()))
}

/// Whether one slip of the fingers is between two words: a letter replaced, added or left out, or two side by side exchanged.
fn is_slip(typed: &[u8], name: &[u8]) -> bool {
    let same = typed.iter().zip(name).take_while(|(a, b)| a == b).count();
    let (typed, name) = (&typed[same..], &name[same..]);
    match (typed, name) {
        ([_, rest @ ..], []) | ([], [_, rest @ ..]) => rest.is_empty(),
        ([first, left @ ..], [letter, right @ ..]) => {
            let is_exchanged = matches!((left, right), ([second, left @ ..], [next, right @ ..])
                if first == next && second == letter && left == right);
            left == right || left == name || typed == right || is_exchanged
        }
        ([], []) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_forgiven_and_no_word_of_its_own() {
        for (typed, name) in [
            ("firday", Some("friday")),
            ("thurdsay", Some("thursday")),
            ("decmber", Some("december")),
            ("novemeber", Some("november")),
            ("tommorow", Some("tomorrow")),
            ("septembre", Some("september")),
            ("satruday", Some("saturday")),
            ("tuesdat", Some("tuesday")),
            ("friday", None),
            ("frida", None),
            ("sundry", None),
            ("sundae", None),
            ("augusta", None),
            ("mondays", None),
            ("holiday", None),
            ("midday", None),
            ("payday", None),
        ] {
            assert_eq!(meant(typed), name, "{typed}");
        }
    }
}
