//! The suites that every runtime runs.

use std::sync::Mutex;

use punctual::dapr::{directory::DaprDirectory, state::State, store::DaprStore};
use punctual_actors::conformance::{self, DirectoryMaker, StoreMaker};

use crate::sidecar::{fresh, process};

/// Makes everything anew, each among keys of its own.
struct Maker {
    state: State,
    last: Mutex<State>,
}

impl Maker {
    fn on(state: State) -> Self {
        Self {
            last: Mutex::new(state.clone()),
            state,
        }
    }

    fn fresh(&self) -> State {
        let state = fresh(&self.state);
        *self.last.lock().unwrap() = state.clone();
        state
    }

    fn last(&self) -> State {
        self.last.lock().unwrap().clone()
    }
}

impl StoreMaker for Maker {
    type Store = DaprStore;

    async fn make(&self) -> DaprStore {
        process(&self.fresh())
    }

    async fn reopen(&self, store: DaprStore) -> DaprStore {
        store.flush().await.unwrap();
        process(&self.last())
    }
}

impl DirectoryMaker for Maker {
    type Directory = DaprDirectory;

    async fn make(&self) -> DaprDirectory {
        DaprDirectory::new(self.fresh())
    }

    async fn reopen(&self, _: DaprDirectory) -> DaprDirectory {
        DaprDirectory::new(self.last())
    }
}

pub(crate) async fn store(state: State) {
    conformance::store(&Maker::on(state)).await;
}

pub(crate) async fn directory(state: State) {
    conformance::directory(&Maker::on(state)).await;
}
