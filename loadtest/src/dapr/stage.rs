//! The environment: brought up, played with, taken down.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use daprenv::{Environment, Failure, Role, service};

use crate::{addresses::Addresses, options::DaprOptions, progress::progress};

/// The second host of users' actors, which runs for the row that kills the first one only.
pub(super) const SECOND_HOST: &str = "api-2";

/// A running environment.
pub(super) struct Stage {
    environment: Arc<Mutex<Environment>>,
    state: PathBuf,
    /// Where clients find it.
    pub(super) addresses: Addresses,
    /// Where the second host serves.
    pub(super) second_host: SocketAddr,
}

impl Stage {
    /// Brings up everything; what an earlier run left is removed.
    pub(super) async fn up(options: &DaprOptions) -> io::Result<Self> {
        let wanted = daprenv::Options {
            services: Some(options.server.canonicalize()?),
            replicas: BTreeMap::from([(Role::Api, 2)]),
            variables: ["PUNCTUAL_RATE_LIMIT", "PUNCTUAL_ANONYMOUS_RATE_LIMIT"]
                .map(|name| (name.to_owned(), "0".to_owned()))
                .into(),
            say: |what| progress(what),
            ..daprenv::Options::new(&options.state)
        };
        let state = options.state.clone();
        let environment = blocking(move || {
            if let Ok(earlier) = Environment::open(&wanted.state) {
                earlier.down(true)?;
            }
            let environment = Environment::up(&wanted)?;
            environment.stop(SECOND_HOST)?;
            environment.stop(&sidecar_of(SECOND_HOST))?;
            Ok(environment)
        })
        .await?;
        let at = |name: &str| -> io::Result<SocketAddr> {
            let process = environment.process(name).map_err(io::Error::other)?;
            Ok((Ipv4Addr::LOCALHOST, process.port(service::LISTEN_PORT)).into())
        };
        Ok(Self {
            addresses: Addresses {
                api: at(Role::Api.as_str())?,
                sync: at(Role::Sync.as_str())?,
            },
            second_host: at(SECOND_HOST)?,
            environment: Arc::new(Mutex::new(environment)),
            state,
        })
    }

    /// Does something to the environment, on a thread where it may block.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Environment) -> daprenv::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let environment = Arc::clone(&self.environment);
        blocking(move || work(&mut environment.lock().unwrap_or_else(PoisonError::into_inner))).await
    }

    /// Ends every process; data and logs go too when they are not wanted any more.
    pub(super) async fn down(self, purge: bool) -> io::Result<()> {
        let state: PathBuf = self.state;
        blocking(move || Environment::open(Path::new(&state))?.down(purge)).await
    }
}

/// What the sidecar of a process is called.
pub(super) fn sidecar_of(process: &str) -> String {
    format!("{process}-sidecar")
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other)?.map_err(io::Error::other)
}
