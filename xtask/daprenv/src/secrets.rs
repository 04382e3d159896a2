//! Passwords and tokens of an environment: made once, kept in a file that only its owner can read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::{Failure, Result, files};

/// The names in the secret store, as `components/` and the services ask for them.
pub(crate) mod names {
    /// The connection string of PostgreSQL, password included.
    pub(crate) const POSTGRES: &str = "postgresconnection";
    /// Redis' password.
    pub(crate) const REDIS: &str = "redispassword";
    /// What signs the tokens that clients carry.
    pub(crate) const SIGNING_KEY: &str = "signingkey";
    /// The account at the mail server.
    pub(crate) const SMTP_USER: &str = "smtpuser";
    /// Its password.
    pub(crate) const SMTP_PASSWORD: &str = "smtppassword";
}

/// By name. What only the environment itself needs starts with an underscore.
#[derive(Clone, Debug)]
pub(crate) struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Reads the file, if there is one.
    pub(crate) fn read(path: &Path) -> Result<Secrets> {
        if !path.exists() {
            return Ok(Secrets(BTreeMap::new()));
        }
        let source = serde_json::from_str(&files::read(path)?);
        source.map(Secrets).map_err(|source| Failure::State {
            path: path.to_path_buf(),
            source,
        })
    }

    /// The secret of that name; made of 32 random bytes when it is asked for the first time.
    pub(crate) fn get_or_make(&mut self, name: &str) -> Result<String> {
        if let Some(known) = self.0.get(name) {
            return Ok(known.clone());
        }
        let made = random_hex()?;
        self.0.insert(name.to_owned(), made.clone());
        Ok(made)
    }

    /// What the services ask for. Mail needs no login here unless somebody says so.
    pub(crate) fn make_those_of_services(&mut self, given: &BTreeMap<String, String>) -> Result<()> {
        self.get_or_make(names::SIGNING_KEY)?;
        for name in [names::SMTP_USER, names::SMTP_PASSWORD] {
            self.0.entry(name.to_owned()).or_default();
        }
        self.0.extend(given.clone());
        Ok(())
    }

    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value);
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.0).map_err(|source| Failure::State {
            path: path.to_path_buf(),
            source,
        })?;
        files::write_private(path, &text)
    }
}

fn random_hex() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Missing(format!("no randomness is to be had: {error}")))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_its_file_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        let mut secrets = Secrets::read(&path).unwrap();
        let made = secrets.get_or_make(names::SIGNING_KEY).unwrap();
        secrets.write(&path).unwrap();
        assert_eq!(made.len(), 64);
        assert_eq!(
            Secrets::read(&path).unwrap().get_or_make(names::SIGNING_KEY).unwrap(),
            made
        );
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
