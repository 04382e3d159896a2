//! What a sidecar is tested by.

use punctual::dapr::{
    sidecar::{Sidecar, SidecarAddress},
    state::State,
    store::DaprStore,
};

use crate::beside::{STATE_STORE, environment};

/// The keys of the state component. To be called within a Tokio runtime.
pub(crate) fn state(address: &SidecarAddress) -> State {
    State::new(Sidecar::new(address).unwrap(), STATE_STORE)
}

/// Keys that nobody uses yet.
pub(crate) fn fresh(state: &State) -> State {
    state.within(&format!("test-{:032x}/", environment().entropy.random()))
}

/// A process's store.
pub(crate) fn process(state: &State) -> DaprStore {
    DaprStore::new(state.clone(), &environment())
}
