//! What is wanted, and where it is to live.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use crate::{Role, Store};

/// Which environment to bring up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that remembers the environment: ports, process ids, logs, data.
    pub state: PathBuf,
    /// Where programs are kept that were fetched or built once.
    pub cache: PathBuf,
    /// The checkout whose `components/` the sidecars use.
    pub repository: PathBuf,
    /// The database behind the state component.
    pub store: Store,
    /// Whether the five sidecars run. Without them only Kafka, the store, placement and Scheduler do.
    pub sidecars: bool,
    /// The `punctual` binary whose services to start beside the sidecars; none leaves that to the caller.
    pub services: Option<PathBuf>,
    /// How many replicas of a role; one where nothing is said.
    pub replicas: BTreeMap<Role, u16>,
    /// Variables that every service gets besides those of [`service`](crate::service).
    pub variables: BTreeMap<String, String>,
    /// Secrets to have in the secret store besides or instead of those that are made, such as `smtpuser` and `smtppassword`.
    pub secrets: BTreeMap<String, String>,
    /// Told what is being fetched, built and started.
    pub say: fn(&str),
}

impl Options {
    /// An environment of five sidecars on PostgreSQL, with its state in `state` and without services.
    #[must_use]
    pub fn new(state: impl Into<PathBuf>) -> Options {
        let repository = repository();
        Options {
            state: state.into(),
            cache: cache_folder(&repository),
            repository,
            store: Store::default(),
            sidecars: true,
            services: None,
            replicas: BTreeMap::new(),
            variables: BTreeMap::new(),
            secrets: BTreeMap::new(),
            say: |_| {},
        }
    }

    /// How many replicas of `role` there are to be.
    #[must_use]
    pub fn replicas_of(&self, role: Role) -> u16 {
        self.replicas.get(&role).copied().unwrap_or(1)
    }
}

/// The checkout this library was built from.
#[must_use]
pub fn repository() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_path_buf()
}

/// Where fetched and built programs are kept: `PUNCTUAL_DAPR_CACHE`, else `.cache/dapr` in the checkout.
#[must_use]
pub fn cache_folder(repository: &Path) -> PathBuf {
    env::var_os("PUNCTUAL_DAPR_CACHE").map_or_else(|| repository.join(".cache/dapr"), PathBuf::from)
}
