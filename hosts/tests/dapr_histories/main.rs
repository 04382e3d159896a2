//! The random histories of the core, on the Dapr runtime's store: real state stores behind a real sidecar, and between each process and the
//! sidecar a proxy in which calls and answers stand still, get lost, come twice and come late.
//!
//! Histories, model and checks are the core's, unchanged; what is put in the place of its ledger is the real thing. Time is virtual, so that a
//! history of hours takes a second. That is why wake-ups are kept and delivered by the history and not by the Scheduler, whose time is real
//! (`hosts/tests/dapr` has those), and events are published to a list.
//!
//! `PUNCTUAL_TEST_LONG=1` plays many more, `PROPTEST_CASES` as many as it says. Which go wrong is drawn from a seed that is printed;
//! `PUNCTUAL_TEST_SEED` plays the same again.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]
#![expect(
    clippy::print_stdout,
    reason = "whoever runs it wants to see what was played, and what went wrong"
)]

#[path = "../dapr/asking.rs"]
mod asking;
#[path = "../dapr_conformance/beside.rs"]
mod beside;
#[path = "../../../actors/tests/histories/check.rs"]
mod check;
mod everywhere;
mod ledger;
#[path = "../../../actors/tests/histories/machine.rs"]
mod machine;
#[path = "../../../actors/tests/histories/process.rs"]
mod process;
mod proxy;
mod random;
mod realtime;
#[path = "../../../actors/tests/histories/rest.rs"]
mod rest;
mod stage;
#[path = "../../../actors/tests/histories/step.rs"]
mod step;
#[path = "../../../actors/tests/histories/world.rs"]
mod world;

use std::sync::Arc;

use daprenv::Store;

use self::{
    beside::Beside,
    ledger::Ledger,
    stage::Stage,
    step::{Setting, Step},
    world::World,
};

/// Plays a history, brings it to rest and checks it.
fn play(stage: &Arc<Stage>, setting: &Setting, steps: &[Step]) {
    let mut world = World::new(setting, |clock| Ledger::new(stage, clock));
    for step in steps {
        world.take(step);
    }
    world.come_to_rest();
    check::check(&world);
}

fn play_everything_on(store: Store) {
    let mut beside = Beside::start(store);
    let stage = Stage::before(beside.add_sidecar("test", "api", None));
    println!("{store}: writers that stand still, are lost, or meet a fault");
    everywhere::play_all(&stage);
    random::play(&stage);
    println!("{store}: {}", stage.tally);
    stage.tally.assert_everything_happened();
    realtime::play_all(store, &mut beside);
}

#[test]
fn nothing_acknowledged_is_lost_and_effects_are_visible_once_through_a_bad_proxy_on_postgresql() {
    play_everything_on(Store::Postgres);
}

#[test]
fn nothing_acknowledged_is_lost_and_effects_are_visible_once_through_a_bad_proxy_on_redis() {
    play_everything_on(Store::Redis);
}
