//! Random histories of one actor in several processes, with everything going wrong that can, checked against a plain model.

mod check;
mod household;
mod ledger;
mod machine;
mod named;
mod process;
mod rest;
mod step;
mod world;

use ledger::Ledger;
use proptest::{prelude::*, test_runner::Config};
use step::{Setting, Step};
use world::World;

/// Plays a history, brings it to rest and checks it.
fn play(setting: &Setting, steps: &[Step]) {
    let mut world = World::new(setting, |_| Ledger::default());
    for step in steps {
        world.take(step);
    }
    world.come_to_rest();
    check::check(&world);
}

/// A few thousand; ten times as many with `PUNCTUAL_TEST_LONG=1`.
fn cases() -> u32 {
    #[expect(clippy::disallowed_methods, reason = "how long to test is said from outside")]
    let is_long = std::env::var("PUNCTUAL_TEST_LONG").is_ok_and(|value| value == "1");
    if is_long { 20_000 } else { 2_000 }
}

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, max_shrink_time: 20_000, ..Config::default() })]

    #[test]
    fn nothing_acknowledged_is_lost_and_effects_are_visible_once((setting, steps) in step::history()) {
        play(&setting, &steps);
    }
}
