//! Variables that look like settings and are none.

use std::ffi::OsString;

use clap::{
    Args as _, Command,
    error::{ContextKind, ContextValue},
};

use super::{settings::Settings, sources::variable_of};

/// A variable that says nothing, and the one that was probably meant.
#[derive(Debug, PartialEq, Eq)]
pub struct Misspelt {
    /// Its name.
    pub variable: String,
    /// What was probably meant.
    pub meant: String,
}

/// Which of these variables are close to a setting and are none. Others of an unknown name are left alone: Kubernetes gives every pod beside a service
/// called `punctual` variables such as `PUNCTUAL_SERVICE_HOST` and `PUNCTUAL_PORT_8080_TCP`.
pub(super) fn among(names: impl IntoIterator<Item = OsString>) -> Vec<Misspelt> {
    let command = Settings::augment_args(Command::new("punctual").no_binary_name(true));
    let mut found: Vec<_> = names
        .into_iter()
        .filter_map(|name| {
            let variable = name.into_string().ok()?;
            let flag = variable.strip_prefix("PUNCTUAL_")?.replace('_', "-").to_lowercase();
            let is_of_a_service = flag.split('-').any(|word| word == "service" || word == "port");
            (!is_of_a_service).then_some(())?;
            let error = command.clone().try_get_matches_from([format!("--{flag}=")]).err()?;
            let Some(ContextValue::String(suggested)) = error.get(ContextKind::SuggestedArg) else {
                return None;
            };
            let meant = variable_of(suggested.trim_start_matches('-'));
            // What is much longer or shorter was hardly meant.
            (variable.len().abs_diff(meant.len()) <= 2).then_some(Misspelt { variable, meant })
        })
        .collect();
    found.sort_by(|one, other| one.variable.cmp(&other.variable));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(names: &[&str]) -> Vec<String> {
        let found = among(names.iter().map(OsString::from));
        found.into_iter().map(|found| found.meant).collect()
    }

    #[test]
    fn a_misspelt_variable_is_found_with_what_was_meant() {
        let said = said(&["PUNCTUAL_RATELIMIT", "PUNCTUAL_LISTENS", "PUNCTUAL_LOGFORMAT"]);
        assert_eq!(said, ["PUNCTUAL_LISTEN", "PUNCTUAL_LOG_FORMAT", "PUNCTUAL_RATE_LIMIT"]);
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
            "PUNCTUAL_PORT",
            "PUNCTUAL_SERVICE_HOST",
            "PUNCTUAL_PORT_80_TCP_ADDR",
            "PUNCTUAL_SYNC_SERVICE_PORT",
        ];
        let elsewhere = [
            "PUNCTUAL_TOKEN",
            "PUNCTUAL_URL",
            "PUNCTUAL_TEST_LONG",
            "PUNCTUAL_DAPR_STATE",
            "PATH",
        ];
        for names in [&settings[..], &kubernetes, &elsewhere] {
            assert_eq!(said(names), Vec::<String>::new());
        }
    }
}
