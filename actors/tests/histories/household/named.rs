//! Histories that were found once.

use super::{
    play,
    single::Single,
    step::{Ask, Go, Step},
};

fn ask(ask: Ask) -> Step {
    Step::Ask {
        process: 0,
        ask,
        key: None,
        go: Go::default(),
    }
}

#[test]
fn an_instance_moved_to_the_instant_of_the_one_before_reminds_though_that_was_deleted_and_it_comes_late() {
    play(&[
        ask(Ask::Create {
            due_in_min: 1_371,
            rule: Some(("FREQ=HOURLY;COUNT=4", "skip")),
            before: Some("PT0S"),
            nags: false,
        }),
        Step::Publish {
            process: 0,
            go: Go::default(),
        },
        Step::Carry {
            process: 0,
            which: 29,
            go: Go::default(),
        },
        Step::Single {
            process: 0,
            which: 0,
            single: Single::Move(0, -1),
            go: Go::default(),
        },
        Step::Advance { ms: 46_036_357 },
        ask(Ask::Delete(0)),
        Step::Advance { ms: 36_223_634 },
    ]);
}
