//! Names of days and months with one wrong letter, one too many or too few, or two in each other's place: "firday", "decmber", "tommorow".

use super::{
    lexer::{Kind, Token},
    names::{is_at_name, is_capitalised},
    words,
};

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
    "fridah",
    "mondal",
    "monday's",
    "munday",
    "sundae",
    "sundar",
    "sundara",
    "sunray",
    "sunrays",
    "sundry",
    "sunday's",
    "tonights",
    "tomorrows",
];

/// The shortest word that is taken for one of them.
const SHORTEST: usize = 6;

/// Has words that can be nothing but a misspelt name read as the name.
pub(super) fn correct(tokens: &mut [Token<'_>]) -> Vec<Correction> {
    let all = 0..tokens.len();
    let sure = all.filter_map(|at| {
        let name = usual_slip(tokens[at].text)?;
        let is_word = tokens[at].kind == Kind::Word && !is_marked(tokens, at);
        is_word.then_some((at, name))
    });
    let sure: Vec<(usize, &'static str)> = sure.collect();
    apply(tokens, &sure)
}

/// The places of words that could be one: not those that could be the name of somebody.
pub(super) fn slips(text: &str, tokens: &[Token<'_>]) -> Vec<(usize, &'static str)> {
    let all = tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Word);
    all.filter_map(|(at, token)| {
        let name = meant(token.text)?;
        let is_numbered = words::month(name).is_some() && is_beside_number(tokens, at);
        let is_of_somebody = is_at_name(tokens, at) || is_capitalised(text, token) && !is_numbered;
        let is_marked = is_marked(tokens, at);
        (!is_marked && !is_of_somebody && (at > 0 || begins_phrase(text, tokens, name))).then_some((at, name))
    })
    .collect()
}

/// Those of them that are read as names also where another day is said: "friday, decmber 11".
pub(super) fn numbered(tokens: &[Token<'_>], slips: &mut Vec<(usize, &'static str)>) {
    slips.retain(|(at, name)| words::month(name).is_some() && is_beside_number(tokens, *at));
}

/// Has these words read as these names.
pub(super) fn apply(tokens: &mut [Token<'_>], slips: &[(usize, &'static str)]) -> Vec<Correction> {
    let corrections = slips.iter().map(|(at, name)| {
        tokens[*at].text = name;
        Correction {
            at: tokens[*at].start,
            name,
        }
    });
    corrections.collect()
}

fn is_marked(tokens: &[Token<'_>], at: usize) -> bool {
    at > 0 && tokens[at].joined && matches!(tokens[at - 1].kind, Kind::Mark('#' | '@'))
}

fn is_beside_number(tokens: &[Token<'_>], at: usize) -> bool {
    let is_number = |at: usize| {
        tokens
            .get(at)
            .is_some_and(|token| matches!(token.kind, Kind::Number(_)))
    };
    is_number(at + 1) || at > 0 && is_number(at - 1)
}

/// Whether the first word, which phones write large, is no name: "Firday 6pm", but "Sundar moves in at 6". Letters exchanged or left out are seldom one.
fn begins_phrase(text: &str, tokens: &[Token<'_>], name: &str) -> bool {
    let (mut typed, mut meant) = (tokens[0].text.as_bytes().to_vec(), name.as_bytes().to_vec());
    typed.sort_unstable();
    meant.sort_unstable();
    let is_replaced = typed.len() == meant.len() && typed != meant;
    let is_small = text[tokens[0].start..].starts_with(char::is_lowercase) || !text.contains(char::is_lowercase);
    let leads_on = tokens.get(1).is_none_or(|next| {
        next.kind != Kind::Word || matches!(next.text, "at" | "by" | "morning" | "evening" | "night")
    });
    is_small || leads_on || !is_replaced
}

/// A word that was taken for a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Correction {
    /// Where it begins, in bytes.
    pub(super) at: usize,
    pub(super) name: &'static str,
}

/// The name of a slip that many make, and that is no other word.
fn usual_slip(word: &str) -> Option<&'static str> {
    match word {
        "tommorow" | "tommorrow" | "tomorow" | "tommorw" | "tomorrrow" => Some("tomorrow"),
        "tonite" => Some("tonight"),
        "wendsday" | "wensday" | "wendesday" => Some("wednesday"),
        _ => None,
    }
}

/// The name that a word could be meant to be.
fn meant(word: &str) -> Option<&'static str> {
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
            ("tommorowe", None),
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
