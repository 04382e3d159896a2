//! Histories drawn from a seed.

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use proptest::{
    strategy::Strategy as _,
    test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner},
};

use crate::{
    stage::Stage,
    step::{self, Setting},
};

/// Histories in the default form, and at length.
const CASES: (u32, u32) = (40, 2_000);
/// How long a history that failed may be made simpler.
const SHRINKING: Duration = Duration::from_secs(120);

/// Plays random histories.
pub(crate) fn play(stage: &Arc<Stage>) {
    let (seed, cases, started) = (seed(), cases(), Instant::now());
    println!("PUNCTUAL_TEST_SEED={seed}: {cases} histories");
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_time: u32::try_from(SHRINKING.as_millis()).unwrap(),
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, rng(seed));
    let histories = step::history().prop_map(|(setting, steps)| (beside_sidecars(setting), steps));
    let outcome = runner.run(&histories, |(setting, steps)| {
        crate::play(stage, &setting, &steps);
        Ok(())
    });
    match outcome {
        Ok(()) => println!("{cases} histories in {:?}", started.elapsed()),
        Err(TestError::Fail(reason, history)) => {
            panic!("PUNCTUAL_TEST_SEED={seed}: {reason}\n{}\n{history:#?}", stage.tally)
        }
        Err(error) => panic!("PUNCTUAL_TEST_SEED={seed}: {error}"),
    }
}

/// Beside sidecars nobody is alone: there is always another process that may own the actor.
fn beside_sidecars(mut setting: Setting) -> Setting {
    if setting.is_alone() {
        setting.skews_ms.push(0);
    }
    setting
}

/// True where somebody has the time.
pub(crate) fn is_long() -> bool {
    env::var("PUNCTUAL_TEST_LONG").is_ok_and(|value| value == "1")
}

fn cases() -> u32 {
    match env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()) {
        Some(cases) => cases,
        None if is_long() => CASES.1,
        None => CASES.0,
    }
}

fn seed() -> u64 {
    match env::var("PUNCTUAL_TEST_SEED") {
        Ok(seed) => seed.parse().expect("PUNCTUAL_TEST_SEED is a number"),
        #[expect(clippy::cast_possible_truncation, reason = "any of the random bits will do")]
        Err(_) => crate::beside::environment().entropy.random() as u64,
    }
}

fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}
