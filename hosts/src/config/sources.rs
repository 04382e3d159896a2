//! Reads the sources and remembers who said what, so that an error names the culprit.

use std::{
    error::Error as _,
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
};

use clap::{Args as _, Command, FromArgMatches as _};

use super::settings::Settings;

/// Looks up an environment variable.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Why a server cannot be configured.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable says something that makes no sense.
    #[error("{variable}: {reason}")]
    Variable {
        /// Its name.
        variable: String,
        /// What is wrong.
        reason: String,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file says something that makes no sense.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong and on which line.
        source: Box<toml::de::Error>,
    },
    /// A setting is well formed and cannot be granted.
    #[error("{origin}: {reason}")]
    Setting {
        /// Where it was said, as the person who said it would name it.
        origin: String,
        /// Why not.
        reason: String,
    },
}

/// What each source says.
pub(super) struct Sources {
    flags: Settings,
    environment: Settings,
    file: Option<(PathBuf, Settings)>,
}

impl Sources {
    pub(super) fn read(flags: Settings, variables: Variables<'_>) -> Result<Self, ConfigError> {
        let environment = from_environment(variables)?;
        let path = flags.config.clone().or_else(|| environment.config.clone());
        let file = path
            .map(|path| from_file(&path).map(|settings| (path, settings)))
            .transpose()?;
        Ok(Self {
            flags,
            environment,
            file,
        })
    }

    pub(super) fn merged(&self) -> Settings {
        let file = self.file.as_ref().map(|(_, settings)| settings.clone());
        let lower = self.environment.clone().or(file.unwrap_or_default());
        self.flags.clone().or(lower)
    }

    /// An error about the setting `key`, in the name of the source it was taken from.
    pub(super) fn blame(&self, key: &str, says: impl Fn(&Settings) -> bool, reason: String) -> ConfigError {
        let origin = match &self.file {
            _ if says(&self.flags) => format!("--{key}"),
            _ if says(&self.environment) => variable_of(key),
            Some((path, _)) => format!("{key} in {}", path.display()),
            None => key.to_owned(),
        };
        ConfigError::Setting { origin, reason }
    }
}

fn from_file(path: &Path) -> Result<Settings, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|source| ConfigError::File {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

/// Reads each variable as if it were the flag of the same name, so that both understand the same.
///
/// A variable of an unknown name is no error, only warned of: Kubernetes gives every pod beside a service called `punctual` variables such as
/// `PUNCTUAL_SERVICE_HOST` and `PUNCTUAL_PORT`. For the same reason no setting may ever be called `port`.
fn from_environment(variables: Variables<'_>) -> Result<Settings, ConfigError> {
    let command = Settings::augment_args(Command::new("punctual").no_binary_name(true));
    let mut settings = Settings::default();
    for flag in command.get_arguments().filter_map(|argument| argument.get_long()) {
        let variable = variable_of(flag);
        if let Some(value) = variables(&variable).filter(|value| !value.is_empty()) {
            settings = parse_as_flag(command.clone(), flag, &value)
                .map_err(|error| ConfigError::Variable {
                    variable,
                    reason: reason(&error, &value),
                })?
                .or(settings);
        }
    }
    if settings.log.is_none() {
        settings.log = rust_log(variables)?;
    }
    Ok(settings)
}

fn parse_as_flag(command: Command, flag: &str, value: &OsStr) -> Result<Settings, clap::Error> {
    let mut argument = OsString::from(format!("--{flag}="));
    argument.push(value);
    Settings::from_arg_matches(&command.try_get_matches_from([argument])?)
}

/// `RUST_LOG` is what everybody tries first.
fn rust_log(variables: Variables<'_>) -> Result<Option<super::LogFilter>, ConfigError> {
    const VARIABLE: &str = "RUST_LOG";
    variables(VARIABLE)
        .filter(|value| !value.is_empty())
        .map(|value| {
            value.to_string_lossy().parse().map_err(|error| ConfigError::Variable {
                variable: VARIABLE.to_owned(),
                reason: format!("{error}"),
            })
        })
        .transpose()
}

pub(super) fn variable_of(flag: &str) -> String {
    format!("PUNCTUAL_{}", flag.replace('-', "_").to_uppercase())
}

/// What is wrong with a value, without the words that only fit a command line.
fn reason(error: &clap::Error, value: &OsStr) -> String {
    if let Some(source) = error.source() {
        return format!("invalid value '{}': {source}", value.display());
    }
    let rendered = error.to_string();
    let message = rendered.split("\n\n").next().unwrap_or(&rendered);
    let words: Vec<&str> = message.trim_start_matches("error: ").split_whitespace().collect();
    words.join(" ")
}
