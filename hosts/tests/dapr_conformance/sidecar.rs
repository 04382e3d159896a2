//! A sidecar to test with.

use daprenv::{Options, Process, Store, Temporary};
use punctual::dapr::{
    sidecar::{Sidecar, SidecarAddress},
    state::State,
    store::DaprStore,
};
use punctual_actors::ports::Environment;
use tempfile::TempDir;

/// Beside a sidecar, which may use the state component.
pub(crate) struct Beside {
    sidecar: Process,
    _environment: Temporary,
    _folder: TempDir,
}

impl Beside {
    pub(crate) fn start(store: Store) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = Temporary::up(&Options {
            store,
            sidecars: false,
            ..Options::new(folder.path().join("state"))
        })
        .unwrap();
        Self {
            // The state component is scoped to the roles.
            sidecar: environment.add_sidecar("test", "api", None).unwrap(),
            _environment: environment,
            _folder: folder,
        }
    }

    /// The keys of the state component. To be called within a Tokio runtime.
    pub(crate) fn state(&self) -> State {
        let address = SidecarAddress {
            grpc_port: self.sidecar.port("grpc"),
            api_token: self.sidecar.variables.get("DAPR_API_TOKEN").cloned(),
        };
        State::new(Sidecar::new(&address).unwrap(), "statestore")
    }
}

/// Keys that nobody uses yet.
pub(crate) fn fresh(state: &State) -> State {
    state.within(&format!("test-{:032x}/", environment().entropy.random()))
}

/// What a process has.
pub(crate) fn environment() -> Environment {
    punctual::environment::environment().unwrap()
}

/// A process's store.
pub(crate) fn process(state: &State) -> DaprStore {
    DaprStore::new(state.clone(), &environment())
}
