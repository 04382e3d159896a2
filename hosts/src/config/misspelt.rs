//! Variables that look like settings and are none.

use std::ffi::{OsStr, OsString};

use clap::{Args as _, Command};

use super::{settings::Settings, sources::variable_of};

/// What other commands and the tools beside the server read.
const OF_TOOLS: [&str; 6] = [
    "PUNCTUAL_MAVEN_REPOSITORY",
    "PUNCTUAL_ORACLE_SEED",
    "PUNCTUAL_PYTHON",
    "PUNCTUAL_SECRET",
    "PUNCTUAL_TOKEN",
    "PUNCTUAL_URL",
];

/// How those begin that come in families.
const FAMILIES_OF_TOOLS: [&str; 4] = ["PUNCTUAL_DAPR_", "PUNCTUAL_KUBE_", "PUNCTUAL_SECRET_", "PUNCTUAL_TEST_"];

/// A variable that says nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Misspelt {
    /// Its name.
    pub variable: String,
    /// What was probably meant, where something is close.
    pub meant: Option<String>,
}

/// Which of these variables look like a setting, or like what a tool reads, and are none. Left alone is what Kubernetes gives every pod beside a service
/// called `punctual`: variables such as `PUNCTUAL_SERVICE_HOST` and `PUNCTUAL_PORT_8080_TCP`.
pub(super) fn among(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<Misspelt> {
    let known = known();
    let mut found: Vec<_> = variables
        .into_iter()
        .filter_map(|(variable, value)| Some((variable.into_string().ok()?, value)))
        .filter(|(variable, _)| variable.starts_with("PUNCTUAL_") && !known.contains(variable))
        .filter(|(variable, value)| !is_of_a_tool(variable) && !is_of_a_service(variable, value))
        .map(|(variable, _)| Misspelt {
            meant: closest(&variable, &known),
            variable,
        })
        .collect();
    found.sort_by(|one, other| one.variable.cmp(&other.variable));
    found
}

fn known() -> Vec<String> {
    let command = Settings::augment_args(Command::new("punctual"));
    let flags = command.get_arguments().filter_map(|argument| argument.get_long());
    let tools = OF_TOOLS.map(str::to_owned);
    flags.map(variable_of).chain(tools).collect()
}

fn is_of_a_tool(variable: &str) -> bool {
    FAMILIES_OF_TOOLS.iter().any(|family| variable.starts_with(family))
}

fn is_of_a_service(variable: &str, value: &OsStr) -> bool {
    let is_address = || {
        ["tcp://", "udp://", "sctp://"]
            .iter()
            .any(|scheme| value.as_encoded_bytes().starts_with(scheme.as_bytes()))
    };
    let words: Vec<&str> = variable.split('_').collect();
    let names_port = |pair: &[&str]| pair[0] == "PORT" && pair[1].bytes().all(|digit| digit.is_ascii_digit());
    words.contains(&"SERVICE") || words.windows(2).any(names_port) || (variable.ends_with("_PORT") && is_address())
}

/// One that is but for a slip the same, or of whose words this one has all and more, or some.
fn closest(variable: &str, known: &[String]) -> Option<String> {
    let capitals = variable.to_uppercase();
    // Of four letters two are half the word.
    let most = (capitals.len().saturating_sub("PUNCTUAL_".len()) / 3).clamp(1, 2);
    let slips = known.iter().map(|known| (distance(&capitals, known), known));
    let nearest = slips
        .min_by_key(|(slips, _)| *slips)
        .filter(|(slips, _)| *slips <= most);
    let begins = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('_'));
    let longest = known
        .iter()
        .filter(|known| begins(&capitals, known))
        .max_by_key(|known| known.len());
    let shortest = known
        .iter()
        .filter(|known| begins(known, &capitals))
        .min_by_key(|known| known.len());
    nearest.map(|(_, known)| known).or(longest).or(shortest).cloned()
}

/// How many letters have to be changed, added or left out (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], place + 1);
        for (column, other) in other.bytes().enumerate() {
            let substituted = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(names: &[&str]) -> Vec<(String, Option<String>)> {
        // As in a shell: a name, or a name and a value.
        let variables = names.iter().map(|name| name.split_once('=').unwrap_or((name, "1")));
        let found = among(variables.map(|(name, value)| (name.into(), value.into())));
        found.into_iter().map(|found| (found.variable, found.meant)).collect()
    }

    #[test]
    fn a_variable_that_says_nothing_is_found_with_what_was_meant_where_something_is_close() {
        for (variable, meant) in [
            ("PUNCTUAL_RATELIMIT", Some("PUNCTUAL_RATE_LIMIT")),
            ("PUNCTUAL_LISTENS", Some("PUNCTUAL_LISTEN")),
            ("PUNCTUAL_LOGFORMAT", Some("PUNCTUAL_LOG_FORMAT")),
            ("PUNCTUAL_LOG_LEVEL", Some("PUNCTUAL_LOG")),
            ("PUNCTUAL_DATA_DIR", Some("PUNCTUAL_DATA")),
            ("PUNCTUAL_RATE", Some("PUNCTUAL_RATE_LIMIT")),
            ("PUNCTUAL_TOKENS", Some("PUNCTUAL_TOKEN")),
            ("PUNCTUAL_listen", Some("PUNCTUAL_LISTEN")),
            ("PUNCTUAL_WORKERS", None),
            ("PUNCTUAL_PORT", None),
            ("PUNCTUAL_LISTEN_PORT", Some("PUNCTUAL_LISTEN")),
            ("PUNCTUAL_ÄÖÜ", None),
        ] {
            let expected = (variable.to_owned(), meant.map(str::to_owned));
            assert_eq!(said(&[variable]), [expected]);
        }
        let variables = said(&["PUNCTUAL_LISTENS", "PUNCTUAL_DATA_DIR"])
            .into_iter()
            .map(|(variable, _)| variable);
        assert!(variables.eq(["PUNCTUAL_DATA_DIR", "PUNCTUAL_LISTENS"]));
    }

    #[test]
    fn settings_and_what_others_set_are_left_alone() {
        let settings = [
            "PUNCTUAL_LISTEN",
            "PUNCTUAL_RATE_LIMIT",
            "PUNCTUAL_CONFIG",
            "PUNCTUAL_ROLES",
        ];
        let kubernetes = [
            "PUNCTUAL_PORT=tcp://10.0.0.1:80",
            "PUNCTUAL_API_PORT=tcp://10.0.0.1:80",
            "PUNCTUAL_SERVICE_HOST",
            "PUNCTUAL_PORT_80_TCP_ADDR",
            "PUNCTUAL_SYNC_SERVICE_PORT",
        ];
        let elsewhere = [
            "PUNCTUAL_TOKEN",
            "PUNCTUAL_URL",
            "PUNCTUAL_TEST_LONG",
            "PUNCTUAL_TEST_SEED",
            "PUNCTUAL_DAPR_STATE",
            "PUNCTUAL_DAPR_CACHE",
            "PUNCTUAL_KUBE_NAMESPACE",
            "PUNCTUAL_KUBE_VALUES",
            "PUNCTUAL_MAVEN_REPOSITORY",
            "PUNCTUAL_ORACLE_SEED",
            "PUNCTUAL_PYTHON",
            "PUNCTUAL_SECRET_SMTP",
            "PATH",
        ];
        for names in [&settings[..], &kubernetes, &elsewhere] {
            assert_eq!(said(names), []);
        }
    }
}
