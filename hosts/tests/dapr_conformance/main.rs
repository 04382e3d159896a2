//! The ports of the Dapr runtime on real stores, Kafka and the Scheduler, through real sidecars.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]
#![expect(
    clippy::print_stdout,
    reason = "whoever runs it wants to see how far it is, and the figures"
)]

mod application;
mod beside;
mod latency;
mod messages;
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
    run(store, &mut Beside::start(store), checks);
}

fn run(store: Store, beside: &mut Beside, checks: &[(&str, Check)]) {
    let address = beside.add_sidecar("test", "api", None);
    runtime().block_on(async {
        let state = state(&address);
        for (shows, check) in checks {
            println!("{store}: {shows}");
            check(fresh(&state)).await;
        }
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// The other ports, which have their own sidecars on the same environment.
fn run_messages(store: Store, beside: &mut Beside) {
    runtime().block_on(async {
        println!("{store}: the topics keep the contract of a publisher");
        messages::publisher(beside).await;
        println!("{store}: what is published together fails apart");
        messages::published_together(beside).await;
        println!("{store}: reminders keep the contract of wake-ups");
        messages::wake_ups(beside).await;
    });
}

#[test]
fn every_port_keeps_its_contract_on_postgresql() {
    let mut beside = Beside::start(Store::Postgres);
    run(Store::Postgres, &mut beside, &CHECKS);
    run_messages(Store::Postgres, &mut beside);
}

#[test]
fn every_port_keeps_its_contract_on_redis() {
    let mut beside = Beside::start(Store::Redis);
    run(Store::Redis, &mut beside, &CHECKS);
    run_messages(Store::Redis, &mut beside);
}

#[test]
#[ignore = "measures, and says nothing on a busy machine"]
fn an_append_is_measured_next_to_a_plain_write_with_an_etag() {
    for store in Store::ALL {
        run_on(store, &[("latency", |state| Box::pin(latency::measure(state)))]);
    }
}
