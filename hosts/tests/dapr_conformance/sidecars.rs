//! Sidecars to test with: one beside PostgreSQL, one beside Redis.

use std::sync::Arc;

use punctual::{
    dapr::{
        sidecar::{Sidecar, SidecarAddress},
        state::State,
        store::DaprStore,
    },
    embedded::environment::{SystemClock, SystemEntropy},
};
use punctual_actors::{ports::Environment, zone::BundledZones};

/// The sidecars that are there, by the stores they are beside: `DAPR_TEST_POSTGRES` and `DAPR_TEST_REDIS` give their gRPC ports, and a store
/// without one is not tested.
fn grpc_port(store: &str) -> Option<u16> {
    let port = std::env::var(format!("DAPR_TEST_{store}")).ok()?;
    Some(port.parse().unwrap())
}

/// Keys that no other test uses, in each store there is.
pub(crate) fn stores() -> Vec<(&'static str, State)> {
    let stores = ["POSTGRES", "REDIS"].into_iter().filter_map(|store| {
        let address = SidecarAddress {
            grpc_port: grpc_port(store)?,
            api_token: None,
        };
        let state = State::new(Sidecar::new(&address).unwrap(), "statestore");
        Some((store, fresh(&state)))
    });
    stores.collect()
}

/// Keys that nobody uses yet.
pub(crate) fn fresh(state: &State) -> State {
    state.within(&format!("test-{:032x}/", environment().entropy.random()))
}

/// What a process has.
pub(crate) fn environment() -> Environment {
    Environment {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy::new().unwrap()),
        zones: Arc::new(BundledZones),
    }
}

/// A process's store.
pub(crate) fn process(state: &State) -> DaprStore {
    DaprStore::new(state.clone(), &environment())
}
