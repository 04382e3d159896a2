//! An environment of a test's own, and sidecars in it.

use daprenv::{Options, Store, Temporary};
use punctual::dapr::sidecar::SidecarAddress;
use punctual_actors::ports::Environment;
use tempfile::TempDir;

/// The state component.
pub(crate) const STATE_STORE: &str = "statestore";

/// An environment with this store; it goes away with the value that holds it.
pub(crate) struct Beside {
    environment: Temporary,
    _folder: TempDir,
}

impl Beside {
    pub(crate) fn start(store: Store) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = Temporary::up(&Options {
            store,
            sidecars: false,
            ..Options::new(folder.path().join("state"))
        });
        Self {
            environment: environment.unwrap(),
            _folder: folder,
        }
    }

    /// Starts a sidecar, of an application on this port if there is one, and says where it is. `app_id` is a role's: what a sidecar may use is
    /// scoped to those.
    pub(crate) fn add_sidecar(&mut self, name: &str, app_id: &str, app_port: Option<u16>) -> SidecarAddress {
        let sidecar = self.environment.add_sidecar(name, app_id, app_port).unwrap();
        SidecarAddress {
            grpc_port: sidecar.port("grpc"),
            api_token: sidecar.variables.get("DAPR_API_TOKEN").cloned(),
        }
    }
}

/// What a process has.
pub(crate) fn environment() -> Environment {
    punctual::environment::environment().unwrap()
}
