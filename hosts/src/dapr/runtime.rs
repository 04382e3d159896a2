//! The Dapr runtime put together for one process: the ports of the core on its sidecar, the actors it hosts, and what its roles see.

use std::sync::Arc;

use punctual_actors::ports::{Directory, Environment, Ports, Store};

use super::{
    actors::RemoteActors, audit_store::DaprAudit, directory::DaprDirectory, jobs::ScheduledJobs, logs::LogReader,
    publisher::Topics, records::DaprRecords, shared_logs::SharedLogs, sidecar::Sidecar, state::State, store::DaprStore,
    wakeups::Reminders,
};
use crate::{
    actor_host::{ActorHost, HostConfig, Observer},
    ports::{AuditStore, Records, Services},
};

/// How old an activation's knowledge of its head may be before it answers a read, in milliseconds: this long a host that lost an actor may
/// still show what it knew.
const RECHECK_HEAD_AFTER_MS: i64 = 2_000;

/// What keeps the data: the state store of the sidecar, or something else in a test.
pub struct Backing<S, D> {
    /// Logs.
    pub store: S,
    /// Actors there are.
    pub directory: D,
    /// Records outside actors.
    pub records: Arc<dyn Records>,
    /// The audit record.
    pub audit: Arc<dyn AuditStore>,
}

/// The ports of the core on this runtime.
pub type DaprPorts<S, D> = Ports<S, Reminders, Topics, D>;

impl Backing<DaprStore, DaprDirectory> {
    /// Everything in one state store component.
    #[must_use]
    pub fn of(state: &State, environment: &Environment) -> Self {
        let entropy = &environment.entropy;
        Self {
            store: DaprStore::new(state.clone(), environment),
            directory: DaprDirectory::new(state.clone()),
            records: Arc::new(DaprRecords::new(state.clone(), Arc::clone(entropy))),
            audit: Arc::new(DaprAudit::new(state.clone(), Arc::clone(entropy))),
        }
    }
}

/// What the roles of this process see of the runtime, and its logs: where audit is among the roles, somebody has to
/// [tell](SharedLogs::tell_for_ever) actors what it confirms.
pub fn services<S, D>(
    sidecar: &Sidecar,
    state: &State,
    backing: &Backing<S, D>,
    environment: &Environment,
) -> (Services, Arc<SharedLogs>) {
    let clock = &environment.clock;
    let actors = RemoteActors::new(sidecar.clone(), Arc::clone(clock));
    let reader = LogReader::new(state.clone());
    let logs = Arc::new(SharedLogs::new(reader, actors.clone(), Arc::clone(clock)));
    let services = Services {
        logs: Arc::clone(&logs) as _,
        actors: Arc::new(actors),
        records: Arc::clone(&backing.records),
        jobs: Arc::new(ScheduledJobs::new(sidecar.clone(), Arc::clone(clock))),
        audit: Arc::clone(&backing.audit),
        environment: environment.clone(),
    };
    (services, logs)
}

/// The actors this process hosts, which publish on these topics.
pub fn host<S: Store, D: Directory>(
    sidecar: &Sidecar,
    publisher: Topics,
    backing: Backing<S, D>,
    environment: &Environment,
    config: HostConfig,
    observer: Arc<dyn Observer>,
) -> Arc<ActorHost<DaprPorts<S, D>>> {
    let ports = DaprPorts {
        store: backing.store,
        wake_ups: Reminders::new(sidecar.clone(), Arc::clone(&environment.clock)),
        publisher,
        directory: backing.directory,
        environment: environment.clone(),
        recheck_head_after_ms: Some(RECHECK_HEAD_AFTER_MS),
    };
    ActorHost::new(Arc::new(ports), config, observer)
}
