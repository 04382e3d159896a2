//! The state side of the Dapr runtime on real stores, through a real sidecar.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]
#![expect(
    clippy::print_stdout,
    reason = "whoever runs it wants to see how far it is, and the figures"
)]

mod beside;
mod latency;
mod ports;
mod sidecar;
mod sizes;
mod suites;
mod writers;

use std::pin::Pin;

use daprenv::Store;
use punctual::dapr::state::State;

use self::{
    beside::Beside,
    sidecar::{fresh, state},
};

/// Something to be checked among keys that nobody else uses.
type Check = fn(State) -> Pin<Box<dyn Future<Output = ()>>>;

/// All that is checked on one store, by what it shows. An environment takes longer to start than all of them to run, so they share one.
const CHECKS: [(&str, Check); 9] = [
    ("the store keeps the contract of a store", |state| {
        Box::pin(suites::store(state))
    }),
    ("the directory keeps the contract of a directory", |state| {
        Box::pin(suites::directory(state))
    }),
    ("a key is created once and replaced by version", |state| {
        Box::pin(ports::keys(state))
    }),
    (
        "a record is created once and replaced by the version that was read",
        |state| Box::pin(ports::records(state)),
    ),
    ("the audit record has no gap and no fork", |state| {
        Box::pin(ports::audit(state))
    }),
    ("a process that hosts no actor reads their logs", |state| {
        Box::pin(ports::logs(state))
    }),
    ("a state of 10,000 tasks is loaded within half a second", |state| {
        Box::pin(sizes::many_tasks(state))
    }),
    ("a commit of a megabyte is kept", |state| {
        Box::pin(sizes::large_commits(state))
    }),
    (
        "two owners that hammer one actor lose nothing and write nothing twice",
        |state| Box::pin(writers::two_owners(state)),
    ),
];

fn run_on(store: Store, checks: &[(&str, Check)]) {
    let mut beside = Beside::start(store);
    let address = beside.add_sidecar("test", None);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let state = state(&address);
        for (shows, check) in checks {
            println!("{store}: {shows}");
            check(fresh(&state)).await;
        }
    });
}

#[test]
fn the_state_side_keeps_its_contracts_on_postgresql() {
    run_on(Store::Postgres, &CHECKS);
}

#[test]
fn the_state_side_keeps_its_contracts_on_redis() {
    run_on(Store::Redis, &CHECKS);
}

#[test]
#[ignore = "measures, and says nothing on a busy machine"]
fn an_append_is_measured_next_to_a_plain_write_with_an_etag() {
    for store in Store::ALL {
        run_on(store, &[("latency", |state| Box::pin(latency::measure(state)))]);
    }
}
