//! How long an append takes next to a plain write.

use std::time::{Duration, Instant};

use bytes::Bytes;
use punctual::dapr::{keys::Keys as _, state::State};
use punctual_actors::conformance::LogWriter;

use crate::sidecar::process;

const ROUNDS: usize = 1_000;

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn report(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let [p50, p99] = [50, 99].map(|percent| percentile(&took, percent));
    println!("{what}: p50 {p50:?}, p99 {p99:?}");
}

/// What heads are made of: text that packs as theirs does.
fn commits_of(bytes: usize) -> Bytes {
    let (mut log, mut value) = (LogWriter::user(7), Vec::new());
    while value.len() < bytes {
        let draft = log.draft("a commit of about six hundred bytes, as most are");
        log.take_in(&draft);
        value.extend_from_slice(&draft.bytes);
    }
    value.truncate(bytes);
    value.into()
}

/// A write with an ETag; the read that gives the ETag is not counted.
async fn write(state: &State, key: &str, value: &Bytes) -> Duration {
    let (_, version) = state.get(key).await.unwrap().unwrap();
    let started = Instant::now();
    state.replace(key, &version, value.clone()).await.unwrap();
    started.elapsed()
}

pub(crate) async fn measure(state: State) {
    for (size, bytes) in [("1 KB", 1024), ("8 KB, as a head has on average,", 8 * 1024)] {
        let value = commits_of(bytes);
        state.create(size, value.clone()).await.unwrap();
        let mut writes = Vec::new();
        for _ in 0..ROUNDS {
            writes.push(write(&state, size, &value).await);
        }
        report(&format!("a write of {size} with an ETag"), writes);
    }
    let (owner, mut log) = (process(&state), LogWriter::user(1));
    for pause in [Duration::ZERO, Duration::from_millis(2)] {
        let mut appends = Vec::new();
        for _ in 0..ROUNDS {
            tokio::time::sleep(pause).await;
            let draft = log.draft("a commit of about six hundred bytes, as most are");
            let started = Instant::now();
            log.try_append(&owner, draft.clone()).await.unwrap();
            appends.push(started.elapsed());
            log.take_in(&draft);
        }
        report(&format!("an append, {pause:?} after the one before"), appends);
    }
    let started = Instant::now();
    let callers = (0..16_u128).map(|number| {
        let owner = owner.clone();
        tokio::spawn(async move { LogWriter::user(100 + number).append_many(&owner, 200).await })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let per_second = 16.0 * 200.0 / started.elapsed().as_secs_f64();
    println!("16 callers, 16 actors: {per_second:.0} appends/s");
}
