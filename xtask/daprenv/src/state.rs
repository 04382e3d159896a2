//! The state folder: what an environment consists of, and where each process has its log, data and id.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs::File;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Failure, Process, Result, Store, files};

/// Everything it takes to start the environment's processes again.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Description {
    pub(crate) store: Store,
    /// In the order they start.
    pub(crate) processes: Vec<Process>,
    /// The sidecar's program, for those that are added later.
    pub(crate) daprd: PathBuf,
}

impl Description {
    pub(crate) fn process(&self, name: &str) -> Option<&Process> {
        self.processes.iter().find(|process| process.name == name)
    }
}

/// Where an environment lives.
#[derive(Clone, Debug)]
pub(crate) struct StateFolder(PathBuf);

impl StateFolder {
    /// The folder, which need not be there yet.
    pub(crate) fn at(path: &Path) -> Result<StateFolder> {
        std::path::absolute(path).map(StateFolder).map_err(Failure::file(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn make(&self) -> Result<()> {
        ["logs", "run", "data"]
            .iter()
            .try_for_each(|folder| files::make_folder(&self.0.join(folder)))
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.0.join("logs").join(format!("{name}.log"))
    }

    pub(crate) fn pid_file(&self, name: &str) -> PathBuf {
        self.0.join("run").join(format!("{name}.pid"))
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.0.join("data").join(name)
    }

    /// The components, subscriptions and policies that the sidecars load.
    pub(crate) fn resources(&self) -> PathBuf {
        self.0.join("resources")
    }

    /// The configuration of the sidecars.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.0.join("configuration.yaml")
    }

    /// What is added to it for those who may ask for the signing key.
    pub(crate) fn signing_key_configuration(&self) -> PathBuf {
        self.0.join("signing-key.yaml")
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.0.join("secrets.json")
    }

    /// A place outside for what cannot live here; it follows from this folder's path.
    pub(crate) fn elsewhere(&self, name: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        env::temp_dir().join(format!("punctual-{name}-{:016x}", hasher.finish()))
    }

    /// What was written down, if anything.
    pub(crate) fn read(&self) -> Result<Option<Description>> {
        let path = self.description();
        if !path.exists() {
            return Ok(None);
        }
        let described = serde_json::from_str(&files::read(&path)?);
        described.map(Some).map_err(|source| Failure::State { path, source })
    }

    /// Private: the processes' variables hold tokens.
    pub(crate) fn write(&self, description: &Description) -> Result<()> {
        let path = self.description();
        match serde_json::to_string_pretty(description) {
            Ok(text) => files::write_private(&path, &text),
            Err(source) => Err(Failure::State { path, source }),
        }
    }

    /// Keeps other commands away until the returned file is dropped.
    pub(crate) fn lock(&self) -> Result<File> {
        files::make_folder(&self.0)?;
        let path = self.0.join("lock");
        let file = File::create(&path).map_err(Failure::file(&path))?;
        file.try_lock().map_err(|_| Failure::Busy(self.0.clone()))?;
        Ok(file)
    }

    fn description(&self) -> PathBuf {
        self.0.join("environment.json")
    }
}
