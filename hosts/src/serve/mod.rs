//! `punctual serve`: from a configuration to a server that runs, and from a signal to one that has ended in good order.

mod app_listener;
mod assembly;
mod attempts;
mod beside_sidecar;
mod hearing;
mod key;
mod late;
mod parts;
mod roles;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, time::timeout};

use self::assembly::Assembly;
use crate::{
    accounts::SigningKeyError,
    background::EndedEarly,
    config::{ListenAddress, RuntimeKind, ServeConfig},
    dapr::sidecar::SidecarError,
    embedded::runtime::StartError,
    health::{self, Health, Stage},
    metrics::Metrics,
    observe::Observe,
    roles::api::answer_the_rest,
    server,
    shutdown::{EndSignals, Shutdown},
};

/// How long requests under way may take once the server is to end. Orchestrators kill after 30 s; what follows needs some of that.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long turns, deliveries and the last writes may take after that.
const STOP_PATIENCE: Duration = Duration::from_secs(8);

/// Why a server could not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Nobody can listen there.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: ListenAddress,
        /// Why not.
        source: io::Error,
    },
    /// Anybody could command actors there.
    #[error(
        "--app-listen {address} is beyond this machine, and APP_API_TOKEN is not set: whoever reaches it could command every actor. Set it to the token \
        the sidecar has, or listen on 127.0.0.1"
    )]
    OpenToAll {
        /// Where.
        address: ListenAddress,
    },
    /// The data folder or the runtime on it cannot be used.
    #[error(transparent)]
    Runtime(#[from] StartError),
    /// There was a database, and nothing of it is there.
    #[error(
        "{} is empty, and the signing key beside it says that it was not: restore it from a backup, or, to begin anew without any account, remove it",
        database.display()
    )]
    EmptyDatabase {
        /// The file.
        database: PathBuf,
    },
    /// The sidecar cannot be spoken to.
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
    /// The system gives no randomness.
    #[error("the system gives no randomness: {0}")]
    Entropy(#[from] getrandom::Error),
    /// The signing key cannot be used.
    #[error(transparent)]
    Key(#[from] SigningKeyError),
    /// Something ended that was to go on.
    #[error(transparent)]
    Background(#[from] EndedEarly),
    /// The system refused something every server needs.
    #[error("{0}")]
    System(#[from] io::Error),
}

/// Runs a server until the system asks it to end.
///
/// # Errors
/// When it cannot begin.
pub fn run(config: ServeConfig) -> Result<(), ServeError> {
    allow_many_files();
    // One worker per core, which is Tokio's default.
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match config.runtime {
        RuntimeKind::Embedded => tokio.block_on(serve(config)),
        RuntimeKind::Dapr => tokio.block_on(beside_sidecar::serve(config)),
    }
}

async fn serve(config: ServeConfig) -> Result<(), ServeError> {
    let listener = listen(&config.listen).await?;
    let (metrics, health, shutdown) = (Metrics::new(), Arc::new(Health::default()), Shutdown::default());
    let mut assembly = Assembly::start(&config, &metrics).await?;
    health.depend_on(assembly.obstacle());
    let routes = assembly
        .routes()
        .merge(health::routes(Arc::clone(&health), Arc::clone(&metrics)));
    let routes = answer_the_rest(routes).layer(Observe::new(metrics));

    // Before the first line, so that whoever has read it can end the server in good order.
    tokio::spawn(end_when_asked(EndSignals::listen()?, shutdown.clone(), config.drain));
    health.enter(Stage::Ready);
    announce(listener.local_addr()?, &config.data)?;
    let end_sockets = async {
        let end = assembly.until_the_end(&shutdown).await;
        health.enter(Stage::Draining);
        shutdown.begun().await;
        assembly.close_sockets().await;
        end
    };
    let ((), end) = tokio::join!(server::serve(listener, routes, shutdown.clone(), PATIENCE), end_sockets);
    if timeout(STOP_PATIENCE, assembly.stop()).await.is_err() {
        tracing::warn!("something was still under way and is cut off; the next start takes it up");
    }
    Ok(end?)
}

/// Listens on the first of the addresses that is free: one server has one address, which its first line says.
async fn listen(address: &ListenAddress) -> Result<TcpListener, ServeError> {
    let listener = async { TcpListener::bind(&*address.resolve().await?).await };
    listener.await.map_err(|source| ServeError::Listen {
        address: address.clone(),
        source,
    })
}

/// Says where the server is, as the first line on standard output: a program that starts one need read no further. Logs go elsewhere, so the
/// line is the same whatever they look like.
fn announce(address: SocketAddr, data: &Path) -> io::Result<()> {
    print_line(&announcement(address, &std::path::absolute(data)?))
}

fn print_line(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

fn announcement(address: SocketAddr, data: &Path) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "Punctual {version} on http://{address} with its data in {}",
        data.display()
    )
}

/// Announces the end when the system asks for it, and begins it `drain` later: until then requests come from those who have not heard of it.
/// Whoever asks twice is in a hurry: then the process ends at once, which loses nothing, for what was acknowledged is durable.
async fn end_when_asked(mut signals: EndSignals, shutdown: Shutdown, drain: Duration) {
    let signal = signals.next().await;
    tracing::info!(
        signal,
        drain_s = drain.as_secs(),
        "draining; the same again ends at once"
    );
    shutdown.announce();
    tokio::spawn(async move {
        tokio::time::sleep(drain).await;
        shutdown.begin();
    });
    let signal = signals.next().await;
    tracing::warn!(signal, "ended while draining");
    std::process::exit(1);
}

/// Every socket is an open file, and the usual limit is 1,024 of them, though the system grants far more to whoever asks.
fn allow_many_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

    #[tokio::test]
    async fn a_server_listens_on_a_name() {
        let listener = listen(&"localhost:0".parse().unwrap()).await.unwrap();
        assert!(listener.local_addr().unwrap().ip().is_loopback());
    }

    #[tokio::test]
    async fn a_name_that_stands_for_nothing_is_named() {
        // Longer than a part of a name may be, so nobody is asked.
        let nowhere = format!("{}.example.org:8080", "x".repeat(64));
        let error = listen(&nowhere.parse().unwrap()).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot listen on {nowhere}: ")), "{error}");
    }

    #[test]
    fn the_first_line_says_the_url_and_the_folder() {
        let line = announcement(ADDRESS, Path::new("/srv/data"));
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            line,
            format!("Punctual {version} on http://127.0.0.1:8080 with its data in /srv/data")
        );
    }
}
