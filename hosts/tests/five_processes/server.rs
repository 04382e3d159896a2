//! The five processes as if they were one server.

use std::{
    env,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use daprenv::{Environment, Role, service};

use crate::{
    client::Client,
    gateway::{self, Backends},
};

/// How often the crash test kills it.
pub(crate) fn crashes() -> usize {
    if env::var_os("PUNCTUAL_TEST_LONG").is_some() {
        15
    } else {
        3
    }
}

/// What outlives the servers on it: the stores, Kafka and the Scheduler, which all tests share.
pub(crate) struct Data;

impl Data {
    pub(crate) const fn new() -> Self {
        Self
    }
}

/// One test at a time has the services, because it may kill them.
static TURN: Mutex<()> = Mutex::new(());

/// The running services; killed when a test says so, else left to the next.
pub(crate) struct Server {
    pub(crate) environment: Arc<Environment>,
    pub(crate) url: String,
    _turn: MutexGuard<'static, ()>,
}

impl Server {
    pub(crate) fn start(data: &Data) -> Self {
        Self::start_with(data, &[])
    }

    /// Starts whatever does not run. Services that run with other flags are started anew.
    pub(crate) fn start_with(_: &Data, flags: &[&str]) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut environment = Environment::open(&state()).unwrap_or_else(|failure| panic!("{failure}"));
        for role in Role::ALL {
            give_flags(&mut environment, role, flags);
        }
        environment
            .start_all(|_| {})
            .unwrap_or_else(|failure| panic!("{failure}"));
        let port = |role: Role| environment.process(role.as_str()).unwrap().port(service::LISTEN_PORT);
        let url = gateway::open(Backends {
            api: port(Role::Api),
            sync: port(Role::Sync),
        });
        Self {
            environment: Arc::new(environment),
            url,
            _turn: turn,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// A client with an account of its own.
    pub(crate) async fn user(&self, name: &str) -> Client {
        let mut client = self.client();
        client.register(&format!("{name}@example.com"), "Europe/Paris").await;
        client
    }

    /// SIGKILL to all five at once, and wait until they are gone.
    pub(crate) fn kill(self) {
        let environment = &self.environment;
        thread::scope(|scope| {
            for role in Role::ALL {
                scope.spawn(move || environment.kill(role.as_str()).unwrap());
            }
        });
    }

    /// SIGTERM to all five at once, and wait.
    pub(crate) fn terminate(self) -> Ended {
        let environment = &self.environment;
        let stopping = |role: Role| environment.stop(role.as_str()).unwrap();
        Ended(thread::scope(|scope| {
            let ending = Role::ALL.map(|role| scope.spawn(move || stopping(role)));
            ending.into_iter().all(|ended| ended.join().unwrap())
        }))
    }
}

/// How the services ended.
pub(crate) struct Ended(bool);

impl Ended {
    /// Whether all of them ended by themselves, in time.
    pub(crate) const fn success(&self) -> bool {
        self.0
    }
}

/// The state folder of the environment.
fn state() -> PathBuf {
    env::var_os("PUNCTUAL_DAPR_STATE").map_or_else(|| daprenv::repository().join("target/dapr/default"), PathBuf::from)
}

/// Has a service started with what the server's tests start it with.
fn give_flags(environment: &mut Environment, role: Role, flags: &[&str]) {
    let process = environment.process(role.as_str()).unwrap();
    let (listen, app) = (process.port(service::LISTEN_PORT), process.port(service::APP_PORT));
    let mut arguments = service::arguments(role, listen, app);
    let unlimited = ["--rate-limit", "0", "--anonymous-rate-limit", "0"];
    arguments.extend(unlimited.iter().chain(flags).map(|word| (*word).to_owned()));
    if process.arguments == arguments {
        return;
    }
    environment.stop(role.as_str()).unwrap();
    environment
        .change(role.as_str(), |process| process.arguments = arguments)
        .unwrap();
}
