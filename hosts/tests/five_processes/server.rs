//! The five processes as if they were one server.

use std::{
    env,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use daprenv::{Environment, Kind, Role, service};
use punctual::{
    dapr::wakeups::GUARD_INTERVAL_MS,
    ports::{AuditQueries as _, AuditVerification},
    roles::audit::AuditRole,
};

use crate::{
    balancer::Balancer,
    client::Client,
    gateway::{self, Backends},
    stored, witnesses,
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

    /// Keys and jobs that have `text` in them, in whatever case.
    pub(crate) async fn holding(&self, text: &str) -> Vec<String> {
        stored::holding(&environment(), text).await
    }

    /// What audit says of these users: those who are gone cannot ask.
    pub(crate) async fn verified(&self, users: &[String]) -> Vec<AuditVerification> {
        let audit = AuditRole::new(&stored::seen_by_the_api(&environment()));
        let mut verified = Vec::new();
        for user in users {
            verified.push(audit.verify(user.parse().unwrap()).await.unwrap());
        }
        verified
    }
}

/// Longer than all reactions to a deletion take together. Who was lost between a commit and its publication publishes it when its guard wakes it.
pub(crate) const ERASED_WITHIN: Duration = Duration::from_millis(GUARD_INTERVAL_MS + 60_000);

/// How many milliseconds after a request to delete the five are killed, by turns.
pub(crate) fn killed_after_ms() -> Vec<u64> {
    if env::var_os("PUNCTUAL_TEST_LONG").is_some() {
        vec![0, 3, 8, 20, 60, 250]
    } else {
        // Each takes a minute.
        vec![20]
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
        let (mut environment, turn) = take_turn();
        for role in Role::ALL {
            give_flags(&mut environment, role, flags);
        }
        let to_one = |role: Role| Balancer::to_one(listens_on(&environment, role.as_str()));
        let url = gateway::open(Backends {
            api: to_one(Role::Api),
            sync: to_one(Role::Sync),
        });
        Self::started(environment, url, turn)
    }

    /// Starts everything with a second replica of a role, both as they are in a cluster.
    pub(crate) fn start_two(role: Role) -> (Self, Arc<Balancer>) {
        let (mut environment, turn) = take_turn();
        for each in Role::ALL {
            let mut flags = witnesses::FLAGS.to_vec();
            if each == role {
                flags.extend(["--drain-seconds", "5"]);
            }
            give_flags(&mut environment, each, &flags);
        }
        let second = environment.add_replica(role).unwrap();
        let ports = [role.as_str(), &second].map(|name| listens_on(&environment, name));
        let both = Balancer::over(&ports);
        let balancer = |each: Role| match each == role {
            true => Arc::clone(&both),
            false => Balancer::to_one(listens_on(&environment, each.as_str())),
        };
        let url = gateway::open(Backends {
            api: balancer(Role::Api),
            sync: balancer(Role::Sync),
        });
        (Self::started(environment, url, turn), both)
    }

    fn started(environment: Environment, url: String, turn: MutexGuard<'static, ()>) -> Self {
        let started = environment.start_all(|_| {});
        started.unwrap_or_else(|failure| panic!("{failure}"));
        Self {
            environment: Arc::new(environment),
            url,
            _turn: turn,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// Whose `/metrics` say how late reminders were: notification's, which hears each once.
    pub(crate) fn counts_lateness(&self) -> String {
        self.environment.url(Role::Notification).unwrap()
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

/// Where clients reach a replica.
pub(crate) fn listens_on(environment: &Environment, replica: &str) -> u16 {
    environment.process(replica).unwrap().port(service::LISTEN_PORT)
}

/// The environment, for one test, as it was before others changed it.
fn take_turn() -> (Environment, MutexGuard<'static, ()>) {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut environment = environment();
    let is_second = |name: &str| Role::ALL.iter().all(|role| role.as_str() != name);
    let services = environment
        .processes()
        .iter()
        .filter(|process| process.kind == Kind::Service);
    let names = services
        .map(|service| service.name.clone())
        .filter(|name| is_second(name));
    for replica in names.collect::<Vec<_>>() {
        environment.remove_replica(&replica).unwrap();
    }
    (environment, turn)
}

/// The environment as it is written down.
fn environment() -> Environment {
    Environment::open(&state()).unwrap_or_else(|failure| panic!("{failure}"))
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
